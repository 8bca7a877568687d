"""Numbers and nested lists as they are typed into an input field."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from graphviz_tools.errors import InputError
from graphviz_tools.formula.limits import Limits
from graphviz_tools.formula.registry import suggest

LIMITS = Limits(characters=100_000, elements=1_000_000)
"""An input field may hold more text than a formula."""

CONSTANTS = {"nan": math.nan, "NaN": math.nan, "inf": math.inf, "pi": math.pi, "e": math.e, "tau": math.tau}
_OPERATIONS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
DIMENSIONS = 12
EXAMPLE = "Write a number, a list such as [1, 2, 3], or for example randn(2, 3)."


@dataclass(frozen=True, slots=True)
class Field:
    """The input that is being read: its name for errors, its dtype, and where its text starts."""

    name: str
    dtype: torch.dtype
    offset: int
    text: str

    def error(self, message: str, node: ast.AST | None = None, hint: str = "") -> InputError:
        """An `InputError` that points at a node, or at the field as a whole."""
        column = None
        if node is not None:
            before = self.text.encode()[: getattr(node, "col_offset", 0)].decode(errors="ignore")
            column = self.offset + len(before) + 1
        return InputError(message, hint=hint, name=self.name, column=column)


def numbers_in(field: Field, node: ast.expr) -> tuple[list[Any], tuple[int, ...]]:
    """All numbers of nested lists in row-major order, and the shape."""
    values: list[Any] = []
    shape: list[int] = []
    first: ast.expr = node
    while isinstance(first, ast.List | ast.Tuple):
        shape.append(len(first.elts))
        if not first.elts:
            break
        first = first.elts[0]
    if len(shape) > DIMENSIONS:
        raise field.error(f"Lists can be nested {DIMENSIONS} deep.", node)
    _collect(field, node, tuple(shape), 0, values)
    return values, tuple(shape)


def _collect(field: Field, node: ast.expr, shape: tuple[int, ...], depth: int, values: list[Any]) -> None:
    if depth == len(shape):
        if isinstance(node, ast.List | ast.Tuple):
            raise field.error("A list stands where a number stands in the first row.", node, "Give all rows one shape.")
        values.append(checked(field, node, number_of(field, node)))
        return
    if not isinstance(node, ast.List | ast.Tuple):
        raise field.error("A number stands where the first row has a list.", node, "Give all rows one shape.")
    if len(node.elts) != shape[depth]:
        numbers = f"{len(node.elts)} number{'' if len(node.elts) == 1 else 's'}"
        message = f"This row has {numbers}, and the first row has {shape[depth]}."
        raise field.error(message, node, "Give all rows the same length.")
    for item in node.elts:
        _collect(field, item, shape, depth + 1, values)


def number_of(field: Field, node: ast.expr) -> Any:
    """The Python number that an expression stands for.

    Raises:
        InputError: it is no number, or a calculation without a result.
    """
    match node:
        case ast.Constant(value=bool() | int() | float() as value):
            return value
        case ast.Constant(value=complex()):
            raise field.error(
                "Complex numbers are not possible in a field.", node, "Write complex(a, b) in the formula."
            )
        case ast.Constant(value=str()):
            raise field.error("This is text, not a number.", node, "Remove the quotation marks.")
        case ast.Name(id=name) if name in CONSTANTS:
            return CONSTANTS[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -number_of(field, operand)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return number_of(field, operand)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATIONS:
            return _calculate(field, node, _OPERATIONS[type(op)], number_of(field, left), number_of(field, right))
        case ast.Name(id=name):
            near = suggest(name, CONSTANTS)
            raise field.error(f"{name[:40]} is not a number.", node, f"Did you mean {near}?" if near else EXAMPLE)
        case ast.Call():
            raise field.error("A call cannot stand inside a list or a calculation.", node, EXAMPLE)
    raise field.error("This is not a number.", node, EXAMPLE)


def _calculate(field: Field, node: ast.expr, operation: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    try:
        return operation(left, right)
    except ZeroDivisionError:
        raise field.error("Division by zero.", node, "Write inf or nan if that is meant.") from None
    except OverflowError:
        raise field.error("This number is too large.", node) from None


def checked(field: Field, node: ast.expr, value: Any) -> Any:
    """A number that the dtype can hold."""
    if field.dtype == torch.int64:
        if not math.isfinite(value) or value != int(value):
            raise field.error(f"{value} is not a whole number.", node, "Choose float32 to have decimals.")
        value = int(value)
        if abs(value) >= 2**63:
            raise field.error("This whole number is too large for int64.", node)
        return value
    try:
        value = float(value)
    except OverflowError:
        value = None
    if value is None or (math.isfinite(value) and abs(value) > torch.finfo(field.dtype).max):
        name = str(field.dtype)[6:]
        raise field.error(f"This number is too large for {name}.", node, "Write inf, or choose float64.")
    return value
