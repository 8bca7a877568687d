"""Which node is blamed for nan and inf, and in which words."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace

import pytest

from graphviz_tools.draw.alarms import bad_words, first_bad
from graphviz_tools.model import Edge, Graph, GraphOutput, TensorValue

INF, NAN = math.inf, math.nan
FORWARD = "first bad value in the forward pass: "
BACKWARD = "first bad gradient in the backward pass: "


def test_a_finite_graph_has_no_alarm(graphs: dict[str, Graph]) -> None:
    assert first_bad(graphs["calc"]) is None


def test_log_of_zero(graphs: dict[str, Graph]) -> None:
    alarm = first_bad(graphs["gallery"])
    assert alarm is not None
    assert (alarm.node, alarm.phase, alarm.word) == ("z", "forward", "−inf")
    assert alarm.why == FORWARD + "log(0) = −inf"
    assert alarm.infected == {"r": "inf in grad", "y": "−inf in value"}


def one_op(make: SimpleNamespace, op: str, operands: list[TensorValue], result: TensorValue) -> Graph:
    """One operation on leaves a, b, ...; all gradients are finite."""
    leaves = [make.leaf("abc"[i], value, value) for i, value in enumerate(operands)]
    edges = [Edge(leaf.id, 0, "y", slot) for slot, leaf in enumerate(leaves)]
    return Graph((*leaves, make.node("y", op, result, None)), tuple(edges), (GraphOutput("y", 0),))


@pytest.mark.parametrize(
    ("op", "operands", "result", "why"),
    [
        pytest.param("SqrtBackward0", [((4.0, -1.0),)], ((2.0, NAN),), "sqrt(−1) = nan", id="function"),
        pytest.param(
            "DivBackward0", [((1.0, -1.0),), ((2.0, 0.0),)], ((0.5, -INF),), "(−1) / 0 = −inf", id="quotient"
        ),
        pytest.param(
            "MulBackward0", [((1e200, 1e200, 1.0, 1.0), 2, 2), ((1.0, 1e200),)], ((1e200, INF, 1.0, 1e200), 2, 2),
            "1.00e200 × 1.00e200 = inf", id="a vector is broadcast over rows",
        ),
        pytest.param(
            "MulBackward0", [((1e200, 1.0), 2, 1), ((1.0, 1e200), 1, 2)], ((1e200, INF, 1.0, 1e200), 2, 2),
            "1.00e200 × 1.00e200 = inf", id="a column meets a row",
        ),
        pytest.param("MulBackward0", [(1e30,)], (INF,), "inf, where a = 1.00e30", id="the other factor is not a node"),
        pytest.param("PowBackward1", [(0.0,), (-1.0,)], (INF,), "inf, where a = 0, b = −1", id="two operands"),
        pytest.param("MmBackward0", [((1e38,), 1, 1)] * 2, ((INF,), 1, 1), "inf out of y", id="no element belongs"),
    ],
)  # fmt: skip
def test_the_operands_of_the_first_bad_element_are_named(
    make: SimpleNamespace, op: str, operands: list[tuple], result: tuple, why: str
) -> None:
    graph = one_op(make, op, [make.tensor(*operand) for operand in operands], make.tensor(*result))
    alarm = first_bad(graph)
    assert alarm is not None
    assert alarm.node == "y"
    assert alarm.why == FORWARD + why


@pytest.mark.parametrize("kind", ["leaf", "constant"])
def test_a_bad_input_is_blamed_itself(make: SimpleNamespace, kind: str) -> None:
    bad = make.tensor((1.0, INF, NAN))
    graph = Graph((make.leaf("a", bad, None, kind=kind), make.node("y", "AddBackward0", bad, None)), (), ())
    alarm = first_bad(graph)
    assert alarm is not None
    assert (alarm.node, alarm.word, alarm.why) == ("a", "inf and nan", f"{FORWARD}this {kind} holds inf and nan")
    assert alarm.infected == {"y": "inf and nan in value"}


def test_a_tensor_without_numbers_is_counted(make: SimpleNamespace) -> None:
    many = TensorValue((99, 99), "float32", nan_count=2, inf_count=1)
    graph = one_op(make, "ExpBackward0", [make.tensor(1.0)], many)
    alarm = first_bad(graph)
    assert alarm is not None
    assert (alarm.word, alarm.why) == ("nan and inf", FORWARD + "nan and inf out of y")


def sqrt_of_zero(make: SimpleNamespace) -> Graph:
    """y = sqrt(x), z = y.sum() at x = 4, 0: backward turns 1 into inf, while every value is finite."""
    grad = make.tensor((0.25, INF))
    return Graph(
        (
            make.leaf("x", make.tensor((4.0, 0.0)), grad, backward_order=2),
            make.node("y", "SqrtBackward0", make.tensor((2.0, 0.0)), make.tensor((1.0, 1.0)), backward_order=1),
            make.node("z", "SumBackward0", make.tensor(2.0), make.tensor(1.0), backward_order=0),
        ),
        (Edge("x", 0, "y", 0, grad), Edge("y", 0, "z", 0, make.tensor((1.0, 1.0)))),
        (GraphOutput("z", 0, make.tensor(1.0)),),
    )


@pytest.mark.parametrize("ordered", [True, False], ids=["with the order of backward", "without it"])
def test_the_backward_that_makes_the_first_bad_gradient_is_blamed(make: SimpleNamespace, ordered: bool) -> None:
    graph = sqrt_of_zero(make)
    if not ordered:
        graph = replace(graph, nodes=tuple(replace(node, backward_order=None) for node in graph.nodes))
    alarm = first_bad(graph)
    assert alarm is not None
    assert (alarm.node, alarm.phase, alarm.word) == ("y", "backward", "inf")
    assert alarm.why == BACKWARD + "inf for x, where x = 0"
    assert alarm.infected == {"x": "inf in grad"}


def test_contributions_that_overflow_together(make: SimpleNamespace) -> None:
    half, whole = make.tensor(2e38), make.tensor(INF)
    one = make.tensor(1.0)
    graph = Graph(
        (make.leaf("x", one, whole, backward_order=1), make.node("y", "MulBackward0", one, one, backward_order=0)),
        (Edge("x", 0, "y", 0, half), Edge("x", 0, "y", 1, half)),
        (GraphOutput("y", 0, one),),
    )
    alarm = first_bad(graph)
    assert alarm is not None
    assert (alarm.node, alarm.why) == ("x", BACKWARD + "the contributions add up to inf")


def test_a_bad_start_is_not_blamed_on_an_operation(make: SimpleNamespace) -> None:
    nan = make.tensor(NAN)
    graph = Graph((make.node("y", "MulBackward0", make.tensor(1.0), nan),), (), (GraphOutput("y", 0, nan),))
    alarm = first_bad(graph)
    assert alarm is not None
    assert alarm.why == "the gradient that backward starts from holds nan"


@pytest.mark.parametrize(
    ("numbers", "dtype", "words"),
    [
        pytest.param((1.0, 2.0), "float32", "", id="none"),
        pytest.param((NAN, -INF, INF, NAN), "float32", "nan and −inf and inf", id="every kind once"),
        pytest.param((complex(0, NAN), complex(INF, 0)), "complex64", "nan and inf", id="complex"),
    ],
)
def test_bad_words(make: SimpleNamespace, numbers: tuple[float, ...], dtype: str, words: str) -> None:
    assert bad_words([make.tensor(numbers, dtype=dtype), None]) == words
