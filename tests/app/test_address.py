from __future__ import annotations

from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphviz_tools.app import address
from graphviz_tools.app.address import PageState
from graphviz_tools.app.examples import DTYPES, EXAMPLES, InputText
from graphviz_tools.numeric.records import DELTAS

NAMES = st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]{0,8}", fullmatch=True)
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=200)
FIELDS = st.builds(InputText, NAMES, TEXT, st.sampled_from(DTYPES), st.booleans())
STATES = st.builds(
    PageState,
    example=st.sampled_from([example.key for example in EXAMPLES]),
    formula=TEXT,
    inputs=st.lists(FIELDS, max_size=5, unique_by=lambda field: field.name).map(tuple),
    style=st.sampled_from(address.STYLES),
    method=st.sampled_from(address.METHODS),
    evaluation=st.sampled_from(address.EVALUATIONS),
    delta=st.sampled_from(DELTAS),
    checked=st.one_of(st.just(""), NAMES),
)


def through_a_browser(params: dict[str, str | list[str]]) -> dict[str, list[str]]:
    return parse_qs(urlencode(params, doseq=True), keep_blank_values=True)


@given(STATES)
def test_a_link_opens_the_same_page(state: PageState) -> None:
    assert address.read(through_a_browser(address.write(state))) == state


@pytest.mark.parametrize("key", [example.key for example in EXAMPLES])
def test_an_untouched_example_has_a_short_address(key: str) -> None:
    params = address.write(address.preset(key))
    assert params == ({} if key == address.DEFAULT else {"example": key})


def test_an_address_can_be_read_by_people() -> None:
    calc = address.preset("calc")
    inputs = (InputText("a", "[1, 2]", "float64"), InputText("k", "3", grad=False))
    state = PageState("calc", calc.formula, inputs, delta=DELTAS[72], method="central")
    assert address.write(state) == {
        "input": ["a,float64=[1, 2]", "k,nograd=3"],
        "delta": "1e-5",
        "method": "central",
    }


@given(
    st.dictionaries(
        st.sampled_from(["example", "formula", "input", "style", "method", "delta", "at", "x"]),
        st.lists(TEXT, min_size=1),
    )
)
def test_nothing_in_an_address_can_break_the_page(params: dict[str, list[str]]) -> None:
    state = address.read(params)
    assert state.style in address.STYLES
    assert state.method in address.METHODS
    assert state.delta in DELTAS
    assert all(field.name.isidentifier() and field.dtype in DTYPES for field in state.inputs)


@pytest.mark.parametrize("text", ["nan", "inf", "-1", "0", "", "ten", "1e999"], ids=str)
def test_an_impossible_delta_is_the_usual_one(text: str) -> None:
    assert address.read({"delta": [text]}).delta == address.DELTA


def test_an_endless_address_is_cut() -> None:
    params = {"formula": ["a" * 1_000_000], "input": [f"a{i}={'1' * 100_000}" for i in range(500)]}
    state = address.read(params)
    assert len(state.formula) == address.MAX_FORMULA
    assert len(state.inputs) == address.MAX_INPUTS
    assert all(len(field.text) == address.MAX_INPUT for field in state.inputs)


def test_the_last_of_two_inputs_with_one_name_counts() -> None:
    assert address.read({"input": ["a=1", "a=2"]}).inputs == (InputText("a", "2"),)
