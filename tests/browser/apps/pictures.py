"""Pictures as the server sends them, drawn by hand, so that the component is tested without layout or torch."""

from __future__ import annotations

from html import escape
from itertools import pairwise

Places = dict[str, tuple[int, int]]
Edges = list[tuple[str, str]]

WIDTH, HEIGHT = 150, 60


def diamond() -> tuple[Places, Edges]:
    """a feeds b; b feeds c and d; both feed e#1, and b feeds e#1 directly too."""
    places = {"a": (200, 20), "b": (200, 140), "c": (20, 260), "d": (380, 260), "e#1": (200, 380)}
    return places, [("a", "b"), ("b", "c"), ("b", "d"), ("c", "e#1"), ("d", "e#1"), ("b", "e#1")]


def chain(count: int = 30) -> tuple[Places, Edges]:
    """A long graph: one card below the other."""
    places = {f"t{i}": (20, 20 + 100 * i) for i in range(count)}
    return places, list(pairwise(places))


def grid(columns: int = 15, rows: int = 20) -> tuple[Places, Edges]:
    """300 cards: chains side by side, joined in every row."""
    places = {f"t{c}.{r}": (20 + 200 * c, 20 + 100 * r) for r in range(rows) for c in range(columns)}
    edges = [(f"t{c}.{r}", f"t{c}.{r + 1}") for c in range(columns) for r in range(rows - 1)]
    edges += [(f"t{c}.{r}", f"t{c + 1}.{r + 1}") for c in range(columns - 1) for r in range(rows - 1)]
    return places, edges


def edge_id(source: str, target: str) -> str:
    """The model's form of an edge's id, near enough."""
    return f"{source}.0-{target}.0"


def picture(places: Places, edges: Edges, value: str = "1.5", attributes: str = "", extra: str = "") -> str:
    """The SVG text; `attributes` go on its root, `extra` among its cards."""
    width = max(x for x, _ in places.values()) + WIDTH + 20
    height = max(y for _, y in places.values()) + HEIGHT + 20
    parts = [_wire(places, *edge) for edge in edges] + [_card(node, *at, value) for node, at in places.items()]
    return (
        f'<svg width="{width}px" height="{height}px" viewBox="0.00 0.00 {width}.00 {height}.00" {attributes}'
        ' xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
        f'<g transform="translate(0 {height})"><g transform="translate(0 -{height})">'
        f"{''.join(parts)}{extra}</g></g></svg>"
    )


def _card(node: str, x: int, y: int, value: str) -> str:
    name = escape(node)
    places = [(x + 10 + 70 * (i % 2), y + 20 + 14 * (i // 2)) for i in range(6)]
    ink = 'font-size="11" fill="#1B2430"'
    texts = "".join(f'<text x="{left}" y="{base}" {ink}>{i} {value}</text>' for i, (left, base) in enumerate(places))
    return (
        f'<g class="node" data-node="{name}" role="button" tabindex="-1" aria-label="{name}, value {value}">'
        f'<rect fill="#ffffff" stroke="#C5CDD6" x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="10"/>{texts}</g>'
    )


def _wire(places: Places, source: str, target: str) -> str:
    (x1, y1), (x2, y2) = places[source], places[target]
    start, end = f"{x1 + WIDTH // 2},{y1 + HEIGHT}", f"{x2 + WIDTH // 2},{y2}"
    line = f'<path fill="none" stroke="#8A96A3" stroke-width="3" d="M{start}L{end}"/>'
    return f'<g class="edge" data-edge="{escape(edge_id(source, target))}">{line}</g>'


HARM_ON_ROOT = """onload="window.harmed='root'" style="position: fixed; inset: 0" """
HARM = """
<script>window.harmed = "script"</script>
<script href="data:text/javascript,window.harmed='src'"></script>
<g onload="window.harmed='onload'" onclick="window.harmed='onclick'" onpointerover="window.harmed='over'">
  <a xlink:href="javascript:window.harmed='link'" href="javascript:window.harmed='link'">
    <rect id="bait" x="20" y="20" width="100" height="60" fill="url(//192.0.2.1/leak)"
      style="fill:u\\72l(//192.0.2.1/leak)"/>
  </a>
</g>
<image href="x:" onerror="window.harmed='onerror'" width="9" height="9"/>
<foreignObject width="90" height="90">
  <img xmlns="http://www.w3.org/1999/xhtml" src="x:" onerror="window.harmed='img'"/>
  <iframe xmlns="http://www.w3.org/1999/xhtml" srcdoc="&lt;script&gt;parent.harmed='frame'&lt;/script&gt;"/>
</foreignObject>
<style>svg { position: fixed } @import url(//192.0.2.1/leak);</style>
<use href="data:image/svg+xml,&lt;svg id='x'/&gt;#x"/>
<animate attributeName="href" values="javascript:window.harmed='animate'" begin="0s" onbegin="window.harmed='begin'"/>
<set attributeName="onload" to="window.harmed='set'"/>
"""
"""Everything by which an SVG has run a script or called a stranger, inside the first card's place."""
