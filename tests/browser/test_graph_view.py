"""The graph view in a real browser, on a page that holds nothing else."""

from __future__ import annotations

import re
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

APPS = Path(__file__).parent / "apps"
ROOT = "document.querySelector('[data-testid=stBidiComponentIsolated]').shadowRoot"
Open = Callable[..., Any]
Box = tuple[float, float, float, float]


@pytest.fixture
def open_graph(serve: Callable[[Path], str], settled: Callable[[Any], None], new_page: Callable[..., Any]) -> Open:
    """`open_graph("chain", **context options)`: the test page with that picture, ready."""

    def start(graph: str = "diamond", **options: Any) -> Any:
        page = new_page(**options)
        page.goto(f"{serve(APPS / 'graph_view_app.py')}/?graph={graph}")
        settled(page)
        page.locator(".picture[viewBox], .badge:not(:empty)").first.wait_for()
        return page

    return start


def card(page: Any, node: str) -> Any:
    return page.locator(f'[data-node="{node}"]')


def resting_view(page: Any) -> Box:
    """The viewBox, once the picture has come to rest."""
    page.wait_for_function(
        f"() => {{ const svg = {ROOT}.querySelector('.picture'); return svg && !svg.classList.contains('moving') }}"
    )
    x, y, width, height = map(float, page.locator(".picture").get_attribute("viewBox").split())
    return x, y, width, height


def says(page: Any, text: str) -> None:
    page.get_by_text(text, exact=True).wait_for()


def selected(page: Any) -> list[str]:
    return page.locator('[data-node][aria-selected="true"]').evaluate_all("all => all.map(one => one.dataset.node)")


def focused(page: Any) -> str | None:
    return page.evaluate(f"{ROOT}.activeElement?.dataset.node")


def lit(page: Any) -> set[str]:
    return set(page.locator(".part.lit").evaluate_all("all => all.map(one => one.dataset.node ?? one.dataset.edge)"))


def middle(locator: Any) -> tuple[float, float]:
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def inside(locator: Any, frame: Any) -> bool:
    one, other = locator.bounding_box(), frame.bounding_box()
    starts = one["x"] >= other["x"] and one["y"] >= other["y"]
    ends = (one[at] + one[size] <= other[at] + other[size] for at, size in (("x", "width"), ("y", "height")))
    return starts and all(ends)


def wheel(page: Any, delta: float) -> None:
    page.mouse.move(*middle(page.locator(".stage")))
    page.mouse.wheel(0, delta)


# Selection


def test_click_selects_and_python_learns_it(open_graph: Open) -> None:
    page = open_graph()
    says(page, "selected: None")
    card(page, "c").click()
    says(page, "selected: c")
    assert selected(page) == ["c"]
    card(page, "e#1").click()
    says(page, "selected: e#1")
    assert selected(page) == ["e#1"]
    assert page.locator(".glow").count() == 1
    assert page.locator(".spoken").text_content() == "e#1, value 1.5"
    says(page, "selections: 2")


def test_second_click_on_the_selected_card_asks_nothing_of_python(open_graph: Open) -> None:
    page = open_graph()
    card(page, "c").click()
    says(page, "selections: 1")
    card(page, "c").click()
    card(page, "d").click()
    says(page, "selections: 2")


def test_click_on_an_edge_marks_it_and_selects_its_source(open_graph: Open) -> None:
    page = open_graph()
    page.locator('[data-edge="b.0-c.0"]').click()
    says(page, "selected: b")
    assert page.locator('[data-edge][aria-selected="true"]').get_attribute("data-edge") == "b.0-c.0"
    assert selected(page) == ["b"]
    card(page, "c").click()
    says(page, "selected: c")
    assert page.locator('[data-edge][aria-selected="true"]').count() == 0


def test_fallback_is_selected_while_the_reader_has_selected_nothing(open_graph: Open) -> None:
    page = open_graph("diamond&fallback=b")
    says(page, "selected: b")
    assert selected(page) == ["b"]
    card(page, "c").click()
    says(page, "selected: c")
    assert selected(page) == ["c"]
    page.keyboard.press("Escape")
    says(page, "selected: b")
    assert selected(page) == ["b"]
    says(page, "selections: 2")


