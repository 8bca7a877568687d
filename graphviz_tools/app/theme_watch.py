"""Run the page again when the reader switches between light and dark: Streamlit does not, and its drawings are ours."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_component = st.components.v2.component(
    "theme_watch",
    html="<span></span>",
    js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
)


def theme_watch(theme: str) -> None:
    """An invisible part of the page that causes a rerun once the page's theme is not `theme` any more."""
    with st.container(key="theme_watch"):
        _component(key="theme", data={"theme": theme}, on_theme_change=_nothing)


def _nothing() -> None:
    """Streamlit names the state of a component by its callbacks, so there must be one."""
