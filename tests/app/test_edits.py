from __future__ import annotations

import pytest

from graphviz_tools.app.edits import append_reduction, rename_input
from graphviz_tools.formula.language import parse


@pytest.mark.parametrize(
    ("formula", "changed"),
    [
        pytest.param("b = a * 2", "b = a * 2\nb.sum()", id="assignment"),
        pytest.param("b = a * 2  # twice\n\n", "b = a * 2  # twice\nb.sum()", id="comment and blank lines"),
        pytest.param("a * 2", "(a * 2).sum()", id="expression"),
        pytest.param("b = a\nrelu(b)", "b = a\nrelu(b).sum()", id="call"),
        pytest.param("a", "a.sum()", id="name"),
        pytest.param("-a  # minus", "(-a).sum()  # minus", id="unary"),
        pytest.param("(a +\n a)", "((a +\n a).sum())", id="two lines"),
        pytest.param("γ = a\nγ * γ", "γ = a\n(γ * γ).sum()", id="Greek"),
    ],
)
def test_the_reduction_is_appended_to_the_output(formula: str, changed: str) -> None:
    assert append_reduction(parse(formula), "sum") == changed
    assert parse(changed).inputs == parse(formula).inputs


@pytest.mark.parametrize(
    ("formula", "renamed"),
    [
        pytest.param("b = a * a + aa", "b = x * x + aa", id="whole names only"),
        pytest.param("b = a.sum() + sum(a, dim=0)", "b = x.sum() + sum(x, dim=0)", id="in calls"),
        pytest.param("b = α * a", "b = α * x", id="behind Greek"),
        pytest.param("b = a +", "b = a +", id="cannot be parsed"),
    ],
)
def test_an_input_is_renamed_in_the_formula(formula: str, renamed: str) -> None:
    assert rename_input(formula, "a", "x") == renamed


def test_an_attribute_of_the_same_name_is_left_alone() -> None:
    assert rename_input("T = a.T", "T", "x") == "x = a.T"
