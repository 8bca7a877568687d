"""Random programs against plain PyTorch: every node's value when it was made, and its gradient as a target of grad."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphviz_tools import Graph, Node, TensorValue, trace, trace_formula

INPUTS = {"a": [[0.3, -0.7, 1.1], [0.9, 0.2, -0.4]], "b": [0.8, -0.5, 0.6]}
STATEMENTS = (
    "{new} = {x}.sin()",
    "{new} = torch.tanh({x})",
    "{new} = {x}*0.5 + 1",
    "{new} = {x} + {y}",
    "{new} = {x}*{y}",
    "{new} = {x}/({y}*{y} + 2)",
    "{new} = {x} @ {y}",
    "{new} = {x} @ {y}.t()",
    "{new} = {x}.t()",
    "{new} = {x}.reshape(-1)",
    "{new} = {x}[0]",
    "{new} = {x}[1:]",
    "{new} = {x}.unsqueeze(0)",
    "{new} = {x}.expand(2, -1)",
    "{new} = torch.stack([{x}, {y}])",
    "{new} = {x}.sum(0)",
    "{new} = {x} + ones(3)",
    "{x} = {x}*{y}",
    "{x} += {y}",
    "{x}.mul_(0.7)",
    "{x}[0] = 0.5",
    "{x}[0] = {y}",
    "{new}, {other} = {x}.unbind(0)",
)


@dataclass
class Program:
    """Valid statements, and what each assigned name was in plain PyTorch: node, output and value."""

    lines: list[str] = field(default_factory=list)
    seen: list[tuple[str, tuple[Any, int], torch.Tensor]] = field(default_factory=list)
    names: list[str] = field(default_factory=lambda: list(INPUTS))
    scope: dict[str, Any] = field(
        repr=False, default_factory=lambda: {"torch": torch, "ones": double_ones, **make_inputs()}
    )

    def add(self, pattern: str, x: int, y: int) -> None:
        """Run one more statement, unless torch refuses it or the result grows."""
        new, other = f"v{len(self.names)}", f"v{len(self.names) + 1}"
        line = pattern.format(
            new=new, other=other, x=self.names[x % len(self.names)], y=self.names[y % len(self.names)]
        )
        target = line.split(" = ")[0].split(" += ")[0].split("[")[0].split(".")[0]
        assigned = target.split(", ")
        before = {name: self.scope.get(name) for name in assigned}
        try:
            exec(line, self.scope)
        except (RuntimeError, IndexError, ValueError, TypeError):
            return
        if any(self.scope[name].dim() > 2 or self.scope[name].numel() > 12 for name in assigned):
            self.scope |= before
            return
        self.lines.append(line)
        self.names += [name for name in assigned if name not in self.names]
        for name in assigned:
            value = self.scope[name]
            if value.grad_fn is not None:
                self.seen.append((name, (value.grad_fn, value.output_nr), value.detach().clone()))

    def is_usable(self, name: str) -> bool:
        """False for an output of unbind whose base was changed: torch refuses to use it."""
        try:
            return self.scope[name].grad_fn is not None or self.scope[name].is_leaf
        except RuntimeError:
            return False


def double_ones(size: int) -> torch.Tensor:
    return torch.ones(size, dtype=torch.float64)


def make_inputs() -> dict[str, torch.Tensor]:
    return {name: torch.tensor(data, dtype=torch.float64, requires_grad=True) for name, data in INPUTS.items()}


@st.composite
def programs(draw: st.DrawFn) -> Program:
    program = Program()
    number = st.integers(0, 11)
    for pattern in draw(st.lists(st.sampled_from(STATEMENTS), min_size=1, max_size=9)):
        program.add(pattern, draw(number), draw(number))
    terms = [f"({name}*{name}).sum()" for name in program.names if program.is_usable(name)]
    program.lines.append("out = " + " + ".join(draw(st.lists(st.sampled_from(terms), min_size=1, max_size=3))))
    exec(program.lines[-1], program.scope)
    return program


def as_function(program: Program) -> Callable[..., torch.Tensor]:
    scope = {"torch": torch, "ones": double_ones}
    body = "".join(f"    {line}\n" for line in program.lines)
    exec(f"def program(a, b):\n{body}    return out\n", scope)
    made: Callable[..., torch.Tensor] = scope["program"]  # type: ignore[assignment]
    return made


def matched(root: Any, graph: Graph) -> dict[Any, Node]:
    """Plain PyTorch's nodes and the traced ones, walked together from the root."""
    pairs: dict[Any, Node] = {}
    waiting = [(root, graph.by_id[graph.outputs[0].node])]
    while waiting:
        plain, node = waiting.pop()
        assert pairs.setdefault(plain, node) is node
        if plain.next_functions:
            assert node.op == plain.name().replace("ReshapeAlias", "View")
        for slot, (below, output) in enumerate(plain.next_functions):
            edges = [edge for edge in graph.operands(node.id) if edge.target_input == slot]
            if below is None:
                assert all(graph.by_id[edge.source].kind == "constant" for edge in edges)
                continue
            assert [edge.source_output for edge in edges] == [output]
            if below not in pairs:
                waiting.append((below, graph.by_id[edges[0].source]))
            else:
                assert pairs[below].id == edges[0].source
    assert len({node.id for node in pairs.values()}) == len(pairs)
    assert len(pairs) == sum(node.kind != "constant" for node in graph.nodes)
    return pairs


def assert_equal(value: TensorValue | None, tensor: torch.Tensor | None) -> None:
    assert (value is None) == (tensor is None)
    if value is not None and tensor is not None:
        assert value.shape == tuple(tensor.shape)
        assert value.data == pytest.approx(tensor.reshape(-1).tolist(), rel=1e-12, abs=1e-14, nan_ok=True)


def check(program: Program, graph: Graph) -> None:
    out = program.scope["out"]
    pairs = matched(out.grad_fn, graph)
    for name, (plain, output), value in program.seen:
        if plain in pairs:
            node = pairs[plain]
            assert name in (*node.names, *node.output_names)
            assert_equal(node.outputs[output], value)
    for name in INPUTS:
        leaf = torch.autograd.graph.get_gradient_edge(program.scope[name]).node
        if leaf in pairs and program.scope[name].is_leaf:
            assert name in pairs[leaf].names
    edges = [(plain, output) for plain, node in pairs.items() for output in range(len(node.outputs))]
    if graph.backward_error:
        assert any(node.note for node in graph.nodes)
        assert all(gradient is None for node in graph.nodes for gradient in node.gradients)
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            out.backward()
        return
    targets = [torch.autograd.graph.GradientEdge(*edge) for edge in edges]
    gradients = torch.autograd.grad(out, targets, allow_unused=True)
    for (plain, output), gradient in zip(edges, gradients, strict=True):
        assert_equal(pairs[plain].gradients[output], gradient)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(programs())
def test_function_has_plain_torchs_values_and_gradients(program: Program) -> None:
    check(program, trace(as_function(program), **make_inputs()))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(programs())
def test_formula_has_plain_torchs_values_and_gradients(program: Program) -> None:
    check(program, trace_formula("\n".join(program.lines), make_inputs(), dtype=torch.float64))
