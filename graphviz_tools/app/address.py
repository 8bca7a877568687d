"""The page's state as a query string and back: short where it equals the example, calm about anything malformed.

Streamlit's own `bind="query-params"` is not used: it writes the labels of the options, which are translated, and its
defaults cannot follow the example.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from graphviz_tools.app.examples import BY_KEY, DEFAULT, DTYPES, InputText
from graphviz_tools.formatting import format_delta
from graphviz_tools.numeric.records import DELTAS

STYLES = ("auto", "cards", "compact", "circuit")
METHODS: tuple[Literal["forward", "central"], ...] = ("forward", "central")
EVALUATIONS = ("float32", "float64")
DELTA = 0.001
MAX_FORMULA = 10_000
MAX_INPUT = 4_000
MAX_INPUTS = 40


@dataclass(frozen=True)
class PageState:
    """Everything that a copied link carries. `checked` is the input under gradient check, "" for the first one."""

    example: str
    formula: str
    inputs: tuple[InputText, ...]
    style: str = STYLES[0]
    method: str = METHODS[0]
    evaluation: str = EVALUATIONS[0]
    delta: float = DELTA
    checked: str = ""


def preset(key: str) -> PageState:
    """The state that an example opens with."""
    example = BY_KEY[key]
    return PageState(key, example.formula, example.inputs)


def read(params: Mapping[str, list[str]]) -> PageState:
    """The state that a query string asks for. What cannot be used is passed over, so this never raises."""
    base = preset(_choice(params, "example", tuple(BY_KEY), DEFAULT))
    inputs = tuple(filter(None, map(_input, params.get("input", ())[:MAX_INPUTS])))
    unique = tuple({field.name: field for field in inputs}.values())
    none = params.get("input") == [""]
    return PageState(
        example=base.example,
        formula=_last(params, "formula", base.formula)[:MAX_FORMULA],
        inputs=unique or (() if none else base.inputs),
        style=_choice(params, "style", STYLES, STYLES[0]),
        method=_choice(params, "method", METHODS, METHODS[0]),
        evaluation=_choice(params, "evaluation", EVALUATIONS, EVALUATIONS[0]),
        delta=_delta(_last(params, "delta", "")),
        checked=_last(params, "at", "")[:100],
    )


def write(state: PageState) -> dict[str, str | list[str]]:
    """The query parameters of a state: only what differs from its example. `read` gives the state back."""
    base = preset(state.example)
    params: dict[str, str | list[str]] = {}
    for name in ("formula", "style", "method", "evaluation"):
        if getattr(state, name) != getattr(base, name):
            params[name] = getattr(state, name)
    if state.example != DEFAULT:
        params["example"] = state.example
    if state.inputs != base.inputs:
        params["input"] = [_field(field) for field in state.inputs] or [""]
    if state.delta != base.delta:
        params["delta"] = format_delta(state.delta)
    if state.checked:
        params["at"] = state.checked
    return params


def _field(field: InputText) -> str:
    """`a=[1, 2]`, with `,float64` and `,nograd` behind the name where they are not the default."""
    flags = [field.name]
    if field.dtype != DTYPES[0]:
        flags.append(field.dtype)
    if not field.grad:
        flags.append("nograd")
    return f"{','.join(flags)}={field.text}"


def _input(text: str) -> InputText | None:
    head, equals, value = text.partition("=")
    name, *flags = head.split(",")
    if not equals or not name.isidentifier() or len(name) > 100:
        return None
    dtype = next((flag for flag in flags if flag in DTYPES), DTYPES[0])
    return InputText(name, value[:MAX_INPUT], dtype, "nograd" not in flags)


def _last(params: Mapping[str, list[str]], name: str, default: str) -> str:
    values = params.get(name)
    return values[-1] if values else default


def _choice(params: Mapping[str, list[str]], name: str, options: tuple[str, ...], default: str) -> str:
    value = _last(params, name, default)
    return value if value in options else default


def _delta(text: str) -> float:
    """The standard delta that is nearest to the number in `text`: an address holds few digits of it."""
    try:
        delta = float(text)
    except ValueError:
        return DELTA
    if not (math.isfinite(delta) and delta > 0):
        return DELTA
    return min(DELTAS, key=lambda standard: abs(math.log(standard / delta)))
