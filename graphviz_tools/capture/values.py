"""Tensors to `TensorValue` records, and snapshots: tensors kept as they were at one moment."""

from __future__ import annotations

import weakref
from contextlib import AbstractContextManager
from typing import Any

import torch

from graphviz_tools.capture.statistics import FEW, few_numbers, flat_numbers, many_numbers, missing_value
from graphviz_tools.model import EXACT_ELEMENTS, Number, TensorValue

_CACHED = 16
_PLAIN_TYPES = (torch.Tensor, torch.nn.Parameter)
_PLAIN_DTYPES = frozenset(
    {
        torch.bool,
        *(torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64),
        *(torch.float16, torch.bfloat16, torch.float32, torch.float64),
        *(torch.complex64, torch.complex128),
    }
)


class Snapshot:
    """A tensor as it was at one moment: its few numbers, a copy, or a reference until someone writes to it."""

    __slots__ = ("__weakref__", "device", "dtype", "missing", "numbers", "shape", "tensor")

    def __init__(self, tensor: torch.Tensor) -> None:
        self.shape = tuple(tensor.shape)
        self.dtype = tensor.dtype
        self.device = tensor.device
        self.missing = ""
        self.numbers: list[Number] | None = None
        self.tensor: torch.Tensor | None = None


class Snapshots:
    """Takes snapshots: copies of tensors up to `EXACT_ELEMENTS` elements, references with copy-on-write above."""

    def __init__(self) -> None:
        self._by_storage: dict[int, list[weakref.ref[Snapshot]]] = {}

    def take(self, tensor: torch.Tensor) -> Snapshot:
        """The tensor as it is now. Never raises."""
        if not is_plain(tensor):
            with unnoticed():
                return _unusual_snapshot(tensor)
        snapshot = Snapshot(tensor)
        self._keep(tensor, snapshot)
        return snapshot

    def _keep(self, tensor: torch.Tensor, snapshot: Snapshot) -> None:
        size = tensor.numel()
        if size <= FEW:
            snapshot.numbers = flat_numbers(tensor)
        elif size <= EXACT_ELEMENTS:
            snapshot.tensor = tensor.detach().clone()
        else:
            snapshot.tensor = tensor.detach()
            self._by_storage.setdefault(_storage(tensor), []).append(weakref.ref(snapshot))

    def before_write(self, tensor: torch.Tensor) -> None:
        """Copy what is only referenced in this tensor's memory, which is about to change."""
        if not self._by_storage or not is_plain(tensor):
            return
        for reference in self._by_storage.pop(_storage(tensor), ()):
            snapshot = reference()
            if snapshot is not None and snapshot.tensor is not None:
                snapshot.tensor = snapshot.tensor.clone()


class Reader:
    """Makes records of tensors and snapshots; reads a tensor that comes several times in a row only once."""

    def __init__(self) -> None:
        self._recent: dict[tuple[Any, ...], tuple[torch.Tensor, TensorValue]] = {}

    def snapshot(self, snapshot: Snapshot) -> TensorValue:
        """The record of a snapshot."""
        if snapshot.tensor is not None:
            return self.tensor(snapshot.tensor)
        if snapshot.numbers is not None:
            return few_numbers(snapshot.shape, snapshot.dtype, snapshot.device, snapshot.numbers)
        return missing_value(snapshot.shape, snapshot.dtype, snapshot.device, snapshot.missing)

    def tensor(self, tensor: torch.Tensor) -> TensorValue:
        """The record of a tensor as it is now. Never raises: a tensor without numbers says why."""
        if not is_plain(tensor):
            with unnoticed():
                return _unusual_record(tensor)
        if tensor.is_inference():  # it has no version
            return _plain_record(tensor)
        key = _identity(tensor)
        # A tensor is kept beside its record, so that neither its id nor its memory can be given to another one.
        entry = self._recent.pop(key, None) or (tensor, _plain_record(tensor))
        self._recent[key] = entry
        if len(self._recent) > _CACHED:
            del self._recent[next(iter(self._recent))]
        return entry[1]


def _identity(tensor: torch.Tensor) -> tuple[Any, ...]:
    """The same only for the same numbers; for a large tensor, whose views are worth it, by the memory that it shows."""
    if tensor.numel() <= FEW:
        return id(tensor), tensor._version
    lazy = tensor.is_conj(), tensor.is_neg()
    return tensor.data_ptr(), tensor.shape, tensor.stride(), tensor.dtype, tensor._version, lazy


def _plain_record(tensor: torch.Tensor) -> TensorValue:
    if tensor.numel() <= FEW:
        return few_numbers(tuple(tensor.shape), tensor.dtype, tensor.device, flat_numbers(tensor))
    return many_numbers(tensor)


def unnoticed() -> AbstractContextManager[None]:
    """Inside, tensor subclasses are not told of what is done with them: looking must not run the user's code."""
    quiet: AbstractContextManager[None] = torch._C.DisableTorchFunctionSubclass()
    return quiet


def is_plain(tensor: torch.Tensor) -> bool:
    """True for a strided tensor with memory of its own, a usual dtype and no class of its own."""
    return (
        type(tensor) in _PLAIN_TYPES
        and tensor.dtype in _PLAIN_DTYPES
        and tensor.layout is torch.strided
        and not tensor.is_meta
    )


def why_missing(tensor: torch.Tensor) -> str:
    """Why this tensor has no numbers to show, "" when it has."""
    if tensor.is_meta or type(tensor).__name__ == "FakeTensor":
        return "shapes only: a meta tensor has no numbers"
    if tensor.is_nested:
        return "a nested tensor: its numbers have no single shape"
    return ""


def _unusual_snapshot(tensor: torch.Tensor) -> Snapshot:
    snapshot = Snapshot(tensor)
    snapshot.missing = why_missing(tensor)
    if not snapshot.missing:
        try:
            snapshot.tensor = tensor.detach().clone()
        except (RuntimeError, TypeError, NotImplementedError) as error:
            snapshot.missing = _unreadable(error)
    return snapshot


def _unusual_record(tensor: torch.Tensor) -> TensorValue:
    missing = why_missing(tensor)
    if not missing:
        try:
            dense = _dense(tensor.detach())
            if dense.numel() <= FEW:
                return few_numbers(tuple(tensor.shape), tensor.dtype, tensor.device, flat_numbers(dense))
            return many_numbers(dense, tensor.dtype)
        except (RuntimeError, TypeError, ValueError, NotImplementedError) as error:
            missing = _unreadable(error)
    return missing_value(tuple(tensor.shape), tensor.dtype, tensor.device, missing)


def _dense(tensor: torch.Tensor) -> torch.Tensor:
    if tensor.is_quantized:
        return tensor.dequantize()
    if tensor.layout is not torch.strided:
        return tensor.to_dense()
    return tensor.to(torch.complex64 if tensor.is_complex() else torch.float64)


def _unreadable(error: Exception) -> str:
    return f"its numbers cannot be read: {(str(error).splitlines() or [type(error).__name__])[0]}"


def _storage(tensor: torch.Tensor) -> int:
    return tensor.untyped_storage().data_ptr()
