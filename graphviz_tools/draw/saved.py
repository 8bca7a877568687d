"""Saved tensors, drawn on demand: dashed cards beside their node, joined to it by dotted lines without heads."""

from __future__ import annotations

from collections.abc import Callable

from graphviz_tools.draw.card import NAME_LIMIT, header_cells
from graphviz_tools.draw.labels import dot_name, label_text, tooltip_text
from graphviz_tools.draw.markup import bold, font, framed_table, plain_table, row
from graphviz_tools.draw.scene import Scene, edge_statement, node_statement
from graphviz_tools.draw.tensors import Block, block_table
from graphviz_tools.draw.tooltips import saved_tooltip
from graphviz_tools.draw.words import shape_words
from graphviz_tools.model import Node, SavedTensor

_STATES = {"freed": "freed after backward", "overwritten": "overwritten since", "packed": "packed by a hook"}


def saved_statements(scene: Scene, node: Node, label: Callable[[Scene, SavedTensor], str]) -> list[str]:
    """The DOT statements of a node's saved tensors; `label` gives a card's attributes in the drawing's style."""
    if node.id not in scene.saved or not node.saved:
        return []
    line = f'color="{scene.theme.saved_line}" style=dotted penwidth=1.4 dir=none constraint=false'
    statements, chain = [], [node.id]
    for saved in node.saved:
        name = f"saved-{node.id}-{saved.name}"
        attributes = f"id={dot_name(name)} tooltip={tooltip_text(*saved_tooltip(node, saved))} {label(scene, saved)}"
        statements += [node_statement(name, attributes), edge_statement(chain[-1], name, line)]
        chain.append(name)
    return [*statements, f"\t{{ rank=same; {'; '.join(map(dot_name, chain))} }}\n"]


def saved_card(scene: Scene, saved: SavedTensor) -> str:
    """The label of a saved tensor in the cards style."""
    theme = scene.theme
    words = "saved for backward" + (f" · {_STATES[saved.state]}" if saved.state in _STATES else "")
    shape = shape_words(saved.value, scalars=scene.scalars) if saved.value else ""
    cells = header_cells(
        font(bold(label_text(saved.name, NAME_LIMIT)), theme.ink, 14),
        font("  ".join(label_text(part) for part in (words, shape) if part) + " ", theme.saved_ink, 10),
    )
    body = block_table((Block("saved", saved.value, scene.value, absent=saved.text),), theme)
    rows = (row(f'<TD CELLPADDING="1">{plain_table(cells)}</TD>'), row(f'<TD CELLPADDING="3">{body}</TD>'))
    table = framed_table(*rows, border=1, colour=theme.saved_line, style=",DASHED", background=theme.saved)
    return f"label=<{table}>"
