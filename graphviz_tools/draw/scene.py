"""What every card and edge of one drawing has to know."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from graphviz_tools.draw.alarms import Alarm, first_bad
from graphviz_tools.draw.labels import dot_name
from graphviz_tools.draw.theme import Palette, Theme
from graphviz_tools.draw.words import has_plain_shape
from graphviz_tools.model import Graph, Node

Attributes = tuple[Mapping[str, str], Mapping[str, str], Mapping[str, str]]
"""DOT attributes of a whole drawing, of every node in it, and of every edge."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A graph with its theme, its alarm, and the colours of its value and gradient rows.

    `scalars` says whether scalars are called so (they are beside other shapes); `roots` own an output of the
    graph, and the nodes `saved` show what they saved.
    """

    graph: Graph
    theme: Theme
    alarm: Alarm | None
    scalars: bool
    roots: frozenset[str]
    saved: frozenset[str]
    value: Palette
    grad: Palette

    @property
    def infected(self) -> Mapping[str, str]:
        """Nodes with bad numbers that start elsewhere, and what is bad."""
        return self.alarm.infected if self.alarm else {}

    def is_first_bad(self, node: Node) -> bool:
        """True for the node where nan or inf starts."""
        return self.alarm is not None and self.alarm.node == node.id

    def absent_gradient(self, node: Node) -> str:
        """Why a gradient is missing, in words."""
        if node.kind == "constant":
            return "no gradient is kept"
        return "backward did not run" if self.graph.backward_error else "undefined"


def set_scene(graph: Graph, theme: Theme, saved: Collection[str]) -> Scene:
    """Look at the graph as a whole, once."""
    return Scene(
        graph,
        theme,
        alarm=first_bad(graph),
        scalars=any(not has_plain_shape(value) for node in graph.nodes for value in node.outputs),
        roots=frozenset(out.node for out in graph.outputs),
        saved=frozenset(saved),
        value=Palette(theme.value, theme.value_bg),
        grad=Palette(theme.grad, theme.grad_bg),
    )


def node_statement(name: str, attributes: str) -> str:
    """A DOT node line. The name may be any text."""
    return f"\t{dot_name(name)} [{attributes}]\n"


def edge_statement(tail: str, head: str, attributes: str) -> str:
    """A DOT edge line. The names may be any text; `graphviz.Digraph.edge` would take a colon for a port."""
    return f"\t{dot_name(tail)} -> {dot_name(head)} [{attributes}]\n"
