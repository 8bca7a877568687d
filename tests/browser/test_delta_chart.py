"""The slider of the gradient-check chart in a real browser: it moves everything at once, and Python hears it once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).with_name("apps") / "delta_chart_app.py"
CHART = ".st-key-delta .marks"
PATIENCE = 700  # ms; Streamlit sends a selection 150 ms after its last change
Open = Callable[..., Any]

DRAG = """async (exponents) => {
    const slider = document.querySelector('.st-key-delta input[type=range]')
    const headline = () => [...document.querySelectorAll('.st-key-delta .marks text')]
        .map(text => text.textContent).find(text => text.startsWith('δ ='))
    const seen = []
    for (const exponent of exponents) {
        slider.value = exponent
        slider.dispatchEvent(new Event('input', {bubbles: true}))
        await new Promise(requestAnimationFrame)
        await new Promise(resolve => setTimeout(resolve))
        seen.push(headline())
    }
    return seen
}"""


@pytest.fixture
def open_chart(serve: Callable[[Path], str], settled: Callable[[Any], None], new_page: Callable[..., Any]) -> Open:
    """`open_chart("?delta=1e-5", **context options)`: the test page; `page.sent` collects what goes to the server."""

    def start(query: str = "", **options: Any) -> Any:
        page = new_page(**options)
        page.sent = []
        page.on("websocket", lambda socket: socket.on("framesent", lambda frame: page.sent.append(frame)))
        page.goto(f"{serve(PAGE)}/{query}")
        page.wait_for_selector(CHART)
        rest(page)
        page.evaluate(f"window.chart = document.querySelector('{CHART}')")
        page.sent.clear()
        return page

    return start


def rest(page: Any) -> None:
    page.wait_for_timeout(PATIENCE)
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]', state="attached")


def slider(page: Any) -> Any:
    return page.locator(".st-key-delta input[type=range]")


def texts(page: Any) -> list[str]:
    return page.locator(f"{CHART} text").all_text_contents()


def headline(page: Any) -> str:
    return next(text for text in texts(page) if text.startswith("δ ="))


def bars(page: Any) -> list[str]:
    return page.locator(f"{CHART} .mark-rect path").evaluate_all("all => all.map(one => one.getAttribute('d'))")


def marker(page: Any) -> list[str]:
    return page.locator(f"{CHART} .mark-rule line").evaluate_all("all => all.map(one => one.getAttribute('transform'))")


def known(page: Any) -> float:
    """The delta that Python knows."""
    return float(page.get_by_text("at ").inner_text().removeprefix("at "))


def runs(page: Any) -> tuple[int, int]:
    """Runs of the page and of the chart's fragment."""
    whole, fragment = page.get_by_text("runs ").inner_text().removeprefix("runs ").split(" and ")
    return int(whole), int(fragment)


def untouched(page: Any) -> bool:
    """The chart is still the element that it was at first."""
    return page.evaluate(f"window.chart === document.querySelector('{CHART}')")


def choose(page: Any, label: str) -> None:
    page.get_by_text(label, exact=True).click()
    rest(page)


def press(page: Any, key: str, times: int) -> None:
    slider(page).focus()
    for _ in range(times):
        page.keyboard.press(key)


def test_every_step_of_a_drag_is_drawn_without_traffic_and_python_hears_the_last(open_chart: Open) -> None:
    page = open_chart()
    before = runs(page)
    exponents = [-3 - step / 8 for step in range(41)]
    seen = page.evaluate(DRAG, exponents)
    sent = len(page.sent)
    assert len(set(seen)) == len(exponents)
    assert seen[-1] == "δ = 1e-8"
    assert sent == 0
    rest(page)
    assert len(page.sent) == 1
    assert known(page) == 1e-8
    assert runs(page) == (before[0], before[1] + 1)
    assert untouched(page)


def test_an_arrow_key_moves_headline_bars_and_marker(open_chart: Open) -> None:
    page = open_chart()
    shown = headline(page), bars(page), marker(page)
    press(page, "ArrowLeft", 8)
    assert headline(page) == "δ = 0.0001"
    assert bars(page) != shown[1]
    assert marker(page) != shown[2]
    rest(page)
    assert known(page) == 1e-4


