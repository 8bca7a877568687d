"""The one call that an input field may hold: `ones(2, 3)`, `randn(2, 3, seed=0)`, `linspace(0, 1, 5)`, ..."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from typing import Any

import torch

from graphviz_tools.errors import InputError
from graphviz_tools.formula.input_numbers import DIMENSIONS, LIMITS, Field, checked, number_of, numbers_in
from graphviz_tools.formula.registry import suggest


def construct(field: Field, node: ast.Call) -> torch.Tensor:
    """The tensor that a call gives.

    Raises:
        InputError: an unknown function, or arguments that do not fit.
    """
    name = ast.unparse(node.func) if isinstance(node.func, ast.Name | ast.Attribute) else ""
    name = name.removeprefix("torch.")
    if name == "tensor" and len(node.args) == 1 and not node.keywords:
        values, shape = numbers_in(field, node.args[0])
        return torch.tensor(values, dtype=field.dtype).reshape(shape)
    if name not in _MAKERS:
        near = suggest(name, _MAKERS)
        known = ", ".join(_MAKERS)
        hint = f"Did you mean {near}?" if near else f"There are {known}."
        raise field.error(f"There is no function {name[:40] or 'here'} for inputs.", node, hint)
    make, example = _MAKERS[name]
    arguments = _Arguments(field, node, example)
    tensor = make(arguments)
    arguments.finish()
    return tensor


class _Arguments:
    """The arguments of one call, taken one after the other; what is left over or missing is an error."""

    def __init__(self, field: Field, node: ast.Call, example: str) -> None:
        self.field, self.node, self.example = field, node, example
        self.positional = list(node.args)
        self.named = {str(keyword.arg): keyword.value for keyword in node.keywords}

    def wrong(self, message: str, node: ast.expr | None = None) -> InputError:
        """An error at an argument, with an example of how the call is written."""
        return self.field.error(message, node or self.node, f"For example {self.example}")

    def number(self, name: str, default: Any = None) -> Any:
        """The next number, by position or by name."""
        node = self.named.pop(name, None) or (self.positional.pop(0) if self.positional else None)
        if node is None:
            if default is None:
                raise self.wrong(f"{name} is missing.")
            return default
        value = number_of(self.field, node)
        if not math.isfinite(value):
            raise self.wrong(f"{name} must be a finite number.", node)
        return value

    def whole(self, name: str, default: int | None = None) -> int:
        """The next whole number."""
        value = self.number(name, default)
        if type(value) is not int:
            raise self.wrong(f"{name} must be a whole number.")
        return value

    def seed(self) -> torch.Generator:
        """A generator with the given seed, 0 unless written."""
        node = self.named.pop("seed", None)
        value = 0 if node is None else number_of(self.field, node)
        if type(value) is not int or not 0 <= value < 2**63:
            raise self.wrong("seed must be a whole number from 0 on.", node)
        return torch.Generator().manual_seed(value)

    def shape(self, required: bool = True) -> tuple[int, ...]:
        """All sizes, given one by one or as one list."""
        nodes, self.positional = self.positional, []
        if len(nodes) == 1 and isinstance(nodes[0], ast.List | ast.Tuple):
            nodes = nodes[0].elts
        sizes = tuple(number_of(self.field, node) for node in nodes)
        for size, node in zip(sizes, nodes, strict=True):
            if type(size) is not int or size < 0:
                raise self.wrong("Sizes are whole numbers from 0 on.", node)
        if required and not sizes:
            raise self.wrong("The sizes are missing.")
        self.fits(math.prod(sizes))
        return self.checked_dimensions(sizes)

    def checked_dimensions(self, sizes: tuple[int, ...]) -> tuple[int, ...]:
        """The sizes, unless there are too many or one alone is too large."""
        if len(sizes) > DIMENSIONS or max(sizes, default=0) > LIMITS.argument:
            raise self.wrong("These sizes are too large.")
        return sizes

    def fits(self, elements: float) -> None:
        """Refuse more elements than a page can carry."""
        if not elements <= LIMITS.elements:
            raise self.wrong(f"This tensor would have {elements:,.0f} elements; {LIMITS.elements:,} are allowed.")

    def finish(self) -> None:
        """Refuse arguments that nothing took."""
        if self.positional:
            raise self.wrong("There are too many arguments.", self.positional[0])
        for name, node in self.named.items():
            raise self.wrong(f"{name}= is not possible here.", node)


def _filled(value: int) -> Callable[[_Arguments], torch.Tensor]:
    return lambda arguments: torch.full(arguments.shape(), value, dtype=arguments.field.dtype)


def _full(arguments: _Arguments) -> torch.Tensor:
    value = arguments.named.pop("fill_value", None)
    if value is None:
        if len(arguments.positional) < 2:
            raise arguments.wrong("full needs sizes and a value.")
        value = arguments.positional.pop()
    number = checked(arguments.field, value, number_of(arguments.field, value))
    return torch.full(arguments.shape(required=False), number, dtype=arguments.field.dtype)


def _random(draw: Callable[..., torch.Tensor]) -> Callable[[_Arguments], torch.Tensor]:
    def make(arguments: _Arguments) -> torch.Tensor:
        if arguments.field.dtype == torch.int64:
            raise arguments.wrong("Random decimals do not fit into int64: choose float32.")
        generator = arguments.seed()
        return draw(arguments.shape(), generator=generator).to(arguments.field.dtype)

    return make


def _eye(arguments: _Arguments) -> torch.Tensor:
    rows = arguments.whole("n")
    columns = arguments.whole("m", rows)
    if min(rows, columns) < 0:
        raise arguments.wrong("Sizes are whole numbers from 0 on.")
    arguments.fits(rows * columns)
    arguments.checked_dimensions((rows, columns))
    return torch.eye(rows, columns, dtype=arguments.field.dtype)


def _arange(arguments: _Arguments) -> torch.Tensor:
    first = arguments.number("start")
    if arguments.positional or "end" in arguments.named:
        start, end = first, arguments.number("end")
    else:
        start, end = 0, first
    step = arguments.number("step", 1)
    if step == 0:
        raise arguments.wrong("The step is 0.")
    count = math.ceil((end - start) / step)
    if count < 0:
        raise arguments.wrong("The step leads away from the end.")
    arguments.fits(count)
    values = torch.arange(start, end, step, dtype=torch.float64)
    return _cast(arguments, values)


def _linspace(arguments: _Arguments) -> torch.Tensor:
    start, end, steps = arguments.number("start"), arguments.number("end"), arguments.whole("steps")
    if steps < 0:
        raise arguments.wrong("steps is a whole number from 0 on.")
    arguments.fits(steps)
    if arguments.field.dtype == torch.int64:
        return _cast(arguments, torch.linspace(start, end, steps, dtype=torch.float64))
    return torch.linspace(start, end, steps, dtype=arguments.field.dtype)


def _cast(arguments: _Arguments, values: torch.Tensor) -> torch.Tensor:
    if arguments.field.dtype == torch.int64 and not torch.equal(values, values.round()):
        raise arguments.wrong("These are not whole numbers: choose float32.")
    return values.to(arguments.field.dtype)


_MAKERS: dict[str, tuple[Callable[[_Arguments], torch.Tensor], str]] = {
    "ones": (_filled(1), "ones(2, 3)"),
    "zeros": (_filled(0), "zeros(2, 3)"),
    "full": (_full, "full((2, 3), 0.5)"),
    "randn": (_random(torch.randn), "randn(2, 3, seed=0)"),
    "rand": (_random(torch.rand), "rand(2, 3, seed=0)"),
    "eye": (_eye, "eye(3)"),
    "arange": (_arange, "arange(0, 3, 0.5)"),
    "linspace": (_linspace, "linspace(0, 1, 5)"),
}