def test_keys_walk_along_edges_select_and_clear(open_graph: Open) -> None:
    page = open_graph()
    page.get_by_label("hidden").focus()
    page.keyboard.press("Tab")
    assert focused(page) == "a"
    for key, node in (("Down", "b"), ("Down", "c"), ("Right", "d"), ("Down", "e#1"), ("Up", "d")):
        page.keyboard.press(f"Arrow{key}")
        assert focused(page) == node, key
    page.keyboard.press("Enter")
    says(page, "selected: d")
    assert focused(page) == "d"
    assert selected(page) == ["d"]
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Space")
    says(page, "selected: c")
    page.keyboard.press("Escape")
    says(page, "selected: None")
    assert selected(page) == []
    assert focused(page) == "c"


def test_tab_reaches_the_graph_once_and_then_its_buttons(open_graph: Open) -> None:
    page = open_graph()
    card(page, "d").click()
    says(page, "selected: d")
    page.get_by_label("hidden").focus()
    page.keyboard.press("Tab")
    assert focused(page) == "d"
    names = []
    for _ in range(4):
        page.keyboard.press("Tab")
        names.append(page.evaluate("document.activeElement.shadowRoot.activeElement.name"))
    assert names == ["zoom_out", "reset", "zoom_in", "fit"]


def test_cards_are_buttons_with_their_label_in_a_named_group(open_graph: Open) -> None:
    page = open_graph()
    group = page.get_by_role("group", name="A test graph")
    group.get_by_role("button", name="c, value 1.5", exact=True).click()
    says(page, "selected: c")


def test_walking_brings_the_card_into_sight(open_graph: Open) -> None:
    page = open_graph("chain")
    stage = page.locator(".stage")
    assert not inside(card(page, "t29"), stage)
    card(page, "t0").click()
    page.keyboard.press("End")
    resting_view(page)
    assert focused(page) == "t29"
    assert inside(card(page, "t29"), stage)
    assert not inside(card(page, "t0"), stage)


# What survives


def test_zoom_and_elements_survive_an_unrelated_rerun(open_graph: Open, settled: Callable[[Any], None]) -> None:
    page = open_graph()
    before = resting_view(page)
    wheel(page, -300)
    zoomed = resting_view(page)
    assert zoomed[2] < before[2] * 0.8
    page.locator(".picture").evaluate("svg => { svg.kept = true }")
    card(page, "b").click()
    says(page, "selected: b")
    page.get_by_role("button", name="unrelated").click()
    settled(page)
    assert page.locator(".picture").evaluate("svg => svg.kept === true")
    assert resting_view(page) == zoomed
    assert selected(page) == ["b"]


def test_zoom_selection_and_focus_survive_new_values(open_graph: Open) -> None:
    page = open_graph()
    card(page, "d").click()
    says(page, "selected: d")
    wheel(page, -300)
    zoomed = resting_view(page)
    page.locator('[data-testid="stCheckbox"]').filter(has_text="new values").click()
    page.locator('[aria-label="d, value 2.5"]').wait_for(state="attached")
    assert resting_view(page) == zoomed
    assert selected(page) == ["d"]
    assert page.locator(".glow").count() == 1
    says(page, "selected: d")


def test_another_graph_is_shown_from_its_start_and_the_selection_returns(open_graph: Open) -> None:
    page = open_graph()
    first = resting_view(page)
    card(page, "d").click()
    says(page, "selected: d")
    wheel(page, -300)
    other = page.locator('[data-testid="stCheckbox"]').filter(has_text="other graph")
    other.click()
    card(page, "t2").wait_for()
    says(page, "selected: None")
    assert selected(page) == []
    assert inside(card(page, "t0"), page.locator(".stage"))
    other.click()
    card(page, "d").wait_for()
    says(page, "selected: d")
    assert selected(page) == ["d"]
    assert resting_view(page) == first


def test_a_graph_that_comes_back_tells_python_its_selection(open_graph: Open) -> None:
    page = open_graph()
    card(page, "d").click()
    wheel(page, -300)
    zoomed = resting_view(page)
    hidden = page.locator('[data-testid="stCheckbox"]').filter(has_text="hidden")
    hidden.click()
    card(page, "d").wait_for(state="detached")
    hidden.click()
    says(page, "selected: d")
    assert selected(page) == ["d"]
    assert resting_view(page) == zoomed


# The view


