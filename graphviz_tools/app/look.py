"""The page's style sheet: the colours of the drawings as CSS variables, `style.css`, and the chart's slider."""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from pathlib import Path

import streamlit as st

from graphviz_tools.app.charts import SLIDER_STYLE
from graphviz_tools.draw.theme import THEMES

ICON = Path(__file__).with_name("icon.svg")
STYLE = Path(__file__).with_name("style.css")


def theme_name() -> str:
    """`light` or `dark`, as the reader's page is; light where Streamlit does not know."""
    kind = st.context.theme.type
    return kind if kind in THEMES else "light"


@cache
def style_sheet(theme: str) -> str:
    """A `<style>` element for `st.html`."""
    tokens = THEMES[theme]
    colours = (f"--gt-{field.name.replace('_', '-')}: {getattr(tokens, field.name)};" for field in fields(tokens))
    return f"<style>:root {{ {' '.join(colours)} }}\n{STYLE.read_text(encoding='utf-8')}\n{SLIDER_STYLE}</style>"
