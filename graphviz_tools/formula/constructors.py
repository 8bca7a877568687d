"""Functions called in place of torch's own: constants in the run's dtype, random numbers from its generator.

Each takes the run first. A constant without an explicit dtype has the dtype of the run, so that one formula can be
evaluated in float32 and in float64; nothing here reads or changes torch's global state.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import torch

from graphviz_tools.errors import EvaluationError, LimitError
from graphviz_tools.formula.values import kind_of

if TYPE_CHECKING:
    from graphviz_tools.formula.run import Run


def _shape(run: Run, sizes: tuple[Any, ...], name: str) -> tuple[int, ...]:
    """Sizes given one by one or as one list, checked against the budget."""
    if len(sizes) == 1 and isinstance(sizes[0], list | tuple):
        sizes = tuple(sizes[0])
    if not all(type(size) is int and size >= 0 for size in sizes):
        raise EvaluationError(f"The sizes of {name} must be whole numbers from 0 on.", hint=f"For example {name}(2, 3)")
    _reserve(run, sizes, name)
    return sizes


def _reserve(run: Run, sizes: tuple[int, ...], name: str) -> None:
    elements = math.prod(sizes)
    if elements > run.limits.elements or max(sizes, default=0) > run.limits.argument:
        raise LimitError(
            f"{name} would make a tensor with {elements:,} elements; {run.limits.elements:,} are allowed.",
            hint="Choose smaller sizes.",
        )


def _finish(tensor: torch.Tensor, requires_grad: Any) -> torch.Tensor:
    return tensor.requires_grad_() if requires_grad else tensor


def _filled(make: Callable[..., torch.Tensor], name: str) -> Callable[..., torch.Tensor]:
    def constant(
        run: Run, *sizes: Any, size: Any = None, dtype: Any = None, requires_grad: bool = False
    ) -> torch.Tensor:
        shape = _shape(run, sizes if size is None else (size,), name)
        return _finish(make(shape, dtype=dtype or run.dtype), requires_grad)

    return constant


def _full(run: Run, size: Any, fill_value: Any, *, dtype: Any = None, requires_grad: bool = False) -> torch.Tensor:
    shape, value = _shape(run, (size,), "full"), _number(fill_value, "full")
    return _finish(torch.full(shape, value, dtype=dtype or _dtype_for(run, value)), requires_grad)


def _dtype_for(run: Run, *numbers: Any) -> torch.dtype | None:
    """The run's dtype for decimal numbers, torch's own choice (`None`) for all others."""
    return run.dtype if any(isinstance(number, float) for number in numbers) else None


def _eye(run: Run, n: Any, m: Any = None, *, dtype: Any = None, requires_grad: bool = False) -> torch.Tensor:
    rows, columns = _shape(run, (n, n if m is None else m), "eye")
    return _finish(torch.eye(rows, columns, dtype=dtype or run.dtype), requires_grad)


def _arange(
    run: Run, start: Any, end: Any = None, step: Any = 1, *, dtype: Any = None, requires_grad: bool = False
) -> torch.Tensor:
    start, end = (0, start) if end is None else (start, end)
    start, end, step = (_number(value, "arange") for value in (start, end, step))
    if step == 0:
        raise EvaluationError("The step of arange is 0.", hint="Write a step such as 1 or 0.5")
    count = (end - start) / step
    if not math.isfinite(count):
        raise EvaluationError("arange needs finite numbers.", hint="For example arange(0, 1, 0.1)")
    _reserve(run, (max(math.ceil(count), 0),), "arange")
    tensor = torch.arange(start, end, step, dtype=dtype or _dtype_for(run, start, end, step))
    return _finish(tensor, requires_grad)


def _number(value: Any, name: str) -> Any:
    if isinstance(value, torch.Tensor) and value.numel() == 1:
        value = value.item()
    if not isinstance(value, int | float):
        raise EvaluationError(f"{name} needs a plain number, and this is {kind_of(value)}.", hint="For example 0.5")
    return value


def _spaced(make: Callable[..., torch.Tensor], name: str) -> Callable[..., torch.Tensor]:
    def constant(
        run: Run, start: Any, end: Any, steps: Any, *, dtype: Any = None, requires_grad: bool = False, **base: Any
    ) -> torch.Tensor:
        (steps,) = _shape(run, (steps,), name)
        start, end = _number(start, name), _number(end, name)
        return _finish(make(start, end, steps, dtype=dtype or run.dtype, **base), requires_grad)

    return constant


def _triangle(make: Callable[..., torch.Tensor], name: str) -> Callable[..., torch.Tensor]:
    def constant(run: Run, row: Any, col: Any, offset: int = 0) -> torch.Tensor:
        rows, columns = _shape(run, (row, col), name)
        return make(rows, columns, _whole(run, offset, "offset"))

    return constant


def _whole(run: Run, value: Any, name: str) -> int:
    if type(value) is not int:
        raise EvaluationError(f"{name} must be a whole number, and this is {kind_of(value)}.")
    if abs(value) > run.limits.argument:
        raise LimitError(f"{name} is too large.", hint=f"At most {run.limits.argument:,}.")
    return value


def _tensor(run: Run, data: Any, *, dtype: Any = None, requires_grad: bool = False) -> torch.Tensor:
    kinds = _kinds(run, data)
    made = torch.tensor(data, dtype=dtype or (run.dtype if float in kinds and complex not in kinds else None))
    return _finish(made, requires_grad)


def _kinds(run: Run, data: Any) -> set[type]:
    """The types of all numbers in nested lists; refuses everything else and too many of them."""
    kinds: set[type] = set()
    pending, count = [data], 0
    while pending:
        item = pending.pop()
        count += 1
        if count > run.limits.items:
            raise LimitError(f"More than {run.limits.items:,} numbers are written here.", hint="Make it an input.")
        if isinstance(item, list | tuple | range):
            pending.extend(item)
        elif isinstance(item, torch.Tensor):
            raise EvaluationError(
                "tensor(...) copies plain numbers only: a tensor inside would lose its gradient.",
                hint="Write stack([a, b]) to put tensors together, or x.clone() to copy one.",
            )
        elif isinstance(item, int | float | complex):
            kinds.add(type(item))
        else:
            raise EvaluationError("tensor(...) needs numbers.", hint="For example tensor([1., 2.])")
    return kinds


def _as_tensor(run: Run, data: Any, *, dtype: Any = None) -> torch.Tensor:
    return torch.as_tensor(data, dtype=dtype) if isinstance(data, torch.Tensor) else _tensor(run, data, dtype=dtype)


def _like(make: Callable[..., torch.Tensor], name: str) -> Callable[..., torch.Tensor]:
    def constant(
        run: Run, input: torch.Tensor, *fill_value: Any, dtype: Any = None, requires_grad: bool = False
    ) -> torch.Tensor:
        _need_tensor(input, name)
        return _finish(make(input, *fill_value, dtype=dtype), requires_grad)

    return constant


def _need_tensor(value: Any, name: str) -> None:
    if not isinstance(value, torch.Tensor):
        raise EvaluationError(f"{name} needs a tensor.", hint=f"For example {name}(x)")


def _random(make: Callable[..., torch.Tensor], name: str) -> Callable[..., torch.Tensor]:
    def constant(
        run: Run, *sizes: Any, size: Any = None, dtype: Any = None, requires_grad: bool = False
    ) -> torch.Tensor:
        shape = _shape(run, sizes if size is None else (size,), name)
        return _finish(_draw(run, make, shape, dtype or run.dtype), requires_grad)

    return constant


def _draw(run: Run, make: Callable[..., torch.Tensor], shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
    """Drawn in float32 and then cast: a float64 evaluation of the same formula must see the same numbers."""
    return make(shape, generator=run.generator(), dtype=torch.float32).to(dtype)


def _random_like(make: Callable[..., torch.Tensor], name: str) -> Callable[..., torch.Tensor]:
    def constant(run: Run, input: torch.Tensor, *, dtype: Any = None, requires_grad: bool = False) -> torch.Tensor:
        _need_tensor(input, name)
        return _finish(_draw(run, make, tuple(input.shape), dtype or input.dtype), requires_grad)

    return constant


def _randint(run: Run, low: Any, high: Any, size: Any = None, *, dtype: Any = None) -> torch.Tensor:
    if size is None:
        low, high, size = 0, low, high
    shape = _shape(run, (size,), "randint")
    return torch.randint(low, high, shape, generator=run.generator(), dtype=dtype)


def _randperm(run: Run, n: Any) -> torch.Tensor:
    (n,) = _shape(run, (n,), "randperm")
    return torch.randperm(n, generator=run.generator())


def _bernoulli(run: Run, input: torch.Tensor) -> torch.Tensor:
    _need_tensor(input, "bernoulli")
    return torch.bernoulli(input.detach(), generator=run.generator())


def _dropout(run: Run, input: torch.Tensor, p: Any = 0.5, training: bool = True) -> torch.Tensor:
    """`F.dropout` with the run's generator: a mask of 0 and 1/(1-p), the elements that stay scaled up."""
    _need_tensor(input, "dropout")
    if not isinstance(p, int | float) or not 0 <= p <= 1:
        raise EvaluationError("The probability p of dropout lies between 0 and 1.", hint="For example dropout(x, 0.5)")
    if not training:
        return input
    if p == 1:
        return input * torch.zeros((), dtype=input.dtype)
    keep = torch.zeros(input.shape).bernoulli_(1 - p, generator=run.generator())
    return input * (keep.to(input.dtype) / (1 - p))


