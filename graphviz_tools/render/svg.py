"""Graphviz' SVG made part of a page: what is a card and what is an edge can be found, and is said in words.

Graphviz escapes every text that it writes, and writes its tags in one way only, so tags are found by their look. All
text that is added here is escaped here.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping

from graphviz_tools.errors import RenderError
from graphviz_tools.model import Edge, Graph
from graphviz_tools.render.words import edge_words, node_words

_DRAWING = "svg|g|path|polygon|polyline|ellipse|text|defs|linearGradient|radialGradient|stop"
_NOT_FOR_PAGES = re.compile(
    rf"""<!--.*?-->\n?
    | <(title|style|script|foreignObject)\b.*?</\1\s*>\n?
    | <g(?:\ id="a_[^"]*")?><a\b[^>]*>\n?    # a link or tooltip, in a group of its own
    | </a>\n</g>\n?
    | </?(?!/|(?:{_DRAWING})[\s>/])[^>]*>\n?""",
    re.DOTALL | re.VERBOSE,
)
_VIEW_BOX = re.compile(r'<svg\b[^>]*\bviewBox="([-\d. ]+)"')
_TRANSFORM = re.compile(r' transform="[^"]*"')
_FONT = re.compile(r' font-family="[^"]*"')
_BACKGROUND = re.compile(r"\s*<polygon [^>]*/>\n?")
_GROUP = '<g id="'

_LAYERS = {"wire": 0, "in": 0, "out": 1, "op": 1, "tag": 2, "node": 2}
"""The parts of a card or an edge, from the back to the front."""


def page_svg(svg: bytes, graph: Graph) -> str:
    """SVG to embed in a page, from what `render` made of the drawing of `graph`.

    Every node is one `<g data-node="id" role="button" tabindex="-1" aria-label="...">`, in a circuit together with its
    operation; every edge one `<g data-edge="id" role="img" aria-label="...">` together with the tag that stands on it.
    Other groups keep the id that the drawing gave them. A point is a CSS pixel. No prolog, background, links, tooltips
    or scripts.

    Raises:
        RenderError: this is not an SVG by Graphviz.
    """
    text = _NOT_FOR_PAGES.sub("", svg.decode())
    view_box, font = _VIEW_BOX.search(text), _FONT.search(text)
    _, *groups = text.split(_GROUP)
    if view_box is None or not groups:
        raise RenderError("This is not an SVG drawing by Graphviz.")
    _, _, width, height = view_box[1].split()
    shapes = "".join(_groups(groups, graph))
    # What all texts share is said once, and what is SVG's default not at all: a quarter of the bytes.
    shared = font[0] if font else ""
    for usual in (shared, ' text-anchor="start"', ' stroke="none"'):
        shapes = shapes.replace(usual, "") if usual else shapes
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{view_box[1]}" width="{width}" height="{height}"{shared}>\n'
        f"{shapes}</svg>"
    )


def _groups(groups: list[str], graph: Graph) -> Iterator[str]:
    """The groups of a drawing, from the text after each `<g id="`: first the whole, then its parts."""
    whole, *parts = groups
    attributes, _, content = whole.partition(">")
    transform = _TRANSFORM.search(attributes)
    yield f"<g{transform[0] if transform else ''}>\n"
    yield _BACKGROUND.sub("", content.partition("</g>")[0], count=1)
    edges = {edge.id: edge for edge in graph.edges}
    collected: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for part in parts:
        attributes, _, content = part.partition(">")
        owner, layer = _owner(attributes, graph, edges)
        collected.setdefault(owner, []).append((layer, content.partition("</g>")[0]))
    for (kind, name), pieces in collected.items():
        yield _opening(kind, name, graph, edges)
        yield from (shapes for _, shapes in sorted(pieces, key=lambda piece: piece[0]))
        yield "</g>\n"
    yield "</g>\n"


def _owner(attributes: str, graph: Graph, edges: Mapping[str, Edge]) -> tuple[tuple[str, str], int]:
    """Which node or edge a part belongs to, and its layer there. A part of neither is its own, under its attributes."""
    kind, _, name = html.unescape(attributes.partition('"')[0]).partition("-")
    if kind in ("node", "op", "wire") and name in graph.by_id:
        return ("node", name), _LAYERS[kind]
    if kind == "edge":
        edge, _, part = (name, "", "in") if name in edges else name.rpartition(".")
        if edge in edges and part in _LAYERS:
            return ("edge", edge), _LAYERS[part]
    return ("", attributes), 0


def _opening(kind: str, name: str, graph: Graph, edges: Mapping[str, Edge]) -> str:
    """The tag that opens the group of a node or an edge."""
    if not kind:
        return f"{_GROUP}{name}>"
    words = node_words(graph, graph.by_id[name]) if kind == "node" else edge_words(graph, edges[name])
    role = 'role="button" tabindex="-1"' if kind == "node" else 'role="img"'
    shown = html.escape(name)
    return f'{_GROUP}{kind}-{shown}" class="{kind}" data-{kind}="{shown}" {role} aria-label="{html.escape(words)}">\n'