def test_first_view_fits_and_never_shouts(open_graph: Open) -> None:
    page = open_graph()
    resting_view(page)
    stage = page.locator(".stage").bounding_box()
    for node in ("a", "c", "d", "e#1"):
        assert inside(card(page, node), page.locator(".stage"))
    width = page.locator(".picture").get_attribute("viewBox").split()[2]
    assert stage["width"] / float(width) <= 1.25


def test_first_view_of_a_long_graph_is_readable_and_from_the_top(open_graph: Open) -> None:
    page = open_graph("chain")
    resting_view(page)
    assert card(page, "t0").bounding_box()["width"] >= 150
    assert inside(card(page, "t0"), page.locator(".stage"))


def test_wheel_zooms_around_the_cursor(open_graph: Open) -> None:
    page = open_graph()
    resting_view(page)
    x, y = middle(card(page, "d"))
    width = card(page, "d").bounding_box()["width"]
    page.mouse.move(x, y)
    page.mouse.wheel(0, -200)
    resting_view(page)
    assert middle(card(page, "d")) == pytest.approx((x, y), abs=0.5)
    assert card(page, "d").bounding_box()["width"] > width * 1.2
    page.mouse.wheel(0, 200)
    resting_view(page)
    assert card(page, "d").bounding_box()["width"] == pytest.approx(width, rel=1e-3)


def test_drag_pans_and_selects_nothing(open_graph: Open) -> None:
    page = open_graph()
    resting_view(page)
    x, y = middle(card(page, "b"))
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40, y + 30, steps=3)
    page.mouse.move(x + 80, y + 60, steps=3)
    page.locator('.picture[style*="translate(80"]').wait_for()
    page.mouse.up()
    resting_view(page)
    assert middle(card(page, "b")) == pytest.approx((x + 80, y + 60), abs=0.5)
    assert selected(page) == []
    card(page, "b").click()
    says(page, "selections: 1")


def test_a_release_outside_the_window_ends_the_drag(open_graph: Open) -> None:
    page = open_graph()
    view = resting_view(page)
    x, y = middle(card(page, "b"))
    page.mouse.move(x, y)
    page.mouse.down()
    page.locator(".stage").evaluate(
        "stage => stage.addEventListener('pointerup', e => e.stopImmediatePropagation(), true)"
    )
    page.mouse.up()
    page.mouse.move(x + 90, y + 90, steps=4)
    assert resting_view(page) == view


def test_buttons_zoom_reset_and_fit(open_graph: Open) -> None:
    page = open_graph()
    fitted = resting_view(page)
    reset = page.get_by_role("button", name=re.compile("Actual size"))
    percent = int(reset.text_content().rstrip("%"))
    page.get_by_role("button", name="Zoom in").click()
    assert resting_view(page)[2] == pytest.approx(fitted[2] / 1.3, rel=1e-3)
    assert int(reset.text_content().rstrip("%")) == pytest.approx(percent * 1.3, abs=1)
    page.get_by_role("button", name="Zoom out").click()
    page.get_by_role("button", name="Zoom out").click()
    assert resting_view(page)[2] == pytest.approx(fitted[2] * 1.3, rel=1e-3)
    reset.click()
    assert resting_view(page)[2] == pytest.approx(page.locator(".stage").bounding_box()["width"], rel=1e-3)
    assert reset.text_content() == "100%"
    page.get_by_role("button", name="Fit").click()
    assert resting_view(page) == pytest.approx(fitted, abs=0.01)


def test_keys_zoom_reset_and_fit(open_graph: Open) -> None:
    page = open_graph()
    fitted = resting_view(page)
    card(page, "b").click()
    page.keyboard.press("+")
    assert resting_view(page)[2] < fitted[2]
    page.keyboard.press("0")
    assert resting_view(page)[2] == pytest.approx(page.locator(".stage").bounding_box()["width"], rel=1e-3)
    page.keyboard.press("-")
    page.keyboard.press("-")
    assert resting_view(page)[2] > fitted[2]
    page.keyboard.press("f")
    assert resting_view(page) == pytest.approx(fitted, abs=0.01)


def test_double_click_shows_the_whole_graph(open_graph: Open) -> None:
    page = open_graph("chain")
    resting_view(page)
    page.locator(".stage").dblclick(position={"x": 20, "y": 300})
    resting_view(page)
    assert inside(card(page, "t0"), page.locator(".stage"))
    assert inside(card(page, "t29"), page.locator(".stage"))


