"""The export menu: what is seen, as a file. Each is made when it is clicked, and the page does not run again."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import streamlit as st

from graphviz_tools.app import run, state
from graphviz_tools.app.messages import say
from graphviz_tools.app.picture import graph_file
from graphviz_tools.errors import GraphvizToolsError
from graphviz_tools.export import gradients_csv
from graphviz_tools.render.render import font_notice

_FILES = (
    # message, file, MIME type, format, scale
    ("svg", "graph.svg", "image/svg+xml", "svg", 1),
    ("png", "graph.png", "image/png", "png", 1),
    ("png2", "graph.png", "image/png", "png", 2),
    ("pdf", "graph.pdf", "application/pdf", "pdf", 1),
    ("dot", "graph.dot", "text/vnd.graphviz", "dot", 1),
    ("json", "graph.json", "application/json", "json", 1),
)


def export_menu(source: run.Source, style: str, theme: str) -> None:
    """A menu of download buttons for the graph of `source`, in the style and theme that the page shows."""
    with st.popover(say("export.label"), icon=":material/download:", key="export"), st.container(gap=None):
        for message, file, mime, kind, scale in _FILES:
            st.download_button(
                say(f"export.{message}"),
                partial(graph_file, source, kind, style, theme, scale),
                file_name=file,
                mime=mime,
                key=f"download_{message}",
                on_click="ignore",
                type="tertiary",
            )
        st.download_button(
            say("export.csv"),
            partial(_gradients, state.shown_check()),
            file_name="gradients.csv",
            mime="text/csv",
            key="download_csv",
            on_click="ignore",
            type="tertiary",
        )
        if notice := font_notice():
            st.caption(notice)


def _gradients(shown: Mapping[str, Any]) -> bytes:
    """The table of the gradient check; `shown` is what the check panel has noted about itself since."""
    sweep = run.check(*shown["check"]).sweep if shown else None
    if sweep is None:
        raise GraphvizToolsError(say("check.nothing"))
    return gradients_csv(sweep, shown["delta"])
