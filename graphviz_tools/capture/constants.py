"""Which constants feed which nodes, and through which input slot."""

from __future__ import annotations

from collections.abc import Sequence

from graphviz_tools.capture.recorder import Call, Constant, Slot
from graphviz_tools.capture.walk import GradientEdge

Operand = Constant | Slot


def constant_slots(call: Call | None, slots: Sequence[GradientEdge | None]) -> list[tuple[int, Constant]]:
    """The constants that an operation uses, each with its input slot.

    `next_functions` has an entry per differentiable argument, `None` for one without gradient, and none for an index
    or a mask. Where operands and slots can be matched a constant takes its own empty slot, otherwise one behind them.
    """
    if call is None or not any(isinstance(operand, Constant) for operand in call.operands):
        return []
    matched = _match(call.operands, slots)
    used = {index for index in matched if index is not None}
    found = [(slot, call.operands[index]) for slot, index in enumerate(matched) if index is not None]
    behind = [operand for index, operand in enumerate(call.operands) if index not in used]
    extra = [operand for operand in behind if isinstance(operand, Constant)]
    found += enumerate(extra, start=len(slots))
    return [(slot, operand) for slot, operand in found if isinstance(operand, Constant)]


def _match(operands: Sequence[Operand], slots: Sequence[GradientEdge | None]) -> Sequence[int | None]:
    """The operand of each slot; an empty list when the two do not fit together."""
    every = range(len(operands))
    floating = [index for index in every if _is_differentiable(operands[index])]
    size = len(slots)
    for chosen in (every, floating, floating[:size], every[-size:], every[:size]):
        if len(chosen) == size and all(
            (operands[index] is Slot.GRADIENT) == (slot is not None) for index, slot in zip(chosen, slots, strict=True)
        ):
            return chosen
    return ()


def _is_differentiable(operand: Operand) -> bool:
    return operand.is_differentiable if isinstance(operand, Constant) else operand is not Slot.OTHER
