"""The one backward pass, and what nodes keep for it."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import torch

from graphviz_tools import Graph, Node, trace, trace_formula
from graphviz_tools.capture.names import FormulaNames, Names
from graphviz_tools.capture.recorder import GuardedRecorder, Recorder, recorder_for


def leaf() -> torch.Tensor:
    return torch.tensor([1.0, 2.0], requires_grad=True)


def by_op(graph: Graph, op: str) -> Node:
    (found,) = (node for node in graph.nodes if node.op == op)
    return found


def test_graph_that_was_freed_before() -> None:
    a = leaf()
    b = a.exp()
    b.sum().backward()
    a.grad = None
    graph = trace(lambda b: b * 2, b)
    exp = by_op(graph, "ExpBackward0")
    assert "second time" in graph.backward_error
    assert [(saved.name, saved.state, saved.value) for saved in exp.saved] == [("result", "freed", None)]
    assert exp.note == "Its backward needs result, which was freed by an earlier backward."
    assert exp.id == "b"
    assert exp.outputs[0].nested() == b.tolist()
    assert a.grad is None


def test_nodes_from_before_the_trace_have_gradients() -> None:
    a = leaf()
    middle = (a * 3) * 5
    graph = trace(lambda m: m.sum(), middle)
    three, five = (node for node in graph.nodes if node.op == "MulBackward0")
    assert three.outputs[0].missing == "made where it was not watched"
    assert three.outputs[0].shape == (2,)
    assert three.gradients[0] is not None
    assert three.gradients[0].nested() == [5.0, 5.0]
    assert (five.id, five.names) == ("m", ("m",))


def test_saved_lists_numbers_and_wrapped_integers() -> None:
    graph = trace_formula(
        "F.nll_loss(a[i], tensor([0, 1]))", {"a": [[1.0, 2.0], [3.0, 4.0]], "i": torch.tensor([1, 0])}
    )
    index, loss = by_op(graph, "IndexBackward0"), by_op(graph, "NllLossBackward0")
    assert {saved.name: saved.text for saved in index.saved if saved.text} == {"self_sym_sizes": "(2, 2)"}
    assert [saved.value.data for saved in index.saved if saved.value] == [(1, 0)]
    assert {saved.name: saved.text for saved in loss.saved if saved.text} == {"ignore_index": "-100", "reduction": "1"}


def test_dtype_that_was_saved_is_a_word() -> None:
    graph = trace_formula("a.double().sum(dtype=torch.float32)", {"a": [1.0]})
    texts = [saved.text for node in graph.nodes for saved in node.saved]
    assert not any("torch." in text for text in texts)


def test_offloaded_tensors_stay_packed() -> None:
    unpacked: list[int] = []

    def run(a: torch.Tensor) -> torch.Tensor:
        with torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: unpacked.append(1) or t):
            return a.exp().sum()

    graph = trace(run, leaf())
    assert [saved.state for saved in by_op(graph, "ExpBackward0").saved] == ["packed"]
    assert len(unpacked) == 1  # by backward itself


def test_gradients_of_other_threads_are_not_ours() -> None:
    a = leaf()
    shared = a * 2

    class Meanwhile(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
            return x * 1

        @staticmethod
        def backward(ctx: Any, *gradients: torch.Tensor) -> torch.Tensor:
            other = threading.Thread(target=lambda: torch.autograd.grad((shared * 5).sum(), a, retain_graph=True))
            other.start()
            other.join()
            return gradients[0]

    graph = trace(lambda s: Meanwhile.apply(s).sum(), shared)
    node = graph.node("s")
    assert node.op == "MulBackward0"
    assert node.gradients[0] is not None
    assert node.gradients[0].nested() == [1.0, 1.0]
    assert [n.backward_order for n in graph.nodes] == [None, 2, 1, 0]


def test_branch_that_backward_never_reaches() -> None:
    class Half(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, used: torch.Tensor, ignored: torch.Tensor) -> torch.Tensor:
            return used * 1

        @staticmethod
        def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
            return gradients[0], None

    def run(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        ignored = b * 2
        return Half.apply(a * 3, ignored).sum()

    graph = trace(run, leaf(), leaf())
    ignored = graph.node("ignored")
    assert ignored.gradients == (None,)
    assert [edge.contribution for edge in graph.uses("ignored")] == [None]
    assert graph.node("b").gradients == (None,)
    assert graph.node("a").gradients[0] is not None


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32], ids=str)
def test_rounded_sums_are_no_hooks(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    a = torch.randn(50, dtype=dtype).requires_grad_()
    graph = trace(lambda a: sum((a * k).sin().sum() for k in range(1, 9)), a)
    assert [node.note for node in graph.nodes if node.note] == []


def test_hook_that_changes_nothing_is_not_noted() -> None:
    seen: list[torch.Tensor] = []

    def run(a: torch.Tensor) -> torch.Tensor:
        b = a * 2
        b.register_hook(seen.append)
        return b.sum()

    assert [node.note for node in trace(run, leaf()).nodes] == ["", "", ""]
    assert len(seen) == 1


def test_hook_on_a_leaf_is_noted() -> None:
    a = leaf()
    a.register_hook(lambda gradient: gradient * 10)
    graph = trace(lambda a: (a * 2).sum(), a)
    assert graph.node("a").gradients[0] is not None
    assert graph.node("a").gradients[0].nested() == [20.0, 20.0]
    assert graph.node("a").note.startswith("A hook has changed this gradient")


def test_recorder_is_guarded_once_the_compiler_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    watcher = FormulaNames(Names())
    monkeypatch.delitem(sys.modules, "torch._dynamo", raising=False)
    assert type(recorder_for(watcher)) is Recorder
    monkeypatch.setitem(sys.modules, "torch._dynamo", torch)
    assert type(recorder_for(watcher)) is GuardedRecorder
    assert hasattr(GuardedRecorder.__torch_dispatch__, "__wrapped__")
    assert not hasattr(Recorder.__torch_dispatch__, "__wrapped__")


def test_backward_inside_the_traced_code() -> None:
    def penalty(a: torch.Tensor) -> torch.Tensor:
        (slope,) = torch.autograd.grad((a**3).sum(), a, create_graph=True)
        return (slope * slope).sum()

    a = leaf()
    graph = trace(penalty, a)
    (expected,) = torch.autograd.grad(penalty(a), a)
    assert graph.node("a").gradients[0] is not None
    assert graph.node("a").gradients[0].nested() == expected.tolist()
    assert graph.node("slope").outputs[0].data == (3.0, 12.0)


def test_trace_inside_traced_code() -> None:
    inner: list[Graph] = []

    def run(a: torch.Tensor) -> torch.Tensor:
        inner.append(trace(lambda z: z * 2, a))
        return a * 3

    graph = trace(run, leaf())
    assert [node.expression for node in graph.nodes] == ["", "a * 3"]
    assert [node.expression for node in inner[0].nodes] == ["", "z * 2"]
