"""Edges: how wide, which line, and the orange tags with the contributions of a fork.

A tag stands only where a tensor's gradient is a sum: there every term is written out, so that the tags of an output add
up to its grad row. The gradient that backward starts with is a term too, when the tensor is an output and used.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from graphviz_tools.draw.labels import dot_name, label_text, tooltip_text
from graphviz_tools.draw.markup import bold, font, framed_table, italic, row
from graphviz_tools.draw.scene import Scene, edge_statement, node_statement
from graphviz_tools.draw.tensors import ROW_ELEMENTS, grid_shape, is_bad
from graphviz_tools.draw.theme import Theme
from graphviz_tools.draw.tooltips import edge_tooltip
from graphviz_tools.draw.words import output_name
from graphviz_tools.formatting import describe, format_number
from graphviz_tools.model import Edge, Graph, GraphOutput, Number, TensorValue


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line: width in points, colour, and DOT's style word."""

    width: float
    colour: str
    style: str

    @property
    def line(self) -> str:
        """The attributes of the line alone."""
        return f'penwidth={self.width:g} color="{self.colour}" style={self.style}'

    @property
    def arrow(self) -> str:
        """The attributes of the line and a head that shrinks as the line gets wider, so that it stays a head."""
        return f"{self.line} arrowsize={0.8 / math.sqrt(self.width):.2f}"


def stroke(scene: Scene, edge: Edge, widest: float = 5.0) -> Stroke:
    """How an edge is drawn; its width is 1 point to `widest`, by `gradient_width` of what comes back along it."""
    theme, contribution = scene.theme, edge.contribution
    if contribution is None:
        ran = not scene.graph.backward_error or scene.graph.by_id[edge.source].kind == "constant"
        return Stroke(1.0, theme.edge, "dashed" if ran else "solid")
    if not contribution.is_finite:
        return Stroke(3.0, theme.alarm, "solid")
    if contribution.minimum == contribution.maximum == 0:
        return Stroke(1.0, theme.line, "dotted")
    return Stroke(gradient_width(contribution.norm, widest), theme.edge, "solid")


def gradient_width(norm: float | None, widest: float = 5.0) -> float:
    """1 point to `widest`, linear in log10 of an L2 norm from 1e-4 to 1; 1 point when there is no norm."""
    if not norm:
        return 1.0
    return round(1 + (widest - 1) * min(max(math.log10(norm) / 4 + 1, 0), 1), 2)


def forks(graph: Graph) -> frozenset[tuple[str, int]]:
    """The tensors (node, output) whose gradient is a sum of several contributions."""
    if graph.backward_error:
        return frozenset()
    used = [(edge.source, edge.source_output) for edge in graph.edges if graph.by_id[edge.source].kind != "constant"]
    terms = Counter(used + [(out.node, out.output) for out in graph.outputs])
    return frozenset(tensor for tensor, count in terms.items() if count > 1)


def edge_statements(
    scene: Scene, edge: Edge, line: Stroke, *, tagged: bool, tail: str = "", head: str = ""
) -> list[str]:
    """The DOT statements of an edge: one line, or for a tag the way in, the tag and the way out.

    `tail` is more attributes for the end at the source, `head` the node to point at when it is not the target itself.
    """
    name, tooltip, head = f"edge-{edge.id}", tooltip_text(*edge_tooltip(scene, edge)), head or edge.target
    if not tagged:
        attributes = f"id={dot_name(name)} tooltip={tooltip} {line.arrow}{_output_label(scene, edge)}{tail}"
        return [edge_statement(edge.source, head, attributes)]
    tag = f"{name}.tag"
    label = _tag(edge.contribution, scene.theme, _branch_name(scene, edge))
    return [
        node_statement(tag, f"id={dot_name(tag)} tooltip={tooltip} label=<{label}>"),
        edge_statement(
            edge.source, tag, f"id={dot_name(f'{name}.in')} tooltip={tooltip} {line.line} arrowhead=none{tail}"
        ),
        edge_statement(tag, head, f"id={dot_name(f'{name}.out')} tooltip={tooltip} {line.arrow}"),
    ]


