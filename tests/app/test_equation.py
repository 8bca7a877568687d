from __future__ import annotations

import math
import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphviz_tools.app.equation import equation, numbers, terms, unravel
from graphviz_tools.model import Edge, Graph, GraphOutput, Node, TensorValue


def vector(*values: float) -> TensorValue:
    return TensorValue((len(values),), "float32", data=values)


def scalar(value: float) -> TensorValue:
    return TensorValue((), "float32", data=(value,))


def fork(first: float, second: float, *, names: tuple[str, str] = ("p", "q")) -> Graph:
    total = scalar(first + second)
    nodes = (
        Node("c", "MulBackward0", "op", ("c",), outputs=(scalar(2.0),), gradients=(total,)),
        Node("p", "AddBackward0", "op", (names[0],), outputs=(scalar(1.0),), gradients=(scalar(1.0),)),
        Node("q", "AddBackward0", "op", (names[1],), outputs=(scalar(1.0),), gradients=(scalar(1.0),)),
        Node("e", "AddBackward0", "op", ("e",), outputs=(scalar(1.0),), gradients=(scalar(1.0),)),
    )
    edges = (
        Edge("c", 0, "p", 0, scalar(first)),
        Edge("c", 0, "q", 1, scalar(second)),
        Edge("p", 0, "e", 0, scalar(1.0)),
        Edge("q", 0, "e", 1, scalar(1.0)),
    )
    return Graph(nodes, edges, (GraphOutput("e", 0, scalar(1.0), "e"),))


def test_the_terms_stand_over_what_they_came_through() -> None:
    graph = fork(0.0303030, -0.0247934)
    assert equation(graph, graph.node("c"), 0, 0) == (
        r"\frac{\partial e}{\partial c} = \underbrace{0.0303}_{\text{through p}}"
        r" + \underbrace{(-0.0248)}_{\text{through q}} = 0.0055"
    )


@given(st.lists(st.floats(-1e30, 1e30, allow_subnormal=False), min_size=1, max_size=5))
def test_printed_numbers_are_near_the_true_ones(values: list[float]) -> None:
    total = math.fsum(values)
    shown = numbers([*values, total]).texts
    plain = [Decimal(text.split(r"\times")[0]) for text in shown]
    powers = {text.partition(r"\times")[2] for text in shown}
    assert len(powers) == 1
    scale = Decimal(10) ** int(re.search(r"\{(.*)\}", powers.pop() or "{0}")[1])
    largest = Decimal(max(map(abs, values)))
    for value, text in zip([*values, total], plain, strict=True):
        assert abs(text * scale - Decimal(value)) <= largest * Decimal("0.01")


@given(st.lists(st.floats(-1e6, 1e6, width=32, allow_subnormal=False), min_size=2, max_size=4))
def test_an_equals_sign_is_true_on_paper(values: list[float]) -> None:
    printed = numbers([*values, float(sum(values))])
    *summands, total = [Decimal(text.split(r"\times")[0]) for text in printed.texts]
    assert printed.exact == (sum(summands) == total)


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        pytest.param([6.0, 4.0, 10.0], ["6", "4", "10"], id="whole"),
        pytest.param([0.5, 0.25, 0.75], ["0.500", "0.250", "0.750"], id="halves"),
        pytest.param([12.5, 0.001, 12.501], ["12.500", "0.001", "12.501"], id="a small one stays visible"),
        pytest.param([2.5e-7, 1e-7, 3.5e-7], [rf"{m}\times 10^{{-7}}" for m in ("2.50", "1.00", "3.50")], id="tiny"),
        pytest.param([0.0, 0.0], ["0", "0"], id="zero"),
    ],
)
def test_numbers_have_as_many_digits_as_the_sum_needs(values: list[float], shown: list[str]) -> None:
    assert list(numbers(values).texts) == shown


def test_thirds_need_an_honest_sign() -> None:
    graph = fork(1 / 3, 1 / 3)
    text = equation(graph, graph.node("c"), 0, 0)
    *summands, total = [Decimal(found) for found in re.findall(r"\d\.\d+", text)]
    assert sum(summands) != total
    assert r"\approx" in text


def test_a_root_starts_with_its_cotangent() -> None:
    graph = fork(1.0, 2.0)
    (term,) = terms(graph, graph.node("e"), 0, 0)
    assert (term.label, term.value) == ("backward starts here", 1.0)


def test_nan_is_printed_as_torch_spells_it() -> None:
    graph = fork(math.nan, 1.0)
    assert r"\text{nan}" in equation(graph, graph.node("c"), 0, 0)


def test_an_undefined_gradient_has_no_equation() -> None:
    node = Node("c", "MulBackward0", "op", outputs=(scalar(1.0),), gradients=(None,))
    assert equation(Graph((node,), (), (GraphOutput("c", 0),)), node, 0, 0) == ""


@pytest.mark.parametrize("name", ["a_b", "x\\y", "a{b}", "50%", "a^b", "#1", "h#1", "a~b"], ids=str)
def test_names_cannot_break_the_latex(name: str) -> None:
    graph = fork(0.5, 0.25, names=(name, "q"))
    text = equation(graph, graph.node("c"), 0, 0)
    bare = re.sub(r"\\[#%&_{}]|\\text\w+ |\\\w+", "", text)
    inside = re.search(r"through ([^}]*)", bare)
    assert inside is not None
    assert not set(inside[1]) & set("#%&_^~\\$")
    assert bare.count("{") == bare.count("}")


def test_elements_are_counted_row_by_row() -> None:
    assert [unravel(i, (2, 3)) for i in range(6)] == [(r, c) for r in range(2) for c in range(3)]


def test_many_terms_become_the_largest_and_the_sum_of_the_others() -> None:
    values = [1.0, -8.0, 2.0, 4.0, 2.0, 16.0, 1.0, 32.0]
    targets = tuple(Node(f"t{i}", "MulBackward0", "op", ("s",), backward_order=i) for i in range(len(values)))
    node = Node("a", "AccumulateGrad", "leaf", ("a",), outputs=(scalar(1.0),), gradients=(scalar(sum(values)),))
    edges = tuple(Edge("a", 0, f"t{i}", 0, scalar(value)) for i, value in enumerate(values))
    graph = Graph((node, *targets), edges, (GraphOutput("t0", 0, scalar(1.0), "e"),))
    assert equation(graph, node, 0, 0) == (
        r"\frac{\partial e}{\partial a} = \underbrace{(-8)}_{\text{through t1}} + \underbrace{2}_{\text{through t2}}"
        r" + \underbrace{4}_{\text{through t3}} + \underbrace{16}_{\text{through t5}}"
        r" + \underbrace{32}_{\text{through t7}} + \underbrace{4}_{\text{3 more paths}} = 50"
    )
