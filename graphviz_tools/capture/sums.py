"""Finds gradients that are not the sum of what arrived: a tensor hook of the user's leaves no other trace."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from graphviz_tools.model import Edge, GraphOutput, Node, TensorValue

_CHANGED = "A hook has changed this gradient: the contributions add up to what arrived, before the hook."
_TOLERANCE = {"float16": 0.02, "bfloat16": 0.1}
"""Relative to the sum of the terms' moduli; 1e-3 for the other dtypes."""


def with_hook_notes(nodes: Iterable[Node], edges: Iterable[Edge], outputs: Iterable[GraphOutput]) -> tuple[Node, ...]:
    """The nodes, with a note on those whose gradient differs from the sum of contributions and cotangents."""
    arrived: dict[tuple[str, int], list[TensorValue]] = defaultdict(list)
    for edge in edges:
        if edge.contribution is not None:
            arrived[edge.source, edge.source_output].append(edge.contribution)
    for output in outputs:
        if output.cotangent is not None:
            arrived[output.node, output.output].append(output.cotangent)
    return tuple(
        replace(node, note=_CHANGED) if not node.note and _is_changed(node, arrived) else node for node in nodes
    )


def _is_changed(node: Node, arrived: dict[tuple[str, int], list[TensorValue]]) -> bool:
    return any(
        gradient is not None and not _is_sum(gradient, arrived[node.id, output])
        for output, gradient in enumerate(node.gradients)
    )


def _is_sum(gradient: TensorValue, terms: Sequence[TensorValue]) -> bool:
    if len(terms) == 1 and (terms[0] is gradient or terms[0] == gradient):
        return True
    if not gradient.is_finite or gradient.data is None:
        return True  # nothing can be said
    columns = [term.data for term in terms if term.data is not None and term.numel == gradient.numel]
    if len(columns) != len(terms):
        return True
    tolerance = _TOLERANCE.get(gradient.dtype, 1e-3)
    return all(
        abs(sum(numbers) - total) <= tolerance * sum(map(abs, numbers)) + 1e-30
        for total, *numbers in zip(gradient.data, *columns, strict=True)
    )
