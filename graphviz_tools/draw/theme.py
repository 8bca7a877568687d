"""Colours, type and spacing of the drawings, for light and for dark pages.

Hue says what is shown (blue: value, orange: gradient), lightness how much. Structure is grey. Every text token reaches
4.5 : 1 on the surfaces that it is written on.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from graphviz_tools.errors import GraphvizToolsError

FONT = "Helvetica,Arial,sans-serif"


@dataclass(frozen=True, slots=True)
class Theme:
    """One value per token; colours are `#RRGGBB`."""

    name: str
    canvas: str
    card: str
    ink: str
    muted: str
    line: str
    edge: str
    value: str
    value_bg: str
    grad: str
    grad_bg: str
    grad_edge: str
    leaf: str
    out: str
    view: str
    saved: str
    saved_line: str
    saved_ink: str
    alarm: str
    alarm_bg: str
    alarm_ink: str
    zero: str
    ramp: float
    """How far the fill of a compact pill goes from `grad_bg` to `grad_edge`, so that `ink` stays readable on it."""


@dataclass(frozen=True, slots=True)
class Palette:
    """The two colours of a row of numbers."""

    ink: str
    background: str


LIGHT = Theme(
    name="light",
    canvas="#FFFFFF",
    card="#FFFFFF",
    ink="#1B2430",
    muted="#5A6673",
    line="#C5CDD6",
    edge="#8A96A3",
    value="#0B4F8A",
    value_bg="#E8F1FA",
    grad="#A23B00",
    grad_bg="#FDEFE3",
    grad_edge="#D55E00",
    leaf="#0B6B57",
    out="#6B2C77",
    view="#34424F",
    saved="#FFF7D6",
    saved_line="#A88400",
    saved_ink="#5C4800",
    alarm="#B00020",
    alarm_bg="#FDE7EA",
    alarm_ink="#FFFFFF",
    zero="#5F6975",
    ramp=0.85,
)

DARK = Theme(
    name="dark",
    canvas="#0E1117",
    card="#1A1F29",
    ink="#E8EDF2",
    muted="#9AA7B4",
    line="#3C4755",
    edge="#6F7D8C",
    value="#8CC8FF",
    value_bg="#14293D",
    grad="#FFB27A",
    grad_bg="#3A2413",
    grad_edge="#F08A3C",
    leaf="#2FA98C",
    out="#C08CCB",
    view="#4D5C6B",
    saved="#332C10",
    saved_line="#C9A227",
    saved_ink="#F2DC8C",
    alarm="#FF6B7A",
    alarm_bg="#45161C",
    alarm_ink="#2B0006",
    zero="#8A97A5",
    ramp=0.5,
)

THEMES = {theme.name: theme for theme in (LIGHT, DARK)}


def find_theme(name: str) -> Theme:
    """The theme called "light" or "dark".

    Raises:
        GraphvizToolsError: there is no such theme.
    """
    if name not in THEMES:
        raise GraphvizToolsError(f"There is no theme called {name!r}.", hint=f"Try {' or '.join(THEMES)}.")
    return THEMES[name]


def legend(theme: Theme) -> tuple[tuple[str, str], ...]:
    """Pairs (colour, word) that explain a drawing, for the page to write beside it."""
    return (
        (theme.value, "value"),
        (theme.grad, "grad"),
        (theme.grad_edge, "contribution along an edge"),
        (theme.leaf, "leaf"),
        (theme.out, "output"),
        (theme.saved_line, "saved for backward"),
        (theme.alarm, "nan or inf"),
    )


def mix(start: str, end: str, share: float) -> str:
    """The colour at `share` (0 to 1) of the way from `start` to `end`."""
    channels = zip(_channels(start), _channels(end), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02X}" for a, b in channels)


@lru_cache(maxsize=1024)
def contrast(first: str, second: str) -> float:
    """The contrast ratio of two colours, 1 to 21, as WCAG 2 defines it."""
    dark, light = sorted((_luminance(first), _luminance(second)))
    return (light + 0.05) / (dark + 0.05)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in _channels(colour))]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
