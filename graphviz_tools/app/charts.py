"""The gradient check as one Vega-Lite chart with its own slider, which moves it in the browser without any traffic.

Everything that depends on the sweep is in named datasets: when a formula or a method changes, Streamlit exchanges the
data and leaves the chart alone. It is one layered view because a concatenation is built again whenever its width
changes, and a chart that is built again has its slider back at the start.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

from graphviz_tools.app.chart_curve import CURVE, curve
from graphviz_tools.app.chart_layers import Frame, Spec, bars, headline
from graphviz_tools.app.chart_rows import datasets, shown_elements
from graphviz_tools.draw.theme import FONT, Theme, find_theme, mix
from graphviz_tools.numeric.records import DELTAS, EXPONENTS, Sweep

SLIDER = "delta"
"""Name of the selection in the chart; `read_delta` reads it."""

SLIDER_STYLE = """
.vega-embed:has(.vega-bind) { display: flex; flex-direction: column; }
.vega-embed.vega-embed form.vega-bindings { order: -1; padding: 0 0 0.4rem; }
.vega-embed form.vega-bindings .vega-bind.vega-bind label { width: 100%; flex-wrap: nowrap; }
.vega-embed form.vega-bindings .vega-bind .vega-bind-name { min-width: 0; }
.vega-embed form.vega-bindings .vega-bind input[type="range"] { flex: 1; width: auto; min-width: 0; }
.vega-embed form.vega-bindings .vega-bind input[type="range"] + span { min-width: 3.4em; text-align: right; }
[data-testid="stElementContainer"]:has(.vega-bind) [data-testid="stElementToolbar"] { display: none; }
"""
"""CSS: the slider above the chart and as wide, and no toolbar, whose switches would build the chart again."""

WORDS: Mapping[str, str] = {
    "about": "Numeric gradients beside autograd's, and their difference for every step size delta.",
    "slider": "log₁₀ δ",
    "delta_is": "δ = {delta}",
    "worst_is": "largest error {error}",
    "autograd": "autograd",
    "numeric": "numeric",
    "difference": "difference",
    "hidden": "{shown} of {count} elements",
    "errors": "error |numeric − autograd|",
    "best_is": "best δ {delta}",
    "delta": "step size δ",
    "zero": "exactly 0",
    "lost": "difference rounded to 0",
    "bad": "nan",
}


def delta_chart(sweep: Sweep, *, delta: float, theme: str = "light", words: Mapping[str, str] | None = None) -> Spec:
    """A Vega-Lite specification: bars at the slider's delta, and the error curve over all deltas.

    Show it with `st.vega_lite_chart(arrow(spec), on_select="rerun", key="delta", width="stretch")`.

    Args:
        sweep: over the standard `DELTAS`.
        delta: where the slider starts. A new value builds the chart again: take it from `slider_start`.
        theme: "light" or "dark".
        words: replaces entries of `WORDS`, for another language.

    Raises:
        ValueError: the sweep is over other deltas.
        GraphvizToolsError: there is no such theme.
    """
    if sweep.deltas != DELTAS:
        raise ValueError("the slider of this chart needs a sweep over the standard deltas")
    text = {**WORDS, **(words or {})}
    colors = find_theme(theme)
    frame = Frame(text, colors, rows=len(shown_elements(sweep)), here={"filter": {"param": SLIDER, "empty": False}})
    each = {"x": "independent", "y": "independent"}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "description": text["about"],
        "autosize": {"type": "fit-x", "contains": "padding"},
        "background": "transparent",
        "padding": {"left": 2, "right": 2, "top": 2, "bottom": 2},  # Streamlit writes into it: no number
        "height": frame.bottom,
        "datasets": datasets(sweep, text),
        "params": [_slider(text["slider"], EXPONENTS[sweep.nearest(delta)])],
        "layer": [*curve(frame), *bars(frame), *headline(frame)],
        "resolve": {"scale": {**each, "color": "independent"}, "axis": each},
        "config": _config(colors),
    }


def arrow(spec: Spec) -> Spec:
    """The same specification with its datasets as Arrow tables, which Streamlit sends six times as fast as lists."""
    # Not above: it takes 0.3 s, and the page needs this module's style before anything is drawn.
    import pyarrow as pa  # type: ignore[import-untyped]

    return {**spec, "datasets": {name: pa.Table.from_pylist(rows) for name, rows in spec["datasets"].items()}}


def read_delta(event: Any) -> float | None:
    """The delta in what `st.vega_lite_chart` returns and keeps in session state; `None` while nobody has moved it."""
    try:
        exponent = float(event["selection"][SLIDER][0]["exponent"])
    except (KeyError, IndexError, TypeError, ValueError):
        return None
    return DELTAS[EXPONENTS.index(exponent)] if exponent in EXPONENTS else None


def slider_start(
    memory: MutableMapping[str, Any],
    sweep: Sweep,
    *,
    delta: float,
    event: Any,
    theme: str,
    words: Mapping[str, str] | None = None,
) -> float:
    """Where the slider must start for a reader who is at `delta`, so that it never jumps and the chart stays.

    The browser remembers a slider that was moved, so its start must not follow it: that would build the chart again.
    Only a chart that is new, or is built again anyway, starts at `delta`.

    Args:
        memory: a mapping that lives as long as the reader's session; it is filled here.
        sweep: what `delta_chart` will show, with the same `theme` and `words`.
        delta: the one that counts now: from the address at first, later from `read_delta`.
        event: the chart's state in the session (`st.session_state.get("delta")`), `None` if there is none.
        theme: as for `delta_chart`.
        words: as for `delta_chart`.
    """
    frame = (len(shown_elements(sweep)), theme, tuple((words or {}).items()))
    if read_delta(event) is None or memory.get("frame") != frame:
        memory.update(frame=frame, start=delta)
    return float(memory["start"])


def _slider(label: str, start: float) -> Spec:
    """A range input that selects the rows of one delta. Clicking and dragging in the curve moves it as well."""
    step = EXPONENTS[1] - EXPONENTS[0]
    return {
        "name": SLIDER,
        "views": [CURVE],
        "select": {
            "type": "point",
            "fields": ["exponent"],
            # A finger that drags wants to scroll the page.
            "on": "click, [pointerdown[event.pointerType !== 'touch'], window:pointerup] > pointermove",
            "nearest": True,
            "clear": False,
            "toggle": False,
        },
        "bind": {
            "exponent": {"input": "range", "min": EXPONENTS[0], "max": EXPONENTS[-1], "step": step, "name": label}
        },
        "value": [{"exponent": start}],
    }


def _config(colors: Theme) -> Spec:
    return {
        "font": FONT,
        "axis": {
            "labelFontSize": 11,
            "labelPadding": 6,
            "titleFontSize": 12,
            "titlePadding": 6,
            "labelColor": colors.muted,
            "titleColor": colors.muted,
            "gridColor": mix(colors.canvas, colors.line, 0.6),
            "domainColor": colors.edge,
        },
        "mark": {"aria": False},  # the table beside the chart has the numbers; a label for each mark costs time
        "text": {"fontSize": 12},
        "view": {"stroke": None},
    }
