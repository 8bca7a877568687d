"""The middle of the page: examples, style and export, the graph with its legend, and what to know about it."""

from __future__ import annotations

import hashlib
import html

import streamlit as st

from graphviz_tools.app import run, state
from graphviz_tools.app.address import STYLES
from graphviz_tools.app.edits import append_reduction
from graphviz_tools.app.examples import EXAMPLES
from graphviz_tools.app.export_menu import export_menu
from graphviz_tools.app.graph_view.graph_view import graph_view
from graphviz_tools.app.messages import group, say
from graphviz_tools.app.picture import picture
from graphviz_tools.app.problems import literal, show_problem
from graphviz_tools.formula.language import Program, parse
from graphviz_tools.model import Graph

HEIGHT = 760


def examples_row() -> None:
    """The presets as pills."""
    st.pills(
        say("example.label"),
        [example.key for example in EXAMPLES],
        key="example",
        required=True,
        format_func=lambda key: say(f"example.{key}"),
        label_visibility="collapsed",
        on_change=state.choose_example,
    )


def style_and_export(shown: run.Source | None, theme: str) -> str:
    """The style control and, while there is a graph, the export menu. Returns the style."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key="above"):
        style = st.segmented_control(
            say("style.label"),
            STYLES,
            key="style",
            required=True,
            format_func=lambda option: say(f"style.{option}"),
            label_visibility="collapsed",
        )
        chosen = style or STYLES[0]
        if shown is not None:
            export_menu(shown, chosen, theme)
    return chosen


def graph_panel(shown: run.Source | None, style: str, theme: str, *, first: str, stale: bool) -> str | None:
    """The graph of `shown` in its frame, greyed when stale. Returns the id of the selected node.

    While the reader has selected none it is the node called `first`, or else the output.
    """
    with st.container(key="graph_frame", gap="xsmall"):
        if shown is None:
            st.caption(say("page.no_graph"))
            return None
        seen = picture(shown, style, theme)
        if seen.problem is not None:
            show_problem(seen.problem)
            return None
        selected = graph_view(
            seen.svg,
            graph_key=hashlib.sha256(repr((seen.edges, style)).encode()).hexdigest()[:16],
            edges=seen.edges,
            stale=stale,
            words=group("graph"),
            height=HEIGHT,
            fallback=seen.ids.get(first, seen.output),
        )
        st.html(_legend())
    return selected


def notes_panel(source: run.Source, graph: Graph) -> None:
    """What the reader must know about this graph; for an output that is no scalar, buttons that make it one."""
    with st.container(key="notes", gap="xsmall"):
        for note in graph.notes:
            st.caption(literal(note))
        if graph.backward_error:
            st.warning(literal(say("notes.no_backward", error=graph.backward_error)))
        root = graph.outputs[0]
        if root.cotangent is not None and root.cotangent.shape:
            _reductions(parse(source.formula))


def _reductions(program: Program) -> None:
    with st.container(horizontal=True, gap="small"):
        for method in ("sum", "mean"):
            changed = append_reduction(program, method)
            st.button(say(f"cotangent.{method}"), key=f"append_{method}", on_click=state.set_formula, args=(changed,))


def _legend() -> str:
    parts = [
        f'<span class="gt-{kind}"><b>{html.escape(say(f"legend.{kind}"))}</b></span> '
        f"{html.escape(say(f'legend.{kind}_note'))}"
        for kind in ("value", "grad", "tag")
    ]
    parts.append(html.escape(say("legend.click")))
    return '<div class="gt-legend">' + "".join(f"<span>{part}</span>" for part in parts) + "</div>"
