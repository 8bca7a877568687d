"""Ids of nodes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphviz_tools.capture.identify import make_ids


@pytest.mark.parametrize(
    ("names", "ids"),
    [
        pytest.param([("a",), ("b",)], ["a", "b"], id="unique"),
        pytest.param([("h",), (), ("h",)], ["h#1", "t0", "h#2"], id="shared"),
        pytest.param([("x", "a"), ("x",)], ["a", "x"], id="newest-alias"),
        pytest.param([("x",), ("x", "y")], ["x#1", "y"], id="older-alias"),
        pytest.param([("t0",), (), ()], ["t0", "t1", "t2"], id="taken"),
        pytest.param([("layer.0.weight",), ("hs[1]",), ("α",)], ["layer.0.weight", "hs[1]", "α"], id="allowed"),
        pytest.param([("größe",), ("a b",)], ["t0", "t1"], id="not-allowed"),
    ],
)
def test_ids(names: list[tuple[str, ...]], ids: list[str]) -> None:
    assert make_ids([(own, ()) for own in names]) == ids


def test_names_of_outputs_are_taken() -> None:
    assert make_ids([((), ("t0", "x")), (("x",), ()), ((), ())]) == ["t1", "x", "t2"]
    assert make_ids([(("x",), ()), ((), ("x", "y"))]) == ["x#1", "t0"]


words = st.lists(st.sampled_from(["a", "b", "t0", "t1", "h", "größe", "a.b"]), max_size=3).map(tuple)


@given(st.lists(st.tuples(words, words), max_size=12))
def test_ids_are_unique_and_plain(named: list[tuple[tuple[str, ...], tuple[str, ...]]]) -> None:
    ids = make_ids(named)
    assert len(set(ids)) == len(ids) == len(named)
    assert all(re.fullmatch(r"[A-Za-z0-9_.#\[\]\u0370-\u03ff]+", name) for name in ids)
