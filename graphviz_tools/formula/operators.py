"""Operators: on tensors exactly torch's own, on numbers Python's within bounds, on lists only + and *."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable
from typing import Any

import torch

from graphviz_tools.errors import EvaluationError, LimitError
from graphviz_tools.formula.catalogue import Cost
from graphviz_tools.formula.run import Run, Value, evaluates, keep, perform, protect_inputs, value_of
from graphviz_tools.formula.values import kind_of, shape_of

_BINARY: dict[type[ast.operator], tuple[str, Callable[[Any, Any], Any], Callable[[Any, Any], Any]]] = {
    ast.Add: ("+", operator.add, operator.iadd),
    ast.Sub: ("-", operator.sub, operator.isub),
    ast.Mult: ("*", operator.mul, operator.imul),
    ast.Div: ("/", operator.truediv, operator.itruediv),
    ast.FloorDiv: ("//", operator.floordiv, operator.ifloordiv),
    ast.Mod: ("%", operator.mod, operator.imod),
    ast.Pow: ("**", operator.pow, operator.ipow),
    ast.MatMult: ("@", operator.matmul, operator.imatmul),
    ast.BitAnd: ("&", operator.and_, operator.iand),
    ast.BitOr: ("|", operator.or_, operator.ior),
    ast.BitXor: ("^", operator.xor, operator.ixor),
}
_UNARY: dict[type[ast.unaryop], tuple[str, Callable[[Any], Any]]] = {
    ast.USub: ("-", operator.neg),
    ast.UAdd: ("+", operator.pos),
    ast.Invert: ("~", operator.invert),
}
_COMPARE: dict[type[ast.cmpop], tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Lt: ("<", operator.lt),
    ast.LtE: ("<=", operator.le),
    ast.Gt: (">", operator.gt),
    ast.GtE: (">=", operator.ge),
    ast.Eq: ("==", operator.eq),
    ast.NotEq: ("!=", operator.ne),
}
_Numbers = (int, float, complex)
_Sequences = (list, tuple, range)
_LARGEST = 2**63


@evaluates(ast.BinOp)
def _binary(run: Run, node: ast.BinOp) -> Value:
    return combine(run, node, type(node.op), value_of(run, node.left), value_of(run, node.right))


def combine(
    run: Run, node: ast.AST, kind: type[ast.operator], left: Value, right: Value, in_place: bool = False
) -> Value:
    """`left op right`, or `left op= right`; `node` is the expression that shows it.

    Raises:
        EvaluationError: the operands do not fit.
        LimitError: the result is too large.
    """
    symbol, operation, update = _BINARY[kind]
    if isinstance(left, torch.Tensor) or isinstance(right, torch.Tensor):
        for operand in (left, right):
            if not isinstance(operand, (torch.Tensor, *_Numbers)):
                raise _wrong(symbol, operand)
        cost: Cost = "contraction" if kind is ast.MatMult else "broadcast"
        if in_place and isinstance(left, torch.Tensor):
            protect_inputs(run, left)
            return perform(run, node, cost, f"{symbol}=", update, left, right)
        return perform(run, node, cost, symbol, operation, left, right)
    if isinstance(left, _Sequences) or isinstance(right, _Sequences):
        return _combine_lists(run, kind, symbol, left, right)
    return _combine_numbers(kind, symbol, left, right)


def _wrong(symbol: str, operand: Value) -> EvaluationError:
    hint = "Put tensors together with stack([a, b])." if isinstance(operand, list | tuple) else ""
    return EvaluationError(f"{symbol} needs tensors or numbers, and this is {kind_of(operand)}.", hint=hint)


def _combine_lists(run: Run, kind: type[ast.operator], symbol: str, left: Value, right: Value) -> Value:
    if kind is ast.Add and isinstance(left, list | tuple) and isinstance(right, list | tuple):
        keep(run, len(left) + len(right))
        return [*left, *right] if isinstance(left, list) else (*left, *right)
    if kind is ast.Mult and type(right) is int and isinstance(left, list | tuple):
        keep(run, len(left) * max(right, 0))
        return left * right
    raise _wrong(symbol, left if isinstance(left, _Sequences) else right)


def _combine_numbers(kind: type[ast.operator], symbol: str, left: Value, right: Value) -> Value:
    for operand in (left, right):
        if not isinstance(operand, _Numbers):
            raise _wrong(symbol, operand)
    whole = isinstance(left, int) and isinstance(right, int)
    if kind is ast.MatMult or (kind in (ast.BitAnd, ast.BitOr, ast.BitXor) and not whole):
        hint = (
            "Write ** for a power."
            if kind is ast.BitXor
            else "Write * to multiply numbers."
            if kind is ast.MatMult
            else ""
        )
        raise EvaluationError(f"{symbol} does not work on these numbers.", hint=hint)
    if kind is ast.Pow and whole and right > 0 and abs(left) > 1 and right * math.log2(abs(left)) > 64:
        raise _too_large()
    try:
        return bounded(_BINARY[kind][1](left, right))
    except ZeroDivisionError:
        raise EvaluationError("Division by zero.", hint="Only tensors have inf: a / tensor(0.)") from None
    except OverflowError:
        raise _too_large() from None
    except TypeError:  # // and % of complex numbers
        raise EvaluationError(f"{symbol} does not work on these numbers.") from None


def bounded(number: Value) -> Value:
    """A Python number as it is, unless it is a whole number that no tensor could hold.

    Raises:
        LimitError: 2**63 or beyond.
    """
    if isinstance(number, int) and abs(number) >= _LARGEST:
        raise _too_large()
    return number


def _too_large() -> LimitError:
    return LimitError("This number is too large.", hint="Use decimals: 10.0**20 instead of 10**20.")


@evaluates(ast.UnaryOp)
def _unary(run: Run, node: ast.UnaryOp) -> Value:
    operand = value_of(run, node.operand)
    if isinstance(node.op, ast.Not):
        return not truth(operand)
    symbol, operation = _UNARY[type(node.op)]
    if isinstance(operand, torch.Tensor):
        return perform(run, node, "broadcast", symbol, operation, operand)
    if not isinstance(operand, _Numbers) or (symbol == "~" and type(operand) is not int):
        raise EvaluationError(
            f"{symbol} does not work on {kind_of(operand)}.",
            hint="Write not for True and False." if symbol == "~" else "",
        )
    return bounded(operation(operand))


@evaluates(ast.BoolOp)
def _boolean(run: Run, node: ast.BoolOp) -> Value:
    stops_at = isinstance(node.op, ast.Or)
    value: Value = None
    for part in node.values:
        value = value_of(run, part)
        if part is not node.values[-1] and truth(value) == stops_at:
            break
    return value


@evaluates(ast.IfExp)
def _choice(run: Run, node: ast.IfExp) -> Value:
    return value_of(run, node.body if truth(value_of(run, node.test)) else node.orelse)


def truth(value: Value) -> bool:
    """True or False as Python has it; a tensor must hold one element.

    Raises:
        EvaluationError: a tensor with several elements, or data that a batched evaluation cannot look at.
    """
    if isinstance(value, torch.Tensor):
        if value.numel() != 1:
            raise EvaluationError(
                f"A condition needs one value, and this {shape_of(value).replace('has', 'tensor has')}.",
                hint="Write .any() or .all(), combine with & and |, or choose with where(condition, a, b).",
            )
        try:
            return bool(value)
        except RuntimeError:
            raise EvaluationError(
                "A condition on data cannot be evaluated for a batch.", hint="Write where(...)."
            ) from None
    return bool(value)


@evaluates(ast.Compare)
def _comparison(run: Run, node: ast.Compare) -> Value:
    left = value_of(run, node.left)
    result: Value = True
    for position, (comparison, comparator) in enumerate(zip(node.ops, node.comparators, strict=True)):
        right = value_of(run, comparator)
        result = compare(run, node, type(comparison), left, right)
        if position + 1 < len(node.ops) and not _chained(result):
            return result
        left = right
    return result


def _chained(result: Value) -> bool:
    if isinstance(result, torch.Tensor) and result.numel() != 1:
        raise EvaluationError("Tensors cannot be compared in a chain.", hint="Write (a < b) & (b < c)")
    return truth(result)


def compare(run: Run, node: ast.AST, kind: type[ast.cmpop], left: Value, right: Value) -> Value:
    """`left < right` and the like; `is` and `in` on plain values only."""
    if kind in (ast.Is, ast.IsNot):
        if left is not None and right is not None:
            raise EvaluationError("is compares with None only.", hint="Write == to compare values.")
        return (left is right) == (kind is ast.Is)
    if kind in (ast.In, ast.NotIn):
        if not isinstance(right, _Sequences) or not _is_plain(left) or not all(map(_is_plain, right)):
            raise EvaluationError("in works on lists of plain numbers only.", hint="Write (x == 2).any() for tensors.")
        return (left in right) == (kind is ast.In)
    symbol, operation = _COMPARE[kind]
    if isinstance(left, torch.Tensor) or isinstance(right, torch.Tensor):
        for operand in (left, right):
            if not isinstance(operand, (torch.Tensor, *_Numbers)):
                raise _wrong(symbol, operand)
        return perform(run, node, "broadcast", symbol, operation, left, right)
    if isinstance(left, list | tuple) and isinstance(right, list | tuple) and kind in (ast.Eq, ast.NotEq):
        if all(map(_is_plain, (*left, *right))):
            return operation(list(left), list(right))
    elif _is_plain(left) and _is_plain(right):
        try:
            return operation(left, right)
        except TypeError:  # the order of None, dtypes and complex numbers
            pass
    raise EvaluationError(f"{symbol} cannot compare {kind_of(left)} with {kind_of(right)}.")


def _is_plain(value: Value) -> bool:
    return value is None or isinstance(value, (*_Numbers, torch.dtype))
