from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from typing import Any

import altair
import jsonschema
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from graphviz_tools.app import chart_rows
from graphviz_tools.app.chart_rows import MOST_ELEMENTS, difference, shown_elements
from graphviz_tools.app.charts import WORDS, arrow, delta_chart, read_delta, slider_start
from graphviz_tools.draw.theme import DARK, LIGHT
from graphviz_tools.errors import GraphvizToolsError
from graphviz_tools.numeric.records import DELTAS, EXPONENTS, Element, Sweep
from graphviz_tools.numeric.sweep import sweep

Function = Callable[[torch.Tensor], torch.Tensor]


def calc(a: torch.Tensor) -> torch.Tensor:
    b = a * 2 + 1
    c = b * b
    return (c / (c + 2)).mean()


def measured(fn: Function = calc, *point: float, method: str = "forward") -> Sweep:
    return sweep(fn, {"a": torch.tensor(point or (1.0, 2.0, 3.0), requires_grad=True)}, method=method)  # type: ignore[arg-type]


def made(*errors: float, autograd: float = 1.0) -> Sweep:
    """A sweep of one element with these errors at the smallest deltas, 0.5 at the others."""
    numeric = tuple(autograd + error for error in errors) + (autograd + 0.5,) * (len(DELTAS) - len(errors))
    element = Element("a", (), 1.0, autograd, numeric, ("",) * len(DELTAS))
    return Sweep("forward", "float32", DELTAS, (element,), 1, True)


def rows(found: Sweep, name: str) -> list[dict[str, Any]]:
    return delta_chart(found, delta=1e-3)["datasets"][name]


def frame(spec: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in spec.items() if key != "datasets"}


def values(spec: Any, key: str) -> Iterator[Any]:
    """Everything that stands under `key`, at any depth."""
    if isinstance(spec, dict):
        if key in spec:
            yield spec[key]
        spec = list(spec.values())
    if isinstance(spec, list):
        for part in spec:
            yield from values(part, key)


CASES = [
    pytest.param(calc, (1.0, 2.0, 3.0), id="calc"),
    pytest.param(torch.sin, (2.0,), id="one element"),
    pytest.param(lambda a: (a * a).sum(), tuple(range(-5, 15)), id="many"),
    pytest.param(lambda a: (a * a.log()).sum(), (0.0, 1.0), id="nan"),
    pytest.param(lambda a: (a * 0).sum(), (1.0, 2.0), id="zero"),
    pytest.param(torch.relu, (-1.0, 0.0, 2.0), id="kink"),
]


@pytest.mark.parametrize(("fn", "point"), CASES)
def test_the_specification_is_valid_and_strict_json(fn: Function, point: tuple[float, ...]) -> None:
    spec = delta_chart(measured(fn, *map(float, point)), delta=1e-3)
    altair.LayerChart.from_dict(spec, validate=True)
    json.dumps(spec, allow_nan=False)


def test_altairs_schema_would_notice_a_mistake() -> None:
    spec = delta_chart(measured(), delta=1e-3)
    spec["params"][0]["bind"]["exponent"]["step"] = "wide"
    with pytest.raises(jsonschema.ValidationError):
        altair.LayerChart.from_dict(spec, validate=True)


def test_every_named_dataset_exists_and_is_used() -> None:
    spec = delta_chart(measured(), delta=1e-3)
    used = {data["name"] for data in values(spec["layer"], "data") if "name" in data}
    assert used == set(spec["datasets"])


def test_the_slider_steps_through_all_deltas() -> None:
    (slider,) = delta_chart(measured(), delta=1e-3)["params"]
    bind = slider["bind"]["exponent"]
    count = (bind["max"] - bind["min"]) / bind["step"] + 1
    assert [bind["min"] + i * bind["step"] for i in range(int(count))] == list(EXPONENTS)
    assert slider["value"] == [{"exponent": -3.0}]


@pytest.mark.parametrize(("delta", "start"), [(1e-5, -5), (0.0021, -2.625), (7.0, -1)], ids=str)
def test_the_slider_starts_at_the_nearest_delta(delta: float, start: float) -> None:
    assert delta_chart(measured(), delta=delta)["params"][0]["value"] == [{"exponent": start}]


@pytest.mark.parametrize(("fn", "point"), CASES)
def test_the_points_are_the_sweeps_numbers(fn: Function, point: tuple[float, ...]) -> None:
    found = measured(fn, *map(float, point))
    table = {(row["element"], row["exponent"]): row for row in rows(found, "points")}
    shown = shown_elements(found)
    assert len(table) == len(shown) * len(DELTAS)
    for element in shown:
        for i, exponent in enumerate(EXPONENTS):
            row = table[element.label, exponent]
            assert str(row["numeric"]) == str(element.numeric[i] if math.isfinite(element.numeric[i]) else None)
            assert str(row["autograd"]) == str(element.autograd if math.isfinite(element.autograd) else None)
            assert row["why"] == element.why[i]
            if row["level"] is None:
                assert not math.isfinite(element.errors[i])
            elif element.errors[i]:
                assert 10 ** row["level"] == pytest.approx(element.errors[i])


