"""The whole page as a person uses it: type, click a node, drag delta, save the picture, send the link."""

from __future__ import annotations

import csv
import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import torch

from graphviz_tools.app.examples import BY_KEY, EXAMPLES
from graphviz_tools.app.messages import say
from graphviz_tools.formula.language import parse
from graphviz_tools.model import Graph

SVG = "{http://www.w3.org/2000/svg}"
VIEW = "document.querySelector('.st-key-graph_frame [data-testid=stBidiComponentIsolated]').shadowRoot"
PICTURE = f"{VIEW}.querySelector('svg.picture')"
OVERFLOW = """[document.scrollingElement, document.querySelector('[data-testid=stMain]')]
    .map(one => one.scrollWidth - one.clientWidth)"""
SIDEWAYS = [0, 0]
CALC_NODES = ["a", "b", "c", "d", "e", "t0", "t1"]
Open = Callable[..., Any]


@pytest.fixture
def open_page(app_url: str, settled: Callable[[Any], None], new_page: Callable[..., Any]) -> Open:
    """`open_page("?example=fork", **context options)`: the page, with its graph on it."""

    def start(query: str = "", **options: Any) -> Any:
        page = new_page(**options)
        page.goto(f"{app_url}/{query}")
        settled(page)
        page.locator("svg.picture [data-node]").first.wait_for()
        page.locator(".st-key-delta .marks").wait_for()
        return page

    return start


def nodes(page: Any) -> list[str]:
    return sorted(page.locator("[data-node]").evaluate_all("all => all.map(one => one.dataset.node)"))


def has_nodes(page: Any, *expected: str) -> None:
    for node in expected:
        page.locator(f'[data-node="{node}"]').wait_for()


def type_formula(page: Any, text: str) -> None:
    area = page.locator(".st-key-formula textarea")
    area.fill(text)
    area.press("Control+Enter")


def sees(page: Any, text: str) -> None:
    page.get_by_text(text).first.wait_for()


def mark(page: Any) -> None:
    """Leave a mark on the picture's DOM element: it goes when the picture is drawn again."""
    page.evaluate(f"{PICTURE}.dataset.mark = 'mine'")


def is_marked(page: Any) -> bool:
    return page.evaluate(f"{PICTURE}.dataset.mark === 'mine'")


def table(page: Any) -> list[list[str]]:
    rows = page.locator(".st-key-check table tr")
    return rows.evaluate_all("all => all.map(tr => [...tr.cells].map(cell => cell.textContent.trim()))")


def test_the_page_opens_on_the_notebooks_formula(open_page: Open) -> None:
    page = open_page()
    assert nodes(page) == CALC_NODES
    assert page.locator("[data-edge]").count() == 8
    shown = table(page)
    assert [row[1] for row in shown[1:]] == ["0.06611569225788116", "0.01828990876674652", "0.007176725193858147"]
    assert [row[2] for row in shown[1:]] == ["0.06604194641113281", "0.018298625946044922", "0.007152557373046875"]


def test_a_typed_formula_is_drawn(open_page: Open) -> None:
    page = open_page()
    type_formula(page, "u = a.sin()\nv = (u*u).sum()")
    has_nodes(page, "u", "v")
    expected = torch.tensor([1.0, 2.0, 3.0]).sin()
    assert f"{expected[0].item():.4f}" in page.locator('[data-node="u"]').text_content()
    type_formula(page, "v = (a*w).sum()")
    page.get_by_role("button", name="Add w as an input").click()
    has_nodes(page, "w", "v")
    field = page.locator(".st-key-input_w input")
    field.fill("[4, 5, 6]")
    field.press("Enter")
    page.locator('[data-node="v"]').get_by_text("32", exact=True).wait_for()


