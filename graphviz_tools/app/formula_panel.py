"""The sidebar's upper half: the formula, what is wrong with it, and its inputs."""

from __future__ import annotations

import streamlit as st

from graphviz_tools.app import state
from graphviz_tools.app.examples import DTYPES, Example
from graphviz_tools.app.messages import say
from graphviz_tools.app.problems import show_problem
from graphviz_tools.app.run import Outcome, Problem


def formula_panel(outcome: Outcome) -> None:
    """The text, and right under it one sentence if it cannot be run."""
    st.text_area(
        f"**{say('formula.label')}**",
        key="formula",
        height=140,
        help=say("formula.help"),
    )
    with st.container(key="problem", gap="xsmall"):
        if outcome.problem is not None:
            show_problem(outcome.problem)
        for name in outcome.missing:
            label = say("formula.offer", name=name)
            st.button(label, key=f"offer_{name}", icon=":material/add:", on_click=state.add_input, args=(name,))
    if state.is_changed():
        st.button(
            say("formula.reset"), key="reset", type="tertiary", icon=":material/undo:", on_click=state.choose_example
        )


def inputs_panel(outcome: Outcome) -> None:
    """One row for each input, and a button for another one."""
    st.markdown(f"**{say('inputs.title')}**")
    with st.container(key="inputs", gap="xsmall"):
        for field in state.inputs():
            _row(field.name, field.name in outcome.unused)
        if not state.inputs():
            st.caption(say("inputs.none"))
    refused = st.session_state.pop("refused", None)
    if refused is not None:
        show_problem(Problem(say("inputs.bad_name", name=refused), say("inputs.bad_name_hint")))
    st.button(say("inputs.add"), key="add_input", type="tertiary", icon=":material/add:", on_click=state.add_input)


def _row(name: str, unused: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", wrap=False, key=f"row_{name}"):
        st.markdown(f"`{name}`", width="content")
        st.text_input(say("inputs.text", name=name), key=f"input_{name}", label_visibility="collapsed")
        st.toggle(say("inputs.grad"), key=f"grad_{name}", width="content")
        help_text = say("inputs.more_help", name=name)
        with st.popover("", icon=":material/more_vert:", type="tertiary", help=help_text, key=f"more_{name}"):
            _more(name)
    if unused:
        st.caption(say("inputs.unused", name=f"`{name}`"))


def _more(name: str) -> None:
    st.selectbox(say("inputs.dtype"), DTYPES, key=f"dtype_{name}")
    st.session_state[f"rename_{name}"] = name
    st.text_input(say("inputs.rename"), key=f"rename_{name}", on_change=state.rename, args=(name,))
    st.button(
        say("inputs.remove", name=name),
        key=f"remove_{name}",
        icon=":material/delete:",
        on_click=state.remove_input,
        args=(name,),
    )
    st.caption(say("inputs.text_help"))


def try_this(example: Example) -> None:
    """What to try with this example, in a box."""
    with st.container(border=True, key="try"):
        st.markdown(f"**{say('try.title')}**\n\n{say(f'try.{example.key}')}")
        if example.section is not None:
            st.caption(say("try.source", section=example.section))