def test_another_sweep_of_as_many_elements_changes_only_the_data() -> None:
    specs = [
        delta_chart(found, delta=1e-3)
        for found in (measured(), measured(method="central"), measured(lambda a: a.log().sum(), 0.0, 1.0, 2.0))
    ]
    assert frame(specs[0]) == frame(specs[1]) == frame(specs[2])
    assert specs[0]["datasets"] != specs[1]["datasets"]


def test_the_headline_names_delta_and_the_largest_error() -> None:
    row = rows(measured(), "deltas")[88]
    assert (row["delta"], row["worst"], row["why"]) == ("δ = 0.001", "largest error 7.4e−5", "")


@pytest.mark.parametrize(
    ("fn", "point", "i", "reason"),
    [
        pytest.param(calc, (1, 2, 3), 0, "x + delta == x: the difference is exactly 0", id="true for all"),
        pytest.param(torch.log, (1, 0, 2), 88, "a[1]: the function is infinite at x", id="true for one"),
        pytest.param(calc, (1, 2, 3), 88, "", id="an ordinary difference"),
    ],
)
def test_the_headline_gives_a_reason(fn: Function, point: tuple[float, ...], i: int, reason: str) -> None:
    separate = sweep(lambda a: fn(a), {"a": torch.tensor(point, dtype=torch.float32, requires_grad=True)})
    if reason.startswith("a[1]"):
        separate = measured(lambda a: a[0] + a[2] + torch.where(a[1] > 0, torch.inf, a[1]), *map(float, point))
        reason = reason.replace("at x", "at x + delta")
    assert rows(separate, "deltas")[i]["why"] == reason


def test_the_best_delta_is_marked() -> None:
    found = measured()
    (row,) = rows(found, "best")
    assert found.best is not None
    assert row["exponent"] == EXPONENTS[found.best]
    assert row["text"].endswith("best δ 0.00133")
    assert rows(measured(lambda a: a * a.log(), 0.0), "best") == []


def test_an_error_of_zero_has_its_own_place_below_all_others() -> None:
    exact = made(0.0, 1e-6)
    (zero,) = rows(exact, "zero")
    others = [row["level"] for row in rows(exact, "points")[1:]]
    assert zero["text"] == "exactly 0"
    assert rows(exact, "points")[0]["level"] == zero["level"] < math.floor(min(others))
    assert zero["level"] % 1  # between two labels of the axis
    assert rows(made(1e-6), "zero")[0]["text"] == ""


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(1e-300, 1e300) | st.sampled_from([0.0, math.nan, math.inf]), max_size=20))
def test_every_error_lies_inside_the_scale(errors: list[float]) -> None:
    data = delta_chart(made(*errors), delta=1e-3)["datasets"]
    low, high = (row["level"] for row in data["levels"])
    assert low < high
    for row in (*data["points"], *data["deltas"], *data["ends"]):
        assert row["level"] is None or low <= row["level"] <= high


@settings(max_examples=30, deadline=None)
@given(st.floats(allow_infinity=True, allow_nan=True), st.lists(st.floats(width=32), max_size=10))
def test_every_bar_lies_inside_its_scale(autograd: float, errors: list[float]) -> None:
    data = delta_chart(made(*errors, autograd=autograd), delta=1e-3)["datasets"]
    low, high = (row["value"] for row in data["spans"])
    assert low < 0 < high
    for row in data["points"]:
        assert row["bar"] is None or low <= row["bar"] <= high
        assert row["numeric_text"].startswith(("▸ ", "◂ ")) == (row["bar"] != row["numeric"])
        assert row["autograd"] is None or low <= row["autograd"] <= high


@pytest.mark.parametrize(
    ("numeric", "autograd", "text"),
    [
        pytest.param(0.06604194641113281, 0.06611569225788116, "−0.112 %", id="smaller"),
        pytest.param(0.018298625946044922, 0.01828990876674652, "+0.0477 %", id="larger"),
        pytest.param(-1.1, -1.0, "−10 %", id="negative gradient"),
        pytest.param(1e-30, 0.0, "+1.0e−30", id="gradient zero"),
        pytest.param(2.0, 2.0, "0", id="equal"),
        pytest.param(math.nan, 2.0, "–", id="nan"),
        pytest.param(math.inf, math.inf, "–", id="both infinite"),
        pytest.param(1e300, 1e-300, "+1.0e300", id="beyond percent"),
    ],
)
def test_difference(numeric: float, autograd: float, text: str) -> None:
    assert difference(numeric, autograd) == text


def test_many_elements_are_shown_by_size_and_the_chart_says_so() -> None:
    found = measured(lambda a: (a * a).sum(), *map(float, range(-10, 10)))
    shown = shown_elements(found)
    sizes = [abs(element.autograd) for element in shown]
    assert len(shown) == MOST_ELEMENTS
    assert sizes == sorted(sizes, reverse=True)
    assert min(sizes) >= max(abs(e.autograd) for e in found.elements if e not in shown)
    assert rows(found, "hidden") == [{"text": "8 of 20 elements"}]
    assert rows(measured(), "hidden") == []


