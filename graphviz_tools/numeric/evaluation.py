"""Evaluate a function at many points: one `torch.func.vmap`, or one call after the other where vmap cannot."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from graphviz_tools.formatting import format_shape

Function = Callable[..., torch.Tensor]
Rows = Mapping[int, torch.Tensor]
"""Argument position -> its value at every point, stacked along dimension 0."""


class LargestTensor(TorchFunctionMode):
    """Notes the size of the largest tensor that a torch function returns while it is active."""

    def __init__(self) -> None:
        super().__init__()
        self.numel = 1

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        for value in result if isinstance(result, tuple | list) else (result,):
            if isinstance(value, torch.Tensor):
                self.numel = max(self.numel, value.shape.numel())
        return result


@contextmanager
def same_random_numbers(devices: Sequence[int] = ()) -> Iterator[Callable[[], None]]:
    """Yield a function that winds torch's random state back to where it was on entry; on exit it is there again.

    `devices` are CUDA device indices beside the CPU.
    """
    with torch.random.fork_rng(devices=devices):
        cpu = torch.random.get_rng_state()
        cuda = {device: torch.cuda.get_rng_state(device) for device in devices}

        def rewind() -> None:
            torch.random.set_rng_state(cpu)
            for device, state in cuda.items():
                torch.cuda.set_rng_state(state, device)

        yield rewind


@dataclass(frozen=True)
class Evaluator:
    """A function with what it needs to be called again and again: all its arguments, and the same random numbers.

    `output` is the shape of its result at the arguments themselves.
    """

    fn: Function
    arguments: Sequence[torch.Tensor]
    output: torch.Size
    rewind: Callable[[], None]

    def batch(self, rows: Rows) -> torch.Tensor:
        """The outputs at all points, float64 of shape [points, output elements], by one `torch.func.vmap`.

        Arguments that are not in `rows` are the same at every point; neither of them is modified.

        Raises:
            Exception: whatever comes out of vmap for a function that it cannot batch.
        """
        given = [rows[i].clone() if i in rows else argument.clone() for i, argument in enumerate(self.arguments)]
        in_dims = tuple(0 if i in rows else None for i in range(len(self.arguments)))
        self.rewind()
        with torch.no_grad():
            outputs = torch.func.vmap(self.fn, in_dims=in_dims, randomness="same")(*given)
        return _as_float64(outputs).reshape(len(outputs), self.output.numel())

    def each(self, rows: Rows) -> tuple[torch.Tensor, dict[int, str]]:
        """As `batch`, with one call for each point, made as a user makes it: with leaves that require grad.

        A point where the function raises, or returns another shape than `output`, is a row of nan; the second result
        says for such a row what the function did.
        """
        count = len(next(iter(rows.values())))
        values = torch.full((count, self.output.numel()), torch.nan, dtype=torch.float64)
        failures: dict[int, str] = {}
        for row in range(count):
            given = [
                rows[i][row].clone() if i in rows else argument.clone() for i, argument in enumerate(self.arguments)
            ]
            self.rewind()
            try:
                with torch.enable_grad():
                    result = self.fn(*(t.requires_grad_(i in rows) for i, t in enumerate(given))).detach()
            except Exception as error:  # anything: it is the user's function, and only this point
                failures[row] = f"fails ({_first_line(error)})"
                continue
            if result.shape == self.output:
                values[row] = _as_float64(result).flatten()
            else:
                failures[row] = f"has the shape {format_shape(tuple(result.shape))}"
        return values, failures


def _first_line(error: Exception) -> str:
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__


def _as_float64(values: torch.Tensor) -> torch.Tensor:
    # With a cotangent of ones the gradient of a complex output is that of its real part.
    return (values.real if values.is_complex() else values).to("cpu", torch.float64)
