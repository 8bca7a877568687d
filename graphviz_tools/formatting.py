"""Numbers to text, one way everywhere: on cards, in the inspector, in formulas."""

from __future__ import annotations

import math
from functools import lru_cache

from graphviz_tools.model import Number, TensorValue

MINUS = "\N{MINUS SIGN}"


@lru_cache(maxsize=8192, typed=True)
def format_number(value: Number | None, digits: int = 4) -> str:
    """A number in at most `digits` significant digits, as the style guide has it.

    Whole numbers are bare, trailing zeros go, `1.20e−5` below 1e-4 and from 1e5 on; nan and inf as PyTorch spells them.

    >>> [format_number(v) for v in (2.0, 0.0661156, -0.0248, 1.2e-05, 123456.0, float("-inf"))]
    ['2', '0.06612', '−0.0248', '1.20e−5', '1.23e5', '−inf']
    """
    if value is None:
        return "–"
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, complex):
        return _complex(value, digits)
    if isinstance(value, int):
        return str(value).replace("-", MINUS)
    if not math.isfinite(value):
        return str(value).replace("-", MINUS)
    if value == int(value) and abs(value) < 1e5:
        return str(int(value)).replace("-", MINUS)
    text = f"{value:.{digits}g}"
    rounded = abs(float(text))
    if not 1e-4 <= rounded < 1e5:
        mantissa, exponent = f"{value:.{max(digits - 2, 0)}e}".split("e")
        text = f"{mantissa}e{int(exponent)}"
    elif rounded >= 10**digits:
        text = f"{value:.0f}"
    return text.replace("-", MINUS)


def _complex(value: complex, digits: int) -> str:
    imaginary = format_number(value.imag, digits)
    sign = "" if imaginary.startswith(MINUS) else "+"
    return f"{format_number(value.real, digits)}{sign}{imaginary}j"


def format_shape(shape: tuple[int, ...]) -> str:
    """`[2, 3]`, and `scalar` for no dimension at all."""
    return f"[{', '.join(map(str, shape))}]" if shape else "scalar"


def format_delta(delta: float) -> str:
    """A step size in three significant digits, as it is typed: `0.001`, `1.33e-5`."""
    return f"{delta:.3g}".replace("e-0", "e-")


def describe(value: TensorValue, digits: int = 4, limit: int = 6) -> str:
    """One line for a tooltip or a screen reader: the numbers while few, else shape and statistics."""
    if value.missing:
        return value.missing
    if value.data is not None and value.numel <= limit:
        return ", ".join(format_number(v, digits) for v in value.data) or "empty"
    low, high, mean = (format_number(v, digits) for v in (value.minimum, value.maximum, value.mean))
    bad = "".join(f", {count} {word}" for count, word in ((value.nan_count, "nan"), (value.inf_count, "inf")) if count)
    return f"{format_shape(value.shape)} min {low} mean {mean} max {high}{bad}"
