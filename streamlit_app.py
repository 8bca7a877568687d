"""The page: its order, and nothing else. Run it with `streamlit run streamlit_app.py`."""

from __future__ import annotations

import streamlit as st

from graphviz_tools.app.look import ICON, style_sheet, theme_name
from graphviz_tools.app.messages import say
from graphviz_tools.render.render import warm_up

st.set_page_config(
    page_title=say("page.title"),
    page_icon=str(ICON),
    layout="wide",
    initial_sidebar_state=320,
    menu_items={"About": say("page.about")},
)
theme = theme_name()
st.html(style_sheet(theme))
st.sidebar.markdown(f"### ∂ {say('page.title')}")

warm_up()

# The title stands on the page, and the drawing process starts, while these are loaded: torch alone takes a second.
from graphviz_tools.app import formula_panel, graph_panel, inspector, numeric_panel, run, state  # noqa: E402
from graphviz_tools.app.examples import BY_KEY  # noqa: E402
from graphviz_tools.app.problems import calm  # noqa: E402
from graphviz_tools.app.theme_watch import theme_watch  # noqa: E402

state.open_page()
typed = state.source()
outcome = run.run(typed)
shown = state.last_good(typed, works=outcome.graph is not None)
graph = outcome.graph or (run.run(shown).graph if shown else None)
example = BY_KEY[st.session_state["example"]]

with st.sidebar, calm():
    formula_panel.formula_panel(outcome)
    formula_panel.inputs_panel(outcome)
    formula_panel.try_this(example)

graph_panel.examples_row()
left, right = st.columns([5, 4], gap="medium")
selected = None
with left, calm():
    style = graph_panel.style_and_export(shown, theme)
    selected = graph_panel.graph_panel(shown, style, theme, first=example.select, stale=shown != typed)
with right, calm():
    if graph is not None and shown is not None:
        if shown == typed:
            graph_panel.notes_panel(typed, graph)
        inspector.inspector(graph, selected)
        numeric_panel.numeric_panel(shown, theme)
with calm():
    state.publish()
    theme_watch(theme)
