"""The autograd graph below some tensors, in forward order. Nothing here recurses: graphs may be deep."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch.autograd.graph import Node, get_gradient_edge

_LEAF = "AccumulateGrad"

GradientEdge = tuple[Node, int]
"""A node and the number of one of its outputs: what a tensor with a graph is an output of."""


def edge_of(tensor: torch.Tensor) -> GradientEdge | None:
    """The node and output that this tensor is, `None` for a leaf and for a tensor without graph."""
    try:
        node = tensor.grad_fn
    except RuntimeError:  # a view whose base was changed in a way that autograd forbids
        return None
    return None if node is None else (node, tensor.output_nr)


def root_edge(tensor: torch.Tensor) -> GradientEdge:
    """The same for a tensor that requires grad; a leaf gives its AccumulateGrad node."""
    edge = get_gradient_edge(tensor)
    return edge.node, edge.output_nr


@dataclass(frozen=True)
class Walk:
    """All nodes below the roots."""

    roots: tuple[GradientEdge, ...]
    operands: Mapping[Node, tuple[GradientEdge | None, ...]]
    """The `next_functions` of each node: one entry per input slot, `None` for an empty one."""
    order: Sequence[Node]
    """Forward order: by creation, and every node after the nodes that it uses."""
    names: Mapping[Node, str]
    """Autograd's name of each node; "AccumulateGrad" without its namespace."""
    leaves: Mapping[Node, torch.Tensor]
    """The AccumulateGrad nodes, in forward order, and the tensors whose gradient they store."""


def walk(roots: Iterable[GradientEdge]) -> Walk:
    """Follow `next_functions` from the roots to the leaves."""
    roots = tuple(roots)
    operands: dict[Node, tuple[GradientEdge | None, ...]] = {}
    waiting = [node for node, _ in roots]
    while waiting:
        node = waiting.pop()
        if node in operands:
            continue
        slots = operands[node] = tuple(
            None if below is None else (below, output) for below, output in node.next_functions
        )
        waiting += [slot[0] for slot in slots if slot is not None]
    order = _forward_order(operands)
    names = {node: node.name() for node in order}
    leaves = {node: node.variable for node in order if not operands[node] and names[node].endswith(_LEAF)}  # type: ignore[attr-defined]
    return Walk(roots, operands, order, names | dict.fromkeys(leaves, _LEAF), leaves)


def _forward_order(operands: Mapping[Node, tuple[GradientEdge | None, ...]]) -> list[Node]:
    # Sequence numbers count per thread, and autograd makes the node of a changed view late: so they only rank the
    # nodes, and each comes out behind its operands. A leaf comes just before its first use.
    placed: dict[Node, None] = {}
    for start in sorted((node for node in operands if operands[node]), key=_sequence_number):
        stack = [start]
        while stack:
            node = stack[-1]
            before = [slot[0] for slot in operands[node] if slot is not None and slot[0] not in placed]
            if before:
                stack += reversed(before)
            else:
                placed[stack.pop()] = None
    placed.update(dict.fromkeys(operands))
    return list(placed)


def _sequence_number(node: Node) -> int:
    number: int = node._sequence_nr()
    return number