def _one_hot(run: Run, input: torch.Tensor, num_classes: Any = -1) -> torch.Tensor:
    """The number of classes comes from the data unless given: it is looked at before memory is taken."""
    _need_tensor(input, "one_hot")
    if input.is_floating_point():
        raise EvaluationError("one_hot needs whole numbers.", hint="Write one_hot(x.long(), num_classes=3)")
    classes = num_classes if num_classes != -1 else (int(input.max()) + 1 if input.numel() else 1)
    _reserve(run, (*input.shape, max(_whole(run, classes, "num_classes"), 0)), "one_hot")
    return torch.nn.functional.one_hot(input, num_classes)


def _repeat_interleave(run: Run, input: torch.Tensor, repeats: Any, dim: Any = None) -> torch.Tensor:
    """The result's size is a sum of the repeats: it is looked at before memory is taken."""
    _need_tensor(input, "repeat_interleave")
    if isinstance(repeats, torch.Tensor):
        total = int(repeats.max()) if repeats.numel() else 0
    else:
        total = _whole(run, repeats, "repeats")
    _reserve(run, (input.numel(), max(total, 0)), "repeat_interleave")
    return torch.repeat_interleave(input, repeats, dim=dim)


def _new(make: Callable[..., torch.Tensor], name: str) -> Callable[..., torch.Tensor]:
    def constant(
        run: Run, input: torch.Tensor, *sizes: Any, dtype: Any = None, requires_grad: bool = False
    ) -> torch.Tensor:
        shape = _shape(run, sizes, name)
        return _finish(make(input, shape, dtype=dtype or input.dtype), requires_grad)

    return constant


