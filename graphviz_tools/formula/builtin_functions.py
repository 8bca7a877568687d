"""Python's own functions that the language has. They do what Python does: `sum` adds the items one after the other."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import torch

from graphviz_tools.errors import EvaluationError, LimitError
from graphviz_tools.formula.expressions import turns
from graphviz_tools.formula.operators import bounded, combine, compare, truth
from graphviz_tools.formula.run import Run, Value, keep, perform
from graphviz_tools.formula.values import kind_of

_Builtin = Callable[..., Value]


def _place(node: ast.Call, position: int = 0) -> ast.expr:
    """The expression that shows an argument; the call itself for what came out of a starred list."""
    return node.args[position] if position < len(node.args) else node


def _range(run: Run, _node: ast.Call, *bounds: Value) -> range:
    whole = [
        int(b.item()) if isinstance(b, torch.Tensor) and b.numel() == 1 and not b.is_floating_point() else b
        for b in bounds
    ]
    if not 1 <= len(whole) <= 3 or not all(type(bound) is int for bound in whole):
        raise EvaluationError("range needs one, two or three whole numbers.", hint="For example range(3)")
    if len(whole) == 3 and whole[2] == 0:
        raise EvaluationError("The step of range is 0.", hint="Write a step such as 1 or -1.")
    numbers = range(*whole)
    turns_needed = (numbers.stop - numbers.start) // numbers.step  # len() of a huge range overflows
    if turns_needed > run.limits.turns:
        raise LimitError(f"This range has {turns_needed:,} numbers; {run.limits.turns:,} are allowed.")
    return numbers


def _len(_run: Run, _node: ast.Call, value: Value, /) -> int:
    if isinstance(value, torch.Tensor) and value.dim():
        return value.shape[0]
    if isinstance(value, list | tuple | range):
        return len(value)
    raise EvaluationError("len needs a list or a tensor with dimensions.", hint="Write x.numel() to count elements.")


def _sum(run: Run, node: ast.Call, values: Value, /, start: Value = 0) -> Value:
    total = start
    for item in turns(run, _place(node), values):
        total = combine(run, node, ast.Add, total, item)
    return total


def _extreme(kind: type[ast.cmpop], name: str) -> _Builtin:
    def smallest_or_largest(run: Run, node: ast.Call, *values: Value) -> Value:
        if not values:
            raise EvaluationError(f"{name} needs at least one value.")
        items = list(turns(run, _place(node), values[0])) if len(values) == 1 else list(values)
        if not items:
            raise EvaluationError(f"{name} of an empty list does not exist.")
        best = items[0]
        for item in items[1:]:
            if truth(compare(run, node, kind, item, best)):
                best = item
        return best

    return smallest_or_largest


def _abs(run: Run, node: ast.Call, value: Value, /) -> Value:
    if isinstance(value, torch.Tensor):
        return perform(run, node, "broadcast", "abs", torch.abs, value)
    return bounded(abs(_number(value, "abs")))


def _round(run: Run, node: ast.Call, value: Value, /, ndigits: Value = None) -> Value:
    if isinstance(value, torch.Tensor):
        decimals = {} if ndigits is None else {"decimals": ndigits}
        return perform(run, node, "broadcast", "round", torch.round, value, **decimals)
    if ndigits is not None and (type(ndigits) is not int or abs(ndigits) > 100):
        raise EvaluationError("round needs a small whole number of digits.")
    return _converted(lambda number: round(number, ndigits), _number(value, "round"), "round")


def _conversion(convert: Callable[[Any], Any], name: str) -> _Builtin:
    def plain(_run: Run, _node: ast.Call, value: Value = 0, /) -> Value:
        if isinstance(value, torch.Tensor):
            if value.numel() != 1:
                raise EvaluationError(
                    f"{name} needs a single value, and this tensor has {value.numel()}.",
                    hint="Write .sum() or an index.",
                )
            try:
                value = value.item()
            except RuntimeError:
                raise EvaluationError(f"{name} cannot look into a batch.", hint="Keep it a tensor.") from None
        if (
            isinstance(value, str)
            and name == "float"
            and value.strip().lower() in ("inf", "-inf", "+inf", "nan", "infinity", "-infinity")
        ):
            return float(value)
        return _converted(convert, _number(value, name), name)

    return plain


def _converted(convert: Callable[[Any], Any], number: Any, name: str) -> Value:
    try:
        return bounded(convert(number))
    except (TypeError, ValueError, OverflowError):
        raise EvaluationError(f"{name} cannot convert {number}.", hint="It needs a finite real number.") from None


def _number(value: Value, name: str) -> Any:
    if isinstance(value, int | float | complex):
        return value
    raise EvaluationError(f"{name} needs a number, and this is {kind_of(value)}.")


def _list(run: Run, node: ast.Call, values: Value = (), /) -> list[Value]:
    items = list(turns(run, _place(node), values))
    keep(run, len(items))
    return items


def _tuple(run: Run, node: ast.Call, values: Value = (), /) -> tuple[Value, ...]:
    return tuple(_list(run, node, values))


def _zip(run: Run, node: ast.Call, *lists: Value) -> list[Value]:
    columns = [list(turns(run, _place(node, position), values)) for position, values in enumerate(lists)]
    rows: list[Value] = list(zip(*columns, strict=False))
    keep(run, len(rows) * len(columns))
    return rows


def _enumerate(run: Run, node: ast.Call, values: Value, /, start: Value = 0) -> list[Value]:
    if type(start) is not int:
        raise EvaluationError("enumerate starts at a whole number.")
    items = [(position, item) for position, item in enumerate(turns(run, _place(node), values), start)]
    keep(run, 2 * len(items))
    return items


BUILTIN_CALLS: Mapping[str, _Builtin] = MappingProxyType(
    {
        "range": _range,
        "len": _len,
        "sum": _sum,
        "min": _extreme(ast.Lt, "min"),
        "max": _extreme(ast.Gt, "max"),
        "abs": _abs,
        "round": _round,
        "float": _conversion(float, "float"),
        "int": _conversion(int, "int"),
        "bool": _conversion(bool, "bool"),
        "list": _list,
        "tuple": _tuple,
        "zip": _zip,
        "enumerate": _enumerate,
    }
)
"""Called with the run, the call's syntax node, and the arguments."""
