"""A page with nothing but the graph view and what its tests turn. `?graph=` names the picture."""

from __future__ import annotations

import pictures
import streamlit as st

from graphviz_tools.app.graph_view.graph_view import graph_view

shapes = {"diamond": pictures.diamond, "chain": pictures.chain, "grid": pictures.grid}
name = st.query_params.get("graph", "diamond")

st.set_page_config(layout="wide")
st.session_state.setdefault("selections", 0)


def count() -> None:
    """Called by the component before the rerun that a selection causes."""
    st.session_state.selections += 1


with st.container(horizontal=True):
    st.button("unrelated", key="unrelated")
    stale = st.checkbox("stale", key="stale")
    new_values = st.checkbox("new values", key="new_values")
    other = st.checkbox("other graph", key="other")
    hidden = st.checkbox("hidden", key="hidden")

if other:
    name, (places, edges) = "other", pictures.chain(3)
else:
    places, edges = shapes.get(name, pictures.diamond)()
value = "2.5" if new_values else "1.5"
if name == "broken":
    svg = "<svg><g></svg>"
elif name == "harmful":
    svg = pictures.picture(places, edges, value, pictures.HARM_ON_ROOT, pictures.HARM)
else:
    svg = pictures.picture(places, edges, value)

if not hidden:
    selected = graph_view(
        svg,
        graph_key=name,
        edges=[(source, target, pictures.edge_id(source, target)) for source, target in edges],
        stale=stale,
        words={"graph": "A test graph", "stale": "Not up to date"},
        height=600,
        fallback=st.query_params.get("fallback"),
        on_select=count,
    )
    st.text(f"selected: {selected}")
st.text(f"selections: {st.session_state.selections}")
st.text("\n" * 40 + "end of the page")  # so that the page scrolls
