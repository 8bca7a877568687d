from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphviz_tools.model import Edge, Graph, GraphOutput, Node, SavedTensor, SourceSpan, TensorValue

numbers = st.one_of(
    st.floats(allow_nan=False), st.integers(-(2**63), 2**63 - 1), st.booleans(), st.complex_numbers(allow_nan=False)
)
words = st.text(max_size=8)


@st.composite
def tensor_values(draw):
    shape = tuple(draw(st.lists(st.integers(0, 3), max_size=3)))
    count = math.prod(shape)
    data = tuple(draw(st.lists(numbers, min_size=count, max_size=count)))
    kept = draw(st.booleans())
    statistic = st.none() | st.floats(allow_nan=False)
    return TensorValue(
        shape,
        draw(st.sampled_from(["float32", "int64", "complex64"])),
        data=data if kept else None,
        pooled=draw(st.none() | st.just(((1.0, -math.inf), (0.5, 2.0)))),
        minimum=draw(statistic),
        maximum=draw(statistic),
        mean=draw(statistic),
        norm=draw(statistic),
        nan_count=draw(st.integers(0, 3)),
        missing="" if kept else draw(words),
    )


@st.composite
def graphs(draw):
    nodes = []
    for i in range(draw(st.integers(1, 4))):
        gradients = tuple(draw(st.lists(st.none() | tensor_values(), max_size=2)))
        saved = (
            (SavedTensor(draw(words), draw(st.none() | tensor_values()), state="freed"),) if draw(st.booleans()) else ()
        )
        source = draw(st.none() | st.just(SourceSpan(1, 0, 2, 5)))
        outputs = tuple(draw(st.lists(tensor_values(), max_size=2)))
        names = tuple(draw(st.lists(words, max_size=2)))
        nodes.append(
            Node(
                f"n{i}",
                draw(words),
                "op",
                names,
                draw(words),
                source,
                outputs=outputs,
                gradients=gradients,
                saved=saved,
                backward_order=draw(st.none() | st.integers(0, 9)),
            )
        )
    edges = tuple(Edge("n0", 0, node.id, 0, draw(st.none() | tensor_values())) for node in nodes[1:])
    return Graph(
        tuple(nodes),
        edges,
        (GraphOutput(nodes[-1].id, 0, draw(tensor_values())),),
        draw(words),
        (draw(words),),
        draw(words),
    )


@given(graphs())
def test_json_round_trip(graph):
    assert Graph.from_json(graph.to_json()) == graph


def test_json_is_strict_about_nan():
    value = TensorValue((3,), "float32", data=(math.nan, math.inf, -math.inf), nan_count=1, inf_count=2)
    graph = Graph((Node("a", "AccumulateGrad", "leaf", outputs=(value,)),), (), (GraphOutput("a", 0),))
    raw = json.loads(graph.to_json(), parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))
    assert raw["nodes"][0]["outputs"][0]["data"] == ["nan", "inf", "-inf"]
    back = Graph.from_json(graph.to_json()).nodes[0].outputs[0].data
    assert back is not None
    assert math.isnan(back[0])
    assert back[1:] == (math.inf, -math.inf)


@pytest.mark.parametrize(
    "text", ["[]", "{", '{"nodes": [{"nope": 1}]}', '{"nodes": 3}'], ids=["list", "cut", "field", "number"]
)
def test_other_json_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        Graph.from_json(text)


@given(st.lists(st.integers(0, 3), max_size=4))
def test_nested_has_the_shape(shape):
    value = TensorValue(tuple(shape), "int64", data=tuple(range(math.prod(shape))))
    nested = value.nested()
    for size in shape:
        assert len(nested) == size
        if not size:
            break
        nested = nested[0]


def node(name, *names):
    return Node(name, "MulBackward0", "op", names)


def test_node_is_found_by_id_then_by_newest_name():
    graph = Graph((node("h#1", "h"), node("h#2", "h"), node("t0")), (), (GraphOutput("t0", 0),))
    assert graph.node("h").id == "h#2"
    assert graph.node("h#1").id == "h#1"
    with pytest.raises(KeyError, match=r"no node is called 'x'; there are h#1, h#2, t0"):
        graph.node("x")


def test_forks_count_uses_and_the_cotangent():
    edges = (Edge("a", 0, "b", 0), Edge("b", 0, "c", 0), Edge("b", 0, "c", 1), Edge("c", 0, "d", 0))
    graph = Graph((node("a"), node("b"), node("c"), node("d")), edges, (GraphOutput("d", 0), GraphOutput("c", 0)))
    assert [n.id for n in graph.nodes if graph.is_fork(n.id)] == ["b", "c"]
    assert not graph.is_fork("b", output=1)
    assert [e.target_input for e in graph.operands("c")] == [0, 1]
    assert len({e.id for e in edges}) == len(edges)