def test_the_address_says_where_the_slider_starts(open_chart: Open) -> None:
    page = open_chart("?delta=1e-5")
    assert slider(page).input_value() == "-5"
    assert headline(page) == "δ = 1e-5"


@pytest.mark.parametrize("switch", ["again", "central"])
def test_a_rerun_leaves_chart_and_slider_alone(open_chart: Open, switch: str) -> None:
    page = open_chart()
    press(page, "ArrowRight", 4)
    rest(page)
    shown = bars(page)
    choose(page, switch)
    assert untouched(page)
    assert slider(page).input_value() == "-2.5"
    assert headline(page) == "δ = 0.00316"
    assert (bars(page) == shown) == (switch == "again")
    assert known(page) == 10**-2.5


@pytest.mark.parametrize("switch", ["one", "dark"])
def test_a_chart_that_must_be_built_again_keeps_the_slider(open_chart: Open, switch: str) -> None:
    page = open_chart()
    press(page, "ArrowRight", 4)
    rest(page)
    choose(page, switch)
    assert not untouched(page)
    assert slider(page).input_value() == "-2.5"
    assert headline(page) == "δ = 0.00316"
    assert known(page) == 10**-2.5


def test_a_chart_that_was_away_comes_back_where_it_was(open_chart: Open) -> None:
    page = open_chart()
    press(page, "ArrowRight", 4)
    rest(page)
    choose(page, "hidden")
    assert page.locator(CHART).count() == 0
    choose(page, "hidden")
    assert (slider(page).input_value(), headline(page)) == ("-2.5", "δ = 0.00316")
    assert known(page) == 10**-2.5
    press(page, "ArrowRight", 1)
    rest(page)
    assert headline(page) == "δ = 0.00422"
    assert known(page) == 10**-2.375


def test_another_width_keeps_the_chart_and_the_slider(open_chart: Open) -> None:
    page = open_chart()
    press(page, "ArrowLeft", 8)
    rest(page)
    width = page.locator(CHART).bounding_box()["width"]
    page.set_viewport_size({"width": 700, "height": 900})
    rest(page)
    assert page.locator(CHART).bounding_box()["width"] < width
    assert untouched(page)
    assert (slider(page).input_value(), headline(page)) == ("-4", "δ = 0.0001")


def test_dragging_in_the_curve_moves_the_slider_too(open_chart: Open) -> None:
    page = open_chart(viewport={"width": 700, "height": 1000})
    box = page.locator(CHART).bounding_box()
    y = box["y"] + box["height"] - 100
    page.mouse.move(box["x"] + 400, y)
    page.mouse.down()
    page.mouse.move(box["x"] + 300, y, steps=20)
    value, sent = float(slider(page).input_value()), len(page.sent)
    assert value < -4
    assert sent == 0
    page.mouse.up()
    rest(page)
    assert len(page.sent) == 1
    assert known(page) == pytest.approx(10**value)


def test_it_fits_a_phone(open_chart: Open) -> None:
    page = open_chart(viewport={"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    chart = page.locator(CHART).bounding_box()
    for text in page.locator(f"{CHART} text").all():
        if not text.text_content():
            continue
        size = float(text.evaluate("one => parseFloat(getComputedStyle(one).fontSize)"))
        box = text.bounding_box()
        assert size >= 11
        assert chart["x"] <= box["x"]
        assert box["x"] + box["width"] <= chart["x"] + chart["width"] + 0.5


@pytest.mark.parametrize(
    ("function", "word"),
    [
        pytest.param("nan", "the function is nan at x - delta", id="nan"),
        pytest.param("zero", "exactly 0", id="an error of zero"),
    ],
)
def test_a_number_that_cannot_be_drawn_is_explained(open_chart: Open, function: str, word: str) -> None:
    page = open_chart()
    choose(page, "central")
    choose(page, function)
    assert any(word in text for text in texts(page))
