"""The thread that traces run in: its stack, its torch state, its exceptions."""

from __future__ import annotations

import contextvars
import gc
import os
import signal
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import torch

from graphviz_tools import trace
from graphviz_tools.capture import big_stack
from graphviz_tools.capture.big_stack import run_on_big_stack
from graphviz_tools.capture.thread_state import ThreadState


def in_small_thread(work: Callable[[], Any]) -> Any:
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(work()))
    before = threading.stack_size(256 * 1024)
    try:
        thread.start()
        thread.join(timeout=120)
    finally:
        threading.stack_size(before)
    return results[0]


def test_deep_chain_is_traced_and_freed_from_a_small_thread() -> None:
    def chain(a: torch.Tensor) -> torch.Tensor:
        for _ in range(10_000):
            a = a * 1.0
            a = a + 0.0
        return a.sum()

    graph = in_small_thread(lambda: trace(chain, torch.tensor([1.0, 2.0], requires_grad=True)))
    assert len(graph.nodes) == 20_002
    assert graph.nodes[0].gradients[0].data == (1.0, 1.0)
    assert [node.backward_order for node in graph.nodes[1:]] == list(range(20_000, -1, -1))


def test_nothing_of_the_graph_leaves_the_thread() -> None:
    nodes: list[weakref.ref[Any]] = []

    def run(a: torch.Tensor) -> torch.Tensor:
        b = a * 2
        nodes.append(weakref.ref(b))
        return b.sum()

    gc.collect()
    gc.disable()
    try:
        trace(run, torch.ones(2, requires_grad=True))
        assert nodes[0]() is None
        with pytest.raises(KeyError):
            trace(lambda a: {}[run(a)], torch.ones(2, requires_grad=True))
        assert nodes[1]() is None
    finally:
        gc.enable()


def test_deep_graph_in_a_reference_cycle_is_freed_in_the_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[weakref.ref[torch.Tensor]] = []

    def run(a: torch.Tensor) -> torch.Tensor:
        b = a * 2
        cycle: list[Any] = [b]
        cycle.append(cycle)
        kept.append(weakref.ref(b))
        return b.sum()

    monkeypatch.setattr("graphviz_tools.capture.trace.DEEP", 2)
    trace(run, torch.ones(2, requires_grad=True))
    assert kept[0]() is None


def test_stack_size_of_other_threads_is_put_back() -> None:
    before = threading.stack_size(2**20)
    try:
        run_on_big_stack(lambda: None)
        assert threading.stack_size() == 2**20
    finally:
        threading.stack_size(before)


def test_smaller_stack_where_the_large_one_cannot_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(big_stack, "_idle", [])
    monkeypatch.setattr(big_stack, "STACK_BYTES", (2**50, 32 * 2**20))
    assert run_on_big_stack(lambda: "done") == "done"
    monkeypatch.setattr(big_stack, "_idle", [])
    monkeypatch.setattr(big_stack, "STACK_BYTES", (2**50,))
    before = threading.stack_size()
    with pytest.raises(RuntimeError, match="can't start new thread"):
        run_on_big_stack(lambda: "done")
    assert threading.stack_size() == before


def test_threads_are_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(big_stack, "_idle", [])
    assert len({run_on_big_stack(threading.get_ident) for _ in range(5)}) == 1
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: run_on_big_stack(lambda: time.sleep(0.05)), range(8)))
    assert 1 <= len(big_stack._idle) <= big_stack.KEPT_THREADS


