"""Run work in a thread with a big stack, in the torch state of the caller.

Dropping a chain of about 40,000 autograd nodes recurses in C and overflows the usual 8 MB stack. So graphs are traced
and freed in such a thread, and only plain records may leave it.
"""

from __future__ import annotations

import contextvars
import threading
import traceback
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Generic, TypeVar

import torch
from torch.overrides import TorchFunctionMode, _get_current_function_mode_stack
from torch.utils._python_dispatch import TorchDispatchMode, _get_current_dispatch_mode_stack

Result = TypeVar("Result")

STACK_BYTES = (512 * 2**20, 128 * 2**20, 32 * 2**20)
"""Stack sizes to try, largest first: a process with little address space gets the next one."""

_stack_size_lock = threading.Lock()
_this_thread = threading.local()


def run_on_big_stack(work: Callable[[], Result]) -> Result:
    """Call `work` in a thread with a big stack and give its result; its exceptions keep their type.

    Grad mode, inference mode, autocast, the default device and other torch modes, and context variables are the
    caller's. The frames of an exception lose their local variables, which could hold a graph alive.
    """
    if getattr(_this_thread, "has_big_stack", False):
        return work()
    job = _Job(work, _ThreadState.of_this_thread())
    context = contextvars.copy_context()
    _start(lambda: context.run(job.run)).join()
    return job.outcome()


class _Job(Generic[Result]):
    def __init__(self, work: Callable[[], Result], state: _ThreadState) -> None:
        self._work = work
        self._state = state
        self._results: list[Result] = []
        self._error: BaseException | None = None

    def run(self) -> None:
        _this_thread.has_big_stack = True
        try:
            with ExitStack() as stack:
                self._state.enter(stack)
                self._results.append(self._work())
        except BaseException as error:
            _clear_frames(error)
            self._error = error

    def outcome(self) -> Result:
        error, self._error = self._error, None
        if error is None:
            return self._results.pop()
        try:
            raise error
        finally:
            del error  # breaks the cycle of error, traceback and this frame


def _start(target: Callable[[], None]) -> threading.Thread:
    for size in STACK_BYTES:
        thread = threading.Thread(target=target, name="graphviz_tools-trace", daemon=True)
        with _stack_size_lock:  # the size is process-wide
            before = threading.stack_size(size)
            try:
                thread.start()
            except RuntimeError:
                if size == STACK_BYTES[-1]:
                    raise
            else:
                return thread
            finally:
                threading.stack_size(before)
    raise AssertionError("unreachable: the last size either starts or raises")


def _clear_frames(error: BaseException) -> None:
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        current = waiting.pop()
        if current is not None and id(current) not in seen:
            seen.add(id(current))
            traceback.clear_frames(current.__traceback__)
            waiting += [current.__cause__, current.__context__]


@dataclass(frozen=True)
class _ThreadState:
    """What torch keeps per thread and a forward pass depends on."""

    grad: bool
    inference: bool
    autocast: tuple[tuple[str, torch.dtype], ...]
    autocast_cache: bool
    function_modes: tuple[TorchFunctionMode, ...]
    dispatch_modes: tuple[TorchDispatchMode, ...]
    cuda_device: int | None

    @classmethod
    def of_this_thread(cls) -> _ThreadState:
        devices = ("cpu", "cuda", "mps", "xpu")
        return cls(
            torch.is_grad_enabled(),
            torch.is_inference_mode_enabled(),
            tuple((name, torch.get_autocast_dtype(name)) for name in devices if torch.is_autocast_enabled(name)),
            torch.is_autocast_cache_enabled(),
            tuple(_get_current_function_mode_stack()),  # type: ignore[no-untyped-call]
            tuple(_get_current_dispatch_mode_stack()),
            torch.cuda.current_device() if torch.cuda.is_initialized() else None,  # type: ignore[no-untyped-call]
        )

    def enter(self, stack: ExitStack) -> None:
        """Set this state in the current, fresh thread until the stack is closed."""
        torch.set_grad_enabled(self.grad)
        if self.inference:
            stack.enter_context(torch.inference_mode())
        if self.cuda_device is not None:
            torch.cuda.set_device(self.cuda_device)
        if self.autocast:
            self._enter_autocast(stack)
        for function_mode in self.function_modes:
            torch._C._push_on_torch_function_stack(function_mode)
            stack.callback(torch._C._pop_torch_function_stack)
        for dispatch_mode in self.dispatch_modes:
            stack.enter_context(dispatch_mode)

    def _enter_autocast(self, stack: ExitStack) -> None:
        # The cache of cast parameters belongs to the process: a node of one graph must not turn up in another.
        torch.clear_autocast_cache()
        stack.callback(torch.clear_autocast_cache)
        torch.set_autocast_cache_enabled(self.autocast_cache)
        for name, dtype in self.autocast:
            torch.set_autocast_enabled(name, True)
            torch.set_autocast_dtype(name, dtype)
