"""The rows behind the gradient-check chart: a sweep's numbers, and every text that depends on them, ready to draw."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from graphviz_tools.formatting import format_delta, format_number
from graphviz_tools.numeric.records import EXPONENTS, Element, Sweep

Row = dict[str, Any]

MOST_ELEMENTS = 8
"""So many elements get bars and a line of their own."""

BAR_ROOM = 1.25
"""The bars' scale ends at this multiple of autograd's largest gradient; a longer bar is cut off there."""

HALF_STEP = (EXPONENTS[1] - EXPONENTS[0]) / 2

ROOM_FOR_NAME = 4.0
"""Decades that a zone must span to have its name written into it."""

LABEL_GAP = 0.07
"""Labels at the ends of two lines that are closer than this share of the scale are written as one."""


def shown_elements(sweep: Sweep) -> tuple[Element, ...]:
    """All elements in their order, or the `MOST_ELEMENTS` with the largest gradients, largest first and nan before."""
    if len(sweep.elements) <= MOST_ELEMENTS:
        return sweep.elements
    sizes = ((math.inf if math.isnan(element.autograd) else abs(element.autograd)) for element in sweep.elements)
    ranked = sorted(zip(sizes, sweep.elements, strict=True), key=lambda pair: -pair[0])
    return tuple(element for _, element in ranked[:MOST_ELEMENTS])


def datasets(sweep: Sweep, words: Mapping[str, str]) -> dict[str, list[Row]]:
    """Named datasets: `points` has a row for each element and delta, `deltas` one for each delta, the others a few.

    Errors are given as log10 (`level`), since one that is exactly 0 has a place below all others, `levels[0]`.
    """
    elements = shown_elements(sweep)
    bars = _bar_range(elements)
    levels = _level_range(sweep)
    return {
        "points": [_point(element, i, bars, levels[0]) for element in elements for i in range(len(EXPONENTS))],
        "deltas": [_delta(sweep, elements, i, levels[0], words) for i in range(len(EXPONENTS))],
        "spans": [{"value": end} for end in bars],
        "levels": [{"level": end} for end in levels],
        "zero": [{"level": levels[0], "text": words["zero"] * any(0 in element.errors for element in elements)}],
        "best": _best(sweep, words),
        "ends": _line_ends(elements, levels),
        "zones": [*_zones(elements, words)],
        "hidden": _hidden(sweep, elements, words),
    }


def _point(element: Element, i: int, bars: tuple[float, float], floor: float) -> Row:
    numeric = element.numeric[i]
    bar = min(max(numeric, bars[0]), bars[1]) if math.isfinite(numeric) else None
    cut = "" if bar is None or bar == numeric else "▸ " if numeric > 0 else "◂ "
    return {
        "element": element.label,
        "exponent": EXPONENTS[i],
        "delta": format_delta(10 ** EXPONENTS[i]),
        "autograd": _finite(element.autograd),
        "numeric": _finite(numeric),
        "bar": bar,
        "autograd_text": format_number(element.autograd),
        "numeric_text": cut + format_number(numeric),
        "difference": difference(numeric, element.autograd),
        "level": _level(element.errors[i], floor),
        "why": element.why[i],
    }


def difference(numeric: float, autograd: float) -> str:
    """numeric - autograd with its sign, in percent of the gradient, or as it is where the gradient is 0."""
    found = numeric - autograd
    if not math.isfinite(found):
        return "–"
    if found == 0:
        return "0"
    percent = found / abs(autograd) * 100 if autograd else math.inf
    text = f"{format_number(percent, 3)} %" if math.isfinite(percent) else format_number(found, 3)
    return text if found < 0 else f"+{text}"


def _delta(sweep: Sweep, elements: Sequence[Element], i: int, floor: float, words: Mapping[str, str]) -> Row:
    worst = sweep.worst_errors[i]
    return {
        "exponent": EXPONENTS[i],
        "delta": words["delta_is"].format(delta=format_delta(sweep.deltas[i])),
        "worst": words["worst_is"].format(error=format_number(worst, 3)),
        "level": _level(worst, floor),
        "why": _one_reason(elements, i),
    }


def _one_reason(elements: Sequence[Element], i: int) -> str:
    """The first reason at this delta, with its element unless it is true for all."""
    reasons = {element.label: element.why[i] for element in elements if element.why[i]}
    if not reasons:
        return ""
    label, reason = next(iter(reasons.items()))
    return reason if set(reasons.values()) == {reason} and len(reasons) == len(elements) else f"{label}: {reason}"


def _bar_range(elements: Sequence[Element]) -> tuple[float, float]:
    """Both ends of the bars' scale. It is the same for all deltas, so that nothing but the numeric bars moves."""
    known = [element.autograd for element in elements if math.isfinite(element.autograd)]
    low, high = min([0.0, *known]), max([0.0, *known])
    if low == high:
        low, high = -1.0, 1.0
    stub = (BAR_ROOM - 1) / 2 * (high - low)  # for a numeric gradient of the wrong sign
    return min(low * BAR_ROOM, -stub), max(high * BAR_ROOM, stub)


