"""Tricky autograd cases as data: what must hold in plain PyTorch, and so in every traced graph.

Each case runs as a Python function ("function") and, where the formula language has all it needs, as a formula.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch

from graphviz_tools import Graph, Node, NoGradientError, TensorValue, trace, trace_formula

CASES: dict[str, dict[str, Any]] = {
    case["name"]: case for case in json.loads((Path(__file__).parent / "data/autograd_cases.json").read_text())
}
REFUSED = ["root_without_grad", "root_made_under_no_grad"]
"""Cases with no gradient at all."""
OUT_OF_REACH: dict[str, str] = {}
"""Cases that cannot be traced yet, and why."""
RUNS = [
    (name, how)
    for name, case in CASES.items()
    for how, mode in (("function", "B"), ("formula", "A"))
    if mode in case["modes"] and name not in REFUSED and name not in OUT_OF_REACH
]
HOOKED = ["user_tensor_hook"]


def over(runs: list[tuple[str, str]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("name", "how"), [pytest.param(*run, id="-".join(run)) for run in runs])


def with_fact(fact: str) -> list[tuple[str, str]]:
    return [(name, how) for name, how in RUNS if fact in CASES[name]["facts"]]


def number(value: Any) -> Any:
    """JSON has no complex numbers."""
    if isinstance(value, dict):
        return complex(value["re"], value["im"])
    return [number(item) for item in value] if isinstance(value, list) else value


def make_inputs(case: dict[str, Any]) -> dict[str, torch.Tensor]:
    return {
        name: torch.tensor(number(data), dtype=getattr(torch, dtype)).requires_grad_(grad)
        for name, (data, dtype, grad) in case["inputs"].items()
    }


class Snaps(dict[str, tuple[tuple[str, int, int], torch.Tensor]]):
    """What a case's code shows on its way: the node's name, sequence number and output, and the value."""

    def __call__(self, label: str, tensor: torch.Tensor) -> None:
        with torch.no_grad():
            node = tensor.grad_fn
            self[label] = ((node.name(), node._sequence_nr(), tensor.output_nr), tensor.detach().clone())


def program(case: dict[str, Any], scope: dict[str, Any]) -> Callable[..., Any]:
    """A function that runs the case's code in `scope`."""
    code = compile("\n".join(case["code"]), f"<{case['name']}>", "exec")

    def run(**inputs: torch.Tensor) -> Any:
        torch.manual_seed(case.get("seed", 0))
        scope.update(torch=torch, nn=torch.nn, F=torch.nn.functional, **inputs)
        exec(code, scope)
        return scope["out"]

    return run


@cache
def traced(name: str, how: str) -> Graph:
    case = CASES[name]
    cotangents = number(case["cot"]) if "cot" in case else None
    if how == "formula":
        lines = [line for line in case["code"] if not line.startswith("snap(")]
        return trace_formula("\n".join(lines), make_inputs(case), cotangent=cotangents)
    return trace(program(case, {"snap": Snaps()}), cotangents=cotangents, **make_inputs(case))


class Plain:
    """The same code in plain PyTorch, with the graph, the order and all gradients by a few hooks."""

    def __init__(self, name: str) -> None:
        case, self.snaps = CASES[name], Snaps()
        out = program(case, {"snap": self.snaps})(**make_inputs(case))
        self.roots = [root for root in (out if isinstance(out, tuple) else (out,)) if root.requires_grad]
        start = [torch.ones_like(root) for root in self.roots]
        if "cot" in case:
            start = [torch.tensor(number(case["cot"]), dtype=self.roots[0].dtype)]
        seen: dict[Any, None] = {}
        waiting = [self.edge(root)[0] for root in self.roots]
        while waiting:
            node = waiting.pop()
            if node not in seen:
                seen[node] = None
                waiting += [below for below, _ in node.next_functions if below is not None]
        self.ops = sorted((node for node in seen if node.next_functions), key=lambda node: node._sequence_nr())
        self.leaves = [node for node in seen if not node.next_functions]
        self.received: dict[Any, Any] = {}
        self.sent: dict[Any, Any] = {}
        self.order: list[Any] = []
        self.backward(start)

    @staticmethod
    def edge(tensor: torch.Tensor) -> tuple[Any, int]:
        found = torch.autograd.graph.get_gradient_edge(tensor)
        return found.node, found.output_nr

    def backward(self, start: list[torch.Tensor]) -> None:
        def watch(node: Any) -> Any:
            def hook(sent: Any, received: Any) -> None:
                self.order.append(node)
                self.sent[node], self.received[node] = sent, received

            return node.register_hook(hook)

        for node in self.ops:
            watch(node)
        targets = [torch.autograd.graph.GradientEdge(node, 0) for node in self.leaves]
        try:
            gradients = torch.autograd.grad(self.roots, targets, start, allow_unused=True)
        except RuntimeError:
            self.sent.clear()
            self.received.clear()
            self.order.clear()
            return
        self.received.update({leaf: (gradient,) for leaf, gradient in zip(self.leaves, gradients, strict=True)})


