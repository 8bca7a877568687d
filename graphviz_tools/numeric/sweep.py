"""Finite differences over many step sizes, beside autograd's gradient of the same function at the same point."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence

import torch

from graphviz_tools.numeric.arguments import Arguments, Gradients, autograd_gradients, choose_elements, read_arguments
from graphviz_tools.numeric.differences import SIDES, Steps, failures_by_step, points, quotients
from graphviz_tools.numeric.evaluation import Evaluator, Function, same_random_numbers
from graphviz_tools.numeric.records import DELTAS, EXPONENTS, Element, Method, Sweep

__all__ = ["DELTAS", "EXPONENTS", "Element", "Method", "Sweep", "sweep"]

ELEMENTS_PER_BATCH = 400_000
"""Most numbers that one tensor of a batch may hold. Measured: much more falls out of the cache, less wastes calls."""

ONE_BY_ONE = 32
"""Steps between two looks at the clock where vmap cannot help."""


def sweep(
    fn: Function,
    inputs: Sequence[torch.Tensor] | Mapping[str, torch.Tensor],
    *,
    deltas: Sequence[float] = DELTAS,
    method: Method = "forward",
    dtype: torch.dtype | None = None,
    names: Sequence[str] | None = None,
    max_elements: int = 256,
    seconds: float = math.inf,
) -> Sweep:
    """Differences of `fn` with every delta, for each element of the inputs that require grad.

    All points are evaluated in one `torch.func.vmap`, in chunks; where vmap cannot batch `fn`, one after the other.
    Both see the same perturbed inputs and the same random numbers. `fn` gets clones: nothing of the caller's changes,
    torch's random state included.

    Args:
        fn: called as `fn(*tensors)`, returns one tensor. If that is no scalar, its elements are added up (a cotangent
            of ones): differences are taken element by element in float64 and then added.
        inputs: tensors of any shape. Those that are floating and require grad are perturbed.
        deltas: positive step sizes, in the units of the inputs.
        method: "forward" (f(x + d) - f(x)) / d, "backward" (f(x) - f(x - d)) / d or "central"
            (f(x + d) - f(x - d)) / 2d. x + d is rounded to the inputs' dtype; the difference and its division by the
            nominal d are in float64.
        dtype: `torch.float32` or `torch.float64` to evaluate in, autograd's gradient included; `None` for the inputs'
            own.
        names: one for each input; by default the mapping's keys, else `x`, or `x0`, `x1`, ...
        max_elements: of more elements than this a sample is measured, and a note says so.
        seconds: no new batch is begun after this time; a note says how many elements are missing then.

    Raises:
        NoGradientError: no input requires grad, or the output does not depend on one that does.
        TraceError: `fn` returns something else than one tensor.
        ValueError: a delta, the method, the dtype or the names cannot be used.
        Exception: whatever `fn` itself raises at the inputs given.
    """
    _check(deltas, method, dtype)
    end = time.monotonic() + seconds
    arguments = read_arguments(inputs, names, dtype)
    with same_random_numbers(arguments.cuda_devices) as rewind:
        gradients = autograd_gradients(fn, arguments)
        places = choose_elements(gradients.of, max_elements)
        steps = _steps(places, gradients.of, deltas)
        evaluator = Evaluator(fn, arguments.tensors, gradients.output, rewind)
        quotient, why, batched = _measure(evaluator, arguments.perturbed, steps, method, gradients.largest, end)
    elements = _elements(arguments, gradients, places, quotient, why, len(deltas))
    return Sweep(
        method=method,
        dtype=arguments.dtype,
        deltas=tuple(map(float, deltas)),
        elements=elements,
        evaluations=2 * len(quotient) if method == "central" else len(quotient) + 1,
        batched=batched,
        notes=(*arguments.notes, *gradients.notes, *_sample_notes(gradients, len(places), len(elements), seconds)),
    )


def _elements(
    arguments: Arguments,
    gradients: Gradients,
    places: Sequence[tuple[int, int]],
    quotient: Sequence[float],
    why: Sequence[str],
    count: int,
) -> tuple[Element, ...]:
    """The elements at the first places, as far as there are `count` quotients for each."""
    elements = []
    for number, (argument, place) in enumerate(places[: len(quotient) // count]):
        part = slice(number * count, (number + 1) * count)
        tensor = arguments.tensors[argument]
        elements.append(
            Element(
                input=arguments.names[argument],
                index=_index(place, tensor.shape),
                point=float(tensor.flatten()[place]),
                autograd=float(gradients.of[argument][place]),
                numeric=tuple(quotient[part]),
                why=tuple(why[part]),
            )
        )
    return tuple(elements)


def _measure(
    evaluator: Evaluator,
    perturbed: Mapping[int, torch.Tensor],
    steps: Steps,
    method: Method,
    largest: int,
    end: float,
) -> tuple[list[float], list[str], bool]:
    """Quotients and reasons of all steps, or of the first ones if time runs out; and whether vmap did it all."""
    quotient: list[float] = []
    why: list[str] = []
    batched = True
    varying = sum(map(abs, SIDES[method]))
    size = max(1, ELEMENTS_PER_BATCH // (varying * largest))
    while len(quotient) < len(steps) and (time.monotonic() < end or not quotient):
        part = steps[len(quotient) : len(quotient) + size]
        at = points(perturbed, part, method)
        failures: dict[int, str] = {}
        if batched:
            try:
                values = evaluator.batch(at.rows)
            except Exception:  # the list of what vmap cannot batch is open
                batched, size = False, ONE_BY_ONE
                continue
        else:
            values, failures = evaluator.each(at.rows)
        found, sentences = quotients(values, at, part, method)
        for step, sentence in failures_by_step(failures, at, method).items():
            sentences[step] = sentence
        quotient += found
        why += sentences
    return quotient, why, batched


def _steps(places: Sequence[tuple[int, int]], gradients: Mapping[int, torch.Tensor], deltas: Sequence[float]) -> Steps:
    """Every delta for every place (argument, element), the deltas of one element in a row."""
    count = len(deltas)
    arguments, elements = torch.tensor(places, dtype=torch.long).reshape(-1, 2).T
    gradient = torch.tensor([float(gradients[i][j]) for i, j in places], dtype=torch.float64)
    return Steps(
        argument=arguments.repeat_interleave(count),
        element=elements.repeat_interleave(count),
        delta=torch.tensor(deltas, dtype=torch.float64).repeat(len(places)),
        gradient=gradient.repeat_interleave(count),
    )


def _index(element: int, shape: Sequence[int]) -> tuple[int, ...]:
    index: list[int] = []
    for size in reversed(shape):
        element, place = divmod(element, size)
        index.insert(0, place)
    return tuple(index)


def _check(deltas: Sequence[float], method: Method, dtype: torch.dtype | None) -> None:
    if not deltas or not all(delta > 0 and math.isfinite(delta) for delta in deltas):
        raise ValueError("deltas must be positive numbers, at least one")
    if method not in SIDES:
        raise ValueError(f"method must be one of {', '.join(SIDES)}, not {method!r}")
    if dtype not in (None, torch.float32, torch.float64):
        raise ValueError(f"dtype must be torch.float32, torch.float64 or None, not {dtype}")


def _sample_notes(gradients: Gradients, chosen: int, measured: int, seconds: float) -> list[str]:
    total = sum(map(len, gradients.of.values()))
    notes = []
    if chosen < total:
        notes.append(
            f"{chosen} of {total} elements are measured: those with the largest gradients and a random choice of the "
            "others, always the same."
        )
    if measured < chosen:
        notes.append(f"{seconds:g} seconds were not enough: {measured} of {chosen} elements are measured.")
    return notes
