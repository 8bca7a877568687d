"""Small HTML tables: every digit readable, numbers to the right, scrolled inside their own box."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from graphviz_tools.app.equation import unravel
from graphviz_tools.app.messages import say
from graphviz_tools.formatting import format_number, format_shape
from graphviz_tools.model import Number, TensorValue

DIGITS = {"float32": 7, "float64": 15}
"""Significant digits that a dtype holds; narrower ones are shown in 5."""


def table(header: Sequence[str], rows: Iterable[Sequence[str]], *, kinds: Sequence[str] = (), label: str = "") -> str:
    """A table whose first column heads the rows. `kinds` are CSS classes by column: `value`, `grad` or nothing."""
    classes = [f' class="{kind}"' if kind else "" for kind in (*kinds, *[""] * (len(header) - len(kinds)))]
    head = "".join(f'<th scope="col"{c}>{_escape(text)}</th>' for text, c in zip(header, classes, strict=True))
    body = "".join(
        f'<tr><th scope="row">{_escape(row[0])}</th>'
        + "".join(f"<td{c}>{_escape(text)}</td>" for text, c in zip(row[1:], classes[1:], strict=True))
        + "</tr>"
        for row in rows
    )
    return (
        f'<div class="gt-scroll" tabindex="0" role="region" aria-label="{_escape(label)}">'
        f'<table class="gt-table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def tensor_tables(value: TensorValue | None, gradient: TensorValue | None) -> list[str]:
    """Value and gradient in full: one table side by side up to one dimension, one grid each above that."""
    kept = [(say("inspector.value"), "value", value), (say("inspector.grad"), "grad", gradient)]
    shown = [(title, kind, tensor) for title, kind, tensor in kept if tensor is not None]
    small = [column for column in shown if column[2].data is not None]
    large = [column for column in shown if column[2].data is None]
    tables = []
    if small and all(len(tensor.shape) < 2 for *_, tensor in small):
        tables.append(_columns(small))
    else:
        tables += [_grid(*column) for column in small]
    for column in large:
        tables += [_statistics(*column), _pooled(*column)]
    return [text for text in tables if text]


def number(value: Number, dtype: str) -> str:
    """A number in as many digits as its dtype holds."""
    return format_number(value, DIGITS.get(dtype, 5))


def _columns(columns: Sequence[tuple[str, str, TensorValue]]) -> str:
    first = columns[0][2]
    lists = [[number(v, tensor.dtype) for v in tensor.data or ()] for *_, tensor in columns]
    places = [format_shape(unravel(i, first.shape)) if first.shape else "" for i in range(first.numel)]
    rows = zip(places, *lists, strict=False)
    header = ["" if not first.shape else say("inspector.index"), *(title for title, *_ in columns)]
    return table(header, list(rows), kinds=["", *(kind for _, kind, _ in columns)], label=" ".join(header[1:]))


def _grid(title: str, kind: str, tensor: TensorValue) -> str:
    width = tensor.shape[-1] if tensor.shape else 1
    texts = [number(v, tensor.dtype) for v in tensor.data or ()]
    leading = tensor.shape[:-1]
    rows = [
        [format_shape((*unravel(row, leading),)).replace("]", ", :]"), *texts[row * width : (row + 1) * width]]
        for row in range(len(texts) // max(width, 1))
    ]
    return table([title, *map(str, range(width))], rows, kinds=["", *[kind] * width], label=title)


def _pooled(title: str, kind: str, tensor: TensorValue) -> str:
    if not tensor.pooled:
        return ""
    title = say("inspector.pooled", name=title)
    rows = [["", *(format_number(v, 3) for v in row)] for row in tensor.pooled]
    return table([title, *[""] * len(tensor.pooled[0])], rows, kinds=["", *[kind] * len(tensor.pooled[0])], label=title)


def _statistics(title: str, kind: str, tensor: TensorValue) -> str:
    if tensor.missing:
        return ""
    found = [
        ("minimum", tensor.minimum),
        ("mean", tensor.mean),
        ("maximum", tensor.maximum),
        ("norm", tensor.norm),
        ("nan", tensor.nan_count),
        ("inf", tensor.inf_count),
    ]
    rows = [[say(f"inspector.{name}"), number(v, tensor.dtype)] for name, v in found if v is not None]
    return table([say("inspector.statistic"), title], rows, kinds=["", kind], label=title)


def _escape(text: str) -> str:
    return html.escape(text)
