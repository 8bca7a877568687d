"""Tracing changes nothing that the user can see."""

from __future__ import annotations

import gc
from typing import Any

import pytest
import torch
from torch.nn.modules import module as module_hooks
from torch.utils.checkpoint import checkpoint

from graphviz_tools import trace, trace_formula
from graphviz_tools.capture.values import Reader


class Net(torch.nn.Module):
    """Has state, random numbers and a count of its runs."""

    def __init__(self) -> None:
        super().__init__()
        self.first = torch.nn.Linear(3, 4)
        self.norm = torch.nn.BatchNorm1d(4)
        self.last = torch.nn.Linear(4, 1)
        self.runs = 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.runs += 1
        hidden = torch.nn.functional.dropout(self.norm(self.first(x)).relu())
        noise = torch.rand_like(hidden)
        return self.last(hidden + noise)


def made() -> tuple[Net, torch.Tensor]:
    torch.manual_seed(0)
    return Net(), torch.randn(5, 3)


def test_outputs_state_and_random_numbers_are_bit_identical() -> None:
    (plain, x), kept = made(), []
    expected = plain(x)
    after = torch.get_rng_state()
    traced, x = made()

    def run(x: torch.Tensor) -> torch.Tensor:
        kept.append(traced(x))
        return kept[0]

    graph = trace(run, x)
    assert torch.equal(torch.get_rng_state(), after)
    assert torch.equal(kept[0], expected)
    assert graph.nodes[-1].outputs[0].nested() == expected.tolist()
    assert traced.runs == 1
    for name, tensor in plain.state_dict().items():
        assert torch.equal(tensor, traced.state_dict()[name])
    assert all(parameter.grad is None for parameter in traced.parameters())


