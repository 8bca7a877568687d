from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphviz_tools.render.source import fill_empty_lines


@pytest.mark.parametrize(
    ("dot", "filled"),
    [
        pytest.param(r'graph{a[label="\nx"]}', r'graph{a[label="\ \nx"]}', id="escaped newline"),
        pytest.param(r'graph{a[label="\lx"]}', r'graph{a[label="\ \lx"]}', id="left-justified line"),
        pytest.param('graph{a[label="\nx"]}', 'graph{a[label="\\ \nx"]}', id="real newline"),
        pytest.param('graph{a[label="\r\nx"]}', 'graph{a[label="\\ \r\nx"]}', id="newline of Windows"),
        pytest.param('graph{a[label="\\\n\\nx"]}', 'graph{a[label="\\\n\\ \\nx"]}', id="after a continued line"),
        pytest.param(r'graph{a[label="{\nx|y}"]}', r'graph{a[label="{\ \nx|y}"]}', id="first field of a record"),
        pytest.param(r'graph{a[label="x| \ny"]}', r'graph{a[label="x| \ \ny"]}', id="later field, after a space"),
        pytest.param(r'graph{a[label="<p>\ny"]}', r'graph{a[label="<p>\ \ny"]}', id="field behind a port"),
        pytest.param(r'graph{"\nx" -- b; b -- "\nx"}', r'graph{"\ \nx" -- b; b -- "\ \nx"}', id="a name, everywhere"),
    ],
)
def test_a_first_line_that_is_empty_gets_a_space(dot: str, filled: str) -> None:
    assert fill_empty_lines(dot) == filled


@pytest.mark.parametrize(
    "dot",
    [
        pytest.param(r'graph{a[label="x\n\ny"]}', id="an empty line further down"),
        pytest.param(r'graph{a[label="\\nx"]}', id="a backslash and a letter"),
        pytest.param(r'graph{a[label="\{\\nx"]}', id="an escaped brace"),
        pytest.param('graph{a[label=<\n<B>x</B>\n"\\nx">]}', id="an HTML-like label"),
        pytest.param('graph{a[label=<<!-- > -->"\\nx">]}', id="a comment in an HTML-like label"),
        pytest.param('// "\\nx"\n# "\\nx"\n/* "\\nx" */ graph{a}', id="comments"),
        pytest.param('graph{a[label="x"\n,color="red"\n]}', id="newlines between attributes"),
    ],
)
def test_all_else_stays_as_it_is(dot: str) -> None:
    assert fill_empty_lines(dot) == dot


@given(st.text(alphabet='ax \n\r\\nlr"<>{}|/*#-', max_size=40))
def test_twice_is_once_and_nothing_but_escaped_spaces_is_added(dot: str) -> None:
    filled = fill_empty_lines(dot)
    assert fill_empty_lines(filled) == filled
    assert filled.replace("\\ ", "") == dot.replace("\\ ", "")
