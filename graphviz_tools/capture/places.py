"""Places in the user's text: which expression asked for an operation."""

from __future__ import annotations

import linecache
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType
from typing import Protocol

from graphviz_tools.model import SourceSpan


class Place(Protocol):
    """An expression in the user's text. Two places are the same only if they are the same object."""

    def describe(self) -> tuple[str, SourceSpan | None]:
        """The expression as typed, and where it stands."""


@dataclass(frozen=True, slots=True, eq=False)
class FormulaPlace:
    """One evaluation of an expression of a formula."""

    text: str
    span: SourceSpan

    def describe(self) -> tuple[str, SourceSpan | None]:
        """See `Place`."""
        return self.text, self.span


@dataclass(frozen=True, slots=True, eq=False)
class CodePlace:
    """An instruction of Python code, by its byte offset."""

    code: CodeType
    offset: int

    def describe(self) -> tuple[str, SourceSpan | None]:
        """See `Place`; empty where Python kept no positions or the source is gone."""
        positions = _positions(self.code)
        index = self.offset // 2
        line, end_line, column, end_column = positions[index] if index < len(positions) else (None,) * 4
        if line is None or end_line is None or column is None or end_column is None:
            return "", None
        lines = linecache.getlines(self.code.co_filename)[line - 1 : end_line]
        if len(lines) != end_line - line + 1:
            return "", None
        # Python counts bytes of UTF-8, people count characters.
        start = len(lines[0].encode()[:column].decode(errors="ignore"))
        end = len(lines[-1].encode()[:end_column].decode(errors="ignore"))
        span = SourceSpan(line, start, end_line, end, self.code.co_filename)
        lines[-1] = lines[-1][:end]
        lines[0] = lines[0][start:]
        return " ".join(part for part in map(str.strip, lines) if part), span


@lru_cache(maxsize=256)
def _positions(code: CodeType) -> list[tuple[int | None, int | None, int | None, int | None]]:
    return list(code.co_positions())
