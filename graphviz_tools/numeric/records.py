"""What a sweep leaves behind: plain records of numbers and reasons, no torch."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

Method = Literal["forward", "backward", "central"]

EXPONENTS: tuple[float, ...] = tuple(step / 8 for step in range(-14 * 8, -8 + 1))
"""log10 of every standard delta: -14 ... -1 in steps of 0.125, which floating point holds exactly."""

DELTAS: tuple[float, ...] = tuple(10.0**exponent for exponent in EXPONENTS)
"""The 105 standard step sizes; `DELTAS[88]` is 0.001 exactly."""


@dataclass(frozen=True)
class Element:
    """One element of one input: its gradient from autograd and from a difference with every delta.

    `numeric[k]` belongs to `Sweep.deltas[k]`. `why[k]` is a sentence where that number is not an ordinary difference:
    nan, infinite, or exactly 0 because the step or the change was lost in rounding; otherwise "".
    """

    input: str
    index: tuple[int, ...]
    point: float
    autograd: float
    numeric: tuple[float, ...]
    why: tuple[str, ...]

    @property
    def label(self) -> str:
        """`a[0]`, `m[1,2]`, and `a` alone for a scalar."""
        return f"{self.input}[{','.join(map(str, self.index))}]" if self.index else self.input

    @cached_property
    def errors(self) -> tuple[float, ...]:
        """|numeric - autograd| for every delta; nan where one of the two is nan or both are infinite."""
        return tuple(abs(numeric - self.autograd) for numeric in self.numeric)

    @cached_property
    def best(self) -> int | None:
        """Index of the delta with the smallest error, of equal ones the largest index; `None` when all are nan."""
        return _smallest(self.errors)


@dataclass(frozen=True)
class Sweep:
    """Numeric gradients beside autograd's, over many step sizes.

    `dtype` is what the function was evaluated in (`float32`). `evaluations` counts the points at which it was
    evaluated, `batched` says whether that happened under one `torch.func.vmap` or one point at a time. `notes` are
    sentences for the reader.
    """

    method: Method
    dtype: str
    deltas: tuple[float, ...]
    elements: tuple[Element, ...]
    evaluations: int
    batched: bool
    notes: tuple[str, ...] = ()

    def errors(self, i: int) -> tuple[float, ...]:
        """|numeric - autograd| of every element at `deltas[i]`."""
        return tuple(element.errors[i] for element in self.elements)

    @cached_property
    def worst_errors(self) -> tuple[float, ...]:
        """For every delta the largest error of any element; nan if one is nan or there is no element."""
        return tuple(_largest(self.errors(i)) for i in range(len(self.deltas)))

    @cached_property
    def best(self) -> int | None:
        """Index of the delta whose worst error is smallest; `None` when there is no such delta."""
        return _smallest(self.worst_errors)

    @property
    def best_delta(self) -> float | None:
        """The measured best delta for all elements together."""
        return None if self.best is None else self.deltas[self.best]

    def nearest(self, delta: float) -> int:
        """Index of the delta that lies nearest on a logarithmic scale.

        Raises:
            ValueError: `delta` is not a positive finite number.
        """
        if not (delta > 0 and math.isfinite(delta)):
            raise ValueError(f"delta must be a positive number, not {delta}")
        return min(range(len(self.deltas)), key=lambda i: abs(math.log(self.deltas[i] / delta)))


def _largest(errors: Iterable[float]) -> float:
    found = tuple(errors)
    return math.nan if not found or any(map(math.isnan, found)) else max(found)


def _smallest(errors: tuple[float, ...]) -> int | None:
    usable = [i for i, error in enumerate(errors) if math.isfinite(error)]
    return min(reversed(usable), key=errors.__getitem__, default=None)
