"""The drawn graph on the page: zoom, selection and keys in the browser around SVG that the server made.

The browser owns the view and the selection. Python hears only which node is selected, in a rerun of its own, and a
rerun that changes nothing about the graph sends nothing.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import streamlit as st

WORDS: Mapping[str, str] = {
    "graph": "Autograd graph",
    "keys": (
        "Arrow keys walk along the edges, Enter selects, Escape clears the selection, "
        "plus and minus zoom, 0 shows the actual size, F fits the graph."
    ),
    "stale": "Out of date",
    "broken": "This picture cannot be shown",
    "zoom_in": "Zoom in",
    "zoom_out": "Zoom out",
    "reset": "Actual size",
    "fit": "Fit",
}
"""Every text of the component, in English. `graph_view(words=...)` replaces what it names."""

_HTML = """
<div class="graph-view">
  <div class="stage" role="group" aria-describedby="keys"></div>
  <div class="badge" role="status"></div>
  <div class="bar">
    <button type="button" name="zoom_out">−</button>
    <button type="button" name="reset">100%</button>
    <button type="button" name="zoom_in">+</button>
    <button type="button" name="fit">Fit</button>
  </div>
  <div class="spoken" aria-live="polite"></div>
  <div class="keys" id="keys"></div>
</div>
"""

_FOLDER = Path(__file__).parent
_SCRIPTS = ("viewport.js", "walk.js", "clean.js", "camera.js", "gestures.js", "graph_view.js")


def _joined(scripts: Iterable[str]) -> str:
    """The modules as one: Streamlit takes a single text, which cannot import files beside it."""
    text = "\n".join((_FOLDER / name).read_text(encoding="utf-8") for name in scripts)
    return re.sub(r'^import [^;]+ from "\./\w+\.js";\n', "", text, flags=re.MULTILINE)


_component = st.components.v2.component(
    "graph_view",
    html=_HTML,
    css=(_FOLDER / "graph_view.css").read_text(encoding="utf-8"),
    js=_joined(_SCRIPTS),
)


def graph_view(
    svg: str,
    *,
    graph_key: str,
    edges: Sequence[Sequence[str]],
    stale: bool = False,
    words: Mapping[str, str] | None = None,
    key: str = "graph",
    height: int = 760,
    fallback: str | None = None,
    on_select: Callable[[], None] | None = None,
) -> str | None:
    """Show a graph and return the id of the node that the reader has selected, or `None`.

    Args:
        svg: the picture: each card a `<g data-node="id" role="button" aria-label="...">`, each edge one
            `<g data-edge="id">`. The browser drops everything from it that is not drawing.
        graph_key: names the graph's structure. While it stays the same a new `svg` keeps the zoom and the place.
        edges: `(source, target, edge id)` in the order of the input slots; arrow keys and neighbours follow them.
        stale: grey the picture and say `words["stale"]`, because the page's formula no longer means it.
        words: the component's texts by the names in `WORDS`; missing ones are English.
        key: the component's own key, needed for everything above to survive a rerun.
        height: in CSS pixels, though never more than 85 % of the window; the width is the column's.
        fallback: the node that is drawn as selected, and returned, while the reader has selected none of this picture.
        on_select: called before the rerun that a selection causes.

    An edge can be clicked too: the selected node is then the edge's source, one term of whose gradient it carries.
    A selected node that this picture does not show counts as none; it is selected again when a later picture shows it.
    """
    state = _component(
        key=key,
        data={
            "key": key,
            "svg": svg,
            "graph_key": graph_key,
            "edges": [list(edge) for edge in edges],
            "stale": stale,
            "words": {**WORDS, **(words or {})},
            "height": height,
            "fallback": fallback,
        },
        on_selected_change=on_select or _nothing,
    )
    selected: str | None = state.selected
    return next((node for node in (selected, fallback) if node in _nodes(svg)), None)


def _nodes(svg: str) -> set[str]:
    return {html.unescape(node) for node in re.findall(r'\bdata-node="([^"]*)"', svg)}


def _nothing() -> None:
    """Streamlit names the state of a component by its callbacks, so there must be one."""
