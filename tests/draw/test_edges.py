"""Widths and lines of edges, and tags that add up."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest

from graphviz_tools.draw.draw import build
from graphviz_tools.draw.edges import forks, gradient_width
from graphviz_tools.draw.theme import LIGHT
from graphviz_tools.formatting import format_number
from graphviz_tools.model import Edge, Graph, TensorValue

ReadDot = Callable[[str], Any]


def words(label: str) -> list[str]:
    return [text for text in ElementTree.fromstring(label[1:-1]).itertext() if text.strip()]


@pytest.mark.parametrize(
    ("norm", "width"),
    [
        pytest.param(1e-9, 1.0, id="tiny"),
        pytest.param(1e-4, 1.0, id="start of the scale"),
        pytest.param(1e-2, 3.0, id="middle"),
        pytest.param(1.0, 5.0, id="end of the scale"),
        pytest.param(1e9, 5.0, id="huge"),
        pytest.param(math.inf, 5.0, id="overflowed"),
        pytest.param(0.0, 1.0, id="underflowed"),
        pytest.param(None, 1.0, id="unknown"),
    ],
)
def test_width_is_linear_in_the_logarithm_of_the_norm(norm: float | None, width: float) -> None:
    assert gradient_width(norm) == pytest.approx(width)


@pytest.mark.parametrize(
    ("numbers", "style", "colour"),
    [
        pytest.param((1.0, 2.0), "solid", LIGHT.edge, id="gradient"),
        pytest.param((0.0, 0.0), "dotted", LIGHT.line, id="zero"),
        pytest.param((1e-300, -1e-300), "solid", LIGHT.edge, id="so small that its square is zero"),
        pytest.param((0.0, math.nan), "solid", LIGHT.alarm, id="nan"),
        pytest.param((0.0, -math.inf), "solid", LIGHT.alarm, id="inf"),
        pytest.param(None, "dashed", LIGHT.edge, id="undefined"),
    ],
)
def test_lines(
    make: SimpleNamespace, read_dot: ReadDot, numbers: tuple[float, ...] | None, style: str, colour: str
) -> None:
    back = make.tensor(numbers) if numbers else None
    graph = Graph((make.leaf("x", back, back), make.node("y", "Op", back, back)), (Edge("x", 0, "y", 0, back),), ())
    if back is None:
        nodes = tuple(replace(node, outputs=(make.tensor(1.0),)) for node in graph.nodes)
        graph = replace(graph, nodes=nodes)
    (tail, head, line), *_ = read_dot(build(graph, "cards").source).edges
    assert (tail, head, line["style"], line["color"]) == ("x", "y", style, colour)


def test_heads_shrink_as_lines_widen(graphs: dict[str, Graph], read_dot: ReadDot) -> None:
    lines = [line for *_, line in read_dot(build(graphs["calc"]).source).edges if "arrowsize" in line]
    assert len(lines) == 8
    for line in lines:
        assert float(line["arrowsize"]) == pytest.approx(0.8 / math.sqrt(float(line["penwidth"])), abs=0.006)


FORKED = {
    "calc": {("b", 0), ("c", 0)},
    "matrix": set(),
    "unbind": set(),
    "used_output": {("y", 0)},
    "heat": {("s", 0)},
    "imaginary": {("x", 0)},
    "scalars": set(),
}


@pytest.mark.parametrize("name", FORKED)
def test_forks_are_the_tensors_with_several_terms(graphs: dict[str, Graph], name: str) -> None:
    graph = graphs[name]
    assert forks(graph) == FORKED[name]
    tensors = [(node.id, output) for node in graph.nodes for output in range(len(node.outputs))]
    assert {tensor for tensor in tensors if graph.is_fork(*tensor)} == FORKED[name]


@pytest.mark.parametrize(("name", "style"), [("calc", "cards"), ("used_output", "cards"), ("used_output", "circuit")])
def test_tags_of_a_tensor_add_up_to_its_grad_row(
    graphs: dict[str, Graph], read_dot: ReadDot, name: str, style: str
) -> None:
    graph = graphs[name]
    dot = read_dot(build(graph, style).source)
    tags = {key: words(node["label"]) for key, node in dot.nodes.items() if "↑" in node.get("label", "")}
    for source, output in forks(graph):
        terms = [edge.contribution for edge in graph.uses(source) if edge.source_output == output]
        terms += [root.cotangent for root in graph.cotangents(source)]
        shown = [tags.pop(tag)[-terms[0].numel :] for tag in below(dot, source)]
        assert sorted(shown) == sorted([format_number(v) for v in term.data] for term in terms)
        gradient = graph.by_id[source].gradients[output]
        assert [sum(v) for v in zip(*(term.data for term in terms), strict=True)] == pytest.approx(gradient.data)
    assert tags == {}, "a tag where nothing is added"


def below(dot: Any, source: str) -> list[str]:
    """The names of the tags that hang on a node."""
    return [head for tail, head, _ in dot.edges if tail == source and "↑" in dot.nodes[head]["label"]]


def test_a_tag_of_many_numbers_says_their_norm(graphs: dict[str, Graph], read_dot: ReadDot) -> None:
    graph = graphs["heat"]
    nodes = read_dot(build(graph, "cards").source).nodes
    norm = math.hypot(*graph.edges[2].contribution.data)
    assert words(nodes["edge-s.0-h.0.tag"]["label"]) == ["↑", f"L2 norm {format_number(norm)}"]


@pytest.mark.parametrize(
    ("contribution", "shown"),
    [
        pytest.param(None, ["undefined"], id="undefined"),
        pytest.param(TensorValue((9,), "float32", missing="not kept"), ["not kept"], id="missing"),
        pytest.param(TensorValue((9,), "float32", norm=1.0, nan_count=2), ["2 nan of 9"], id="bad"),
        pytest.param(TensorValue((0,), "float32", data=()), ["empty"], id="empty"),
        pytest.param(TensorValue((2, 2), "float32", data=(1.0, 0.0, 3.0, 4.0)), ["1", "0", "3", "4"], id="grid"),
    ],
)
def test_tags_without_a_row_of_numbers(
    make: SimpleNamespace, read_dot: ReadDot, contribution: TensorValue | None, shown: list[str]
) -> None:
    one = make.tensor(1.0)
    nodes = (make.leaf("x", one, one), make.node("y", "MulBackward0", one, one))
    graph = Graph(nodes, (Edge("x", 0, "y", 0, contribution), Edge("x", 0, "y", 1, one)), ())
    dot = read_dot(build(graph, "cards").source)
    assert words(dot.nodes["edge-x.0-y.0.tag"]["label"]) == ["↑", *shown]


def test_no_tags_where_backward_did_not_run(graphs: dict[str, Graph], read_dot: ReadDot) -> None:
    calc = graphs["calc"]
    edges = tuple(replace(edge, contribution=None) for edge in calc.edges)
    nodes = tuple(replace(node, gradients=(None,)) for node in calc.nodes)
    graph = replace(calc, nodes=nodes, edges=edges, backward_error="in-place")
    dot = read_dot(build(graph).source)
    assert [line["style"] for *_, line in dot.edges] == ["solid"] * 8
    assert "backward did not run" in words(dot.nodes["a"]["label"])


def test_a_constant_used_twice_has_no_tags(make: SimpleNamespace, read_dot: ReadDot) -> None:
    one = make.tensor(1.0)
    nodes = (make.node("k", "", one, None, kind="constant"), make.node("y", "MulBackward0", one, one))
    graph = Graph(nodes, (Edge("k", 0, "y", 0), Edge("k", 0, "y", 1)), ())
    dot = read_dot(build(graph, "cards").source)
    assert {line["id"]: line["style"] for *_, line in dot.edges} == {"edge-k.0-y.0": "dashed", "edge-k.0-y.1": "dashed"}


def test_edges_say_which_of_several_outputs_they_carry(graphs: dict[str, Graph], read_dot: ReadDot) -> None:
    lines = {line["id"]: line for *_, line in read_dot(build(graphs["unbind"]).source).edges}
    assert "p" in lines["edge-p.0-w.0"]["label"]
    assert "q" in lines["edge-p.1-w.1"]["label"]
    assert "label" not in lines["edge-w.0-y.0"]
