"""What a sweep starts from: the function's arguments, autograd's gradient of them, and the elements to perturb."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from graphviz_tools.errors import NoGradientError, TraceError
from graphviz_tools.formatting import format_shape
from graphviz_tools.numeric.evaluation import Function, LargestTensor

_HINT = "Switch requires_grad on for a floating-point input that the output depends on."


@dataclass(frozen=True)
class Arguments:
    """All arguments of a function, in order, cast and cut off from the caller's graph; `perturbed` by position."""

    tensors: tuple[torch.Tensor, ...]
    names: tuple[str, ...]
    perturbed: Mapping[int, torch.Tensor]
    notes: tuple[str, ...]

    @property
    def dtype(self) -> str:
        """Of the perturbed ones: `float32`, or `float32 and float64`."""
        return " and ".join(sorted({str(t.dtype).removeprefix("torch.") for t in self.perturbed.values()}))

    @property
    def cuda_devices(self) -> list[int]:
        """Indices of the CUDA devices that hold an argument."""
        return sorted({t.get_device() for t in self.tensors if t.is_cuda})


@dataclass(frozen=True)
class Gradients:
    """Autograd's gradients of the perturbed arguments, by position: float64, flat. And what one evaluation tells."""

    of: Mapping[int, torch.Tensor]
    output: torch.Size
    largest: int
    """Numbers in the largest tensor on the way: what one row of a batch costs."""
    notes: tuple[str, ...]


def read_arguments(
    inputs: Sequence[torch.Tensor] | Mapping[str, torch.Tensor],
    names: Sequence[str] | None,
    dtype: torch.dtype | None,
) -> Arguments:
    """Name the inputs and cast the floating ones to `dtype`.

    Raises:
        NoGradientError: none can be perturbed.
        ValueError: not one name for each.
    """
    given = tuple(inputs.values()) if isinstance(inputs, Mapping) else tuple(inputs)
    labels = tuple(names or (inputs if isinstance(inputs, Mapping) else _numbered(len(given))))
    if len(labels) != len(given):
        raise ValueError(f"{len(labels)} names for {len(given)} inputs")
    tensors = tuple(_cast(tensor.detach(), dtype) for tensor in given)
    wanted = [i for i, tensor in enumerate(given) if tensor.requires_grad]
    perturbed = {i: tensors[i] for i in wanted if tensors[i].is_floating_point()}
    if not perturbed:
        raise NoGradientError("No input requires grad, so there is no gradient to check.", hint=_HINT)
    notes = (f"{labels[i]} is complex: its gradient is not checked." for i in wanted if i not in perturbed)
    return Arguments(tensors, labels, perturbed, tuple(notes))


def autograd_gradients(fn: Function, arguments: Arguments) -> Gradients:
    """The gradients by `torch.autograd.grad`, with a cotangent of ones if the output is no scalar.

    Raises:
        NoGradientError: the output does not depend on a perturbed argument.
        TraceError: `fn` returns something else than one tensor.
    """
    leaves = [t.clone().requires_grad_(i in arguments.perturbed) for i, t in enumerate(arguments.tensors)]
    with torch.enable_grad(), LargestTensor() as seen:
        output = fn(*leaves)
    if not isinstance(output, torch.Tensor):
        raise TraceError(f"The function must return one tensor; it returned a {type(output).__name__}.")
    if not output.requires_grad:
        raise NoGradientError("The output does not depend on an input that requires grad.", hint=_HINT)
    wanted = [leaves[i] for i in arguments.perturbed]
    found = torch.autograd.grad(output, wanted, torch.ones_like(output), allow_unused=True)
    notes = [
        f"The output does not depend on {arguments.names[i]}: its gradient counts as 0."
        for i, gradient in zip(arguments.perturbed, found, strict=True)
        if gradient is None
    ]
    if output.dim():
        notes.append(
            f"The output has the shape {format_shape(tuple(output.shape))}, so backward starts with ones: every "
            "gradient, numeric ones too, is that of the sum of its elements."
        )
    values = {
        i: (torch.zeros_like(leaf) if gradient is None else gradient.to_dense()).to("cpu", torch.float64).flatten()
        for i, leaf, gradient in zip(arguments.perturbed, wanted, found, strict=True)
    }
    largest = max(seen.numel, *(tensor.numel() for tensor in arguments.tensors))
    return Gradients(values, output.shape, largest, tuple(notes))


def choose_elements(gradients: Mapping[int, torch.Tensor], most: int) -> list[tuple[int, int]]:
    """(argument, element) of all elements, or of `most`: half by the largest |gradient|, nan first, half at random.

    The random half is the same every time and does not touch any global random state.
    """
    sizes = {argument: len(values) for argument, values in gradients.items()}
    total = sum(sizes.values())
    if total <= most:
        numbers = list(range(total))
    else:
        magnitude = torch.cat(list(gradients.values())).abs().nan_to_num(nan=torch.inf)
        largest = magnitude.topk(most // 2).indices.tolist()
        others = [number for number in random.Random(0).sample(range(total), most) if number not in set(largest)]
        numbers = sorted(largest + others[: most - len(largest)])
    places = []
    start = 0
    for argument, size in sizes.items():
        places += [(argument, number - start) for number in numbers if start <= number < start + size]
        start += size
    return places


def _numbered(count: int) -> list[str]:
    return ["x"] if count == 1 else [f"x{i}" for i in range(count)]


def _cast(tensor: torch.Tensor, dtype: torch.dtype | None) -> torch.Tensor:
    if dtype is None or not (tensor.is_floating_point() or tensor.is_complex()):
        return tensor
    return tensor.to(dtype.to_complex() if tensor.is_complex() else dtype)
