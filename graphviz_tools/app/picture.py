"""A graph as a picture or a file, in the style and theme that the page shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from graphviz_tools.app.run import Problem, Source, explain, run
from graphviz_tools.draw.draw import build
from graphviz_tools.errors import GraphvizToolsError
from graphviz_tools.export import export
from graphviz_tools.render.render import render
from graphviz_tools.render.svg import page_svg


@dataclass(frozen=True)
class Picture:
    """SVG for the page, or the problem in its way.

    `edges` are (source, target, edge id), `ids` the node ids by the user's names, `output` the node of the output.
    """

    svg: str = ""
    edges: tuple[tuple[str, str, str], ...] = ()
    ids: Mapping[str, str] = field(default_factory=dict)
    output: str = ""
    problem: Problem | None = None


def picture(source: Source, style: str, theme: str) -> Picture:
    """Draw the graph of `source`. Never raises."""
    try:
        return _picture(source, style, theme)
    except Exception as error:  # a failed layout must not take the page with it, and is tried again next time
        return Picture(problem=explain(error, source))


@lru_cache(maxsize=64)
def _picture(source: Source, style: str, theme: str) -> Picture:
    graph = run(source).graph
    if graph is None:
        return Picture()
    svg = page_svg(render(build(graph, style, theme), "svg"), graph)
    ids = {name: node.id for node in graph.nodes for name in node.names}
    return Picture(svg, tuple((edge.source, edge.target, edge.id) for edge in graph.edges), ids, graph.outputs[0].node)


def graph_file(source: Source, kind: str, style: str, theme: str, scale: int = 1) -> bytes:
    """The graph of `source` as a file.

    Raises:
        GraphvizToolsError: there is no such graph any more, or Graphviz could not draw it.
    """
    graph = run(source).graph
    if graph is None:
        raise GraphvizToolsError("This formula has no graph.")
    return export(graph, kind, style=style, theme=theme, scale=scale)
