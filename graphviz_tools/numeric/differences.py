"""Difference quotients: the perturbed points, the quotient itself, and why a quotient is no ordinary number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from graphviz_tools.numeric.records import Method

SIDES: Mapping[Method, tuple[int, int]] = {"forward": (0, 1), "backward": (-1, 0), "central": (-1, 1)}
"""The two points of a difference quotient, as multiples of delta away from x: the lower and the upper one."""

_PLACES = {-1: "x - delta", 0: "x", 1: "x + delta"}


@dataclass(frozen=True)
class Steps:
    """n steps, each of one element: which argument, which of its elements (row-major), how far, autograd's gradient.

    All of shape [n]; `delta` and `gradient` are float64.
    """

    argument: torch.Tensor
    element: torch.Tensor
    delta: torch.Tensor
    gradient: torch.Tensor

    def __len__(self) -> int:
        return len(self.delta)

    def __getitem__(self, part: slice) -> Steps:
        return Steps(self.argument[part], self.element[part], self.delta[part], self.gradient[part])


@dataclass(frozen=True)
class Points:
    """The points to evaluate: for every perturbed argument its values stacked along dimension 0, lower points first.

    A side that is x itself is one row. `unchanged[n]` says that both points of step n are equal: x + delta was rounded
    to x.
    """

    rows: Mapping[int, torch.Tensor]
    sizes: tuple[int, int]
    unchanged: torch.Tensor


def points(tensors: Mapping[int, torch.Tensor], steps: Steps, method: Method) -> Points:
    """Perturb one element a row, with the addition rounded to the tensor's own dtype, in copies of `tensors`."""
    signs = SIDES[method]
    sizes = tuple(len(steps) if sign else 1 for sign in signs)
    rows: dict[int, torch.Tensor] = {}
    unchanged = torch.ones(len(steps), dtype=torch.bool)
    for argument, tensor in tensors.items():
        flat = tensor.detach().reshape(1, -1).repeat(sum(sizes), 1)
        steps_here = (steps.argument == argument).nonzero().flatten()
        column = steps.element[steps_here].to(tensor.device)
        delta = steps.delta[steps_here].to(tensor.device, tensor.dtype)
        point = tensor.detach().flatten()[column]
        for sign, offset in zip(signs, (0, sizes[0]), strict=True):
            if sign:
                moved = point + sign * delta
                flat[offset + steps_here.to(tensor.device), column] = moved
                unchanged[steps_here] &= (moved == point).cpu()
        rows[argument] = flat.reshape(-1, *tensor.shape)
    return Points(rows, (sizes[0], sizes[1]), unchanged)


def quotients(values: torch.Tensor, at: Points, steps: Steps, method: Method) -> tuple[list[float], list[str]]:
    """The n difference quotients, and for each one why it is no ordinary number, "" if it is one.

    `values` are the outputs at `at`, float64 of shape [points, output elements]; the quotients of one step are added
    up. They are divided by the nominal delta, not by the step that rounding made of it: that is what one writes by
    hand.
    """
    lower, upper = (side.expand(len(steps), -1) for side in (values[: at.sizes[0]], values[at.sizes[0] :]))
    # A batched matrix product can differ in the last bit between equal rows; f(x) is one number.
    upper = torch.where(at.unchanged[:, None], lower, upper)
    width = 2 if method == "central" else 1
    quotient = (upper - lower).sum(1) / (width * steps.delta)
    return quotient.tolist(), _reasons(lower, upper, quotient, steps.gradient, at.unchanged, method)


def failures_by_step(failures: Mapping[int, str], at: Points, method: Method) -> dict[int, str]:
    """What went wrong at rows of `at`, as sentences by step."""
    sentences: dict[int, str] = {}
    for row, what in failures.items():
        upper = row >= at.sizes[0]
        place = _PLACES[SIDES[method][upper]]
        step = row - at.sizes[0] if upper else row
        steps = range(len(at.unchanged)) if at.sizes[upper] == 1 else (step,)
        sentences.update(dict.fromkeys(steps, f"the function {what} at {place}"))
    return sentences


def _reasons(
    lower: torch.Tensor,
    upper: torch.Tensor,
    quotient: torch.Tensor,
    gradient: torch.Tensor,
    unchanged: torch.Tensor,
    method: Method,
) -> list[str]:
    places = [_PLACES[sign] for sign in SIDES[method]]
    lost = f"{' == '.join(reversed(places))}: the difference is exactly 0"
    # From the weakest reason to the strongest: each overwrites those before it. Equal values are no surprise where
    # autograd's gradient is 0.
    causes: list[tuple[torch.Tensor, str]] = [
        ((lower == upper).all(1) & (gradient != 0), f"f({places[1]}) == f({places[0]}): the difference is exactly 0"),
        (unchanged, lost),
        (~quotient.isfinite(), "the difference is too large for float64"),
    ]
    for values, place in ((upper, places[1]), (lower, places[0])):
        causes.append((values.isinf().any(1) & ~quotient.isfinite(), f"the function is infinite at {place}"))
    for values, place in ((upper, places[1]), (lower, places[0])):
        causes.append((values.isnan().any(1), f"the function is nan at {place}"))
    code = torch.zeros(len(quotient), dtype=torch.long)
    for number, (applies, _) in enumerate(causes, start=1):
        code[applies] = number
    words = ["", *(sentence for _, sentence in causes)]
    return [words[number] for number in code.tolist()]