def _level_range(sweep: Sweep) -> tuple[float, float]:
    """Whole decades around all errors, with room for those that are exactly 0 below."""
    errors = [error for element in sweep.elements for error in element.errors if error < math.inf]
    known = [error for error in errors if error > 0] or [1e-8, 1.0]
    low, high = math.floor(math.log10(min(known))), math.ceil(math.log10(max(known)))
    # The place of an exact 0 lies between two decades, so that the axis does not write a number at it.
    return low - (0.0 if all(errors) else 0.6), high + float(low == high)


def _level(error: float, floor: float) -> float | None:
    if not math.isfinite(error):
        return None
    return math.log10(error) if error > 0 else floor


def _best(sweep: Sweep, words: Mapping[str, str]) -> list[Row]:
    if sweep.best is None:
        return []
    text = words["best_is"].format(delta=format_delta(sweep.deltas[sweep.best]))
    return [{"exponent": EXPONENTS[sweep.best], "text": f"┆ {text}"}]


def _line_ends(elements: Sequence[Element], levels: tuple[float, float]) -> list[Row]:
    """Names for the right ends of the lines; names of lines that end close together become one."""
    found = ((_level(element.errors[-1], levels[0]), element.label) for element in elements)
    ends = sorted((level, label) for level, label in found if level is not None)
    groups: list[list[tuple[float, str]]] = []
    for end in ends:
        if groups and end[0] - groups[-1][0][0] < LABEL_GAP * (levels[1] - levels[0]):
            groups[-1].append(end)
        else:
            groups.append([end])
    return [{"level": group[0][0], "text": group[0][1] + f" +{len(group) - 1}" * (len(group) > 1)} for group in groups]


def _zones(elements: Sequence[Element], words: Mapping[str, str]) -> Iterator[Row]:
    """Ranges of delta where no element has a usable difference (`lost`) or where one of them is not finite (`bad`)."""
    start = 0
    for kind, run in groupby(_zone(elements, i) for i in range(len(EXPONENTS))):
        end = start + len(list(run))
        if kind:
            low = max(EXPONENTS[start] - HALF_STEP, EXPONENTS[0])
            high = min(EXPONENTS[end - 1] + HALF_STEP, EXPONENTS[-1])
            text = words[kind] if kind == "bad" or high - low > ROOM_FOR_NAME else ""
            yield {"kind": kind, "low": low, "high": high, "middle": (low + high) / 2, "text": text}
        start = end


def _zone(elements: Sequence[Element], i: int) -> str:
    if not all(math.isfinite(element.numeric[i]) for element in elements):
        return "bad"
    return "lost" if elements and all(element.why[i] for element in elements) else ""


def _hidden(sweep: Sweep, elements: Sequence[Element], words: Mapping[str, str]) -> list[Row]:
    if len(elements) == len(sweep.elements):
        return []
    return [{"text": words["hidden"].format(shown=len(elements), count=len(sweep.elements))}]


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
