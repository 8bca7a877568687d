"""The page's state in the session and in the address: widget keys in, `PageState` out, and every change by a button.

Session keys: `formula`, `example`, `style`, `method`, `evaluation`, `checked` and, per input, `input_<name>`,
`grad_<name>`, `dtype_<name>` belong to widgets. `names` (the inputs in order), `delta_at` and what the
functions below note are ours. Nothing else is kept: no graph, no tensor.
"""

from __future__ import annotations

import re
import string
from dataclasses import replace
from typing import Any, cast

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from graphviz_tools.app import address, run
from graphviz_tools.app.address import PageState
from graphviz_tools.app.edits import rename_input
from graphviz_tools.app.examples import InputText
from graphviz_tools.app.run import Source
from graphviz_tools.errors import GraphvizToolsError
from graphviz_tools.formula.language import parse

NEW_INPUT = "[1, 2, 3]"
_FREE_NAMES = ("x", "w", *string.ascii_lowercase)


def open_page() -> None:
    """Take the state from the address: on the first run of a session, and when the browser goes back or forward."""
    context = get_script_run_ctx()
    if "names" not in st.session_state or (context is not None and context.is_history_navigation):
        restore(address.read({name: st.query_params.get_all(name) for name in st.query_params}))


def restore(state: PageState) -> None:
    """Put a state into the session, for the widgets to show."""
    for name in ("example", "formula", "style", "method", "evaluation", "checked"):
        st.session_state[name] = getattr(state, name)
    st.session_state["delta_at"] = state.delta
    chart_memory().clear()
    st.session_state["names"] = []
    for field in state.inputs:
        _put(field)


def collect() -> PageState:
    """The state as it is now, also what has been typed since the last run."""
    session = cast("dict[str, Any]", st.session_state)
    first = run.checkable(source())[:1]
    return PageState(
        example=session["example"],
        formula=session["formula"],
        inputs=inputs(),
        style=session["style"],
        method=session["method"],
        evaluation=session["evaluation"],
        delta=session["delta_at"],
        checked="" if (session["checked"],) == first else session["checked"],
    )


def publish() -> None:
    """Write the state into the address, where it differs from what stands there."""
    wanted = address.write(collect())
    present = {name: st.query_params.get_all(name) for name in st.query_params}
    if {name: [value] if isinstance(value, str) else value for name, value in wanted.items()} != present:
        st.query_params.from_dict(wanted)


def source() -> Source:
    """What is typed: the formula and its inputs."""
    return Source(st.session_state["formula"], inputs())


def inputs() -> tuple[InputText, ...]:
    """The inputs as typed, in the order of the page."""
    session = st.session_state
    return tuple(
        InputText(name, session[f"input_{name}"], session[f"dtype_{name}"], session[f"grad_{name}"])
        for name in session["names"]
    )


def choose_example() -> None:
    """Open the example that the reader has chosen; style, method and delta stay as they are."""
    chosen = address.preset(st.session_state["example"])
    st.session_state["formula"] = chosen.formula
    st.session_state["names"] = []
    st.session_state["checked"] = ""
    for field in chosen.inputs:
        _put(field)


def is_changed() -> bool:
    """True when the formula or an input is no longer the example's."""
    chosen = address.preset(st.session_state["example"])
    return source() != Source(chosen.formula, chosen.inputs)


def set_formula(formula: str) -> None:
    """Replace the formula."""
    st.session_state["formula"] = formula


def add_input(name: str = "") -> None:
    """A new input behind the others, called `name` or else a free letter."""
    names = st.session_state["names"]
    chosen = name or next(filter(_is_free, _FREE_NAMES), f"x{len(names)}")
    if chosen not in names:
        _put(InputText(chosen, NEW_INPUT))


def remove_input(name: str) -> None:
    """Take an input away. The formula stays, and offers the name again."""
    st.session_state["names"] = [other for other in st.session_state["names"] if other != name]


def rename(old: str) -> None:
    """Give an input the name typed into its field, in the formula too; a name that cannot be is noted in `refused`."""
    new = st.session_state[f"rename_{old}"].strip()
    if new == old:
        return
    wanted = new in run.run(source()).missing
    if not wanted and not _is_free(new):
        st.session_state["refused"] = new
        return
    if not wanted:
        st.session_state["formula"] = rename_input(st.session_state["formula"], old, new)
    fields = inputs()
    st.session_state["names"] = []
    for field in fields:
        _put(replace(field, name=new) if field.name == old else field)
    if st.session_state["checked"] == old:
        st.session_state["checked"] = new


def _put(field: InputText) -> None:
    """Show an input behind the others."""
    st.session_state["names"] = [*st.session_state["names"], field.name]
    st.session_state[f"input_{field.name}"] = field.text
    st.session_state[f"dtype_{field.name}"] = field.dtype
    st.session_state[f"grad_{field.name}"] = field.grad


def _is_free(name: str) -> bool:
    """True when the formula language takes `name` as an input and the formula does not use it for anything else."""
    used = set(re.findall(r"\w+", st.session_state["formula"]))
    if name in used or name in st.session_state["names"]:
        return False
    try:
        return parse(name).inputs == (name,)
    except GraphvizToolsError:
        return False


def last_good(current: Source, works: bool) -> Source | None:
    """The source whose graph is shown: the current one while it works, else the last one of this session that did."""
    if works:
        st.session_state["good"] = current
    return cast("Source | None", st.session_state.get("good"))


def chart_memory() -> dict[str, Any]:
    """What `charts.slider_start` remembers between the runs of a session."""
    return cast("dict[str, Any]", st.session_state.setdefault("chart", {}))


def slide_to(delta: float | None) -> None:
    """Note what the slider says when that is news; Streamlit repeats it in every run, also behind a new address."""
    if delta is not None and delta != st.session_state.get("slid_to"):
        st.session_state["slid_to"] = st.session_state["delta_at"] = delta


def shown_check() -> dict[str, Any]:
    """What the gradient check shows, written by its panel (`check`: arguments of `run.check`, and `delta`).

    One dict for the whole session: a download button made before the panel last ran reads what is seen now.
    """
    return cast("dict[str, Any]", st.session_state.setdefault("shown_check", {}))