def test_a_graph_cannot_be_thrown_out_of_sight(open_graph: Open) -> None:
    page = open_graph()
    resting_view(page)
    for _ in range(3):
        x, y = middle(page.locator(".stage"))
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 600, y + 280, steps=4)
        page.mouse.up()
    resting_view(page)
    seen, stage = page.locator(".picture > g").bounding_box(), page.locator(".stage").bounding_box()
    assert seen["x"] + 25 < stage["x"] + stage["width"]
    assert seen["y"] + 25 < stage["y"] + stage["height"]


def test_a_narrower_window_fits_again(open_graph: Open) -> None:
    page = open_graph("diamond")
    resting_view(page)
    page.set_viewport_size({"width": 420, "height": 900})
    page.wait_for_function("() => document.querySelector('[data-testid=stBidiComponentIsolated]').offsetWidth < 420")
    page.wait_for_timeout(200)
    resting_view(page)
    assert inside(card(page, "c"), page.locator(".stage"))
    assert inside(card(page, "d"), page.locator(".stage"))


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_views_glide_only_where_motion_is_welcome(open_graph: Open, motion: str) -> None:
    page = open_graph(reduced_motion=motion)
    resting_view(page)
    seen = page.locator(".graph-view").evaluate(
        """async (frame) => {
          const svg = frame.querySelector('.picture'), seen = new Set()
          new MutationObserver(() => svg.style.transform && seen.add(svg.style.transform))
            .observe(svg, {attributes: true, attributeFilter: ['style']})
          frame.querySelector('[name=zoom_in]').click()
          await new Promise((done) => setTimeout(done, 600))
          return seen.size
        }"""
    )
    assert seen == 1 if motion == "reduce" else seen > 1


# Neighbours, stale, theme


def test_hover_lights_the_neighbours_and_dims_the_rest(open_graph: Open) -> None:
    page = open_graph()
    card(page, "c").hover()
    assert lit(page) == {"c", "b", "e#1", "b.0-c.0", "c.0-e#1.0"}
    page.wait_for_function(f"() => getComputedStyle({ROOT}.querySelector('[data-node=d]')).opacity === '0.25'")
    assert card(page, "b").evaluate("card => getComputedStyle(card).opacity") == "1"
    page.mouse.move(5, 5)
    assert lit(page) == set()
    assert page.locator(".dimming").count() == 0


def test_hover_on_an_edge_lights_its_ends(open_graph: Open) -> None:
    page = open_graph()
    page.locator('[data-edge="b.0-d.0"]').hover()
    assert lit(page) == {"b", "d", "b.0-d.0"}


def test_stale_greys_the_picture_and_says_so(open_graph: Open) -> None:
    page = open_graph()
    page.locator(".picture").evaluate("svg => { svg.kept = true }")
    assert not page.get_by_text("Not up to date").is_visible()
    page.locator('[data-testid="stCheckbox"]').filter(has_text="stale").click()
    page.get_by_text("Not up to date").wait_for()
    page.wait_for_function(f"() => getComputedStyle({ROOT}.querySelector('.stage')).filter === 'grayscale(1)'")
    assert page.locator(".picture").evaluate("svg => svg.kept === true")


def test_text_that_is_no_picture_says_so(open_graph: Open) -> None:
    page = open_graph("broken")
    page.get_by_text("This picture cannot be shown").wait_for()


def test_theme_follows_the_page(open_graph: Open) -> None:
    page = open_graph(color_scheme="dark")

    def background() -> str:
        return page.locator(".graph-view").evaluate("frame => getComputedStyle(frame).backgroundColor")

    app = "getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"
    card(page, "c").click()
    says(page, "selected: c")
    wheel(page, -200)
    zoomed = resting_view(page)
    dark = background()
    assert dark == page.evaluate(app)
    page.locator(".picture").evaluate("svg => { svg.kept = true }")
    page.emulate_media(color_scheme="light")
    page.wait_for_function(f"{app} !== {dark!r}")
    page.wait_for_timeout(300)
    assert background() == page.evaluate(app) != dark
    assert page.locator(".picture").evaluate("svg => svg.kept === true")
    assert resting_view(page) == zoomed
    assert selected(page) == ["c"]


# A stranger's SVG


