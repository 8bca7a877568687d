"""Text of any kind comes through DOT and XML as text."""

from __future__ import annotations

import re
import unicodedata
from xml.etree import ElementTree

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from graphviz_tools.draw.labels import ELLIPSIS, NAMELESS, clean, dot_name, label_text, shorten, tooltip_text

TEXT = st.text(st.characters(exclude_categories=()), max_size=60)
NASTY = example('<&"> \\N \\" ]]> --> &amp; </TABLE>\x00\x1b\ud800\u202e')


@settings(deadline=None)
@given(TEXT)
@NASTY
@example("a  b")
def test_clean_leaves_one_printable_line(text: str) -> None:
    cleaned = clean(text)
    categories = {unicodedata.category(c) for c in cleaned}
    assert not categories & {"Cc", "Cs", "Zl", "Zp"}
    assert cleaned == cleaned.strip()
    assert "  " not in cleaned
    assert clean(cleaned) == cleaned
    assert cleaned.encode().decode() == cleaned


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("a * 2 + 1", "a * 2 + 1", id="ordinary text stays"),
        pytest.param("重み α é 😀", "重み α é 😀", id="letters of every script stay"),
        pytest.param("(a\n   + b)\t", "(a + b)", id="a broken line is joined"),
        pytest.param("a\u202eb", "a\ufffdb", id="nothing turns the writing direction"),
        pytest.param("\u200b \ufeff", "", id="invisible text is empty"),
    ],
)
def test_clean_says_what_was_written(text: str, shown: str) -> None:
    assert clean(text) == shown


@settings(deadline=None)
@given(TEXT, st.integers(3, 40))
def test_shorten_keeps_both_ends(text: str, limit: int) -> None:
    short = shorten(text, limit)
    assert len(short) == min(len(text), limit)
    head, _, tail = short.partition(ELLIPSIS) if short != text else (text, "", "")
    assert text.startswith(head)
    assert text.endswith(tail)


@settings(deadline=None)
@given(TEXT)
@NASTY
def test_label_text_is_xml_text_that_graphviz_expands_to_the_text(text: str) -> None:
    element = ElementTree.fromstring(f"<B>{label_text(text)}</B>")
    assert not list(element)
    # Graphviz expands escapes here too: a doubled backslash is one, any other would become something else.
    assert set(re.findall(r"\\(.?)", element.text or "")) <= {"\\"}
    assert (element.text or "").replace("\\\\", "\\") == (clean(text) or NAMELESS)


def read(literal: str) -> str:
    """What a DOT string stands for; the first pass of escapes."""
    assert re.fullmatch(r'"(?:\\.|[^"\\\n])*"', literal), "one DOT string, to its end"
    return re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], literal[1:-1]).replace("&amp;", "&")


@settings(deadline=None)
@given(st.lists(TEXT, max_size=4))
@example(['say "\\', "\n", "N\\", "\\N\\n"])
def test_tooltips_come_back_as_lines(lines: list[str]) -> None:
    # Graphviz goes over the escapes of a tooltip twice.
    shown = read(tooltip_text(*lines)).replace("\\\\", "\\")
    assert shown == ("\n".join(filter(None, map(clean, lines))) or NAMELESS)
    assert not shown.startswith("\n"), "Graphviz cannot bear an empty first line"


@settings(deadline=None)
@given(TEXT)
@NASTY
def test_names_come_back(text: str) -> None:
    assert read(dot_name(text)) == (clean(text) or NAMELESS)
