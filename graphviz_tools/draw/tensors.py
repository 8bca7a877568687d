"""A tensor's numbers as table rows: one row, a grid, a heatmap of means, or the reason why there are none."""

from __future__ import annotations

import cmath
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from graphviz_tools.draw.labels import label_text
from graphviz_tools.draw.markup import bold, font, italic, plain_table, row
from graphviz_tools.draw.theme import Palette, Theme, contrast, mix
from graphviz_tools.formatting import MINUS, format_number
from graphviz_tools.model import Number, TensorValue

ROW_ELEMENTS = 6
GRID_SIDE = 6
HEAT_ROWS = 4
HEAT_COLUMNS = 12

_CELL = '<TD FIXEDSIZE="TRUE" WIDTH="14" HEIGHT="11" BGCOLOR='


@dataclass(frozen=True, slots=True)
class Block:
    """One labelled group of rows of a card: `word` is "value", "grad" or "saved"; `absent` replaces a missing value."""

    word: str
    value: TensorValue | None
    palette: Palette
    absent: str = ""


def is_bad(value: Number) -> bool:
    """True for nan and infinities, also in one part of a complex number."""
    return not (cmath.isfinite(value) if isinstance(value, complex) else math.isfinite(value))


def grid_shape(value: TensorValue | None) -> tuple[int, int] | None:
    """Rows and columns in which every number is written out; `None` when there are too many, or none."""
    if value is None or value.missing or not value.data:
        return None
    if len(value.shape) == 2 and max(value.shape) <= GRID_SIDE:
        return value.shape[0], value.shape[1]
    return (1, value.numel) if value.numel <= ROW_ELEMENTS else None


def block_table(blocks: Sequence[Block], theme: Theme) -> str:
    """The blocks under each other; an element of one stands in the column of the same element of the others."""
    shapes = [grid_shape(block.value) for block in blocks]
    columns = max([shape[1] for shape in shapes if shape], default=1)
    rows = [_block_rows(block, shape, columns, theme) for block, shape in zip(blocks, shapes, strict=True)]
    return plain_table(*[line for lines in rows for line in lines])


def _block_rows(block: Block, shape: tuple[int, int] | None, columns: int, theme: Theme) -> list[str]:
    if shape and block.value:
        return _grid_rows(block, block.value, shape, columns, theme)
    if block.value and not block.value.missing and block.value.numel:
        return _heat_rows(block, block.value, columns, theme)
    words = block.absent if block.value is None else block.value.missing or "empty"
    return [row(_word(block, 1), _wide(_remark(words, theme), block, columns, "RIGHT"))]


def _grid_rows(block: Block, value: TensorValue, shape: tuple[int, int], columns: int, theme: Theme) -> list[str]:
    filler = _wide("", block, columns - shape[1]) if columns > shape[1] else ""
    cells = _number_cells(value, block.palette, theme, 12 if columns < 4 else 11)
    width = shape[1]
    lines = ["".join(cells[i : i + width]) + filler for i in range(0, len(cells), width)]
    return [row(_word(block, len(lines)), lines[0]), *map(row, lines[1:])]


def _number_cells(value: TensorValue, palette: Palette, theme: Theme, size: int) -> list[str]:
    """Right-aligned numbers: an exact zero in its own colour, nan and inf bold on a filled cell."""
    start = f'<TD ALIGN="RIGHT" BGCOLOR="{palette.background}"><FONT COLOR="'
    other, zero = f'{start}{palette.ink}" POINT-SIZE="{size}">', f'{start}{theme.zero}" POINT-SIZE="{size}">'
    if value.is_finite:
        return [f"{other if v else zero}{format_number(v)}</FONT></TD>" for v in value.data or ()]
    bad = f'<TD ALIGN="RIGHT" BGCOLOR="{theme.alarm}"><FONT COLOR="{theme.alarm_ink}" POINT-SIZE="{size}">'
    return [
        f"{bad}{bold(format_number(v))}</FONT></TD>"
        if is_bad(v)
        else f"{other if v else zero}{format_number(v)}</FONT></TD>"
        for v in value.data or ()
    ]


def _remark(words: str, theme: Theme) -> str:
    return font(italic(label_text(words, 48)), theme.muted, 10)


def _word(block: Block, rows: int) -> str:
    align = "MIDDLE" if rows == 1 else "TOP"
    word = font(block.word, block.palette.ink, 10)
    return f'<TD ALIGN="LEFT" VALIGN="{align}" ROWSPAN="{rows}" BGCOLOR="{block.palette.background}">{word}</TD>'


def _wide(content: str, block: Block, columns: int, align: str = "LEFT") -> str:
    return f'<TD ALIGN="{align}" COLSPAN="{columns}" BGCOLOR="{block.palette.background}">{content}</TD>'