def test_random_numbers_of_a_backward_are_taken_back() -> None:
    class Noisy(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
            return x * 2

        @staticmethod
        def backward(ctx: Any, *gradients: torch.Tensor) -> torch.Tensor:
            return gradients[0] * torch.rand(2)

    before = torch.get_rng_state()
    trace(lambda x: Noisy.apply(x).sum(), torch.ones(2, requires_grad=True))
    assert torch.equal(torch.get_rng_state(), before)


def test_gradients_stay() -> None:
    a = torch.tensor([1.0, 2.0], requires_grad=True)
    kept = a.grad = torch.tensor([7.0, 8.0])
    inside: list[torch.Tensor] = []

    def run(a: torch.Tensor) -> torch.Tensor:
        b = a * 2
        b.retain_grad()
        inside.append(b)
        return (b * b).sum()

    graph = trace(run, a)
    assert a.grad is kept
    assert kept.tolist() == [7.0, 8.0]
    assert inside[0].grad is None
    assert graph.node("b").gradients[0] is not None


def test_retained_gradients_of_an_older_graph_stay() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    hidden = x * 2
    hidden.retain_grad()
    (hidden * 5).sum().backward(retain_graph=True)
    before = hidden.grad
    assert before is not None
    middle = hidden * 3
    del hidden.grad
    hidden.grad = before
    graph = trace(lambda middle: middle.sum(), middle)
    assert hidden.grad is before
    assert before.tolist() == [5.0, 5.0]
    assert graph.node("middle").gradients[0] is not None
    assert [node.op for node in graph.nodes] == ["AccumulateGrad", "MulBackward0", "MulBackward0", "SumBackward0"]


@pytest.mark.parametrize("reentrant", [False, True], ids=["normal", "reentrant"])
def test_checkpoint_runs_as_often_as_without_tracing(reentrant: bool) -> None:
    runs: list[int] = []

    def segment(z: torch.Tensor) -> torch.Tensor:
        runs.append(1)
        return (z.sin() * 2).cos()

    a = torch.tensor([1.0, 2.0], requires_grad=True)
    graph = trace(lambda a: checkpoint(segment, a, use_reentrant=reentrant).sum(), a)
    assert len(runs) == 2  # forward, and again in backward
    assert a.grad is None
    (expected,) = torch.autograd.grad(segment(a).sum(), a)
    gradient = graph.node("a").gradients[0]
    assert gradient is not None
    assert gradient.nested() == expected.tolist()
    states = {saved.state for node in graph.nodes for saved in node.saved if saved.name in ("self", "result")}
    assert states == (set() if reentrant else {"packed"})


def test_reentrant_checkpoint_runs_no_training_hook() -> None:
    steps: list[int] = []
    a = torch.tensor([1.0, 2.0], requires_grad=True)
    a.register_post_accumulate_grad_hook(lambda tensor: steps.append(1))
    graph = trace(lambda a: checkpoint(torch.sin, a, use_reentrant=True).sum(), a)
    assert not steps
    assert "use_reentrant" in graph.backward_error
    assert trace(lambda a: a.sin().sum(), a).backward_error == ""
    assert not steps


def test_inputs_are_not_changed() -> None:
    a = torch.tensor([1.0, 2.0], requires_grad=True)
    t = torch.tensor([3.0, 4.0])
    trace_formula("b = a*t\nt += 1\nt[0] = 9.\nb.sum() + (t*a).sum()", {"a": a, "t": t})
    trace_formula("t*a", {"a": a, "t": t}, requires_grad=["t"])
    assert (a.tolist(), t.tolist()) == ([1.0, 2.0], [3.0, 4.0])
    assert (a._version, t._version) == (0, 0)
    assert (a.requires_grad, t.requires_grad) == (True, False)
    assert (a.grad, t.grad, a.grad_fn) == (None, None, None)


def test_an_inputs_own_in_place_change_happens_once() -> None:
    t = torch.zeros(2)
    graph = trace(lambda x, t: (x + t.add_(1)).sum(), torch.ones(2, requires_grad=True), t)
    assert t.tolist() == [1.0, 1.0]
    assert graph.node("t").outputs[0].nested() == [1.0, 1.0]


def test_torch_is_not_patched_and_no_hook_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    owners = [torch, torch.Tensor, torch._C.TensorBase, torch.nn.Module, torch.autograd, torch.nn.functional]
    before = [dict(vars(owner)) for owner in owners]
    inside: list[torch.Tensor] = []

    def run(x: torch.Tensor) -> torch.Tensor:
        inside.append(net(x).sum())
        return inside[0]

    net, x = made()
    trace(run, x)
    for owner, names in zip(owners, before, strict=True):
        assert {name for name, value in vars(owner).items() if names.get(name) is not value} == set()
    assert not module_hooks._global_forward_pre_hooks
    assert not module_hooks._global_forward_hooks
    assert not module_hooks._global_forward_hooks_always_called
    assert torch._C._len_torch_dispatch_stack() == 0
    reads: list[torch.Tensor] = []
    monkeypatch.setattr(Reader, "tensor", lambda self, tensor: reads.append(tensor))
    inside[0].backward()
    assert not reads
    assert all(parameter.grad is not None for parameter in net.parameters())


def test_hooks_are_gone_when_the_code_fails() -> None:
    class Fails(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        trace(torch.nn.Sequential(Fails()), torch.ones(2, requires_grad=True))
    assert not module_hooks._global_forward_pre_hooks
    assert not module_hooks._global_forward_hooks
    assert torch._C._len_torch_dispatch_stack() == 0


def test_users_hooks_see_one_backward() -> None:
    seen: list[list[float]] = []

    def run(a: torch.Tensor) -> torch.Tensor:
        b = a * 2
        b.register_hook(lambda gradient: seen.append(gradient.tolist()) or gradient * 10)
        return (b * 3).sum()

    graph = trace(run, torch.tensor([1.0, 2.0], requires_grad=True))
    assert seen == [[3.0, 3.0]]
    b = graph.node("b")
    assert b.gradients[0] is not None
    assert b.gradients[0].nested() == [30.0, 30.0]
    assert [edge.contribution and edge.contribution.nested() for edge in graph.uses("b")] == [[3.0, 3.0]]
    assert b.note.startswith("A hook has changed this gradient")
    assert [node.note for node in graph.nodes if node is not b] == ["", "", ""]


def test_a_subclass_sees_only_its_own_calls() -> None:
    calls: list[str] = []

    class Noted(torch.Tensor):
        @classmethod
        def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            calls.append(getattr(func, "__name__", str(func)))
            return super().__torch_function__(func, types, args, kwargs)

    def run(x: torch.Tensor) -> torch.Tensor:
        calls.clear()
        y = (x * 2).sum()
        calls.append("end")
        return y

    x = torch.tensor([1.0, 2.0]).as_subclass(Noted).requires_grad_()
    run(x)
    expected = list(calls)
    graph = trace(run, x)
    assert calls[: calls.index("end") + 1] == expected
    assert calls[calls.index("end") + 1 :] == ["grad"]
    gradient = graph.node("x").gradients[0]
    assert gradient is not None
    assert gradient.nested() == [2.0, 2.0]


def test_tracing_again_and_again_keeps_nothing() -> None:
    a = torch.ones(2, requires_grad=True)

    def count() -> int:
        gc.collect()
        return sum(issubclass(type(thing), torch.Tensor) for thing in gc.get_objects())

    trace(lambda a: (a * 2).sin().sum(), a)
    before = count()
    for _ in range(5):
        trace(lambda a: (a * 2).sin().sum(), a)
        trace_formula("(a*2).sin().sum()", {"a": [1.0, 2.0]})
    assert count() == before
