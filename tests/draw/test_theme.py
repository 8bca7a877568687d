"""The two themes."""

from __future__ import annotations

import re
from dataclasses import asdict

import pytest

from graphviz_tools.draw.theme import DARK, LIGHT, THEMES, Theme, contrast, find_theme, legend, mix
from graphviz_tools.errors import GraphvizToolsError

BOTH = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)

TEXT_ON = {
    "ink": ("canvas", "card", "alarm_bg", "saved"),
    "muted": ("canvas", "card", "value_bg", "grad_bg", "alarm_bg"),
    "value": ("canvas", "value_bg"),
    "grad": ("canvas", "grad_bg"),
    "leaf": ("card",),
    "out": ("card",),
    "saved_ink": ("saved",),
    "alarm": ("card", "value_bg", "grad_bg"),
    "alarm_ink": ("alarm",),
    "zero": ("canvas", "value_bg", "grad_bg"),
}
MARKS_ON = {"grad_edge": ("canvas", "grad_bg"), "edge": ("canvas",), "saved_line": ("canvas",), "alarm": ("canvas",)}


def test_themes_have_the_same_tokens() -> None:
    light, dark = asdict(LIGHT), asdict(DARK)
    assert light.keys() == dark.keys()
    colours = [name for name, value in light.items() if isinstance(value, str) and name != "name"]
    assert all(re.fullmatch("#[0-9A-F]{6}", both[name]) for both in (light, dark) for name in colours)
    assert all(light[name] != dark[name] for name in colours)


@BOTH
def test_text_is_readable_on_every_surface_it_stands_on(theme: Theme) -> None:
    ratios = {
        (text, surface): contrast(getattr(theme, text), getattr(theme, surface))
        for text, surfaces in TEXT_ON.items()
        for surface in surfaces
    }
    assert {pair: ratio for pair, ratio in ratios.items() if ratio < 4.5} == {}


@BOTH
def test_marks_are_visible(theme: Theme) -> None:
    assert all(
        contrast(getattr(theme, mark), getattr(theme, surface)) >= 3
        for mark, surfaces in MARKS_ON.items()
        for surface in surfaces
    )


@BOTH
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_ink_is_readable_on_every_pill(theme: Theme, share: float) -> None:
    assert contrast(theme.ink, mix(theme.grad_bg, theme.grad_edge, theme.ramp * share)) >= 4.5


@pytest.mark.parametrize(
    ("first", "second", "ratio"),
    [
        pytest.param("#000000", "#FFFFFF", 21.0, id="black on white"),
        pytest.param("#777777", "#FFFFFF", 4.478, id="the grey that just fails"),
        pytest.param("#1B2430", "#1B2430", 1.0, id="itself"),
        pytest.param("#FFFFFF", "#0000FF", 8.592, id="blue is dark"),
    ],
)
def test_contrast_is_that_of_wcag(first: str, second: str, ratio: float) -> None:
    assert contrast(first, second) == pytest.approx(ratio, abs=5e-4)


@pytest.mark.parametrize(
    ("share", "colour"),
    [
        pytest.param(0.0, "#000A64", id="start"),
        pytest.param(0.5, "#80055A", id="middle"),
        pytest.param(1.0, "#FF0050", id="end"),
    ],
)
def test_mix_goes_from_one_colour_to_the_other(share: float, colour: str) -> None:
    assert mix("#000A64", "#FF0050", share) == colour


@BOTH
def test_legend_explains_colours_of_the_theme(theme: Theme) -> None:
    colours, words = zip(*legend(theme), strict=True)
    assert set(colours) <= set(asdict(theme).values())
    assert len(set(colours)) == len(set(words)) == len(words)


def test_an_unknown_theme_is_refused_in_words() -> None:
    assert find_theme("dark") is THEMES["dark"]
    with pytest.raises(GraphvizToolsError, match=r"no theme called 'dusk'.*light or dark"):
        find_theme("dusk")
