"""Numeric against autograd: the chart over all deltas, and a table with every digit at the delta chosen.

A fragment: method, dtype and delta change it alone, the graph does not run again. While the slider is dragged the
browser moves everything by itself; Python hears of the delta after its release.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import streamlit as st

from graphviz_tools.app import address, run, state
from graphviz_tools.app.charts import arrow, delta_chart, read_delta, slider_start
from graphviz_tools.app.messages import group, say
from graphviz_tools.app.problems import calm, literal, show_problem
from graphviz_tools.app.tables import table
from graphviz_tools.formatting import format_delta, format_number
from graphviz_tools.numeric.records import Method, Sweep

CheckArguments = tuple[run.Source, str, Method, str]
"""What `run.check` takes."""


@st.fragment
def numeric_panel(source: run.Source, theme: str) -> None:
    """The gradient check of one input of `source`."""
    with st.container(border=True, key="check", gap="small"), calm():
        names = run.checkable(source)
        if not names:
            st.caption(say("check.nothing"))
            return
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="check_choices"):
            name = _title(names)
            method, evaluation = _choices()
        arguments = (source, name, method, evaluation)
        checked = run.check(*arguments)
        if checked.problem is not None:
            show_problem(checked.problem)
        if checked.sweep is not None and not checked.sweep.elements:
            st.caption(say("check.empty", name=f"`{name}`"))
        elif checked.sweep is not None:
            delta = _chart(arguments, checked.sweep, theme)
            state.shown_check().update(check=arguments, delta=delta)
            _verdict(checked.sweep, delta)
            for note in checked.sweep.notes:
                st.caption(literal(note))
        state.publish()


def _title(names: tuple[str, ...]) -> str:
    if st.session_state["checked"] not in names:
        st.session_state["checked"] = names[0]
    st.markdown(f"**{say('check.title')}**" + (f" `{names[0]}`" if len(names) == 1 else ""), width="content")
    if len(names) == 1:
        return names[0]
    return st.selectbox(say("check.input"), names, key="checked", label_visibility="collapsed", width=90)


def _choices() -> tuple[Method, str]:
    method: Method | None = st.segmented_control(
        say("check.method"),
        address.METHODS,
        key="method",
        required=True,
        format_func=lambda option: say(f"check.{option}"),
        label_visibility="collapsed",
        persist_state="session",
    )
    evaluation = st.segmented_control(
        say("check.evaluation"),
        address.EVALUATIONS,
        key="evaluation",
        required=True,
        label_visibility="collapsed",
        persist_state="session",
    )
    return method or address.METHODS[0], evaluation or address.EVALUATIONS[0]


def _chart(arguments: CheckArguments, sweep: Sweep, theme: str) -> float:
    """Draw the sweep and return the delta that the reader has chosen."""
    start = slider_start(
        state.chart_memory(),
        sweep,
        delta=st.session_state["delta_at"],
        event=st.session_state.get("delta"),
        theme=theme,
    )
    spec = dict(_spec(arguments, start, theme))
    state.slide_to(read_delta(st.vega_lite_chart(spec, key="delta", on_select="rerun", width="stretch")))
    return sweep.deltas[sweep.nearest(st.session_state["delta_at"])]


@lru_cache(maxsize=32)
def _spec(arguments: CheckArguments, start: float, theme: str) -> dict[str, Any]:
    """The chart of a check; building it takes as long as the rest of the panel."""
    sweep = run.check(*arguments).sweep
    if sweep is None:
        raise ValueError("a chart needs a sweep")
    return arrow(delta_chart(sweep, delta=start, theme=theme, words=group("chart")))


def _verdict(sweep: Sweep, delta: float) -> None:
    """The table at this delta, all digits, and the best delta named."""
    i = sweep.deltas.index(delta)
    header = [
        say("check.element"),
        say("check.autograd"),
        say("check.numeric", delta=format_delta(delta)),
        say("check.difference"),
    ]
    rows = [
        [
            element.label,
            _exact(element.autograd),
            _exact(element.numeric[i]),
            _short(element.numeric[i] - element.autograd),
        ]
        for element in sweep.elements
    ]
    st.html(table(header, rows, kinds=["", "grad", "", ""], label=say("check.title")))
    for why in dict.fromkeys(element.why[i] for element in sweep.elements if element.why[i]):
        labels = ", ".join(f"`{element.label}`" for element in sweep.elements if element.why[i] == why)
        st.caption(f"{labels}: {literal(why)}")
    if sweep.best is None or sweep.best_delta is None:
        st.caption(say("check.best_none"))
        return
    error = format_number(sweep.worst_errors[sweep.best])
    st.caption(say("check.best", delta=format_delta(sweep.best_delta), error=error))


def _exact(value: float) -> str:
    return repr(value).replace("-", "\N{MINUS SIGN}")


def _short(value: float) -> str:
    return str(value) if math.isnan(value) else format_number(value, 3)
