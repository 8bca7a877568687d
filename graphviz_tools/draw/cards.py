"""The cards style, for up to some 25 nodes: every number is written out, tags say what comes back along a fork."""

from __future__ import annotations

from graphviz_tools.draw.card import card
from graphviz_tools.draw.edges import cotangent_statements, edge_statements, forks, stroke
from graphviz_tools.draw.saved import saved_card, saved_statements
from graphviz_tools.draw.scene import Attributes, Scene
from graphviz_tools.draw.theme import FONT


def attributes(scene: Scene) -> Attributes:
    """What holds for the whole drawing, for every node, and for every edge."""
    return (
        {"rankdir": "TB", "pad": "0.2", "nodesep": "0.4", "ranksep": "0.32"},
        {"shape": "plain", "fontname": FONT, "fontsize": "12"},
        {"color": scene.theme.edge, "fontname": FONT, "fontsize": "10"},
    )


def statements(scene: Scene) -> list[str]:
    """The DOT statements of all nodes and edges."""
    lines = []
    for node in scene.graph.nodes:
        lines += [card(scene, node), *saved_statements(scene, node, saved_card)]
    tagged = forks(scene.graph)
    for edge in scene.graph.edges:
        tag = (edge.source, edge.source_output) in tagged
        lines += edge_statements(scene, edge, stroke(scene, edge), tagged=tag)
    return lines + cotangent_statements(scene, tagged)
