"""Inputs of a formula: what the caller gave, as tensors that the trace may use."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import torch

from graphviz_tools.capture.statistics import dtype_name
from graphviz_tools.errors import InputError


def make_leaves(
    inputs: Mapping[str, Any], dtype: torch.dtype, requires_grad: Collection[str] | None
) -> dict[str, torch.Tensor]:
    """The input tensors by name; a given tensor is never changed.

    Args:
        inputs: tensors, numbers or nested lists of numbers.
        dtype: of those that are no tensors.
        requires_grad: names of the inputs that require grad; `None`: tensors as they are, all others do.

    Raises:
        InputError: an input is no tensor of numbers, or cannot require grad.
    """
    unknown = [name for name in requires_grad or () if name not in inputs]
    if unknown:
        raise InputError(
            f"There is no input called {unknown[0]} that could require grad.", hint=f"There are {', '.join(inputs)}."
        )
    return {name: _leaf(name, value, dtype, requires_grad) for name, value in inputs.items()}


def _leaf(name: str, value: Any, dtype: torch.dtype, requires_grad: Collection[str] | None) -> torch.Tensor:
    if isinstance(value, torch.Tensor):
        if requires_grad is None:
            return value
        tensor = value.detach()
    else:
        tensor = _tensor(name, value, dtype)
    if requires_grad is not None and name not in requires_grad:
        return tensor
    if not (tensor.is_floating_point() or tensor.is_complex()):
        raise InputError(
            f"{dtype_name(tensor.dtype)} numbers have no gradient.",
            hint="Choose float32 or float64 for this input, or switch off its requires_grad.",
            name=name,
        )
    return tensor.requires_grad_()


def _tensor(name: str, value: Any, dtype: torch.dtype) -> torch.Tensor:
    try:
        return torch.tensor(value, dtype=dtype)
    except (TypeError, ValueError, RuntimeError, OverflowError) as error:
        raise InputError(
            f"This is no tensor of {dtype_name(dtype)} numbers: {str(error).rstrip('.')}.",
            hint="Give a number, or lists of numbers where all rows have the same length.",
            name=name,
        ) from error
