"""Names, constants, lists, indexing, attributes and list comprehensions."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Iterator
from typing import Any

import torch

from graphviz_tools.errors import EvaluationError, LimitError, UnknownNameError
from graphviz_tools.formula.budget import leaves
from graphviz_tools.formula.catalogue import Cost
from graphviz_tools.formula.operators import truth
from graphviz_tools.formula.registry import CONSTANTS, FIELDS, METHODS, PROPERTIES, dotted, suggest
from graphviz_tools.formula.run import Run, Value, evaluates, keep, perform, protect_inputs, value_of
from graphviz_tools.formula.values import capital, kind_of

_POSITION = 2**31


@evaluates(ast.Constant)
def _constant(_run: Run, node: ast.Constant) -> Value:
    return node.value


@evaluates(ast.Name)
def _name(run: Run, node: ast.Name) -> Value:
    name = node.id
    if name in run.scope:
        return run.scope[name]
    if name in run.names:
        return run.names[name]
    if name in CONSTANTS:
        return CONSTANTS[name]
    near = suggest(name, (*run.scope, *run.names))
    raise UnknownNameError(
        name,
        f"{name} has no value yet: the line that assigns it has not run.",
        suggestion=near,
        hint=f"Did you mean {near}?" if near else "Assign it before the if or the loop.",
    )


@evaluates(ast.List)
def _list(run: Run, node: ast.List) -> Value:
    keep(run, len(node.elts))
    return [value_of(run, item) for item in node.elts]


@evaluates(ast.Tuple)
def _tuple(run: Run, node: ast.Tuple) -> Value:
    keep(run, len(node.elts))
    return tuple(value_of(run, item) for item in node.elts)


@evaluates(ast.ListComp, ast.GeneratorExp)
def _comprehension(run: Run, node: ast.ListComp | ast.GeneratorExp) -> Value:
    """Its variables live in a scope of their own; a generator is a list that is made at once."""
    outer = run.scope
    run.scope = dict(outer)
    try:
        made = list(_items(run, node, 0))
    finally:
        run.scope = outer
    return made


def _items(run: Run, node: ast.ListComp | ast.GeneratorExp, level: int) -> Iterator[Value]:
    if level == len(node.generators):
        keep(run, 1)
        yield value_of(run, node.elt)
        return
    part = node.generators[level]
    for item in turns(run, part.iter, value_of(run, part.iter)):
        _unpack(run, part.target, item)
        if all(truth(value_of(run, condition)) for condition in part.ifs):
            yield from _items(run, node, level + 1)


def _unpack(run: Run, target: ast.expr, value: Value) -> None:
    if isinstance(target, ast.Name):
        run.scope[target.id] = value
    elif isinstance(target, ast.Tuple | ast.List):
        for part, item in zip(target.elts, pieces(run, target, value, len(target.elts)), strict=True):
            _unpack(run, part, item)
    else:
        raise EvaluationError("Only names can stand here.", hint="Write for i, x in ...")


def turns(run: Run, node: ast.expr, values: Value) -> Iterator[Value]:
    """The items of a list, or the slices of a tensor, each counted as one turn of a loop.

    Raises:
        EvaluationError: nothing that can be looped over.
        LimitError: more turns than allowed.
    """
    items = _slices(run, node, values)
    if len(items) > run.limits.turns:
        raise LimitError(
            f"This loop has {len(items):,} turns; {run.limits.turns:,} are allowed.", hint="Use a tensor operation."
        )
    for item in list(items):
        run.turns += 1
        if run.turns > run.limits.turns:
            raise LimitError(
                f"All loops together have more than {run.limits.turns:,} turns.", hint="Use a tensor operation."
            )
        yield item


def _slices(run: Run, node: ast.expr, values: Value) -> Any:
    if isinstance(values, torch.Tensor):
        if values.dim() == 0:
            raise EvaluationError("A single number cannot be taken apart.", hint="It has no dimension to loop over.")
        if values.shape[0] > run.limits.turns:
            raise LimitError(f"This tensor has {values.shape[0]:,} slices; {run.limits.turns:,} are allowed.")
        return perform(run, node, "view", "unbind", torch.unbind, values)
    if isinstance(values, list | tuple | range):
        return values
    raise EvaluationError(
        capital(f"{kind_of(values)} cannot be taken apart."), hint="Write range(n), a list or a tensor."
    )


def pieces(run: Run, node: ast.expr, value: Value, count: int) -> Any:
    """A value taken apart for the names left of =, as many as there are names."""
    items = _slices(run, node, value)
    if len(items) != count:
        raise EvaluationError(
            f"{count} names stand left of =, and there are {len(items)} values.",
            hint="Use _ for values you do not need.",
        )
    return items


@evaluates(ast.Subscript)
def _subscript(run: Run, node: ast.Subscript) -> Value:
    container = value_of(run, node.value)
    return item_of(run, node, container, index_of(run, node.slice))


def item_of(run: Run, node: ast.AST, container: Value, index: Value) -> Value:
    """`container[index]` of a tensor, list, tuple, range or shape."""
    if isinstance(container, torch.Tensor):
        _check_index(run, container, index)
        return perform(run, node, _index_cost(index), "[ ]", operator.getitem, container, index)
    if isinstance(container, list | tuple | range):
        try:
            return container[_position(index)]
        except IndexError:
            raise EvaluationError(
                f"There are {len(container)} items: this one does not exist.", hint="Positions start at 0."
            ) from None
        except ValueError:
            raise EvaluationError("The step of a slice cannot be 0.") from None
    raise EvaluationError(capital(f"{kind_of(container)} cannot be indexed."))


def _index_cost(index: Value) -> Cost:
    parts = index if isinstance(index, tuple) else (index,)
    return "joined" if any(isinstance(part, torch.Tensor | list) for part in parts) else "view"


def _position(index: Value) -> Any:
    if isinstance(index, torch.Tensor) and index.numel() == 1 and not index.is_floating_point():
        return int(index.item())
    if isinstance(index, int | slice):
        return index
    raise EvaluationError(f"The position must be a whole number, not {kind_of(index)}.")


def write_item(run: Run, node: ast.AST, container: Value, index: Value, value: Value) -> None:
    """`container[index] = value`, in place like torch."""
    if isinstance(container, torch.Tensor):
        if not isinstance(value, torch.Tensor | int | float | complex):
            raise EvaluationError(
                f"A tensor holds numbers, not {kind_of(value)}.", hint="Write stack([a, b]) to make a tensor."
            )
        protect_inputs(run, container)
        _check_index(run, container, index)
        perform(run, node, "view", "[ ] =", _set, container, index, value)
    elif isinstance(container, list):
        try:
            container[_position(index)] = value
        except (IndexError, TypeError, ValueError):
            raise EvaluationError(f"The list has {len(container)} items: this position cannot be written.") from None
    else:
        raise EvaluationError(f"The items of {kind_of(container)} cannot be changed.", hint="Use a tensor or a list.")


def _set(container: torch.Tensor, index: Value, value: Value) -> torch.Tensor:
    container[index] = value
    return container


def index_of(run: Run, node: ast.expr) -> Value:
    """What stands in the brackets: numbers, slices, None, ..., tensors, lists, or a tuple of these."""
    if isinstance(node, ast.Slice):
        bounds = (
            None if bound is None else _bound(value_of(run, bound)) for bound in (node.lower, node.upper, node.step)
        )
        return slice(*bounds)
    if isinstance(node, ast.Tuple):
        return tuple(index_of(run, part) for part in node.elts)
    value = value_of(run, node)
    if isinstance(value, int) and abs(value) >= _POSITION:
        raise LimitError("This position is too large.")
    if isinstance(value, float | complex | str | torch.dtype | range):
        raise EvaluationError(
            f"An index cannot be {kind_of(value)}.", hint="Write a whole number, a slice, or a tensor."
        )
    return value


def _bound(value: Value) -> int:
    if isinstance(value, torch.Tensor):
        value = _position(value)
    if type(value) is not int:
        raise EvaluationError(f"A slice needs whole numbers, not {kind_of(value)}.", hint="For example x[1:3]")
    if abs(value) >= _POSITION:
        raise LimitError("This position is too large.")
    return value


def _check_index(run: Run, tensor: torch.Tensor, index: Value) -> None:
    """Index tensors can repeat elements: bound the result before it is made. Plain slices are views."""
    parts = index if isinstance(index, tuple) else (index,)
    if len(parts) > 2 * run.limits.dimensions:
        raise LimitError("There are too many indices.")
    picked, covered, dim = 1, 1, 0
    for position, part in enumerate(parts):
        if part is Ellipsis:
            dim = max(tensor.dim() - sum(map(_dimensions, parts[position + 1 :])), 0)
        elif isinstance(part, torch.Tensor | list):
            count = part.numel() if isinstance(part, torch.Tensor) else len(leaves(part, run.limits))
            picked = max(picked, count) if picked in (1, count) else picked * count
            covered *= math.prod(size or 1 for size in tensor.shape[dim : dim + _dimensions(part)])
        dim += _dimensions(part)
    elements = picked * (tensor.numel() // covered)
    if elements > max(run.limits.elements, tensor.numel()):
        raise LimitError(
            f"Indexing would make a tensor with {elements:,} elements; {run.limits.elements:,} are allowed."
        )


def _dimensions(part: Value) -> int:
    if part is None or part is Ellipsis or isinstance(part, bool):
        return 0
    return part.dim() if isinstance(part, torch.Tensor) and part.dtype in (torch.bool, torch.uint8) else 1


@evaluates(ast.Attribute)
def _attribute(run: Run, node: ast.Attribute) -> Value:
    path = dotted(node)
    if path in CONSTANTS and path.split(".")[0] not in run.scope:
        return CONSTANTS[path]
    owner, name = value_of(run, node.value), node.attr
    if isinstance(owner, torch.Tensor) and name in PROPERTIES:
        return _property(run, node, owner, name)
    if (
        isinstance(owner, tuple)
        and type(owner).__module__ == "torch.return_types"
        and name in FIELDS
        and hasattr(owner, name)
    ):
        return getattr(owner, name)
    hint = f"Write .{name}() with brackets." if name in METHODS and isinstance(owner, torch.Tensor) else ""
    raise EvaluationError(capital(f"{kind_of(owner)} has no .{name}"), hint=hint)


def _property(run: Run, node: ast.Attribute, tensor: torch.Tensor, name: str) -> Value:
    if name in ("shape", "ndim", "dtype", "requires_grad", "is_leaf"):
        return getattr(tensor, name)
    if name in ("T", "H") and tensor.dim() != 2:
        if name == "T" and tensor.dim() < 2:  # torch gives the same, with a warning
            return perform(run, node, "view", ".T", torch.permute, tensor, tuple(reversed(range(tensor.dim()))))
        raise EvaluationError(
            f".{name} needs a matrix, and this has {tensor.dim()} dimensions.",
            hint=f"Write .m{name} to exchange the last two.",
        )
    return perform(run, node, "view", f".{name}", operator.attrgetter(name), tensor)
