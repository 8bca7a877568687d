r"""What must be put right in DOT text before Graphviz may see it.

A plain label (or a field of a record) whose first line is empty makes Graphviz 14 read memory that it never wrote: the
drawing is wrong or the process dies. Such a line gets a space. HTML-like labels are not affected.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_SUSPECT = re.compile(r'\\(?<=["{|> \t]\\)[nlr]')  # starts with a fixed character, so that searching is fast
_TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|^#[^\n]*|"(?:[^"\\]|\\.)*"|<', re.DOTALL | re.MULTILINE)
_BRACKET = re.compile(r"<!--.*?-->|[<>]", re.DOTALL)
_EMPTY_LINE = re.compile(r"(^|(?<!\\)[{|>])((?:[ \t]|\\\r?\n)*)(?=\\[nlr]|\r?\n)")


def fill_empty_lines(dot: str) -> str:
    r"""DOT text in which no plain label starts with an empty line. Names change with labels, so that edges still meet.

    >>> print(fill_empty_lines(r'graph { a [label="\nx"] }'))
    graph { a [label="\ \nx"] }
    """
    if not _SUSPECT.search(dot) and all(line.count('"') % 2 == 0 for line in dot.splitlines()):
        return dot
    return "".join(_filled(dot))


def _filled(dot: str) -> Iterator[str]:
    position = 0
    while token := _TOKEN.search(dot, position):
        yield dot[position : token.start()]
        position = token.end()
        text = token[0]
        if text == "<":
            position = _html_end(dot, position)
            yield dot[token.start() : position]
        elif text.startswith('"'):
            # An escaped space: records drop a bare one at the start of a field.
            filled = _EMPTY_LINE.sub(r"\1\2\\ ", text[1:-1])
            yield f'"{filled}"'
        else:
            yield text
    yield dot[position:]


def _html_end(dot: str, position: int) -> int:
    """Where the HTML-like string ends whose opening bracket stands before `position`."""
    depth = 1
    for bracket in _BRACKET.finditer(dot, position):
        depth += {"<": 1, ">": -1}.get(bracket[0], 0)
        if not depth:
            return bracket.end()
    return len(dot)
