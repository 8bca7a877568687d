"""Where backward starts: the outputs, their cotangents, and what to say when there is no gradient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from graphviz_tools.capture.names import tensors_in
from graphviz_tools.capture.statistics import dtype_name
from graphviz_tools.errors import NoGradientError, TraceError
from graphviz_tools.formatting import format_shape

Roots = list[tuple[str, torch.Tensor]]
"""Outputs that require grad, each with its path in the result: "" for the result itself, "[1]", "loss", ..."""


def find_roots(output: object, used: Mapping[str, torch.Tensor], inputs: Mapping[str, torch.Tensor]) -> Roots:
    """The tensors of a result that require grad.

    Args:
        output: a tensor, or tuples, lists and dictionaries of such.
        used: the tensors that require grad and were used, by name.
        inputs: all inputs, by name.

    Raises:
        TraceError: there is no tensor in it.
        NoGradientError: none of them requires grad.
    """
    tensors = list(tensors_in(output))
    if not tensors:
        raise TraceError(
            f"The result is {_with_article(type(output).__name__)} with no tensor in it.",
            hint="Return a tensor; .item() and .tolist() leave the graph.",
        )
    roots = [(path, tensor) for path, tensor in tensors if tensor.requires_grad]
    if not roots:
        raise _no_gradient(tensors[0][1], used, inputs)
    return roots


def left_out(output: object, roots: Roots) -> list[str]:
    """A sentence about every output that has no gradient."""
    kept = {id(tensor) for _, tensor in roots}
    paths = [path for path, tensor in tensors_in(output) if id(tensor) not in kept]
    return [f"Output {path} does not require grad and is left out." for path in paths]


def _no_gradient(
    output: torch.Tensor, used: Mapping[str, torch.Tensor], inputs: Mapping[str, torch.Tensor]
) -> NoGradientError:
    if not torch.is_grad_enabled() or torch.is_inference_mode_enabled():
        return NoGradientError(
            "Gradients are switched off here, so torch keeps no graph.",
            hint="Trace outside of torch.no_grad() and torch.inference_mode().",
        )
    asked = {**{name: tensor for name, tensor in inputs.items() if tensor.requires_grad}, **used}
    possible = [n for n, t in inputs.items() if not t.requires_grad and (t.is_floating_point() or t.is_complex())]
    switch = f"Switch on requires_grad for one of the inputs: {', '.join(possible)}." if possible else ""
    if not asked:
        lonely = "Give the formula or function a floating-point input that requires grad."
        return NoGradientError("Nothing here requires grad, so there is no graph.", hint=switch or lonely)
    if not (output.is_floating_point() or output.is_complex()):
        return NoGradientError(
            f"The output is {dtype_name(output.dtype)}, and only floating-point and complex tensors have a gradient.",
            hint="Comparisons, argmax and the like have none: end with the numbers that they were made from.",
        )
    names = ", ".join(sorted(asked, key=list(asked).index))
    return NoGradientError(
        f"The output does not depend on {names}, and nothing else requires grad.",
        hint=f"Use {names} on the way to the output, without detach(). {switch}".rstrip(),
    )


def _with_article(noun: str) -> str:
    return f"an {noun}" if noun[:1].lower() in "aeiou" else f"a {noun}"


def find_cotangents(roots: Roots, given: Any) -> tuple[list[torch.Tensor | None], list[str]]:
    """The gradient that backward starts with at each root, and sentences about what was assumed.

    `None` for a single real number: there torch makes the 1 itself. (Given one, it loads a second's worth of imports.)

    Args:
        roots: the outputs.
        given: for one root a tensor, number or nested list of its shape; for several a sequence of such; an entry of
            `None` (and `None` itself) stands for ones.

    Raises:
        TraceError: number or shape does not fit.
    """
    chosen = _per_root(roots, given)
    cotangents = [_cotangent(path, root, value) for (path, root), value in zip(roots, chosen, strict=True)]
    assumed = [item for item, value in zip(roots, chosen, strict=True) if value is None]
    notes = [note for path, root in assumed if (note := _assumption(path, root))]
    if len(roots) > 1 and len(assumed) == len(roots):
        notes.append(f"Backward starts from {len(roots)} outputs at once: the gradients are those of their sum.")
    return cotangents, notes


def _per_root(roots: Roots, given: Any) -> Sequence[Any]:
    if given is None:
        return [None] * len(roots)
    if len(roots) == 1:
        single = isinstance(given, list | tuple) and len(given) == 1 and isinstance(given[0], torch.Tensor | None)
        return [given[0] if single else given]
    if not isinstance(given, list | tuple) or len(given) != len(roots):
        count = len(given) if isinstance(given, list | tuple) else 1
        raise TraceError(
            f"There are {len(roots)} outputs that require grad, and {count} cotangents.",
            hint="Give a list with one cotangent (or None) for each of them.",
        )
    return given


def _cotangent(path: str, root: torch.Tensor, value: Any) -> torch.Tensor | None:
    if value is None:
        return None if root.numel() == 1 and root.is_floating_point() else torch.ones_like(root)
    try:
        given = value if isinstance(value, torch.Tensor) else torch.tensor(value, device=root.device)
    except (TypeError, ValueError, RuntimeError) as error:
        raise TraceError(f"The cotangent of {path or 'the output'} is no tensor: {error}.") from error
    if given.shape != root.shape:
        raise TraceError(
            f"The cotangent of {path or 'the output'} has shape {format_shape(tuple(given.shape))}, "
            f"the output has shape {format_shape(tuple(root.shape))}.",
            hint="They must be the same.",
        )
    if given.is_complex() and not root.is_complex():
        raise TraceError(f"The cotangent of {path or 'the output'} is complex, the output is not.")
    return given.detach().to(root.device, root.dtype)


def _assumption(path: str, root: torch.Tensor) -> str:
    subject = f"Output {path}" if path else "The output"
    if root.is_complex():
        return f"{subject} is complex: backward starts from a cotangent of 1 for every element."
    if root.numel() == 1:
        return ""
    shape = format_shape(tuple(root.shape))
    return f"{subject} has shape {shape}: backward starts from a cotangent of ones, as for its sum."
