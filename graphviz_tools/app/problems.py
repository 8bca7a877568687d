"""How the page says that something is wrong: one sentence, the place in monospace, a hint. Never a traceback."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from graphviz_tools.app.messages import say
from graphviz_tools.app.run import Problem

LOG = logging.getLogger(__name__)
CARET_WIDTH = 28
"""Characters of a line that fit beside each other in the sidebar."""


def show_problem(problem: Problem) -> None:
    """The sentence with its line and column, the line with a caret under the place, and what to try."""
    st.error(f"{place(problem)} {literal(problem.message)}".strip(), icon=":material/error:")
    if problem.column is not None and problem.text:
        st.code(caret(problem), language=None)
    if problem.hint:
        st.caption(literal(problem.hint))


def place(problem: Problem) -> str:
    """`Line 3, column 5:`, `Input a:`, or nothing for the text as a whole."""
    if problem.input and problem.column is not None:
        return say("formula.place_input_column", name=problem.input, column=problem.column)
    if problem.input:
        return say("formula.place_input", name=problem.input)
    if problem.line is None:
        return ""
    if problem.column is None:
        return say("formula.place_line", line=problem.line)
    return say("formula.place", line=problem.line, column=problem.column)


def caret(problem: Problem) -> str:
    """The line, cut to the part around the place, and carets under it."""
    start = (problem.column or 1) - 1
    length = max((problem.end_column or 0) - 1 - start, 1)
    text = problem.text.replace("\t", " ")
    cut = max(0, min(start - CARET_WIDTH // 2, len(text) - CARET_WIDTH))
    shown = text[cut : cut + CARET_WIDTH]
    marks = "^" * max(1, min(length, len(shown) - (start - cut)))
    return f"{shown}\n{' ' * (start - cut)}{marks}"


def literal(text: str) -> str:
    """Text that Markdown shows as it is."""
    return "".join(f"\\{char}" if char in "\\`*_{}[]<>()#+-!|~$:^" else char for char in text)


@contextmanager
def calm() -> Iterator[None]:
    """Whatever breaks inside becomes one calm sentence; the details go to the log."""
    try:
        yield
    except Exception:
        LOG.exception("a panel failed")
        st.warning(say("page.unexpected"), icon=":material/error:")
