"""Graphviz' HTML-like tables as strings. Texts come in escaped (see `labels`), colours come from the theme."""

from __future__ import annotations

_PLAIN = '<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="3"'


def font(text: str, colour: str, size: int) -> str:
    """Escaped text in one colour and size (points)."""
    return f'<FONT COLOR="{colour}" POINT-SIZE="{size}">{text}</FONT>'


def bold(text: str) -> str:
    """Escaped text in bold."""
    return f"<B>{text}</B>"


def italic(text: str) -> str:
    """Escaped text in italics."""
    return f"<I>{text}</I>"


def row(*cells: str) -> str:
    """A table row of ready `<TD>` cells."""
    return f"<TR>{''.join(cells)}</TR>"


def plain_table(*rows: str, attributes: str = "") -> str:
    """A table without borders, for nesting."""
    return f"{_PLAIN}{attributes}>{''.join(rows)}</TABLE>"


def framed_table(
    *rows: str, border: int, colour: str, style: str, background: str, padding: int = 3, spacing: int = 0
) -> str:
    """A rounded box: the outline of a card or of a tag. `style` is "" or a line style, such as ",DASHED"."""
    return (
        f'<TABLE BORDER="{border}" COLOR="{colour}" STYLE="ROUNDED{style}" CELLBORDER="0" CELLSPACING="{spacing}" '
        f'CELLPADDING="{padding}" BGCOLOR="{background}">{"".join(rows)}</TABLE>'
    )
