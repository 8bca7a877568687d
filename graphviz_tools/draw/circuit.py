"""The circuit style, for graphs of scalars only: values above the wires, gradients below, operations in circles."""

from __future__ import annotations

from graphviz_tools.draw.compact import saved_pill
from graphviz_tools.draw.edges import cotangent_statements, edge_statements, forks, stroke
from graphviz_tools.draw.labels import clean, dot_name, label_text, shorten, tooltip_text
from graphviz_tools.draw.markup import bold, font, italic, row
from graphviz_tools.draw.saved import saved_statements
from graphviz_tools.draw.scene import Attributes, Scene, edge_statement, node_statement
from graphviz_tools.draw.tensors import is_bad
from graphviz_tools.draw.theme import FONT, Palette
from graphviz_tools.draw.tooltips import node_tooltip
from graphviz_tools.draw.words import names, output_name, short_op, title
from graphviz_tools.errors import GraphvizToolsError
from graphviz_tools.formatting import format_number, format_shape
from graphviz_tools.model import Graph, Node, TensorValue

NAME_LIMIT = 16

_SYMBOLS = {
    "Add": "+", "Sub": "−", "Rsub": "−", "Mul": "×", "Div": "÷", "Neg": "−", "Sqrt": "√", "Sum": "Σ", "Prod": "Π",
    "Sigmoid": "σ", "Pow": "xⁿ", "Reciprocal": "1/x",
}  # fmt: skip

_BINARY = frozenset(("Add", "Sub", "Rsub", "Mul", "Div", "Pow"))


def attributes(scene: Scene) -> Attributes:
    """What holds for the whole drawing, for every node, and for every edge."""
    return (
        {"rankdir": "LR", "pad": "0.2", "nodesep": "0.28", "ranksep": "0.28", "splines": "true"},
        {"shape": "plain", "fontname": FONT, "fontsize": "13"},
        {"color": scene.theme.edge, "penwidth": "1.2", "arrowsize": "0.6"},
    )


def refuse_vectors(graph: Graph) -> None:
    """Say why a graph cannot be a circuit.

    Raises:
        GraphvizToolsError: a tensor is not a scalar.
    """
    for node in graph.nodes:
        for value in node.outputs:
            if value.shape:
                raise GraphvizToolsError(
                    f"The circuit style draws scalars only, and {shorten(clean(title(node)), 32)} "
                    f"has the shape {format_shape(value.shape)}.",
                    hint='Try the style "cards".',
                )


def statements(scene: Scene) -> list[str]:
    """The DOT statements of all nodes and edges."""
    lines, tagged, graph = [], forks(scene.graph), scene.graph
    for node in graph.nodes:
        lines += [*_node(scene, node), *saved_statements(scene, node, saved_pill)]
    for edge in graph.edges:
        several = len(graph.by_id[edge.source].outputs) > 1
        tail = f' tailport="o{edge.source_output}:se"' if several else " tailport=e"
        tag, line = (edge.source, edge.source_output) in tagged, stroke(scene, edge, widest=1.2)
        lines += edge_statements(scene, edge, line, tagged=tag, tail=tail, head=f"op-{edge.target}")
    return lines + cotangent_statements(scene, tagged, tail=" tailport=e")


def _node(scene: Scene, node: Node) -> list[str]:
    """The wire with the numbers; for an operation also its circle and the piece of wire between them."""
    rows = "".join(_output(scene, node, index) for index in range(len(node.outputs))) or row("<TD></TD>")
    table = (
        f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="3" COLOR="{scene.theme.edge}">{rows}</TABLE>'
    )
    tooltip = tooltip_text(*node_tooltip(scene, node))
    wire = node_statement(node.id, f"id={dot_name(f'node-{node.id}')} tooltip={tooltip} label=<{table}>")
    if node.kind in ("leaf", "constant"):
        return [wire]
    name = f"op-{node.id}"
    joint = edge_statement(name, node.id, f"id={dot_name(f'wire-{node.id}')} arrowhead=none headport=w")
    return [node_statement(name, f"id={dot_name(name)} tooltip={tooltip} {_circle(scene, node)}"), wire, joint]


def _output(scene: Scene, node: Node, index: int) -> str:
    """Two rows of an output: its name and value, and its gradient below the wire."""
    theme = scene.theme
    gradient = node.gradients[index] if index < len(node.gradients) else None
    value = _number(
        scene, node.outputs[index], Palette(theme.value, theme.canvas), f' PORT="o{index}" BORDER="1" SIDES="B"'
    )
    below = _number(scene, gradient, Palette(theme.grad, theme.canvas), "", scene.absent_gradient(node))
    name = f'<TD ROWSPAN="2" VALIGN="MIDDLE" CELLPADDING="5">{_name(scene, node, index)}</TD>'
    return row(name, value) + row(below)


def _name(scene: Scene, node: Node, index: int) -> str:
    """The user's name, else the expression in muted, unless the circle has it."""
    if names(node) or len(node.outputs) > 1:
        text = output_name(node, index) if len(node.outputs) > 1 else title(node)
        return font(bold(label_text(text, NAME_LIMIT)), scene.theme.ink, 14)
    written = node.expression and _operation(scene, node) == node.expression
    return "" if written else font(label_text(title(node), NAME_LIMIT), scene.theme.muted, 11)


def _number(scene: Scene, value: TensorValue | None, palette: Palette, attributes: str, absent: str = "") -> str:
    theme = scene.theme
    if value is None or value.missing or not value.data:
        words = absent if value is None else value.missing or "no number was kept"
        return f'<TD ALIGN="LEFT"{attributes}>{font(italic(label_text(words, 24)), theme.muted, 10)}</TD>'
    number = value.data[0]
    text = format_number(number)
    if is_bad(number):
        return f'<TD ALIGN="LEFT" BGCOLOR="{theme.alarm}"{attributes}>{font(bold(text), theme.alarm_ink, 13)}</TD>'
    return f'<TD ALIGN="LEFT"{attributes}>{font(text, theme.zero if number == 0 else palette.ink, 13)}</TD>'


def _operation(scene: Scene, node: Node) -> str:
    """The sign or name of the operation; the expression where a Python number is the other operand of a sign."""
    op = short_op(node.op)
    alone = op in _BINARY and len(scene.graph.operands(node.id)) < 2
    return node.expression if alone and node.expression.strip() else _SYMBOLS.get(op, op.lower())


def _circle(scene: Scene, node: Node) -> str:
    """The operation's sign in a circle, or its name in an ellipse; a filled one is where nan or inf starts."""
    theme, text = scene.theme, _operation(scene, node)
    first = scene.is_first_bad(node)
    fill, ink = (theme.alarm, theme.alarm_ink) if first else (theme.card, theme.ink)
    shape = "shape=circle fixedsize=true width=0.46" if len(text) <= 5 else 'shape=ellipse height=0.46 margin="0.06,0"'
    label = font(bold(label_text(text, NAME_LIMIT)), ink, 15 if len(text) == 1 else 11 if len(text) <= 4 else 10)
    return (
        f'{shape} style=filled fillcolor="{fill}" color="{theme.alarm if first else ink}" penwidth=1.3 label=<{label}>'
    )
