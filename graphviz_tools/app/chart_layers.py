"""The upper layers of the gradient-check chart: headline and bars. And what all its layers share.

A layer names its dataset of `chart_rows.datasets` and says how it is drawn. Positions are pixels from the top.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphviz_tools.draw.theme import Theme

Spec = dict[str, Any]

HEADLINE, REASON, LEGEND, BARS = 12, 32, 58, 68
ROW = 32
CURVE_TITLE, CURVE_TOP, CURVE_HEIGHT = 26, 38, 180

BAR_END = {"expr": "width - 128"}
"""Right of it stand the bars' numbers and their differences."""

PAIRS: list[Spec] = [
    {"fold": ["autograd", "bar"], "as": ["kind", "value"]},
    {"calculate": "datum.value || 0", "as": "value"},  # nan keeps its row and has no bar
    {"calculate": "max(0, datum.value)", "as": "end"},
    {"calculate": "datum.kind == 'bar' ? datum.numeric_text : datum.autograd_text", "as": "text"},
]
"""A row of `points` becomes two, one for each bar."""

RIGHT = {"value": {"expr": "width"}}
ONCE: Spec = {"values": [{}]}


@dataclass(frozen=True)
class Frame:
    """What all layers need: words, colours, the number of elements, and the filter for the slider's delta."""

    text: Mapping[str, str]
    colors: Theme
    rows: int
    here: Spec

    @property
    def bars_bottom(self) -> int:
        """Where the bars end."""
        return BARS + self.rows * ROW

    @property
    def top(self) -> int:
        """Where the curve's plot begins."""
        return self.bars_bottom + CURVE_TOP

    @property
    def bottom(self) -> int:
        """Where it ends: the height of the chart without its axis."""
        return self.top + CURVE_HEIGHT


def headline(frame: Frame) -> list[Spec]:
    """What the slider says now: delta, the largest error, and why a number is no ordinary one."""
    here, colors = [frame.here], frame.colors
    big = {"fontSize": 16, "fontWeight": "bold"}
    return [
        {**note("deltas", HEADLINE, {"field": "delta"}, colors.ink, big), "transform": here},
        {**note("deltas", HEADLINE, {"field": "worst"}, colors.ink, right=True), "transform": here},
        {**note("deltas", REASON, {"field": "why"}, colors.muted), "transform": here},
    ]


def bars(frame: Frame) -> list[Spec]:
    """Autograd's gradient above the numeric one for each element, and their difference in words."""
    text, colors = frame.text, frame.colors
    return [
        note("", LEGEND, {"value": f"■ {text['autograd']}"}, colors.grad),
        note("", LEGEND, {"value": f"■ {text['numeric']}"}, colors.value, {"dx": 78}),
        note("hidden", LEGEND, {"field": "text"}, colors.muted, {"dx": 146}),
        note("", LEGEND, {"value": text["difference"]}, colors.muted, right=True),
        {"layer": [_bar_span(), _bar_pairs(frame), _baseline(frame)]},
    ]


def note(data: str, y: float, text: Spec, color: str, mark: Spec | None = None, *, right: bool = False) -> Spec:
    """Text at a fixed place, at the left or the right edge; `data` "" for text that is there once."""
    place = {"align": "right" if right else "left", "baseline": "middle", "tooltip": None}
    return {
        "data": {"name": data} if data else ONCE,
        "mark": {"type": "text", **place, **(mark or {})},
        "encoding": {"x": RIGHT if right else {"value": 0}, "y": {"value": y}, "text": text, "color": {"value": color}},
    }


def _bar_x(source: Spec) -> Spec:
    return {**source, "type": "quantitative", "axis": None, "scale": {"nice": False, "range": [0, BAR_END]}}


def _bar_span() -> Spec:
    """Nothing to see: keeps the bars' scale the same for every delta."""
    encoding = {"x": _bar_x({"field": "value"}), "y": {"value": BARS}}
    return {"data": {"name": "spans"}, "mark": {"type": "point", "opacity": 0, "tooltip": None}, "encoding": encoding}


def _baseline(frame: Frame) -> Spec:
    return {
        "data": ONCE,
        "mark": {"type": "rule", "tooltip": None},
        "encoding": {
            "x": _bar_x({"datum": 0}),
            "y": {"value": BARS},
            "y2": {"value": frame.bars_bottom},
            "color": {"value": frame.colors.edge},
        },
    }


def _bar_pairs(frame: Frame) -> Spec:
    kind = {"field": "kind", "type": "nominal", "sort": ["autograd", "bar"]}
    ends = {"domain": ["autograd", "bar"], "range": [frame.colors.grad, frame.colors.value]}
    color = {**kind, "scale": ends, "legend": None}
    names = {"title": None, "orient": "left", "labelLimit": 80, "labelColor": frame.colors.ink, "labelFontSize": 12}
    rows = {"range": [BARS, frame.bars_bottom], "paddingInner": 0.2, "paddingOuter": 0.1}
    return {
        "data": {"name": "points"},
        "transform": [frame.here, *PAIRS],
        "encoding": {
            "y": {"field": "element", "type": "nominal", "sort": None, "axis": names, "scale": rows},
            "yOffset": {**kind, "scale": {"paddingInner": 0.1}},
            "tooltip": tooltip(frame),
        },
        "layer": [
            {"mark": "bar", "encoding": {"x": _bar_x({"field": "value"}), "color": color}},
            {
                "mark": {"type": "text", "align": "left", "dx": 4, "fontSize": 11},
                "encoding": {"x": _bar_x({"field": "end"}), "text": {"field": "text"}, "color": color},
            },
            {
                "transform": [{"filter": "datum.kind == 'bar'"}],
                "mark": {"type": "text", "align": "right"},
                "encoding": {
                    "x": RIGHT,
                    "yOffset": {"value": 14},
                    "text": {"field": "difference"},
                    "color": {"value": frame.colors.ink},
                },
            },
        ],
    }


def tooltip(frame: Frame) -> list[Spec]:
    """All digits of a row of `points`."""
    exact = {"type": "quantitative", "format": ".10~g"}
    return [
        {"field": "element", "title": " "},
        {"field": "delta", "title": "δ"},
        {"field": "autograd", "title": frame.text["autograd"], **exact},
        {"field": "numeric", "title": frame.text["numeric"], **exact},
        {"field": "difference", "title": frame.text["difference"]},
        {"field": "why", "title": " "},
    ]
