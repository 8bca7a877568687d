"""The gradient-check chart alone, with the switches that must not disturb its slider."""

from __future__ import annotations

import streamlit as st
import torch

from graphviz_tools.app.charts import SLIDER_STYLE, arrow, delta_chart, read_delta, slider_start
from graphviz_tools.numeric.sweep import sweep


def calc(a: torch.Tensor) -> torch.Tensor:
    b = a * 2 + 1
    c = b * b
    return (c / (c + 2)).mean()


FUNCTIONS = {
    "calc": (calc, [1.0, 2.0, 3.0]),
    "one": (calc, [1.0]),
    "zero": (lambda a: (a * 0).sum(), [1.0, 2.0, 3.0]),
    "nan": (lambda a: a.sqrt().sum(), [1e-4, 1.0, 2.0]),
}

st.set_page_config(layout="wide")
st.html(f"<style>{SLIDER_STYLE}</style>")
st.session_state["runs"] = st.session_state.get("runs", 0) + 1
st.session_state.setdefault("at", float(st.query_params.get("delta", 1e-3)))
st.button("again", key="again")
method = st.radio("method", ["forward", "central"], key="method")
name = st.radio("function", list(FUNCTIONS), key="function")
theme = st.radio("theme", ["light", "dark"], key="theme_name")
fn, point = FUNCTIONS[name]
found = sweep(fn, {"a": torch.tensor(point, requires_grad=True)}, method=method)


@st.fragment
def panel() -> None:
    st.session_state["fragment_runs"] = st.session_state.get("fragment_runs", 0) + 1
    memory = st.session_state.setdefault("memory", {})
    event = st.session_state.get("delta")
    start = slider_start(memory, found, delta=st.session_state["at"], event=event, theme=theme)
    spec = delta_chart(found, delta=start, theme=theme)
    moved = read_delta(st.vega_lite_chart(arrow(spec), on_select="rerun", key="delta", width="stretch"))
    if moved is not None:
        st.session_state["at"] = moved
    st.text(f"at {st.session_state['at']!r}")
    st.text(f"runs {st.session_state['runs']} and {st.session_state['fragment_runs']}")


if not st.checkbox("hidden", key="hidden"):
    panel()