def test_a_node_is_clicked_and_its_contributions_add_up(open_page: Open) -> None:
    page = open_page()
    page.locator('[data-node="c"]').click()
    page.locator('[data-node="c"][aria-selected="true"]').wait_for()
    equation = page.locator(".st-key-inspector .katex-mathml annotation").first.text_content()
    numbers = [float(text.replace("\N{MINUS SIGN}", "-")) for text in re.findall(r"[-\N{MINUS SIGN}]?0\.\d+", equation)]
    assert sorted(numbers) == [-0.0248, 0.0055, 0.0303]
    edges = [page.locator(f'[data-edge="{edge}"]').text_content() for edge in ("c.0-d.0", "c.0-t1.0")]
    assert "0.0303" in edges[0]
    assert "−0.02479" in edges[1]
    assert "0.00551" in page.locator('[data-node="c"]').text_content()


def test_delta_is_dragged_and_watched(open_page: Open) -> None:
    page = open_page()
    mark(page)
    slider = page.locator(".st-key-delta input[type=range]")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    y = box["y"] + box["height"] / 2
    start = box["x"] + box["width"] * 11 / 13
    page.mouse.move(start, y)
    page.mouse.down()
    seen = set()
    for step in range(1, 21):
        page.mouse.move(start - step * box["width"] / 40, y)
        seen.add(page.locator(".st-key-delta .marks").get_by_text("δ =").first.text_content())
    page.mouse.up()
    assert len(seen) > 10
    page.locator(".st-key-check table th", has_text="e-").wait_for()
    page.wait_for_function("location.search.includes('delta=')")
    delta = float(parse_qs(urlsplit(page.url).query)["delta"][0])
    assert 1e-10 < delta < 1e-6
    assert is_marked(page), "the graph was drawn again"


def test_another_method_draws_another_chart_and_not_the_graph(open_page: Open) -> None:
    page = open_page()
    mark(page)
    before = table(page)
    page.locator(".st-key-method").get_by_text("Central").click()
    page.wait_for_function("location.search.includes('method=central')")
    page.wait_for_function(f"!document.querySelector('.st-key-check table').textContent.includes('{before[1][2]}')")
    after = table(page)
    assert [row[1] for row in after] == [row[1] for row in before]
    a = torch.tensor([1.0, 2.0, 3.0])

    def calc(x: torch.Tensor) -> float:
        c = (x * 2 + 1) ** 2
        return (c / (c + 2)).mean().item()

    step = torch.tensor([0.001, 0.0, 0.0])
    assert float(after[1][2]) == (calc(a + step) - calc(a - step)) / 0.002
    assert is_marked(page)


def test_downloads_are_what_is_seen_and_run_nothing(open_page: Open, tmp_path: Path) -> None:
    page = open_page("?style=cards", color_scheme="dark", accept_downloads=True)
    mark(page)
    page.evaluate(
        """() => {
            window.runs = 0
            const app = document.querySelector('[data-testid="stApp"]')
            new MutationObserver(() => { window.runs += app.dataset.testScriptState === 'running' })
                .observe(app, {attributes: true, attributeFilter: ['data-test-script-state']})
        }"""
    )
    seen = page.locator("svg.picture").text_content()
    page.locator(".st-key-export button").first.click()
    files: dict[str, bytes] = {}
    for key in ("svg", "png", "png2", "pdf", "dot", "json", "csv"):
        with page.expect_download() as waiting:
            page.locator(f".st-key-download_{key} button").click()
        path = tmp_path / f"{key}-{waiting.value.suggested_filename}"
        waiting.value.save_as(path)
        files[key] = path.read_bytes()
    names = sorted({path.name.split("-", 1)[1] for path in tmp_path.iterdir()})
    assert names == ["gradients.csv", "graph.dot", "graph.json", "graph.pdf", "graph.png", "graph.svg"]
    assert page.evaluate("window.runs") == 0
    assert is_marked(page)

    picture = ET.fromstring(files["svg"])
    words = "".join(text.text or "" for text in picture.iter(f"{SVG}text"))
    assert re.sub(r"\s", "", words) == re.sub(r"\s", "", seen)
    assert b"#0E1117" in files["svg"].upper()
    single, double = (int.from_bytes(files[key][16:20], "big") for key in ("png", "png2"))
    assert files["png"][:4] == files["png2"][:4] == b"\x89PNG"
    assert double == pytest.approx(2 * single, abs=2)
    assert files["pdf"].startswith(b"%PDF")
    assert files["dot"].startswith(b"digraph")
    graph = Graph.from_json(files["json"].decode())
    assert sorted(node.id for node in graph.nodes) == CALC_NODES
    rows = list(csv.DictReader(io.StringIO(files["csv"].decode())))
    assert [row["numeric"] for row in rows] == ["0.06604194641113281", "0.018298625946044922", "0.007152557373046875"]


