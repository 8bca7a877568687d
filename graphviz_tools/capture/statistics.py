"""Numbers of one tensor to its record: all of them while few, with minimum, maximum, mean, norm and a pooled grid."""

from __future__ import annotations

import cmath
import math
from collections.abc import Sequence
from itertools import chain, pairwise
from typing import Any

import torch

from graphviz_tools.model import EXACT_ELEMENTS, Number, TensorValue

FEW = 64
"""Up to this many elements plain Python is faster than a handful of torch calls."""
POOLED_ROWS = 4
POOLED_COLUMNS = 12

_NAMES: dict[torch.dtype, str] = {}
_Statistics = tuple[float | None, float | None, float | None, float | None]


def dtype_name(dtype: torch.dtype) -> str:
    """`"float32"` for `torch.float32`."""
    name = _NAMES.get(dtype)
    if name is None:
        name = _NAMES[dtype] = str(dtype).removeprefix("torch.")
    return name


def missing_value(shape: Sequence[int], dtype: torch.dtype, device: torch.device | str, why: str) -> TensorValue:
    """A record with shape and dtype only; a ragged dimension has size -1."""
    return TensorValue(tuple(map(_size, shape)), dtype_name(dtype), str(device), missing=why)


def _size(size: int | torch.SymInt) -> int:
    try:
        return int(size)
    except (AttributeError, RuntimeError):
        return -1


def flat_numbers(tensor: torch.Tensor) -> list[Number]:
    """All elements in row-major order, as exact Python numbers."""
    numbers: Any = tensor.tolist()
    if not tensor.dim():
        return [numbers]
    for _ in range(tensor.dim() - 1):
        numbers = list(chain.from_iterable(numbers))
    flat: list[Number] = numbers
    return flat


def few_numbers(
    shape: tuple[int, ...], dtype: torch.dtype, device: torch.device, numbers: Sequence[Number]
) -> TensorValue:
    """The record of a tensor with these elements, in row-major order."""
    moduli: Sequence[Any] = [_modulus(number) for number in numbers] if dtype.is_complex else numbers
    if all(map(math.isfinite, moduli)):
        finite, nans, infs = moduli, 0, 0
    else:
        finite = [number for number in moduli if math.isfinite(number)]
        nans = sum(map(math.isnan, moduli))
        infs = len(moduli) - len(finite) - nans
    low, high, mean, norm = _few_statistics(finite)
    return TensorValue(shape, dtype_name(dtype), str(device), tuple(numbers), None, low, high, mean, norm, nans, infs)


def _modulus(number: complex) -> float:
    return math.nan if cmath.isnan(number) else abs(number)


def _few_statistics(finite: Sequence[float]) -> _Statistics:
    if not finite:
        return None, None, None, None
    if len(finite) == 1:
        value = float(finite[0])
        return value, value, value, abs(value)
    try:
        mean = math.fsum(finite) / len(finite)
    except OverflowError:
        mean = math.fsum(value / len(finite) for value in finite)
    return float(min(finite)), float(max(finite)), mean, math.hypot(*finite)


def many_numbers(tensor: torch.Tensor, dtype: torch.dtype | None = None) -> TensorValue:
    """The record of a dense tensor with at least one element; `dtype` is the one to name, when not its own."""
    plain = tensor.detach()
    moduli = _real(plain)
    finite = moduli.reshape(-1)
    nans = infs = 0
    if not all(map(math.isfinite, _bounds(finite))):  # the bounds show every nan and infinity
        usable = torch.isfinite(finite)
        nans = int(torch.isnan(finite).sum())
        infs = finite.numel() - nans - int(usable.sum())
        finite = finite[usable]
    low, high, mean, norm = _many_statistics(finite)
    exact = plain.numel() <= EXACT_ELEMENTS
    data = tuple(plain.reshape(-1).tolist()) if exact else None
    pooled = None if exact else _pooled(moduli)
    name = dtype_name(dtype or tensor.dtype)
    return TensorValue(tuple(tensor.shape), name, str(tensor.device), data, pooled, low, high, mean, norm, nans, infs)


def _real(plain: torch.Tensor) -> torch.Tensor:
    """As float32 or float64, in which reductions are fast and know every operation; complex numbers as moduli."""
    if plain.is_complex():
        return torch.where(torch.isnan(plain), torch.nan, plain.abs())
    if plain.dtype in (torch.float32, torch.float64):
        return plain
    return plain.to(torch.float32 if plain.dtype.itemsize <= 2 else torch.float64)


def _bounds(numbers: torch.Tensor) -> tuple[float, float]:
    low, high = torch.aminmax(numbers)
    return float(low), float(high)


def _many_statistics(finite: torch.Tensor) -> _Statistics:
    if not finite.numel():
        return None, None, None, None
    low, high = _bounds(finite)
    mean, norm = float(finite.mean()), float(torch.linalg.vector_norm(finite))
    largest = max(abs(low), abs(high))
    if largest and not (math.isfinite(norm) and math.isfinite(mean) and norm):  # only the sums leave the range
        scaled = finite.to(torch.float64) / largest
        mean, norm = float(scaled.mean()) * largest, float(torch.linalg.vector_norm(scaled)) * largest
    return low, high, mean, norm


def _pooled(moduli: torch.Tensor) -> tuple[tuple[float, ...], ...]:
    """Means over blocks in reading order: rows are all leading dimensions, columns the last one."""
    grid = moduli.reshape(-1, moduli.shape[-1])
    heights, widths = _blocks(grid.shape[0], POOLED_ROWS), _blocks(grid.shape[1], POOLED_COLUMNS)
    bands = torch.stack([band.sum(0) for band in torch.split_with_sizes(grid, heights)]).to(torch.float64)
    sums = torch.stack([block.sum(1) for block in torch.split_with_sizes(bands, widths, 1)], 1).tolist()
    return tuple(
        tuple(total / (height * width) for total, width in zip(line, widths, strict=True))
        for line, height in zip(sums, heights, strict=True)
    )


def _blocks(length: int, limit: int) -> list[int]:
    count = min(length, limit)
    edges = [length * i // count for i in range(count + 1)]
    return [stop - start for start, stop in pairwise(edges)]
