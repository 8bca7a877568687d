"""The whole page, run by Streamlit's own test harness: every panel and what the reader can do in it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from streamlit.testing.v1 import AppTest

from graphviz_tools.app import run
from graphviz_tools.app.examples import BY_KEY, EXAMPLES

PAGE = Path(__file__).resolve().parents[2] / "streamlit_app.py"
Open = Callable[..., AppTest]


@pytest.fixture
def open_page() -> Open:
    """`open_page(formula="...", ...)`: the page behind that query string."""

    def start(**params: Any) -> AppTest:
        page = AppTest.from_file(str(PAGE), default_timeout=60)
        page.query_params.update(params)
        return settled(page.run())

    return start


def settled(page: AppTest) -> AppTest:
    assert not page.exception
    return page


def graph_data(page: AppTest) -> dict[str, Any] | None:
    """What the graph component was given; `None` when there is no graph on the page."""
    found = page.get("bidi_component")
    if not found:
        return None
    return json.loads(found[0].proto.json)


def graph_nodes(page: AppTest) -> set[str]:
    data = graph_data(page)
    return set() if data is None else set(re.findall(r'data-node="([^"]*)"', data["svg"]))


def errors(page: AppTest) -> list[str]:
    return [element.value for element in page.error]


def click(page: AppTest, key: str) -> AppTest:
    return settled(page.button(key=key).click().run())


def type_formula(page: AppTest, formula: str) -> AppTest:
    return settled(page.text_area(key="formula").set_value(formula).run())


def html_text(page: AppTest) -> str:
    return "\n".join(element.proto.body for element in page.get("html"))


def choose(page: AppTest, key: str, option: str) -> AppTest:
    return settled(page.button_group(key=key).set_value(option).run())


@pytest.mark.parametrize("key", [example.key for example in EXAMPLES])
def test_every_example_shows_its_graph(open_page: Open, key: str) -> None:
    page = open_page(example=key)
    assert errors(page) == []
    example = BY_KEY[key]
    assert {field.name for field in example.inputs} <= graph_nodes(page)
    assert page.text_area(key="formula").value == example.formula


def test_the_page_opens_on_calc(open_page: Open) -> None:
    page = open_page()
    assert page.text_area(key="formula").value == BY_KEY["calc"].formula
    assert {"a", "b", "c", "d", "e"} <= graph_nodes(page)
    assert page.query_params == {}


def test_an_edit_of_the_formula_is_drawn(open_page: Open) -> None:
    page = type_formula(open_page(), "b = a*2 + 1\nq = (b*b).sum()")
    assert {"a", "b", "q"} <= graph_nodes(page)
    assert "c" not in graph_nodes(page)
    assert page.query_params == {"formula": "b = a*2 + 1\nq = (b*b).sum()"}


@pytest.mark.parametrize(
    ("formula", "sentence"),
    [
        pytest.param("b = a*2 +\nc = b", r"^Line 1, column \d+:", id="syntax"),
        pytest.param("b = a*2\nc = bb + 1", r"^Line 2, column 5:", id="unknown name"),
        pytest.param("b = tensor([1., 2.])\nc = a + b", r"^Line 2, column \d+:", id="wrong shapes"),
        pytest.param("b = __import__('os')", r"^Line 1, column \d+:", id="forbidden"),
        pytest.param("  \n ", r"empty", id="empty"),
        pytest.param("b = a.detach()", r"grad", id="cut off"),
    ],
)
def test_a_bad_formula_is_one_sentence_and_the_last_graph_stays(open_page: Open, formula: str, sentence: str) -> None:
    page = open_page()
    before = graph_data(page)
    page = type_formula(page, formula)
    (message,) = errors(page)
    assert re.search(sentence, message), message
    assert "Traceback" not in message
    after = graph_data(page)
    assert after is not None
    assert before is not None
    assert after["stale"]
    assert after["svg"] == before["svg"]
    assert page.text_area(key="formula").value == formula

    page = type_formula(page, "b = a * 3\nc = b.sum()")
    assert errors(page) == []
    fresh = graph_data(page)
    assert fresh is not None
    assert not fresh["stale"]


def test_a_caret_stands_under_the_place(open_page: Open) -> None:
    page = type_formula(open_page(), "b = a*2\nc = bb + 1")
    (shown,) = [code.value for code in page.sidebar.code]
    line, marks = shown.split("\n")
    assert line == "c = bb + 1"
    assert marks == "    ^^"


def test_a_missing_name_is_offered_as_an_input(open_page: Open) -> None:
    page = type_formula(open_page(), "b = a * w\nc = b.sum()")
    (message,) = errors(page)
    assert "w" in message
    page = click(page, "offer_w")
    assert errors(page) == []
    assert page.text_input(key="input_w").value == "[1, 2, 3]"
    assert "w" in graph_nodes(page)


def test_inputs_are_added_and_removed(open_page: Open) -> None:
    page = click(open_page(), "add_input")
    assert page.text_input(key="input_x").value == "[1, 2, 3]"
    assert any("`x` is not used" in caption.value for caption in page.sidebar.caption)
    page = click(page, "remove_x")
    assert not [field for field in page.text_input if field.key == "input_x"]
    page = click(page, "remove_a")
    assert len(errors(page)) == 1
    assert page.button(key="offer_a")


def test_an_input_is_renamed_with_the_formula(open_page: Open) -> None:
    page = open_page()
    page.text_input(key="input_a").set_value("[4, 5]")
    page = settled(page.text_input(key="rename_a").set_value("theta").run())
    assert page.text_area(key="formula").value.startswith("b = theta*2 + 1")
    assert page.text_input(key="input_theta").value == "[4, 5]"
    assert "theta" in graph_nodes(page)
    assert errors(page) == []


@pytest.mark.parametrize("name", ["b", "2x", "a b", "for", "", "__class__"], ids=repr)
def test_a_name_that_cannot_be_is_refused(open_page: Open, name: str) -> None:
    page = open_page()
    page = settled(page.text_input(key="rename_a").set_value(name).run())
    assert len(errors(page)) == 1
    assert page.text_input(key="input_a").value == "[1, 2, 3]"
    assert page.text_input(key="rename_a").value == "a"
    assert page.text_area(key="formula").value == BY_KEY["calc"].formula


def test_integers_have_no_gradient(open_page: Open) -> None:
    page = open_page()
    page = settled(page.selectbox(key="dtype_a").set_value("int64").run())
    (message,) = errors(page)
    assert message.startswith("Input a:")
    assert "integers" in message
    page = settled(page.toggle(key="grad_a").set_value(False).run())
    (message,) = errors(page)
    assert "grad" in message


def test_nothing_requires_grad(open_page: Open) -> None:
    page = settled(open_page().toggle(key="grad_a").set_value(False).run())
    (message,) = errors(page)
    assert "grad" in message
    data = graph_data(page)
    assert data is not None
    assert data["stale"]


def test_text_that_is_no_number(open_page: Open) -> None:
    page = settled(open_page().text_input(key="input_a").set_value("[1, two, 3]").run())
    (message,) = errors(page)
    assert message.startswith("Input a")
    assert page.text_input(key="input_a").value == "[1, two, 3]"


def test_float64_reaches_the_graph(open_page: Open) -> None:
    page = settled(open_page().selectbox(key="dtype_a").set_value("float64").run())
    assert "float64" in html_text(page)
    assert page.query_params == {"input": "a,float64=[1, 2, 3]"}


@pytest.mark.parametrize("method", ["sum", "mean"])
def test_an_output_that_is_no_scalar_can_be_made_one(open_page: Open, method: str) -> None:
    page = open_page(example="double")
    assert any("cotangent of ones" in text.value for text in page.caption)
    page = click(page, f"append_{method}")
    assert page.text_area(key="formula").value == f"b = a * 2\nb.{method}()"
    assert not any("cotangent of ones" in text.value for text in page.caption)
    assert errors(page) == []


def test_the_notebooks_digits_stand_on_the_page(open_page: Open) -> None:
    text = html_text(open_page())
    for digits in ("0.06611569225788116", "0.01828990876674652", "0.007176725193858147"):
        assert digits in text
    for digits in ("0.06604194641113281", "0.018298625946044922", "0.007152557373046875"):
        assert digits in text


def test_method_dtype_and_delta_change_the_check_and_nothing_else(open_page: Open) -> None:
    page = open_page()
    graph = graph_data(page)
    page = choose(page, "method", "central")
    assert "0.06604194641113281" not in html_text(page)
    page = choose(page, "evaluation", "float64")
    a = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)

    def calc(a: torch.Tensor) -> torch.Tensor:
        c = (a * 2 + 1) * (a * 2 + 1)
        return (c / (c + 2)).mean()

    step = torch.tensor([0.001, 0.0, 0.0], dtype=torch.float64)
    assert repr((calc(a + step).item() - calc(a - step).item()) / 0.002)[:15] in html_text(page)
    assert graph_data(page) == graph
    assert page.query_params == {"method": "central", "evaluation": "float64"}


def test_the_delta_of_the_chart_reaches_table_and_address(open_page: Open) -> None:
    page = open_page()
    page.session_state["delta"] = {"selection": {"delta": [{"exponent": -5.0}]}}
    page = settled(page.run())
    assert page.query_params == {"delta": "1e-5"}
    assert "δ = 1e-5" in html_text(page)


def test_another_input_can_be_checked(open_page: Open) -> None:
    page = open_page(example="mlp")
    assert page.selectbox(key="checked").options == ["W1", "b1", "W2", "b2"]
    page = settled(page.selectbox(key="checked").set_value("W2").run())
    assert "W2[3,0]" in html_text(page)
    assert page.query_params == {"example": "mlp", "at": "W2"}


def test_a_copied_link_opens_the_same_page(open_page: Open) -> None:
    page = type_formula(open_page(example="fork"), "q = (u * a).sum()")
    page = click(page, "offer_u")
    page = settled(page.text_input(key="input_u").set_value("[[1, 2], [3, 4]]").run())
    page = settled(page.toggle(key="grad_u").set_value(False).run())
    page = choose(page, "style", "compact")
    page = choose(page, "method", "central")
    page.session_state["delta"] = {"selection": {"delta": [{"exponent": -4.0}]}}
    page = settled(page.run())
    assert errors(page) == []
    other = open_page(**page.query_params)
    assert other.query_params == page.query_params
    assert graph_data(other) == graph_data(page)
    assert html_text(other) == html_text(page)
    assert other.text_input(key="input_u").value == "[[1, 2], [3, 4]]"
    assert other.toggle(key="grad_u").value is False


@pytest.mark.parametrize(
    "params",
    [
        pytest.param({"example": "nothing", "style": "¿", "method": "x", "evaluation": "int8"}, id="unknown choices"),
        pytest.param({"delta": "0", "at": "zz"}, id="impossible delta"),
        pytest.param({"input": ["", "=", "a", "1=2", "a,b,c,float99=[1, 2, 3]"]}, id="malformed inputs"),
        pytest.param({"formula": "a" * 100_000}, id="very long"),
        pytest.param({"formula": "(" * 5_000, "input": ["a=" + "[" * 50_000]}, id="deep"),
        pytest.param({"formula": "\x00\ud7ff\u202e"}, id="strange characters"),
        pytest.param({"formula": "", "input": ""}, id="empty"),
        pytest.param({"graph": "x", "delta_at": "x", "names": "x", "good": "x"}, id="names of ours"),
    ],
)
def test_a_malformed_address_opens_a_page(open_page: Open, params: dict[str, Any]) -> None:
    page = open_page(**params)
    assert len(errors(page)) <= 1
    page = choose(page, "example", "fork")
    assert errors(page) == []
    assert "d" in graph_nodes(page)


def test_the_inspector_shows_how_the_gradient_of_c_adds_up(open_page: Open) -> None:
    page = open_page()
    page.session_state["graph"] = {"selected": "c"}
    page = settled(page.run())
    (latex,) = [text.value for text in page.markdown if r"\partial" in text.value]
    assert r"\underbrace{0.0303}_{\text{through d}}" in latex
    assert r"\underbrace{(-0.0248)}_{\text{through c + 2}}" in latex
    assert latex.rstrip("$").endswith("= 0.0055")
    page = settled(page.selectbox(key="element_c").set_value(1).run())
    (latex,) = [text.value for text in page.markdown if r"\partial" in text.value]
    assert r"c_{1}" in latex


def test_the_inspector_follows_the_selection(open_page: Open) -> None:
    page = open_page()
    page.session_state["graph"] = {"selected": "d"}
    page = settled(page.run())
    head = next(e.proto.body for e in page.get("html") if "gt-head" in e.proto.body)
    assert "DivBackward0" in head
    assert "c/(c + 2)" in head
    assert "line 3" in head


@pytest.mark.parametrize("key", [example.key for example in EXAMPLES])
def test_every_node_can_be_inspected(open_page: Open, key: str) -> None:
    page = open_page(example=key)
    for node in sorted(graph_nodes(page)):
        page.session_state["graph"] = {"selected": node}
        page = settled(page.run())
        assert [element.value for element in page.warning] == []
        assert any("gt-head" in e.proto.body for e in page.get("html"))


def test_choosing_an_example_replaces_everything(open_page: Open) -> None:
    page = type_formula(open_page(), "nonsense +")
    page = choose(page, "example", "matmul")
    assert errors(page) == []
    assert page.text_area(key="formula").value == BY_KEY["matmul"].formula
    assert page.query_params == {"example": "matmul"}


def test_reset_goes_back_to_the_example(open_page: Open) -> None:
    page = type_formula(open_page(), "b = a.sum()")
    page = click(page, "reset")
    assert page.text_area(key="formula").value == BY_KEY["calc"].formula
    assert not [button for button in page.button if button.key == "reset"]


def test_an_unexpected_error_is_one_calm_sentence(
    open_page: Open, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    page = open_page()

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("details for the log only")

    monkeypatch.setattr(run, "trace_formula", broken)
    page = type_formula(page, "b = a * 17")
    (message,) = errors(page)
    assert "details" not in message
    assert "details for the log only" in caplog.text
    assert graph_data(page) is not None


def test_a_graph_without_gradients_says_why(open_page: Open) -> None:
    page = open_page(formula="s = (a // 2).sum()", input="a=[1., 2.]")
    (warning,) = [element.value for element in page.warning]
    assert "no gradients" in warning
    assert {"a", "s"} <= graph_nodes(page)
    assert errors(page) == []


def test_an_empty_tensor_has_nothing_to_check(open_page: Open) -> None:
    page = open_page(formula="s = (a * a).sum()", input="a=zeros(0, 3)")
    assert errors(page) == []
    assert any("no elements" in caption.value for caption in page.caption)


def test_a_large_tensor_is_summed_up(open_page: Open) -> None:
    page = open_page(formula="s = (a * a).sum()", input="a=randn(100, 100, seed=0)")
    page.session_state["graph"] = {"selected": "a"}
    page = settled(page.run())
    assert any("10000 elements" in caption.value for caption in page.caption)
    values = torch.randn(100, 100, generator=torch.Generator().manual_seed(0))
    assert f"{values.max().item():.6g}"[:6] in html_text(page)


def test_the_theme_of_the_page_is_watched(open_page: Open) -> None:
    found = [element.proto for element in open_page().get("bidi_component")]
    assert json.loads(found[-1].json) == {"theme": "light"}