def test_a_mistake_gets_a_sentence_and_the_last_graph_stays(open_page: Open) -> None:
    page = open_page()
    type_formula(page, "b = a*2\nc = b.meen()")
    sees(page, "Line 2, column")
    sees(page, "mean")
    assert page.locator(".st-key-formula textarea").input_value() == "b = a*2\nc = b.meen()"
    assert nodes(page) == CALC_NODES
    sees(page, "The last graph that worked")
    assert page.locator("[data-testid=stException]").count() == 0
    type_formula(page, "b = a*2\nc = b.mean()")
    page.locator('[data-node="d"]').wait_for(state="detached")
    assert nodes(page) == ["a", "b", "c"]


def test_a_copied_link_opens_the_same_page(open_page: Open) -> None:
    page = open_page("?example=matmul")
    type_formula(page, "C = A @ B\ns = (C * C).sum()")
    has_nodes(page, "t0")
    page.locator(".st-key-method").get_by_text("Central").click()
    page.locator(".st-key-style").get_by_text("Compact").click()
    field = page.locator(".st-key-input_A input")
    field.fill("[[1, 2, 3], [4, 5, 60]]")
    field.press("Enter")
    page.wait_for_function(
        "['formula', 'method', 'style', 'input'].every(name => location.search.includes(name + '='))"
    )
    page.wait_for_function("location.search.includes('60')")
    other = open_page("?" + urlsplit(page.url).query)
    assert other.locator(".st-key-formula textarea").input_value() == "C = A @ B\ns = (C * C).sum()"
    assert other.locator(".st-key-input_A input").input_value() == "[[1, 2, 3], [4, 5, 60]]"
    assert nodes(other) == nodes(page)
    pictures = [one.locator("svg.picture").text_content() for one in (page, other)]
    assert pictures[0] == pictures[1]
    assert table(other) == table(page)


def test_every_example_opens_without_an_error(open_page: Open) -> None:
    page = open_page()
    for example in EXAMPLES:
        label = page.locator(".st-key-example").get_by_text(say(f"example.{example.key}"), exact=True)
        label.click()
        page.wait_for_function(
            "formula => document.querySelector('.st-key-formula textarea').value === formula", arg=example.formula
        )
        page.locator(f'[data-node="{example.select}"][aria-selected="true"]').wait_for()
        assert page.locator("[data-testid=stException]").count() == 0
        assert page.locator(".st-key-problem").get_by_role("alert").count() == 0
        program = parse(example.formula)
        assert {field.name for field in example.inputs} <= set(nodes(page))
        assert program.output in nodes(page)
        assert page.evaluate(OVERFLOW) == SIDEWAYS


def test_a_phone_never_scrolls_sideways(open_page: Open) -> None:
    page = open_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    for key in ("calc", "mlp", "log0"):
        page.locator(".st-key-example").get_by_text(say(f"example.{key}"), exact=True).click()
        page.locator(f'[data-node="{BY_KEY[key].select}"][aria-selected="true"]').wait_for()
        assert page.evaluate(OVERFLOW) == SIDEWAYS


def test_the_picture_follows_the_theme(open_page: Open) -> None:
    light, dark = open_page(), open_page(color_scheme="dark")
    fills = [page.locator('[data-node="a"] text').first.get_attribute("fill") for page in (light, dark)]
    assert fills[0].lower() == "#1b2430"
    assert fills[1].lower() == "#e8edf2"
