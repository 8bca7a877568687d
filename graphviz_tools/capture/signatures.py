"""Which arguments of a torch operator hold tensors, and which of those it writes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch


@dataclass(frozen=True, slots=True)
class Signature:
    """Positions and names of an operator's tensor arguments, in the order of its schema."""

    tensors: tuple[tuple[int, str], ...]
    written: tuple[tuple[int, str], ...]

    def operands(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[torch.Tensor | None]:
        """The tensor arguments of one call, lists of tensors spread out; `None` for a missing one or a number."""
        operands: list[torch.Tensor | None] = []
        for position, name in self.tensors:
            value = args[position] if position < len(args) else kwargs.get(name)
            if isinstance(value, list | tuple):
                operands += [item if isinstance(item, torch.Tensor) else None for item in value]
            else:
                operands.append(value if isinstance(value, torch.Tensor) else None)
        return operands

    def written_tensors(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[torch.Tensor]:
        """The tensors that this call changes in place."""
        tensors: list[torch.Tensor] = []
        for position, name in self.written:
            tensors += tensors_of(args[position] if position < len(args) else kwargs.get(name))
        return tensors


_signatures: dict[Any, Signature] = {}


def signature(operator: Any) -> Signature:
    """The signature of an operator that a dispatch mode was called with."""
    known = _signatures.get(operator)
    if known is None:
        known = _signatures[operator] = _read(operator)
    return known


def tensors_of(value: Any) -> list[torch.Tensor]:
    """The tensors in an operator's result: one, or (nested) lists and tuples of them."""
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, list | tuple):
        return [tensor for item in value for tensor in tensors_of(item)]
    return []


def _read(operator: Any) -> Signature:
    schema = getattr(operator, "_schema", None)
    if schema is None:  # a higher-order operator: whatever stands in its first places
        return Signature(tuple((position, "") for position in range(16)), ())
    arguments = list(enumerate(schema.arguments))
    return Signature(
        tuple((i, argument.name) for i, argument in arguments if "Tensor" in str(argument.type)),
        tuple((i, argument.name) for i, argument in arguments if argument.alias_info and argument.alias_info.is_write),
    )