def cotangent_statements(scene: Scene, tagged: Iterable[tuple[str, int]], tail: str = "") -> list[str]:
    """A tag for every gradient that backward starts with at a tensor that is used as well."""
    among, statements = frozenset(tagged), []
    for number, out in enumerate(scene.graph.outputs):
        if (out.node, out.output) in among:
            name = f"cotangent-{number}"
            tooltip = tooltip_text("the gradient that backward starts with", _term(out.cotangent))
            label = _tag(out.cotangent, scene.theme, _root_words(scene, out))
            line = f'color="{scene.theme.edge}" style=solid penwidth=1 arrowhead=none'
            statements += [
                node_statement(name, f"id={dot_name(name)} tooltip={tooltip} label=<{label}>"),
                edge_statement(out.node, name, f"id={dot_name(f'{name}.in')} tooltip={tooltip} {line}{tail}"),
            ]
    return statements


def _root_words(scene: Scene, out: GraphOutput) -> str:
    node = scene.graph.by_id[out.node]
    return f"{output_name(node, out.output)} cotangent" if len(node.outputs) > 1 else "cotangent"


def _branch_name(scene: Scene, edge: Edge) -> str:
    source = scene.graph.by_id[edge.source]
    return output_name(source, edge.source_output) if len(source.outputs) > 1 else ""


def _output_label(scene: Scene, edge: Edge) -> str:
    """Which of several outputs leaves here; a node with one output needs no word."""
    name = _branch_name(scene, edge)
    return f" label=<{font(f'   {label_text(name, 16)} ', scene.theme.muted, 10)}>" if name else ""


def _term(contribution: TensorValue | None) -> str:
    return "undefined" if contribution is None else describe(contribution)


def _tag(contribution: TensorValue | None, theme: Theme, words: str = "") -> str:
    """The orange tag: an arrow back, and the numbers, or the L2 norm of more than 6 of them."""
    lead = f"<TD>{font(bold('↑'), theme.grad_edge, 10)}</TD>"
    if words:
        lead += f"<TD>{font(label_text(words, 24), theme.grad, 10)}</TD>"
    shape = grid_shape(contribution)
    if contribution is None or shape is None or contribution.numel > ROW_ELEMENTS:
        lines = [f"<TD>{_tag_words(contribution, theme)}</TD>"]
    else:
        cells = [_tag_number(v, theme) for v in contribution.data or ()]
        lines = ["".join(cells[i : i + shape[1]]) for i in range(0, len(cells), shape[1])]
    lead = lead.replace("<TD>", f'<TD ROWSPAN="{len(lines)}">') if len(lines) > 1 else lead
    rows = [row(lead, lines[0]), *map(row, lines[1:])]
    return framed_table(
        *rows, border=1, colour=theme.grad_edge, style="", background=theme.grad_bg, padding=2, spacing=1
    )


def _tag_number(number: Number, theme: Theme) -> str:
    text = format_number(number)
    if is_bad(number):
        return f'<TD ALIGN="RIGHT" BGCOLOR="{theme.alarm}">{font(bold(text), theme.alarm_ink, 10)}</TD>'
    return f'<TD ALIGN="RIGHT">{font(text, theme.zero if number == 0 else theme.grad, 10)}</TD>'


def _tag_words(contribution: TensorValue | None, theme: Theme) -> str:
    """What a tag says in place of numbers."""
    if contribution is None or contribution.missing or not contribution.numel:
        words = "undefined" if contribution is None else contribution.missing or "empty"
        return font(italic(label_text(words, 32)), theme.muted, 10)
    bad = ((contribution.nan_count, "nan"), (contribution.inf_count, "inf"))
    if not contribution.is_finite:
        counts = ", ".join(f"{count} {word}" for count, word in bad if count)
        return font(bold(f"{counts} of {contribution.numel}"), theme.alarm, 10)
    return font(f"L2 norm {format_number(contribution.norm)}", theme.grad, 10)
