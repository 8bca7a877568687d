"""The compact style for large graphs: a pill for every node, its fill darker the larger its gradient is.

The scale is the graph's own: the smallest and the largest gradient norm are its two ends.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from graphviz_tools.draw.edges import stroke
from graphviz_tools.draw.labels import NAMELESS, dot_name, label_text, tooltip_text
from graphviz_tools.draw.saved import saved_statements
from graphviz_tools.draw.scene import Attributes, Scene, edge_statement, node_statement
from graphviz_tools.draw.theme import FONT, mix
from graphviz_tools.draw.tooltips import edge_tooltip, node_tooltip
from graphviz_tools.draw.words import names, short_op, title
from graphviz_tools.formatting import format_number, format_shape
from graphviz_tools.model import Node, SavedTensor

NAME_LIMIT = 28


@dataclass(frozen=True, slots=True)
class Pill:
    """Fill, outline and text colour, width of the outline in points, and DOT's line style."""

    fill: str
    outline: str
    text: str
    width: float = 0.8
    line: str = ""


def attributes(scene: Scene) -> Attributes:
    """What holds for the whole drawing, for every node, and for every edge."""
    box = {"shape": "box", "height": "0.22", "width": "0.3", "margin": "0.07,0.02"}
    return (
        {"rankdir": "TB", "pad": "0.2", "nodesep": "0.12", "ranksep": "0.22"},
        {**box, "style": "rounded,filled", "fontname": FONT, "fontsize": "9"},
        {"color": scene.theme.edge, "arrowsize": "0.45"},
    )


def statements(scene: Scene) -> list[str]:
    """The DOT statements of all nodes and edges."""
    lines, shares = [], gradient_shares(scene.graph.nodes)
    for node in scene.graph.nodes:
        pill = _pill(scene, node, shares.get(node.id))
        tooltip = tooltip_text(*node_tooltip(scene, node), _norm_words(node))
        name = f"id={dot_name(f'node-{node.id}')} tooltip={tooltip}"
        lines += [
            node_statement(node.id, f"{name} label=<{_text(scene, node)}> {_look(pill)}"),
            *saved_statements(scene, node, saved_pill),
        ]
    for edge in scene.graph.edges:
        line = stroke(scene, edge)
        width = 0.6 * line.width if line.style == "solid" else line.width
        look = f'penwidth={width:.2f} color="{line.colour}" style={line.style}'
        name = f"id={dot_name(f'edge-{edge.id}')} tooltip={tooltip_text(*edge_tooltip(scene, edge))}"
        lines.append(edge_statement(edge.source, edge.target, f"{name} {look}"))
    return lines


def gradient_norm(node: Node) -> float | None:
    """The L2 norm of all gradients that a node received, over their finite elements; `None` when it received none."""
    norms = [gradient.norm for gradient in node.gradients if gradient and gradient.norm is not None]
    return math.hypot(*norms) if norms else None


def gradient_shares(nodes: tuple[Node, ...]) -> dict[str, float]:
    """Where every non-zero gradient norm lies between the smallest (0) and the largest (1), on a log scale."""
    logs = {node.id: math.log10(norm) for node in nodes if (norm := gradient_norm(node))}
    if not logs:
        return {}
    low, high = min(logs.values()), max(logs.values())
    return {node: (value - low) / (high - low) if high > low else 0.5 for node, value in logs.items()}


def saved_pill(scene: Scene, saved: SavedTensor) -> str:
    """The attributes of a saved tensor's pill."""
    theme = scene.theme
    pill = Pill(theme.saved, theme.saved_line, theme.saved_ink, line="dashed")
    detail = format_shape(saved.value.shape) if saved.value else saved.text
    return f"label=<{_named(saved.name, detail)}> {_look(pill)}"


def _named(name: str, detail: str) -> str:
    return "  ".join(label_text(part, NAME_LIMIT) for part in (name, detail) if part.strip()) or NAMELESS


def _look(pill: Pill) -> str:
    line = f' style="rounded,filled,{pill.line}"' if pill.line else ""
    return f'fillcolor="{pill.fill}" color="{pill.outline}" fontcolor="{pill.text}" penwidth={pill.width:g}{line}'


def _pill(scene: Scene, node: Node, share: float | None) -> Pill:
    theme = scene.theme
    if scene.is_first_bad(node):
        return Pill(theme.alarm, theme.alarm, theme.alarm_ink, 2)
    if node.kind == "constant" or (node.kind == "leaf" and node.id not in scene.infected):
        known = Pill(theme.card, theme.edge, theme.muted, 1, "dashed")
        return known if node.kind == "constant" else Pill(theme.card, theme.leaf, theme.leaf, 1.6)
    fill = theme.card if share is None else mix(theme.grad_bg, theme.grad_edge, theme.ramp * share)
    if node.id in scene.infected:
        return Pill(fill, theme.alarm, theme.ink, 2)
    if node.id in scene.roots:
        return Pill(fill, theme.out, theme.ink, 2.2)
    if node.kind in ("view", "in-place"):
        return Pill(fill, theme.view, theme.ink, 1.2, "dotted")
    return Pill(fill, theme.line if share is None else fill, theme.ink)


def _text(scene: Scene, node: Node) -> str:
    mark = "⚠ " if scene.is_first_bad(node) or node.id in scene.infected else ""
    if node.kind in ("leaf", "constant"):
        return mark + _named(title(node), format_shape(node.outputs[0].shape) if node.outputs else "")
    name = f"{label_text(title(node), NAME_LIMIT)} · " if names(node) else ""
    return f"{mark}{name}{label_text(short_op(node.op), NAME_LIMIT)}"


def _norm_words(node: Node) -> str:
    norm = gradient_norm(node)
    return "" if norm is None else f"L2 norm of grad {format_number(norm)}"