def op(name: str) -> str:
    """Autograd's name without namespace; a reshape has another name while a dispatch mode is active."""
    return {"ReshapeAliasBackward0": "ViewBackward0"}.get(short := name.rpartition("::")[2], short)


def ops(graph: Graph) -> list[Node]:
    return [node for node in graph.nodes if node.kind not in ("leaf", "constant")]


def value_of(graph: Graph, variable: str, what: str = "outputs") -> TensorValue | None:
    node = graph.node(variable)
    index = node.output_names.index(variable) if variable in node.output_names else 0
    values: tuple[TensorValue | None, ...] = getattr(node, what)
    return values[index]


def flat(numbers: Any) -> list[Any]:
    return [x for item in numbers for x in flat(item)] if isinstance(numbers, list) else [numbers]


def assert_close(value: TensorValue | None, expected: Any) -> None:
    assert value is not None
    assert value.data is not None
    assert list(value.shape) == list(torch.tensor(expected).shape)
    assert list(value.data) == pytest.approx(flat(expected), rel=1e-4, abs=1e-5, nan_ok=True)


def assert_same(value: TensorValue | None, tensor: torch.Tensor | None) -> None:
    """Bit for bit, and `None` only for `None`."""
    if value is None or tensor is None:
        assert value is None
        assert tensor is None
        return
    assert value.shape == tuple(tensor.shape)
    assert value.dtype == str(tensor.dtype).removeprefix("torch.")
    if tensor.is_meta:
        assert value.missing
    else:
        assert str(value.nested()) == str(tensor.detach().tolist())


@over(RUNS)
def test_graph_has_exactly_autograds_nodes_and_edges(name: str, how: str) -> None:
    graph = traced(name, how)
    facts = CASES[name]["facts"]
    histogram = Counter(op(node.op) for node in graph.nodes if node.kind != "constant")
    if "nodes" in facts:
        assert histogram == facts["nodes"]
    for full_name, count in facts.get("has_nodes", {}).items():
        assert histogram[op(full_name)] == count
    kinds = {node.id: node.kind for node in graph.nodes}
    real = [edge for edge in graph.edges if kinds[edge.source] != "constant"]
    if "n_edges" in facts:
        assert len(real) == facts["n_edges"]
    ordered = sorted((node for node in ops(graph) if node.backward_order is not None), key=lambda n: n.backward_order)
    if "order" in facts:
        assert [op(node.op) for node in ordered] == facts["order"]


@over(RUNS)
def test_every_node_and_edge_has_plain_torchs_gradient(name: str, how: str) -> None:
    graph, plain = traced(name, how), Plain(name)
    nodes = ops(graph)
    assert [op(node.op) for node in nodes] == [op(node.name()) for node in plain.ops]
    position = {node.id: index for index, node in enumerate(nodes)}
    leaves: dict[Any, str] = {}
    for node, real in zip(nodes, plain.ops, strict=True):
        order = plain.order.index(real) if real in plain.order else None
        assert node.backward_order == order
        received = plain.received.get(real) or (None,) * len(node.gradients)
        assert len(node.gradients) == len(node.outputs) == len(received)
        for value, gradient in zip(node.gradients, received, strict=True):
            assert_same(value, gradient)
        by_slot = {edge.target_input: edge for edge in graph.operands(node.id)}
        assert len(by_slot) == len(graph.operands(node.id))
        for slot, (below, output) in enumerate(real.next_functions):
            edge = by_slot.get(slot)
            if below is None:
                assert edge is None or graph.by_id[edge.source].kind == "constant"
                continue
            assert edge is not None
            assert edge.source_output == output
            if below.next_functions:
                assert position[edge.source] == plain.ops.index(below)
            else:
                assert leaves.setdefault(below, edge.source) == edge.source
            assert_same(edge.contribution, plain.sent[real][slot] if real in plain.sent else None)
    assert set(leaves) == set(plain.leaves)
    assert sorted(leaves.values()) == sorted(node.id for node in graph.nodes if node.kind == "leaf")
    for leaf, node_id in leaves.items():
        assert_same(graph.by_id[node_id].gradients[0], plain.received.get(leaf, (None,))[0])