def _heat_rows(block: Block, value: TensorValue, columns: int, theme: Theme) -> list[str]:
    cells = heat_cells(value)
    summary = _wide(_summary(value, block.palette, theme), block, columns)
    if not cells:
        return [row(_word(block, 1), summary)]
    heat = _wide(_heatmap(cells, block.palette, theme), block, columns)
    return [row(_word(block, 2), heat), row(summary)]


def heat_cells(value: TensorValue) -> tuple[tuple[float, ...], ...]:
    """The means to colour, at most 4 x 12, of moduli for complex numbers; empty when there is nothing to colour."""
    if value.pooled is not None or not value.data:
        return value.pooled or ()
    if value.minimum == value.maximum == 0 and value.is_finite:
        return ()
    data = [math.hypot(v.real, v.imag) if isinstance(v, complex) else v for v in value.data]
    columns = _columns(value.shape)
    lines = [data[i : i + columns] for i in range(0, value.numel, columns)]
    return tuple(
        tuple(_mean([line[left:right] for line in lines[top:bottom]]) for left, right in _blocks(columns, HEAT_COLUMNS))
        for top, bottom in _blocks(len(lines), HEAT_ROWS)
    )


def _columns(shape: tuple[int, ...]) -> int:
    """Elements in one line of a heatmap: as many last dimensions as leave every element a cell, else only the last."""
    splits = ((math.prod(shape[:k]), math.prod(shape[k:])) for k in range(1, len(shape)))
    return next((right for left, right in splits if left <= HEAT_ROWS and right <= HEAT_COLUMNS), shape[-1])


def heat_note(value: TensorValue) -> str:
    """What a heatmap's cells are, for the tooltip; empty where the drawing has no heatmap."""
    cells = heat_cells(value) if not value.missing and grid_shape(value) is None else ()
    if not cells:
        return ""
    each = sum(map(len, cells)) == value.numel
    what = "one element" if each else "the mean of a block"
    return f"each cell is {what}, full colour is {format_number(_scale(cells))}"


def _blocks(length: int, limit: int) -> list[tuple[int, int]]:
    count = min(length, limit)
    edges = [length * i // count for i in range(count + 1)]
    return list(pairwise(edges))


def _mean(lines: Sequence[Sequence[int | float]]) -> float:
    count = sum(map(len, lines))
    mean = sum(map(sum, lines)) / count
    # A sum may overflow where the mean does not.
    return mean if math.isfinite(mean) else sum(v / count for line in lines for v in line)


def _scale(cells: tuple[tuple[float, ...], ...]) -> float:
    return max((abs(v) for line in cells for v in line if math.isfinite(v)), default=0.0)


def _heatmap(cells: tuple[tuple[float, ...], ...], palette: Palette, theme: Theme) -> str:
    scale = _scale(cells)
    lines = (row(*(_heat_cell(v, scale, palette, theme) for v in line)) for line in cells)
    # A table of its own size: otherwise Graphviz pulls the cells apart to fill a wider card.
    size = f'FIXEDSIZE="TRUE" WIDTH="{15 * len(cells[0]) + 1}" HEIGHT="{12 * len(cells) + 1}"'
    return (
        f'<TABLE ALIGN="LEFT" BORDER="0" CELLBORDER="0" CELLSPACING="1" CELLPADDING="0" {size}>{"".join(lines)}</TABLE>'
    )


def _heat_cell(mean: float, scale: float, palette: Palette, theme: Theme) -> str:
    if not math.isfinite(mean):
        return f'{_CELL}"{theme.alarm}">{font(bold(format_number(mean)), theme.alarm_ink, 6)}</TD>'
    colour, sign = _shade(round((abs(mean) / scale) ** 0.8, 3) if scale else 0.0, palette)
    return f'{_CELL}"{colour}">{font(bold(MINUS), sign, 7) if mean < 0 else ""}</TD>'


@lru_cache(maxsize=4096)
def _shade(share: float, palette: Palette) -> tuple[str, str]:
    """The cell's colour, and the colour of a sign on it."""
    colour = mix(palette.background, palette.ink, share)
    return colour, max(palette.ink, palette.background, key=lambda sign: contrast(sign, colour))


def _summary(value: TensorValue, palette: Palette, theme: Theme) -> str:
    words = (("min", value.minimum), ("mean", value.mean), ("max", value.maximum))
    parts = [f"{word} {format_number(number)}" for word, number in words if number is not None]
    which = ["finite"] * (not value.is_finite) + ["moduli"] * value.dtype.startswith("complex")
    if parts and which:
        parts[0] = f"{' '.join(which)}: {parts[0]}"
    bad = [f"{count} {word}" for count, word in ((value.nan_count, "nan"), (value.inf_count, "inf")) if count]
    texts = [font("   ".join(parts), palette.ink, 10)] if parts else []
    texts += [font(bold(", ".join(bad)), theme.alarm, 10)] if bad else []
    return "   ".join(texts) or _remark("no numbers were kept", theme)
