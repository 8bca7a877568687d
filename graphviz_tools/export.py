"""A graph, or its gradients beside the numeric ones, as a file."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Collection
from typing import TYPE_CHECKING

import graphviz

from graphviz_tools.draw.draw import build
from graphviz_tools.errors import GraphvizToolsError
from graphviz_tools.model import Graph
from graphviz_tools.render.render import render

if TYPE_CHECKING:
    from graphviz_tools.numeric.records import Sweep

FORMATS = ("svg", "png", "pdf", "dot", "json")

PNG_DPI = 110
"""Pixels per inch of a PNG at scale 1."""

_LIMIT = 30.0
"""Seconds for a drawing: who asks for a file will wait for it longer than for the page."""

_COLUMNS = ("input", "index", "point", "autograd", "numeric", "difference", "delta", "method", "dtype")


def export(
    graph: Graph,
    format: str,
    *,
    style: str = "auto",
    theme: str = "light",
    scale: int = 1,
    saved: Collection[str] = (),
) -> bytes:
    """The drawing of a graph as a file, as `draw` shows it, or all its numbers.

    Args:
        graph: from `trace` or `trace_formula`.
        format: "svg", "png", "pdf", "dot" (the text for Graphviz) or "json" (`Graph.to_json`, for `Graph.from_json`).
        style: as in `draw`.
        theme: as in `draw`; the background is the theme's canvas.
        scale: a PNG has 110 dots per inch times this.
        saved: as in `draw`.

    Raises:
        GraphvizToolsError: there is no such format, style or theme.
        RenderError: Graphviz could not draw it, or not in time (`RenderTimeoutError`).
        ValueError: `scale` is not positive.
    """
    if format not in FORMATS:
        raise GraphvizToolsError(f"There is no export as {format!r}.", hint=f"Try {', '.join(FORMATS)}.")
    if format == "json":
        return graph.to_json(indent=1).encode()
    dot = build(graph, style, theme, saved=saved)
    if format == "dot":
        return str(dot.source).encode()
    if format != "png":
        return render(dot, format, timeout=_LIMIT)
    _pad_to_whole_pixels(dot)
    return render(dot, format, dpi=PNG_DPI * scale, timeout=_LIMIT)


def _pad_to_whole_pixels(dot: graphviz.Digraph) -> None:
    """Widen the margin a little: Graphviz leaves a last pixel that is covered in part half transparent."""
    *_, width, height = map(float, json.loads(render(dot, "json0", timeout=_LIMIT))["bb"].split(","))
    pad, pixel = 72 * float(dot.graph_attr["pad"]), 72 / PNG_DPI
    # Graphviz rounds the size, and reports it to a hundredth of a point: a little more does no harm.
    sides = (math.ceil((side + 2 * pad) / pixel) * pixel - side + 0.01 for side in (width, height))
    dot.graph_attr["pad"] = ",".join(f"{side / 2 / 72:.6f}" for side in sides)


def gradients_csv(sweep: Sweep, delta: float) -> bytes:
    """A table of both gradients of every element, at the sweep's step that is nearest to `delta`.

    One row for each element: the input's name, the element's index ("0,2", empty for a scalar), the point, autograd's
    gradient, the numeric one, their difference (numeric - autograd), the step size, the method and the dtype in which
    the function was evaluated. UTF-8; numbers read back equal.

    Raises:
        ValueError: `delta` is not a positive number.
    """
    step = sweep.nearest(delta)
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow(_COLUMNS)
    for element in sweep.elements:
        numeric = element.numeric[step]
        numbers = (element.point, element.autograd, numeric, numeric - element.autograd, sweep.deltas[step])
        index = ",".join(map(str, element.index))
        table.writerow((element.input, index, *map(repr, numbers), sweep.method, sweep.dtype))
    return text.getvalue().encode()
