"""The names that the user gave to tensors."""

from __future__ import annotations

import re
import weakref
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

import torch

from graphviz_tools.capture.places import FormulaPlace, Place
from graphviz_tools.capture.walk import GradientEdge, edge_of
from graphviz_tools.model import SourceSpan

INPUT_DEPTH = -1
"""An input's own name outranks every variable."""
_LONGEST_LIST = 16
_DEEPEST_LIST = 2
_NAME = re.compile(r"[^\W\d]\w*([.\[].*)?")


class Watcher(Protocol):
    """Knows the user's text while it runs: told of every operation, it says where that comes from."""

    def at_operation(self) -> Place | None:
        """An operation is about to run."""

    def wrote(self) -> None:
        """The operation writes into a tensor."""

    def function_arguments(self) -> Sequence[torch.Tensor]:
        """The tensors that the custom `autograd.Function` was applied to whose forward is running, if any."""


class Names:
    """Names by tensor. `depth` counts the calls between the traced code and the variable: outer names come last."""

    def __init__(self) -> None:
        self._of_outputs: dict[GradientEdge, dict[str, int]] = {}
        self._of_others: dict[int, tuple[weakref.ref[torch.Tensor], dict[str, int]]] = {}

    def give(self, name: str, value: object, depth: int = 0, *, only_if_unnamed: bool = False) -> None:
        """The variable `name` holds `value`: a tensor, or a short list or tuple of them."""
        if name == "_" or not _NAME.fullmatch(name):
            return
        for path, tensor in tensors_in(value, name, longest=_LONGEST_LIST, depth=_DEEPEST_LIST):
            table = self._table(tensor)
            if not (only_if_unnamed and table) and depth < table.get(path, depth + 1):
                table.pop(path, None)
                table[path] = depth

    def of_output(self, edge: GradientEdge) -> tuple[str, ...]:
        """The names of a node's output, the one that a person would use last."""
        return _ranked(self._of_outputs.get(edge))

    def of_tensor(self, tensor: torch.Tensor) -> tuple[str, ...]:
        """The names of a leaf, or of a tensor without gradient."""
        reference, table = self._of_others.get(id(tensor), (None, None))
        return _ranked(table) if reference is not None and reference() is tensor else ()

    def _table(self, tensor: torch.Tensor) -> dict[str, int]:
        edge = edge_of(tensor) if tensor.requires_grad else None
        if edge is not None:
            return self._of_outputs.setdefault(edge, {})
        known = self._of_others.get(id(tensor))
        if known is None or known[0]() is not tensor:
            known = self._of_others[id(tensor)] = (weakref.ref(tensor), {})
        return known[1]


def _ranked(table: dict[str, int] | None) -> tuple[str, ...]:
    return tuple(sorted(table, key=lambda name: -table[name])) if table else ()


def tensors_in(
    value: object, path: str = "", *, longest: int | None = None, depth: int = 20
) -> Iterator[tuple[str, torch.Tensor]]:
    """The tensors in a value and the paths to them: `x`, `x[0]`, `x.values`, `x[key]`; nested, in order.

    Args:
        value: a tensor, or tuples, lists and dictionaries of such.
        path: what the value itself is called.
        longest: lists with more items are left out, and so are dictionaries; `None` for no limit.
        depth: how deep to look into what holds itself.
    """
    if isinstance(value, torch.Tensor):
        if not torch._C._functorch.is_functorch_wrapped_tensor(value):
            yield path, value
        return
    items: Iterable[tuple[str, object]] = ()
    if isinstance(value, list | tuple) and (longest is None or len(value) <= longest):
        items = zip(_item_paths(value, path), value, strict=True)
    elif isinstance(value, dict) and longest is None:
        items = [(f"{path}[{key}]" if path else str(key), item) for key, item in value.items()]
    if depth:
        for item_path, item in items:
            yield from tensors_in(item, item_path, longest=longest, depth=depth - 1)


def _item_paths(value: list[Any] | tuple[Any, ...], path: str) -> list[str]:
    kind = type(value)
    fields = getattr(kind, "_fields", None)
    if kind.__module__ == "torch.return_types":
        fields = kind.__match_args__  # type: ignore[union-attr]
    if fields is not None and len(fields) == len(value):
        return [f"{path}.{field}" if path else field for field in fields]
    return [f"{path}[{index}]" for index in range(len(value))]


class FormulaNames:
    """Watches a formula: the evaluator's observer."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._open: list[FormulaPlace] = []
        self._variables: dict[str, object] = {}
        self._written = False

    def at_operation(self) -> Place | None:
        """See `Watcher`."""
        return self._open[-1] if self._open else None

    def wrote(self) -> None:
        """See `Watcher`."""
        self._written = True

    def function_arguments(self) -> Sequence[torch.Tensor]:
        """See `Watcher`: formulas have no such functions."""
        return ()

    def before(self, span: SourceSpan, text: str) -> None:
        """An expression is about to run its operation."""
        self._open.append(FormulaPlace(text, span))

    def after(self, span: SourceSpan, text: str, value: object) -> None:
        """It has run. What was written in place is a new version under all its names."""
        self._open.pop()
        if self._written:
            self._written = False
            for name, variable in self._variables.items():
                self._names.give(name, variable)

    def assigned(self, name: str, span: SourceSpan, value: object) -> None:
        """A name was bound."""
        self._variables[name] = value
        self._names.give(name, value)
