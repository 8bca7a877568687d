"""What an operation is going to cost, found out before it runs, and what it did cost, added up afterwards.

Most operations give no more than their operands broadcast to, or than all of them together: that is two comparisons.
Matrix products have a formula. What is left (windows, convolutions, einsum, ...) is run once on meta tensors, which
have shapes and no memory, with torch's own shape rules; only when operands and arguments are not tiny, because that dry
run costs 0.1 ms and more, and the first one of a process most of a second.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from itertools import zip_longest
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode, _disable_current_modes

from graphviz_tools.errors import LimitError
from graphviz_tools.formula.catalogue import Cost
from graphviz_tools.formula.limits import Limits

_TINY = 10**6
_CUBIC_FLOPS = 60
"""Flops of a decomposition over n**3, an upper end for eigenvalues and singular values."""
_LISTS_IN_LISTS = 4


class Count(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Adds up what the operations under it would take: the largest result, all bytes, all flops."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.elements = 0
        self.memory = 0
        self.flops = 0.0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        from torch.utils.flop_counter import flop_registry

        result = func(*args, **(kwargs or {}))
        made = [t for t in (result if isinstance(result, tuple | list) else (result,)) if isinstance(t, torch.Tensor)]
        elements = sum(t.numel() for t in made)
        self.elements = max([self.elements, *(t.numel() for t in made)])
        if func.is_view:
            return result
        self.memory += sum(t.numel() * t.element_size() for t in made)
        packet = func._overloadpacket
        if packet in flop_registry:
            self.flops += flop_registry[packet](*args, **(kwargs or {}), out_val=result)
        elif "pool" in packet.__name__ and len(args) > 1:
            self.flops += elements * math.prod(args[1])
        elif "svd" in packet.__name__:
            self.flops += _CUBIC_FLOPS * args[0].numel() * max(args[0].shape[-2:], default=1)
        else:
            self.flops += elements + sum(t.numel() for t in args if isinstance(t, torch.Tensor))
        return result


def leaves(values: Iterable[Any], limits: Limits) -> list[Any]:
    """All values in arguments and in the lists among them.

    Raises:
        LimitError: lists too deep or too long; a list can hold itself.
    """
    found: list[Any] = []
    pending = [(value, 0) for value in values]
    while pending:
        value, depth = pending.pop()
        if not isinstance(value, list | tuple):
            found.append(value)
            continue
        if depth >= _LISTS_IN_LISTS:
            raise LimitError("Lists are nested too deeply here.", hint="Use a tensor.")
        pending.extend((item, depth + 1) for item in value)
        if len(found) + len(pending) > limits.items:
            raise LimitError(f"More than {limits.items:,} items are too many for one call.", hint="Use a tensor.")
    found.reverse()
    return found


def check_cost(
    limits: Limits, cost: Cost, call: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], name: str
) -> float:
    """The flops that a call is going to take beyond one pass over its operands.

    Raises:
        LimitError: its result, or something that it makes on the way, is larger than allowed.
    """
    if cost in ("view", "local", "query"):
        return 0.0
    values = leaves((*args, *kwargs.values()), limits)
    operands = [value for value in values if isinstance(value, torch.Tensor)]
    if cost == "broadcast" or cost == "in-place":
        _refuse_large(limits, _broadcast(limits, operands), name)
        return 0.0
    if cost == "joined":
        _refuse_large(limits, sum(t.numel() for t in operands), name)
        return 0.0
    if cost == "heavy":
        _refuse_large(limits, sum(t.numel() for t in operands), name)
        return sum(_CUBIC_FLOPS * t.numel() * max(t.shape[-2:], default=1) for t in operands)
    if cost == "contraction":
        elements, flops = _contraction(operands, name)
    elif _is_tiny(operands, values):
        return 0.0
    else:
        elements, flops = _dry_run(limits, operands, call, args, kwargs, name)
    _refuse_large(limits, elements, name)
    return flops


def _refuse_large(limits: Limits, elements: int, name: str) -> None:
    if elements > limits.elements:
        raise LimitError(
            f"{name} would make a tensor with {elements:,} elements; {limits.elements:,} are allowed.",
            hint="Use smaller tensors.",
        )


def _broadcast(limits: Limits, operands: list[torch.Tensor]) -> int:
    product = 1
    for tensor in operands:
        product *= tensor.numel() or 1
    if product <= limits.elements:
        return product
    return _common([t.shape for t in operands])


def _common(shapes: list[torch.Size]) -> int:
    """Elements of the shape that these shapes broadcast to (`torch.broadcast_shapes` first imports for half a second).

    Where they do not fit, the larger size counts: torch is going to refuse them in its own words.
    """
    columns = zip_longest(*(reversed(shape) for shape in shapes), fillvalue=1)
    return math.prod(0 if 0 in sizes else max(sizes) for sizes in columns)


def _contraction(operands: list[torch.Tensor], name: str) -> tuple[int, float]:
    """Elements and flops of a matrix product; shapes that do not fit are left to torch."""
    name = name.rpartition(".")[2]
    if len(operands) < 2:
        return 0, 0.0
    if name == "linear":
        left, right = operands[:2]
        rows = right.shape[0] if right.dim() else 1
        return left.numel() // max(left.shape[-1] if left.dim() else 1, 1) * rows, 2.0 * left.numel() * rows
    left, right = operands[-2:]
    if name in ("outer", "ger", "addr"):
        return left.numel() * right.numel(), float(left.numel() * right.numel())
    rows = left.shape[-2] if left.dim() > 1 else 1
    inner = left.shape[-1] if left.dim() else 1
    columns = right.shape[-1] if right.dim() > 1 else 1
    batch = _common([left.shape[:-2], right.shape[:-2]])
    return batch * rows * columns, 2.0 * batch * rows * inner * columns


def _is_tiny(operands: list[torch.Tensor], values: list[Any]) -> bool:
    """True when no function can make much of it: at most squares of the operands, and a size in three dimensions."""
    size = 1.0
    for tensor in operands:
        size *= tensor.numel() or 1
    size = max(size, sum(tensor.numel() for tensor in operands) ** 2)
    for value in values:
        if isinstance(value, int | float):
            size *= (1 + min(abs(value), _TINY)) ** 3
    return size <= _TINY


def _dry_run(
    limits: Limits, operands: list[torch.Tensor], call: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], name: str
) -> tuple[int, float]:
    """Elements and flops by a run on meta tensors, out of sight of whoever is recording the real run."""
    with _disable_current_modes(), torch.no_grad():
        meta_args = [_on_meta(arg) for arg in args]
        meta_kwargs = {key: _on_meta(arg) for key, arg in kwargs.items()}
        with Count() as count:
            try:
                call(*meta_args, **meta_kwargs)
            except NotImplementedError:  # no shape rule: nothing is known, so assume the worst
                return sum(t.numel() for t in operands) ** 2, 0.0
            except Exception:  # wrong arguments: the real call is going to fail in the same way
                pass
    if count.memory > limits.memory:
        raise LimitError(f"{name} would take {count.memory / 2**20:,.0f} MB.", hint="Use smaller tensors.")
    return count.elements, count.flops


def _on_meta(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return torch.empty_strided(value.shape, value.stride(), dtype=value.dtype, device="meta")
    if type(value) in (list, tuple):
        return type(value)(_on_meta(item) for item in value)
    return value
