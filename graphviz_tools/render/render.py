"""DOT text to bytes, drawn by a warm process beside this one. No `dot` program is needed."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING

from graphviz_tools.errors import RenderError
from graphviz_tools.render.fonts import PLAIN
from graphviz_tools.render.pool import pool
from graphviz_tools.render.source import fill_empty_lines

if TYPE_CHECKING:
    import graphviz

_NEEDS_FONTS = frozenset({"png", "jpg", "jpeg", "jpe", "gif", "pdf", "ps", "ps2", "eps"})
"""Formats that hold shapes of letters. In the others the reader's machine brings the font."""


class RenderWarning(UserWarning):
    """The drawing is there, but not quite what was asked for."""


def render(
    dot: graphviz.Digraph | str,
    format: str = "svg",
    *,
    timeout: float = 10.0,
    dpi: int | None = None,
    engine: str = "dot",
) -> bytes:
    """Lay out and draw a graph.

    Args:
        dot: a `graphviz.Digraph`, or any DOT text.
        format: "svg", "png", "pdf", "dot" (with positions), "json" (Graphviz' own), or another of Graphviz' formats.
        timeout: seconds that the layout may take.
        dpi: pixels per inch of the drawing; Graphviz' own choice is 96 for PNG.
        engine: Graphviz' layout engine: "dot", "neato", "circo", ...

    Raises:
        RenderTimeoutError: the layout took longer than `timeout`.
        RenderError: Graphviz refused the text, a label in it or the format, or could not run.
        ValueError: `timeout` or `dpi` is not a positive number.

    Warns:
        RenderWarning: there are no fonts, or Graphviz drew something else than what the text says.
    """
    if not 0 < timeout < math.inf:
        raise ValueError(f"timeout must be a positive number of seconds, not {timeout}")
    if dpi is not None and dpi <= 0:
        raise ValueError(f"dpi must be positive, not {dpi}")
    source = dot if isinstance(dot, str) else dot.source
    if format.partition(":")[0] in _NEEDS_FONTS:
        source = _with_letters_there(source)
    return _ask({"do": "draw", "format": format, "engine": engine, "dpi": dpi}, source, timeout)


def unflatten(source: str, options: str = "") -> str:
    """DOT text with `minlen` on edges to leaves, so that wide drawings get higher; `options` as of the program.

    Raises:
        RenderError: the text is not DOT.
    """
    return _ask({"do": "unflatten", "options": options}, source, limit=10.0).decode()


def warm_up() -> None:
    """Start the drawing process now instead of at the first drawing. Returns at once."""
    pool().start()


def font_notice() -> str:
    """What users should know about missing fonts, "" when there are some. Waits until the process has started."""
    return pool().font_notice()


def _ask(request: dict[str, object], source: str, limit: float) -> bytes:
    if not source.strip():
        raise RenderError("The DOT text is empty.", hint="The smallest graph is: digraph {}", dot=source)
    header, body = pool().ask(request, fill_empty_lines(source), limit)
    if error := header.get("error"):
        raise RenderError(f"Graphviz refused this drawing: {error.rstrip('. ')}.", hint=_hint(error), dot=source)
    for warning in header["warnings"]:
        warnings.warn(f"Graphviz: {warning}", RenderWarning, stacklevel=3)
    return body


def _hint(error: str) -> str:
    if "in label of" in error:
        return "In an HTML-like label &, < and > are written &amp;, &lt; and &gt;, and every tag is closed."
    if "syntax error" in error:
        return "Look at the DOT text near there: a missing quote or bracket?"
    return ""


def _with_letters_there(source: str) -> str:
    """Say so when there are no fonts, and write signs that a poor font lacks in another way."""
    if notice := font_notice():
        warnings.warn(notice, RenderWarning, stacklevel=3)
        fallback = pool().fallback
        return source.translate(PLAIN) if fallback and not fallback.complete else source
    return source
