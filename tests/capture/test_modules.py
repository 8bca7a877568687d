"""Modules: paths, call numbers, parameters, buffers."""

from __future__ import annotations

from collections import Counter

import torch
from torch import nn

from graphviz_tools import Graph, trace


def modules(graph: Graph) -> dict[str, list[str]]:
    """Operations by the module call that they belong to."""
    found: dict[str, list[str]] = {}
    for node in graph.nodes:
        if node.kind not in ("leaf", "constant"):
            found.setdefault(node.module, []).append(node.op)
    return found


def leaves(graph: Graph) -> set[str]:
    return {node.id for node in graph.nodes if node.kind == "leaf"}


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(2, 2)
        self.register_buffer("shift", torch.tensor([1.0, -1.0]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = self.linear(x) + self.shift
        return hidden.tanh()


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([Block(), Block()])
        self.head = nn.Sequential(nn.Linear(2, 1), nn.ReLU())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for block in self.blocks:
            x = block(x)
        return self.head(x).sum()


def test_operations_know_the_path_of_their_module() -> None:
    graph = trace(Net(), torch.ones(1, 2))
    assert modules(graph) == {
        "blocks.0.linear": ["TBackward0", "AddmmBackward0"],
        "blocks.0": ["AddBackward0", "TanhBackward0"],
        "blocks.1.linear": ["TBackward0", "AddmmBackward0"],
        "blocks.1": ["AddBackward0", "TanhBackward0"],
        "head.0": ["TBackward0", "AddmmBackward0"],
        "head.1": ["ReluBackward0"],
        "": ["SumBackward0"],
    }


def test_parameters_and_buffers_are_called_by_their_path() -> None:
    net = Net()
    graph = trace(net, torch.ones(1, 2))
    assert leaves(graph) == {name for name, _ in net.named_parameters()}
    constants = {node.id: node.names for node in graph.nodes if node.kind == "constant"}
    assert set(constants) == {"x#1", "blocks.0.shift", "blocks.1.shift"}


def test_gradients_of_parameters_are_those_of_plain_torch() -> None:
    net, x = Net(), torch.ones(1, 2)
    graph = trace(net, x)
    net(x).backward()
    for name, parameter in net.named_parameters():
        gradient = graph.node(name).gradients[0]
        assert parameter.grad is not None
        assert gradient is not None
        assert gradient.nested() == parameter.grad.tolist()


def test_module_in_a_variable_gives_its_name() -> None:
    model = Net()
    graph = trace(lambda x: model(x) * 2, torch.ones(1, 2))
    assert "model.head.0" in modules(graph)
    assert "model.blocks.1.linear.bias" in leaves(graph)
    assert {node.id for node in graph.nodes if node.kind == "constant"} >= {"model.blocks.0.shift"}


def test_module_without_a_name_is_called_by_its_class() -> None:
    made = nn.Linear(2, 1)
    holder = {"only": made}
    graph = trace(lambda x: holder["only"](x), torch.ones(1, 2))
    assert list(modules(graph)) == ["Linear"]
    assert leaves(graph) == {"Linear.weight", "Linear.bias"}


def test_calls_are_numbered_when_there_are_several() -> None:
    layer = nn.Linear(2, 2)
    graph = trace(lambda x: layer(layer(x)).sum(), torch.ones(1, 2))
    assert list(modules(graph)) == ["layer#1", "layer#2", ""]
    assert leaves(graph) == {"layer.weight", "layer.bias"}
    assert [len(graph.uses(leaf)) for leaf in ("layer.weight", "layer.bias")] == [2, 2]


def test_shared_parameter_has_both_names() -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(3, 2)
            self.out = nn.Linear(2, 3, bias=False)
            self.out.weight = self.embedding.weight

        def forward(self, tokens: torch.Tensor) -> torch.Tensor:
            return self.out(self.embedding(tokens)).sum()

    graph = trace(Tied(), torch.tensor([0, 2]))
    (leaf,) = (node for node in graph.nodes if node.kind == "leaf")
    assert leaf.names == ("embedding.weight", "out.weight")
    assert graph.node("embedding.weight") is leaf
    assert graph.node("tokens").outputs[0].dtype == "int64"


def test_one_module_under_two_names_counts_once() -> None:
    layer = nn.Linear(2, 2)
    stack = nn.Sequential(layer, nn.Tanh())
    graph = trace(lambda x: stack(layer(x)), torch.ones(1, 2))
    assert all(len(graph.node(name).names) == 1 for name in leaves(graph))


def test_internal_tensors_of_a_call_are_no_constants() -> None:
    lstm = nn.LSTM(2, 2)
    graph = trace(lambda x: lstm(x)[0].sum(), torch.ones(2, 1, 2))
    assert {node.id for node in graph.nodes if node.kind == "constant"} == {"x"}
    dropped = trace(lambda x: nn.functional.dropout(x * 2), torch.ones(3, requires_grad=True))
    assert Counter(node.kind for node in dropped.nodes)["constant"] == 0


def test_module_with_several_inputs_and_outputs() -> None:
    class Two(nn.Module):
        def forward(self, left: torch.Tensor, *, right: torch.Tensor) -> dict[str, torch.Tensor]:
            return {"sum": left + right, "product": left * right}

    left, right = (torch.ones(2, requires_grad=True) for _ in range(2))
    graph = trace(Two(), left, right=right)
    assert leaves(graph) == {"left", "right"}
    assert [output.name for output in graph.outputs] == ["sum", "product"]
