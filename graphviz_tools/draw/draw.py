"""A traced graph becomes a `graphviz.Digraph`: plain DOT text, the same for the same graph. No layout here."""

from __future__ import annotations

from collections.abc import Collection

import graphviz

from graphviz_tools.draw import cards, circuit, compact
from graphviz_tools.draw.scene import set_scene
from graphviz_tools.draw.theme import FONT, find_theme
from graphviz_tools.errors import GraphvizToolsError
from graphviz_tools.model import Graph

CARDS_UP_TO = 25
"""Nodes that style "auto" draws as cards; above it they become pills."""

_STYLES = {"cards": cards, "compact": compact, "circuit": circuit}


def build(graph: Graph, style: str = "auto", theme: str = "light", *, saved: Collection[str] = ()) -> graphviz.Digraph:
    """The drawing of a graph as DOT.

    `style` is "cards", "compact", "circuit" (scalars only), or "auto": cards up to `CARDS_UP_TO` nodes, compact above.
    `theme` is "light" or "dark". `saved` holds ids of nodes whose saved tensors are drawn too; others are ignored.

    SVG ids: `node-<id>`; `edge-<id>`, or `edge-<id>.in`, `.tag` and `.out` where a tag stands on the edge;
    `cotangent-<n>` for the tag of graph output n; `saved-<id>-<name>`; in a circuit also `op-<id>` and `wire-<id>`.

    Raises:
        GraphvizToolsError: the style or the theme is unknown, or a circuit is asked for tensors that are not scalars.
    """
    if style == "auto":
        style = "cards" if len(graph.nodes) <= CARDS_UP_TO else "compact"
    if style not in _STYLES:
        raise GraphvizToolsError(f"There is no style called {style!r}.", hint=f"Try auto, {', '.join(_STYLES)}.")
    if style == "circuit":
        circuit.refuse_vectors(graph)
    drawing, scene = _STYLES[style], set_scene(graph, find_theme(theme), saved)
    whole, nodes, edges = drawing.attributes(scene)
    canvas = {"bgcolor": scene.theme.canvas, "fontname": FONT}
    dot = graphviz.Digraph("autograd", graph_attr={**whole, **canvas}, node_attr=nodes, edge_attr=edges)
    dot.body.extend(drawing.statements(scene))
    return dot