def _new_full(
    run: Run, input: torch.Tensor, size: Any, fill_value: Any, *, dtype: Any = None, requires_grad: bool = False
) -> torch.Tensor:
    shape, value = _shape(run, (size,), "new_full"), _number(fill_value, "new_full")
    return _finish(input.new_full(shape, value, dtype=dtype or input.dtype), requires_grad)


def _new_tensor(
    run: Run, input: torch.Tensor, data: Any, *, dtype: Any = None, requires_grad: bool = False
) -> torch.Tensor:
    return _tensor(run, data, dtype=dtype or input.dtype, requires_grad=requires_grad)


def _requires_grad(run: Run, input: torch.Tensor, requires_grad: bool = True) -> torch.Tensor:
    if input.requires_grad or not requires_grad:
        return input
    if run.is_input(input):
        raise EvaluationError(
            "An input cannot be changed by the formula.", hint="Switch requires_grad on at the input."
        )
    return input.requires_grad_()


LOCAL: Mapping[str, Callable[..., torch.Tensor]] = MappingProxyType(
    {
        "tensor": _tensor,
        "as_tensor": _as_tensor,
        "zeros": _filled(torch.zeros, "zeros"),
        "ones": _filled(torch.ones, "ones"),
        "full": _full,
        "eye": _eye,
        "arange": _arange,
        "linspace": _spaced(torch.linspace, "linspace"),
        "logspace": _spaced(torch.logspace, "logspace"),
        "tril_indices": _triangle(torch.tril_indices, "tril_indices"),
        "triu_indices": _triangle(torch.triu_indices, "triu_indices"),
        "zeros_like": _like(torch.zeros_like, "zeros_like"),
        "ones_like": _like(torch.ones_like, "ones_like"),
        "full_like": _like(torch.full_like, "full_like"),
        "rand": _random(torch.rand, "rand"),
        "randn": _random(torch.randn, "randn"),
        "randint": _randint,
        "randperm": _randperm,
        "rand_like": _random_like(torch.rand, "rand_like"),
        "randn_like": _random_like(torch.randn, "randn_like"),
        "bernoulli": _bernoulli,
        "dropout": _dropout,
        "one_hot": _one_hot,
        "repeat_interleave": _repeat_interleave,
        "new_zeros": _new(torch.Tensor.new_zeros, "new_zeros"),
        "new_ones": _new(torch.Tensor.new_ones, "new_ones"),
        "new_full": _new_full,
        "new_tensor": _new_tensor,
        "requires_grad_": _requires_grad,
    }
)
