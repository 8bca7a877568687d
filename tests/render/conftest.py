from __future__ import annotations

import math

import pytest

from graphviz_tools.model import Edge, Graph, GraphOutput, Node, TensorValue


def row(*numbers: float) -> TensorValue:
    """A vector, or for one number a scalar."""
    return TensorValue(
        shape=() if len(numbers) == 1 else (len(numbers),),
        dtype="float32",
        data=numbers,
        minimum=min(numbers),
        maximum=max(numbers),
        mean=sum(numbers) / len(numbers),
        norm=math.hypot(*numbers),
    )


@pytest.fixture(scope="session")
def square() -> Graph:
    """c = b*b, e = c.sum(): b is used twice, so two edges carry a tag."""
    return Graph(
        nodes=(
            Node("b", "AccumulateGrad", "leaf", ("b",), "", outputs=(row(3, 5),), gradients=(row(6, 10),)),
            Node("c", "MulBackward0", "op", ("c",), "b*b", outputs=(row(9, 25),), gradients=(row(1, 1),)),
            Node("e", "SumBackward0", "op", ("e",), "c.sum()", outputs=(row(34),), gradients=(row(1),)),
        ),
        edges=(
            Edge("b", 0, "c", 0, row(3, 5)),
            Edge("b", 0, "c", 1, row(3, 5)),
            Edge("c", 0, "e", 0, row(1, 1)),
        ),
        outputs=(GraphOutput("e", 0, row(1), "e"),),
    )
