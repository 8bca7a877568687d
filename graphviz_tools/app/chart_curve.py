"""The lower layers of the gradient-check chart: the error of every element over all deltas, log-log.

A layer names its dataset of `chart_rows.datasets` and says how it is drawn. Positions are pixels from the top.
"""

from __future__ import annotations

from graphviz_tools.app.chart_layers import CURVE_TITLE, CURVE_TOP, ONCE, RIGHT, Frame, Spec, note, tooltip
from graphviz_tools.draw.theme import mix
from graphviz_tools.numeric.records import EXPONENTS

CURVE = "curve"
"""Name of the layer that the slider's selection belongs to."""

HANDLES = {"values": [{"exponent": exponent} for exponent in EXPONENTS]}
"""Where the slider can be. No named dataset, because it never changes: the browser keeps what it has made of it."""

CURVE_END = {"expr": "width - 44"}
"""Right of it stand the names of the lines."""


def curve(frame: Frame) -> list[Spec]:
    """The error of each element over all deltas, log-log, with the slider's delta and the best one."""
    title = frame.top - CURVE_TOP + CURVE_TITLE
    return [
        {"layer": [*_zones(frame), *_lines(frame), *_markers(frame), *_zone_names(frame)]},
        _shield(frame),
        note("", title, {"value": frame.text["errors"]}, frame.colors.muted),
        note("best", title, {"field": "text"}, frame.colors.leaf, right=True),
    ]


def _curve_x(frame: Frame, source: Spec) -> Spec:
    return {
        **source,
        "type": "quantitative",
        "title": frame.text["delta"],
        "scale": {"domain": [EXPONENTS[0], EXPONENTS[-1]], "nice": False, "range": [0, CURVE_END]},
        "axis": {"values": [-12, -9, -6, -3], "labelExpr": "'1e' + datum.value", "grid": False, "domain": True},
    }


def _curve_y(frame: Frame) -> Spec:
    # Between whole decades there is nothing to label, and the place of "exactly 0" is no decade at all.
    axis = {"orient": "left", "grid": True, "tickMinStep": 1, "tickCount": 6, "labelExpr": "'1e' + datum.value"}
    scale = {"zero": False, "nice": False, "range": [frame.bottom, frame.top]}
    return {"field": "level", "type": "quantitative", "title": None, "axis": axis, "scale": scale}


def _layer(data: str, mark: Spec, encoding: Spec, color: str | Spec, *transform: Spec) -> Spec:
    return {
        "data": {"name": data},
        "transform": list(transform),
        "mark": {"tooltip": None, **mark},
        "encoding": {**encoding, "color": {"value": color} if isinstance(color, str) else color},
    }


def _only(kind: str) -> Spec:
    return {"filter": f"datum.kind == '{kind}'"}


def _tall(frame: Frame) -> Spec:
    return {"y": {"value": frame.top}, "y2": {"value": frame.bottom}}


def _zones(frame: Frame) -> list[Spec]:
    """Where no difference is left after rounding, and where one is nan."""
    place = {**_tall(frame), "x": _curve_x(frame, {"field": "low"}), "x2": {"field": "high"}}
    grey = mix(frame.colors.canvas, frame.colors.line, 0.35)
    return [
        _layer("zones", {"type": "rect"}, place, grey, _only("lost")),
        _layer("zones", {"type": "rect"}, place, frame.colors.alarm_bg, _only("bad")),
    ]


def _zone_names(frame: Frame) -> list[Spec]:
    middle = _curve_x(frame, {"field": "middle"})
    place = {"x": middle, "y": {"value": frame.bottom - 28}, "text": {"field": "text"}}
    return [
        _layer("zones", {"type": "text"}, place, frame.colors.muted, _only("lost")),
        _layer("zones", {"type": "text"}, place, frame.colors.alarm, _only("bad")),
    ]


def _lines(frame: Frame) -> list[Spec]:
    """The scale, the place of an error of exactly 0, the largest error as a broad band, and a line an element."""
    colors = frame.colors
    at, level = _curve_x(frame, {"field": "exponent"}), _curve_y(frame)
    there = {"condition": {"test": "datum.text != ''", "value": 1}, "value": 0}
    zero_name = {"x": {"value": 0}, "y": level, "text": {"field": "text"}}
    end_name = {"x": {"value": CURVE_END}, "y": level, "text": {"field": "text"}}
    line = {"x": at, "y": level, "detail": {"field": "element"}}
    return [
        _layer("levels", {"type": "point", "opacity": 0}, {"x": {"value": 0}, "y": level}, colors.ink),
        _layer("zero", {"type": "rule", "strokeDash": [2, 3]}, {"y": level, "opacity": there}, colors.edge),
        _layer("zero", {"type": "text", "align": "left", "dx": 3, "dy": -7}, zero_name, colors.muted),
        _layer("deltas", {"type": "line", "strokeWidth": 7, "opacity": 0.15}, {"x": at, "y": level}, colors.value),
        _layer("points", {"type": "line", "strokeWidth": 1.4}, line, _tint(frame)),
        _layer("ends", {"type": "text", "align": "left", "dx": 4}, end_name, colors.value),
    ]


def _markers(frame: Frame) -> list[Spec]:
    """The best delta, the slider's delta, and the points to drag it by."""
    colors = frame.colors
    at, level = _curve_x(frame, {"field": "exponent"}), _curve_y(frame)
    handle = {"x": at, "y": {"value": (frame.top + frame.bottom) / 2}}
    dot = {"type": "point", "filled": True, "size": 70, "opacity": 1, "stroke": colors.canvas, "tooltip": True}
    here = {"x": at, "y": level, "tooltip": tooltip(frame)}
    return [
        _layer("best", {"type": "rule", "strokeDash": [4, 3]}, {**_tall(frame), "x": at}, colors.leaf),
        {"name": CURVE, **_layer("", {"type": "point", "opacity": 0}, handle, colors.ink), "data": HANDLES},
        _layer("deltas", {"type": "rule", "strokeWidth": 1.5}, {**_tall(frame), "x": at}, colors.ink, frame.here),
        _layer("points", dot, here, _tint(frame), frame.here),
    ]


def _tint(frame: Frame) -> Spec:
    """One hue, since all of them are the numeric gradient's; three shades, to follow a line through the others."""
    shades = [mix(frame.colors.value, frame.colors.canvas, share) for share in (0, 0.22, 0.42)]
    return {"field": "element", "type": "nominal", "sort": None, "scale": {"range": shades}, "legend": None}


def _shield(frame: Frame) -> Spec:
    """Covers what is above the curve: the nearest handle is looked for in the whole view."""
    return {
        "data": ONCE,
        "mark": {"type": "rect", "opacity": 0, "tooltip": None},
        "encoding": {"x": {"value": 0}, "x2": RIGHT, "y": {"value": 0}, "y2": {"value": frame.top}},
    }