def test_lines_that_end_together_share_a_name() -> None:
    assert [row["text"] for row in rows(measured(torch.square, 1.0, 1.0, 1.0), "ends")] == ["a[0] +2"]
    assert {row["text"] for row in rows(measured(), "ends")} == {"a[0]", "a[1]", "a[2]"}


def test_zones_cover_what_cannot_be_used() -> None:
    (lost,) = rows(measured(), "zones")
    assert (lost["kind"], lost["low"], lost["text"]) == ("lost", -14, WORDS["lost"])
    assert -7 < lost["high"] < -5
    (bad,) = rows(measured(lambda a: a * a.log(), 0.0), "zones")
    assert (bad["kind"], bad["low"], bad["high"]) == ("bad", -14, -1)
    below = rows(measured(torch.sqrt, 1e-4, method="central"), "zones")
    assert [zone["kind"] for zone in below] == ["lost", "bad"]
    assert below[1]["low"] == pytest.approx(-4, abs=chart_rows.HALF_STEP)


def test_an_empty_sweep_still_is_a_chart() -> None:
    empty = Sweep("forward", "float32", DELTAS, (), 0, True)
    altair.LayerChart.from_dict(delta_chart(empty, delta=1e-3), validate=True)


def test_no_text_is_smaller_than_eleven_pixels() -> None:
    spec = delta_chart(measured(), delta=1e-3)
    sizes = [size for key in ("fontSize", "labelFontSize", "titleFontSize") for size in values(spec, key)]
    assert min(sizes) >= 11


@pytest.mark.parametrize(("theme", "tokens"), [("light", LIGHT), ("dark", DARK)], ids=["light", "dark"])
def test_autograd_has_the_colour_of_gradients_and_numeric_that_of_values(theme: str, tokens: Any) -> None:
    scales = list(values(delta_chart(measured(), delta=1e-3, theme=theme), "scale"))
    assert {"domain": ["autograd", "bar"], "range": [tokens.grad, tokens.value]} in scales


def test_words_can_be_replaced() -> None:
    spec = delta_chart(measured(), delta=1e-3, words={"autograd": "自動微分", "delta_is": "刻み幅 {delta}"})
    assert "■ 自動微分" in values(spec, "value")
    assert spec["datasets"]["deltas"][88]["delta"] == "刻み幅 0.001"


@pytest.mark.parametrize(("fn", "point"), CASES)
def test_arrow_tables_hold_the_same_rows(fn: Function, point: tuple[float, ...]) -> None:
    spec = delta_chart(measured(fn, *map(float, point)), delta=1e-3)
    sent = arrow(spec)
    assert frame(sent) == frame(spec)
    assert {name: table.to_pylist() for name, table in sent["datasets"].items()} == spec["datasets"]


def test_what_it_cannot_draw_is_refused() -> None:
    with pytest.raises(GraphvizToolsError, match="theme"):
        delta_chart(measured(), delta=1e-3, theme="pink")
    with pytest.raises(ValueError, match="standard deltas"):
        delta_chart(sweep(calc, [torch.ones(1, requires_grad=True)], deltas=(0.1,)), delta=0.1)


def moved_to(exponent: Any) -> dict[str, Any]:
    return {"selection": {"delta": [{"exponent": exponent}]}}


@pytest.mark.parametrize(
    ("event", "delta"),
    [
        pytest.param(moved_to(-3), 0.001, id="an integer"),
        pytest.param(moved_to(-2.875), 10**-2.875, id="a step between"),
        pytest.param({"selection": {"delta": {}}}, None, id="not moved yet"),
        pytest.param({"selection": {"delta": []}}, None, id="nothing selected"),
        pytest.param(None, None, id="no state"),
        pytest.param(moved_to(-3.01), None, id="between the steps"),
        pytest.param(moved_to(None), None, id="null"),
        pytest.param(moved_to("x"), None, id="no number"),
    ],
)
def test_read_delta(event: Any, delta: float | None) -> None:
    assert read_delta(event) == delta


def test_the_slider_starts_anew_only_with_a_chart_that_is_built_anew() -> None:
    memory: dict[str, Any] = {}

    def start(delta: float, event: Any, theme: str = "light", found: Sweep | None = None) -> float:
        return slider_start(memory, found or measured(), delta=delta, event=event, theme=theme)

    assert start(1e-5, None) == 1e-5  # the address
    assert start(1e-4, moved_to(-4)) == 1e-5  # the browser remembers the move
    assert start(1e-4, moved_to(-4), found=measured(method="central")) == 1e-5
    assert start(1e-4, moved_to(-4), theme="dark") == 1e-4  # another theme
    assert start(1e-2, moved_to(-2), theme="dark") == 1e-4
    assert start(1e-2, moved_to(-2), theme="dark", found=measured(calc, 1.0)) == 1e-2  # another height
    assert start(1e-6, None, theme="dark", found=measured(calc, 1.0)) == 1e-6  # it was away