@pytest.mark.parametrize(
    "work",
    [
        pytest.param(lambda: torch.set_default_device("meta"), id="mode"),
        pytest.param(lambda: torch.set_autocast_enabled("cpu", True), id="autocast"),
        pytest.param(lambda: time.sleep(0.02), id="long"),
    ],
)
def test_thread_that_is_not_as_before_ends(work: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(big_stack, "_idle", [])
    monkeypatch.setattr(big_stack, "LONG_SECONDS", 0.01)
    run_on_big_stack(work)
    assert big_stack._idle == []
    assert run_on_big_stack(lambda: torch.ones(1).device.type) == "cpu"
    assert not run_on_big_stack(lambda: torch.is_autocast_enabled("cpu"))


def test_state_of_one_work_does_not_reach_the_next() -> None:
    def state() -> ThreadState:
        return ThreadState.of_this_thread()

    fresh = run_on_big_stack(state)
    with torch.no_grad(), torch.device("meta"), torch.autocast("cpu", dtype=torch.float16, cache_enabled=False):
        inside = run_on_big_stack(state)
    with torch.inference_mode():
        assert run_on_big_stack(state).inference
    assert (inside.grad, inside.autocast, inside.autocast_cache) == (False, (("cpu", torch.float16),), False)
    assert len(inside.function_modes) == 1
    assert run_on_big_stack(state) == fresh
    assert run_on_big_stack(lambda: torch.get_autocast_dtype("cpu")) == torch.bfloat16


def test_work_is_dropped_when_it_is_done() -> None:
    class Payload:
        pass

    payload = Payload()
    kept = weakref.ref(payload)
    run_on_big_stack(lambda payload=payload: None)
    del payload
    run_on_big_stack(lambda: None)
    assert kept() is None


def test_interrupted_wait_ends_the_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(big_stack, "_idle", [])
    done = threading.Event()

    def interrupted(job: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(big_stack._Job, "wait", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run_on_big_stack(done.set)
    assert done.wait(10)
    assert big_stack._idle == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_forked_child_has_threads_of_its_own() -> None:
    run_on_big_stack(lambda: None)
    child = os.fork()
    if not child:
        os._exit(0 if run_on_big_stack(lambda: 7) == 7 else 1)
    deadline = time.monotonic() + 20
    finished, status = os.waitpid(child, os.WNOHANG)
    while not finished and time.monotonic() < deadline:
        time.sleep(0.01)
        finished, status = os.waitpid(child, os.WNOHANG)
    if not finished:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert (finished, status) == (child, 0)


def test_nested_call_stays_in_its_thread() -> None:
    def nested() -> tuple[int, int]:
        return threading.get_ident(), run_on_big_stack(threading.get_ident)

    outer, inner = run_on_big_stack(nested)
    assert outer == inner != threading.get_ident()


class Precise(Exception):
    """Has an attribute, to see that it is the very object."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@pytest.mark.parametrize("error", [Precise(7), KeyboardInterrupt(), SystemExit(3)], ids=lambda e: type(e).__name__)
def test_exceptions_keep_their_type(error: BaseException) -> None:
    def fail() -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        run_on_big_stack(fail)
    assert caught.value is error
    assert "fail" in [entry.name for entry in caught.traceback]


def test_chained_exceptions_hold_no_tensors() -> None:
    kept: list[weakref.ref[torch.Tensor]] = []

    def inner() -> None:
        tensor = torch.ones(2)
        kept.append(weakref.ref(tensor))
        raise KeyError("first")

    def outer() -> None:
        try:
            inner()
        except KeyError as error:
            raise ValueError("second") from error

    with pytest.raises(ValueError, match="second") as caught:
        run_on_big_stack(outer)
    assert isinstance(caught.value.__cause__, KeyError)
    assert kept[0]() is None


VARIABLE: contextvars.ContextVar[str] = contextvars.ContextVar("VARIABLE", default="outside")


def test_context_variables_reach_the_thread() -> None:
    token = VARIABLE.set("inside")
    try:
        assert run_on_big_stack(VARIABLE.get) == "inside"
        run_on_big_stack(lambda: VARIABLE.set("changed"))
        assert VARIABLE.get() == "inside"
    finally:
        VARIABLE.reset(token)


def test_gradient_modes_reach_the_thread() -> None:
    def modes() -> tuple[bool, bool]:
        return torch.is_grad_enabled(), torch.is_inference_mode_enabled()

    assert run_on_big_stack(modes) == (True, False)
    with torch.no_grad():
        assert run_on_big_stack(modes) == (False, False)
    with torch.inference_mode():
        assert run_on_big_stack(modes) == (False, True)
        assert torch.is_inference_mode_enabled()


def test_autocast_reaches_the_forward_pass_and_not_the_backward() -> None:
    inside: list[bool] = []

    def run(x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        y = x @ w
        y.register_hook(lambda gradient: inside.append(torch.is_autocast_enabled("cpu")))
        return y.sum()

    x, w = torch.ones(2, 2), torch.randn(2, 2, requires_grad=True)
    assert trace(run, x, w).node("y").outputs[0].dtype == "float32"
    with torch.autocast("cpu", dtype=torch.bfloat16):
        graph = trace(run, x, w)
        assert torch.is_autocast_enabled("cpu")
        plain = run(x, w)
    assert graph.node("y").outputs[0].dtype == "bfloat16"
    assert inside == [False, False]
    assert graph.nodes[-1].outputs[0].data == (plain.item(),)


def test_default_device_reaches_the_thread() -> None:
    assert run_on_big_stack(lambda: torch.ones(1).device.type) == "cpu"
    with torch.device("meta"):
        assert run_on_big_stack(lambda: torch.ones(1).device.type) == "meta"
    assert torch.ones(1).device.type == "cpu"


def test_other_torch_modes_reach_the_thread() -> None:
    from torch.overrides import TorchFunctionMode
    from torch.utils._python_dispatch import TorchDispatchMode

    seen: list[str] = []

    class Functions(TorchFunctionMode):
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            seen.append("function")
            return func(*args, **(kwargs or {}))

    class Operators(TorchDispatchMode):
        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            seen.append("operator")
            return func(*args, **(kwargs or {}))

    one = torch.ones(1)
    with Functions(), Operators():
        run_on_big_stack(lambda: torch.neg(one))
    assert seen == ["function", "operator"]


def test_traces_in_several_threads_do_not_mix() -> None:
    def run(number: int) -> bool:
        layer = torch.nn.Linear(1, 1)
        graph = trace(lambda a: layer(a * number).sum(), torch.tensor([[1.0]], requires_grad=True))
        modules = {node.module for node in graph.nodes}
        return len(graph.nodes) == 7 and modules == {"", "layer"} and graph.nodes[1].outputs[0].data == (number,)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(run, range(40)))
