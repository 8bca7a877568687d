"""What nodes keep for their backward, read without running any hook."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import torch
from torch.autograd.graph import Node

from graphviz_tools.capture.values import Reader
from graphviz_tools.model import SavedTensor

_SAVED = "_saved_"
_RAW = "_raw_saved_"
_WRAPPED = 2**64

LOST = "Its backward needs "
"""How `lost` begins."""
_attributes: dict[type, tuple[tuple[str, bool], ...]] = {}

State = Literal["kept", "freed", "overwritten", "packed"]


def saved_tensors(node: Node, read: Reader) -> tuple[SavedTensor, ...]:
    """The tensors, numbers and shapes that a node has saved.

    A checkpoint's or offloader's saved tensors stay "packed": unpacking them would run its code.
    """
    return tuple(record for name, value, state in _saved(node) for record in _records(name, value, state, read))


def lost(saved: tuple[SavedTensor, ...]) -> str:
    """One sentence about saved tensors that backward needs and cannot have; "" when all are there."""
    for state, words in (
        ("overwritten", "was changed in place after it was saved"),
        ("freed", "was freed by an earlier backward"),
    ):
        names = [item.name for item in saved if item.state == state]
        if names:
            return f"{LOST}{', '.join(names)}, which {words}."
    return ""


def _saved(node: Node) -> Iterator[tuple[str, Any, State]]:
    if isinstance(node, torch._C._FunctionBase):
        yield _read(node, "saved", "saved_tensors", "_raw_saved_tensors")
        return
    for name, has_raw in _names(type(node)):
        yield _read(node, name, _SAVED + name, _RAW + name if has_raw else "")


def _names(kind: type) -> tuple[tuple[str, bool], ...]:
    known = _attributes.get(kind)
    if known is None:
        names = (name.removeprefix(_SAVED) for name in dir(kind) if name.startswith(_SAVED))
        known = _attributes[kind] = tuple((name, hasattr(kind, _RAW + name)) for name in names)
    return known


def _read(node: Node, name: str, attribute: str, raw_attribute: str) -> tuple[str, Any, State]:
    try:
        if raw_attribute and _is_packed(getattr(node, raw_attribute)):
            return name, None, "packed"
        return name, getattr(node, attribute), "kept"
    except RuntimeError as error:
        return name, None, "overwritten" if "inplace" in str(error) else "freed"


def _is_packed(raw: Any) -> bool:
    return any(
        getattr(item, "unpack_hook", None) is not None for item in (raw if isinstance(raw, list | tuple) else (raw,))
    )


def _records(name: str, value: Any, state: State, read: Reader) -> Iterator[SavedTensor]:
    if state != "kept":
        yield SavedTensor(name, state=state)
    elif isinstance(value, torch.Tensor):
        yield SavedTensor(name, read.tensor(value))
    elif isinstance(value, tuple) and any(isinstance(item, torch.Tensor) for item in value):
        for index, item in enumerate(value):
            yield from _records(f"{name}[{index}]", item, state, read)
    elif value is not None and value != ():
        yield SavedTensor(name, text=_text(value))


def _text(value: Any) -> str:
    if isinstance(value, int) and value >= _WRAPPED // 2:
        return str(value - _WRAPPED)  # autograd gives a negative number as an unsigned one
    return str(value).removeprefix("torch.")
