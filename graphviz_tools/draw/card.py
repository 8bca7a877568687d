"""One card: a header that says what the node is, and for every output the value row above its gradient row."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import wrap

from graphviz_tools.draw.labels import NAMELESS, clean, dot_name, label_text, shorten, tooltip_text
from graphviz_tools.draw.markup import bold, font, framed_table, plain_table, row
from graphviz_tools.draw.scene import Scene, node_statement
from graphviz_tools.draw.tensors import Block, block_table
from graphviz_tools.draw.tooltips import node_tooltip
from graphviz_tools.draw.words import names, op_name, output_name, shape_words, title
from graphviz_tools.model import Node

NAME_LIMIT = 32
EXPRESSION_LIMIT = 44
CLASS_LIMIT = 80
NOTE_LIMIT = 180
NOTE_WIDTH = 60
OUTPUTS_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Frame:
    """The outline of a card: width in points, colour, line style (",DASHED"), fill."""

    width: int
    colour: str
    style: str
    fill: str


def frame(scene: Scene, node: Node) -> Frame:
    """The outline that tells the class of a node; an alarm overrules what the node is."""
    theme = scene.theme
    if scene.is_first_bad(node):
        return Frame(3, theme.alarm, "", theme.alarm_bg)
    if node.id in scene.infected:
        return Frame(2, theme.alarm, "", theme.card)
    if node.kind == "constant":
        return Frame(1, theme.edge, ",DASHED", theme.card)
    if node.id in scene.roots:
        return Frame(2, theme.out, "", theme.card)
    if node.kind == "leaf":
        return Frame(2, theme.leaf, "", theme.card)
    if node.kind in ("view", "in-place"):
        return Frame(2, theme.view, ",DOTTED", theme.card)
    return Frame(1, theme.line, "", theme.card)


def card(scene: Scene, node: Node) -> str:
    """The DOT statement of a node's card."""
    tooltip = tooltip_text(*node_tooltip(scene, node, heatmaps=True))
    return node_statement(node.id, f"id={dot_name(f'node-{node.id}')} tooltip={tooltip} label=<{_label(scene, node)}>")


def _label(scene: Scene, node: Node) -> str:
    outline = frame(scene, node)
    rows = [_header(scene, node), *_bodies(scene, node), *_footer(scene, node)]
    return framed_table(
        *rows, border=outline.width, colour=outline.colour, style=outline.style, background=outline.fill
    )


def header_cells(left: str, right: str) -> str:
    """The header's row. Graphviz measures text a little too narrow: the space at the end keeps it inside the border."""
    return row(f'<TD ALIGN="LEFT">{left}</TD>', f'<TD ALIGN="RIGHT">   {right}</TD>')


def _header(scene: Scene, node: Node) -> str:
    theme, first = scene.theme, scene.is_first_bad(node)
    left = font(bold(label_text(title(node), NAME_LIMIT)), theme.alarm_ink if first else theme.ink, 14)
    detail = _detail(node)
    if detail:
        left += font(f"  {label_text(detail, EXPRESSION_LIMIT)}", theme.alarm_ink if first else theme.muted, 11)
    words, colour, strong = _class_words(scene, node)
    text = "  ".join(label_text(part, CLASS_LIMIT) for part in (words, _shape(scene, node)) if part) + " "
    cells = header_cells(left, font(bold(text) if strong else text, colour, 10))
    if not first:
        return row(f'<TD CELLPADDING="1">{plain_table(cells)}</TD>')
    band = plain_table(cells, attributes=f' BGCOLOR="{theme.alarm}" STYLE="ROUNDED"')
    return row(f'<TD CELLPADDING="3">{band}</TD>')


def _detail(node: Node) -> str:
    """Muted text beside the title: the expression behind a name, else the module that made an anonymous tensor."""
    if names(node) and node.expression.strip() and node.kind not in ("leaf", "constant"):
        return f"= {node.expression}"
    return f"in {node.module}" if node.module and node.kind not in ("leaf", "constant") else ""