def test_nothing_in_the_svg_runs_or_calls_out(open_graph: Open) -> None:
    calls: list[str] = []
    page = open_graph("harmful")
    page.on("request", lambda request: calls.append(request.url))
    page.locator("#bait").hover(force=True)
    page.locator("#bait").click(force=True)
    page.get_by_role("button", name="unrelated").click()
    page.wait_for_timeout(300)
    assert page.evaluate("window.harmed") is None
    assert not [url for url in calls if "127.0.0.1" not in url]
    left = page.locator(".picture").evaluate(
        """svg => [...svg.querySelectorAll('*'), svg].flatMap((e) => [e.localName,
             ...e.getAttributeNames().filter((n) => /^on|href|style/.test(n))])"""
    )
    assert set(left) <= {"svg", "g", "path", "polygon", "rect", "text"}
    assert page.locator("#bait").get_attribute("fill") is None
    card(page, "c").click()
    says(page, "selected: c")


def test_the_same_svg_does_harm_where_nobody_cleans_it(new_page: Callable[..., Any], problems: list[str]) -> None:
    page = new_page()
    harm = runpy.run_path(str(APPS / "pictures.py"))["HARM"]
    page.set_content(f"<svg xmlns='http://www.w3.org/2000/svg' width='300' height='300'>{harm}</svg>")
    page.wait_for_function("window.harmed !== undefined")
    problems.clear()


# A phone

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}


class Fingers:
    """Touches through the browser's own input, so that scrolling and touch-action are the real ones."""

    def __init__(self, page: Any) -> None:
        self.session = page.context.new_cdp_session(page)

    def send(self, kind: str, *points: tuple[float, float]) -> None:
        touches = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    def move(self, before: list[tuple[float, float]], after: list[tuple[float, float]], steps: int = 8) -> None:
        self.send("touchStart", *before)
        for step in range(1, steps + 1):
            part = step / steps
            self.send(
                "touchMove",
                *((x + (u - x) * part, y + (v - y) * part) for (x, y), (u, v) in zip(before, after, strict=True)),
            )
        self.send("touchEnd")


def scrolled(page: Any) -> float:
    return page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop + window.scrollY")


def test_pinch_zooms_the_graph_and_not_the_page(open_graph: Open) -> None:
    page = open_graph(**PHONE)
    before = resting_view(page)
    x, y = middle(page.locator(".stage"))
    Fingers(page).move([(x - 40, y), (x + 40, y)], [(x - 100, y), (x + 100, y)])
    after = resting_view(page)
    assert before[2] / after[2] == pytest.approx(2.5, rel=0.05)
    assert page.evaluate("visualViewport.scale") == 1
    assert scrolled(page) == 0
    assert selected(page) == []


def test_one_finger_scrolls_the_page_until_the_reader_has_zoomed_in(open_graph: Open) -> None:
    page = open_graph(**PHONE)
    before = resting_view(page)
    x, y = middle(page.locator(".stage"))
    fingers = Fingers(page)
    fingers.move([(x, y)], [(x, y - 150)])
    page.wait_for_function("document.querySelector('[data-testid=stMain]').scrollTop + window.scrollY > 50")
    assert resting_view(page) == before
    page.get_by_role("button", name="Zoom in").tap()
    zoomed = resting_view(page)
    x, y = middle(page.locator(".stage"))
    place = scrolled(page)
    fingers.move([(x, y)], [(x + 30, y - 60)])
    panned = resting_view(page)
    k = page.locator(".stage").bounding_box()["width"] / zoomed[2]
    assert (panned[0] - zoomed[0]) * k == pytest.approx(-30, abs=1)
    assert (panned[1] - zoomed[1]) * k == pytest.approx(60, abs=1)
    assert scrolled(page) == place


def test_tap_selects_on_a_phone(open_graph: Open) -> None:
    page = open_graph(**PHONE)
    resting_view(page)
    for node in ("a", "c", "d", "e#1"):
        assert inside(card(page, node), page.locator(".stage"))
    card(page, "c").tap()
    says(page, "selected: c")
    assert selected(page) == ["c"]


# The harness


def test_an_error_in_the_page_is_a_problem(new_page: Callable[..., Any], problems: list[str]) -> None:
    page = new_page()
    page.evaluate("() => { setTimeout(() => { throw new Error('thrown') }); console.error('logged') }")
    page.wait_for_timeout(100)
    assert sorted(problems) == ["console: logged", "pageerror: thrown"]
    problems.clear()
