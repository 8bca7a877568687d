"""Run work in a thread with a big stack, in the torch state of the caller.

Dropping a chain of about 40,000 autograd nodes recurses in C and overflows the usual 8 MB stack. So graphs are traced
and freed in such a thread, and only plain records may leave it. The threads are kept for the next work: a fresh one
costs as much as tracing a small formula.
"""

from __future__ import annotations

import contextvars
import os
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import ExitStack
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

from graphviz_tools.capture.thread_state import ThreadState

Result = TypeVar("Result")

STACK_BYTES = (512 * 2**20, 128 * 2**20, 32 * 2**20)
"""Stack sizes to try, largest first: a process with little address space gets the next one."""
KEPT_THREADS = 4
LONG_SECONDS = 0.5
"""After longer work a thread ends: a deep graph leaves its stack large in memory."""

_stack_size_lock = threading.Lock()
_this_thread = threading.local()


def run_on_big_stack(work: Callable[[], Result]) -> Result:
    """Call `work` in a thread with a big stack and give its result; its exceptions keep their type.

    Grad mode, inference mode, autocast, the default device and other torch modes, and context variables are the
    caller's. The frames of an exception lose their local variables, which could hold a graph alive.
    """
    if getattr(_this_thread, "has_big_stack", False):
        return work()
    job = _Job(work, ThreadState.of_this_thread(), contextvars.copy_context())
    thread = _idle.pop() if _idle else _BigThread()
    try:
        thread.jobs.put(job)
        job.wait()
    except BaseException:  # interrupted: the thread ends when it has done this job
        thread.jobs.put(None)
        raise
    if job.left_no_trace and len(_idle) < KEPT_THREADS:
        _idle.append(thread)
    else:
        thread.jobs.put(None)
    return job.outcome()


class _Job(Generic[Result]):
    """Work, and what became of it."""

    def __init__(self, work: Callable[[], Result], state: ThreadState, context: contextvars.Context) -> None:
        self.left_no_trace = False
        self._work = work
        self._state = state
        self._context = context
        self._results: list[Result] = []
        self._error: BaseException | None = None
        self._running = threading.Lock()
        self._running.acquire()

    def run(self, fresh: ThreadState) -> None:
        """Do it, in a thread that is in the state `fresh` and should be so afterwards."""
        start = time.monotonic()
        try:
            with ExitStack() as stack:
                self._state.enter(stack)
                self._results.append(self._context.run(self._work))
        except BaseException as error:
            _clear_frames(error)
            self._error = error
        short = time.monotonic() - start < LONG_SECONDS
        self.left_no_trace = short and ThreadState.of_this_thread() == fresh
        self._running.release()

    def wait(self) -> None:
        """Until it has run."""
        self._running.acquire()

    def outcome(self) -> Result:
        """The result, or the exception raised."""
        error, self._error = self._error, None
        if error is None:
            return self._results.pop()
        try:
            raise error
        finally:
            del error  # breaks the cycle of error, traceback and this frame


class _BigThread:
    """A thread with a big stack that runs one job after the other, until it gets `None`."""

    def __init__(self) -> None:
        self.jobs: SimpleQueue[_Job[Any] | None] = SimpleQueue()
        _start(self._run)

    def _run(self) -> None:
        _this_thread.has_big_stack = True
        fresh = ThreadState.of_this_thread()
        while (job := self.jobs.get()) is not None:
            job.run(fresh)
            del job  # and with it the work, while waiting for the next


_idle: list[_BigThread] = []
os.register_at_fork(after_in_child=_idle.clear)  # threads do not survive a fork


def _start(target: Callable[[], None]) -> None:
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
                return
            finally:
                threading.stack_size(before)


def _clear_frames(error: BaseException) -> None:
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        current = waiting.pop()
        if current is not None and id(current) not in seen:
            seen.add(id(current))
            traceback.clear_frames(current.__traceback__)
            waiting += [current.__cause__, current.__context__]