def _class_words(scene: Scene, node: Node) -> tuple[str, str, bool]:
    """The words at the right of the header, their colour, and whether they are bold."""
    theme = scene.theme
    role = "output" if node.id in scene.roots else ""
    if scene.alarm and scene.is_first_bad(node):
        verb = "start" if " and " in scene.alarm.word else "starts"
        return _joined(_alarm_role(node, role), f"⚠ {scene.alarm.word} {verb} here"), theme.alarm_ink, True
    if node.id in scene.infected:
        return _joined(_alarm_role(node, role), f"⚠ {scene.infected[node.id]}"), theme.alarm, True
    if node.kind == "constant":
        return _joined("constant · no grad", role), theme.muted, False
    if node.kind == "leaf":
        words = _joined("leaf · requires_grad", role)
        return words, theme.out if role else theme.leaf, True
    words = _joined(role, _memory(scene, node), op_name(node.op))
    return words, theme.out if role else theme.muted, bool(role)


def _joined(*words: str) -> str:
    return " · ".join(filter(None, words))


def _alarm_role(node: Node, role: str) -> str:
    return _joined(node.kind if node.kind in ("leaf", "constant") else "", role)


def _memory(scene: Scene, node: Node) -> str:
    """Whose memory a tensor shares, or how often it was written."""
    if node.kind == "in-place":
        return f"in-place · version {node.version}"
    if node.kind != "view":
        return ""
    base = scene.graph.by_id.get(node.view_of)
    return f"view of {shorten(clean(title(base)), 16)}" if base else "view"


def _shape(scene: Scene, node: Node) -> str:
    """The shape of a node's only output, where the numbers below do not show it."""
    quiet = scene.is_first_bad(node) or node.id in scene.infected
    return shape_words(node.outputs[0], scalars=scene.scalars and not quiet) if len(node.outputs) == 1 else ""


def _bodies(scene: Scene, node: Node) -> list[str]:
    tables = []
    for index, value in enumerate(node.outputs[:OUTPUTS_SHOWN]):
        gradient = node.gradients[index] if index < len(node.gradients) else None
        blocks = (
            Block("value", value, scene.value),
            Block("grad", gradient, scene.grad, absent=scene.absent_gradient(node)),
        )
        if len(node.outputs) > 1:
            tables.append(_output_title(scene, node, index))
        tables.append(row(f'<TD CELLPADDING="3">{block_table(blocks, scene.theme)}</TD>'))
    if len(node.outputs) > OUTPUTS_SHOWN:
        tables.append(_line(f"and {len(node.outputs) - OUTPUTS_SHOWN} more outputs", scene.theme.muted))
    return tables


def _output_title(scene: Scene, node: Node, index: int) -> str:
    name = font(bold(label_text(output_name(node, index), NAME_LIMIT)), scene.theme.ink, 11)
    shape = shape_words(node.outputs[index], scalars=scene.scalars)
    if shape:
        name += font(f"  {label_text(shape)}", scene.theme.muted, 10)
    return row(f'<TD ALIGN="LEFT" CELLPADDING="2">{name}</TD>')


def _footer(scene: Scene, node: Node) -> list[str]:
    lines = []
    if scene.alarm and scene.is_first_bad(node):
        lines.append(_sentence(scene.alarm.why, scene.theme.ink))
    if node.note.strip():
        lines.append(_sentence(node.note, scene.theme.muted))
    return lines


def _sentence(text: str, colour: str) -> str:
    """A sentence below the numbers, broken into lines, so that it does not make the card wide."""
    lines = wrap(shorten(clean(text), NOTE_LIMIT), NOTE_WIDTH) or [NAMELESS]
    shown = '<BR ALIGN="LEFT"/>'.join(f" {label_text(line)} " for line in lines)
    return _line(shown if len(lines) == 1 else f'{shown}<BR ALIGN="LEFT"/>', colour)


def _line(text: str, colour: str) -> str:
    return row(f'<TD CELLPADDING="4" ALIGN="LEFT">{font(text, colour, 10)}</TD>')
