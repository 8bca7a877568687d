"""Tooltips: the full text behind everything that a card shortens."""

from __future__ import annotations

from graphviz_tools.draw.labels import clean, shorten
from graphviz_tools.draw.scene import Scene
from graphviz_tools.draw.tensors import heat_note
from graphviz_tools.draw.words import names, op_name, output_name, source_name, title
from graphviz_tools.formatting import describe, format_shape
from graphviz_tools.model import Edge, Node, SavedTensor, TensorValue

LIMIT = 2000
"""Characters of one line; longer expressions lose their middle."""


def node_tooltip(scene: Scene, node: Node, *, heatmaps: bool = False) -> tuple[str, ...]:
    """Lines about a node: what it is, its full expression, and for every output its value and gradient.

    `heatmaps` adds what the cells of the card's heatmaps are.
    """
    called = names(node)
    expression = clean(node.expression)
    return (
        shorten(f"{called} = {expression}" if called and expression else title(node), LIMIT),
        " · ".join(filter(None, (node.kind, op_name(node.op), node.module and f"in {node.module}"))),
        *(line for output in range(len(node.outputs)) for line in _output_lines(scene, node, output, heatmaps)),
        scene.alarm.why if scene.alarm and scene.is_first_bad(node) else "",
        shorten(clean(node.note), LIMIT),
    )


def _output_lines(scene: Scene, node: Node, output: int, heatmaps: bool) -> tuple[str, ...]:
    gradient = node.gradients[output] if output < len(node.gradients) else None
    start = f"{output_name(node, output)}: " if len(node.outputs) > 1 else ""
    grad = _described(gradient, heatmaps) if gradient else scene.absent_gradient(node)
    return f"{start}value {_described(node.outputs[output], heatmaps)}", f"{start}grad {grad}"


def _described(value: TensorValue, heatmap: bool) -> str:
    note = heat_note(value) if heatmap else ""
    return f"{describe(value)}; {note}" if note else describe(value)


def edge_tooltip(scene: Scene, edge: Edge) -> tuple[str, ...]:
    """Lines about an edge: what flows forward, and what comes back along it."""
    name = clean(source_name(scene.graph, edge.source, edge.source_output))
    target = clean(title(scene.graph.by_id[edge.target]))
    lines = (f"{shorten(name, LIMIT)} → {shorten(target, LIMIT)}",)
    if edge.contribution:
        return (*lines, f"comes back: {describe(edge.contribution)}")
    return (*lines, f"comes back: {scene.absent_gradient(scene.graph.by_id[edge.source])}")


def saved_tooltip(node: Node, saved: SavedTensor) -> tuple[str, ...]:
    """Lines about a saved tensor."""
    return (
        f"{saved.name}, saved for the backward of {shorten(clean(title(node)), LIMIT)}",
        describe_saved(saved.value) if saved.value else shorten(clean(saved.text), LIMIT),
        "" if saved.state == "kept" else saved.state,
    )


def describe_saved(value: TensorValue) -> str:
    """Shape, dtype and numbers in one line."""
    return f"{format_shape(value.shape)} {value.dtype}: {describe(value)}"