@over(RUNS)
def test_facts_hold_under_the_users_names(name: str, how: str) -> None:
    graph = traced(name, how)
    facts = CASES[name]["facts"]
    for variable, expected in facts.get("values", {}).items():
        assert_close(value_of(graph, variable), number(expected))
    for variable, expected in facts.get("grads", {}).items():
        assert_close(value_of(graph, variable, "gradients"), number(expected))
    for variable, (dtype, gradient_dtype) in facts.get("dtypes", {}).items():
        value, gradient = value_of(graph, variable), value_of(graph, variable, "gradients")
        assert value is not None
        assert gradient is not None
        assert (value.dtype, gradient.dtype) == (dtype, gradient_dtype)
    for variable, node in CASES[name].get("names", {}).items():
        assert op(graph.node(variable).op) == node
    by_op = {kind: [node for node in ops(graph) if op(node.op) == kind] for kind in {op(n.op) for n in ops(graph)}}
    for kind, occurrence, slot, expected in facts.get("edge_grads", ()):
        (edge,) = (e for e in graph.operands(by_op[kind][occurrence].id) if e.target_input == slot)
        assert_close(edge.contribution, expected)
    for kind, output in facts.get("undefined", ()):
        assert by_op[kind][0].gradients[output] is None


@over(with_fact("snaps"))
def test_values_on_the_way_are_those_of_their_moment(name: str, how: str) -> None:
    graph = traced(name, how)
    facts, plain = CASES[name]["facts"], Plain(name)
    position = {(node.name(), node._sequence_nr()): index for index, node in enumerate(plain.ops)}
    found = 0
    for label, expected in facts["snaps"].items():
        (node_name, sequence, output), _ = plain.snaps[label]
        if (node_name, sequence) in position:
            node = ops(graph)[position[node_name, sequence]]
            assert_close(node.outputs[output], expected)
            found += 1
            if label in facts.get("snap_grads", {}):
                gradient = facts["snap_grads"][label]
                if gradient is None:
                    assert node.gradients[output] is None
                else:
                    assert_close(node.gradients[output], gradient)
    assert found


@pytest.mark.parametrize("name", [name for name, how in with_fact("after") if how == "function"])
def test_tracing_runs_the_code_once_and_leaves_gradients_alone(name: str) -> None:
    scope: dict[str, Any] = {}
    trace(program(CASES[name], scope), **make_inputs(CASES[name]))
    assert eval(CASES[name]["facts"]["after"], scope)


@over([run for run in RUNS if run[0] not in HOOKED])
def test_contributions_add_up_to_the_gradient(name: str, how: str) -> None:
    graph = traced(name, how)
    for node in graph.nodes:
        assert "hook" not in node.note
        for output, gradient in enumerate(node.gradients):
            terms = [edge.contribution for edge in graph.uses(node.id) if edge.source_output == output]
            terms += [out.cotangent for out in graph.cotangents(node.id) if out.output == output]
            present = [term for term in terms if term is not None and term.data is not None]
            if gradient is None or gradient.data is None or graph.backward_error:
                continue
            assert present
            for index, total in enumerate(gradient.data):
                assert sum(term.data[index] for term in present) == pytest.approx(total, rel=1e-3, abs=1e-6)


@over(RUNS)
def test_graph_survives_json(name: str, how: str) -> None:
    graph = traced(name, how)
    text = graph.to_json()
    back = Graph.from_json(text)
    assert back.to_json() == text
    if "nan" not in text:
        assert back == graph


@over(RUNS)
def test_graph_is_well_formed(name: str, how: str) -> None:
    graph = traced(name, how)
    ids = [node.id for node in graph.nodes]
    assert len(set(ids)) == len(ids)
    assert len({edge.id for edge in graph.edges}) == len(graph.edges)
    assert len({(edge.target, edge.target_input) for edge in graph.edges}) == len(graph.edges)
    place = {node: index for index, node in enumerate(ids)}
    assert all(place[edge.source] < place[edge.target] for edge in graph.edges)
    for node in graph.nodes:
        assert node.outputs
        assert not any(math.isnan(v.numel) for v in node.outputs)
        assert all(value.data is not None or value.missing for value in node.outputs)


@pytest.mark.parametrize("name", REFUSED)
def test_output_without_gradient_is_refused(name: str) -> None:
    with pytest.raises(NoGradientError):
        traced(name, "function")
