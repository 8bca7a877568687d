"""The drawing processes of this process: started when needed, shared by all threads, replaced when they end."""

from __future__ import annotations

import atexit
import os
import signal
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from graphviz_tools.errors import RenderError, RenderTimeoutError
from graphviz_tools.render.fonts import NO_FONTS, Fallback, find_fallback, fontconfig_file
from graphviz_tools.render.process import Worker, WorkerEndedError

SEATS = 2
"""Processes at most: one long layout does not keep all others waiting. The second starts when the first is busy."""

RETIRE_AFTER = 5000
"""Requests to one process. Graphviz loses 1.4 KB with every SVG, and more with a PNG."""


class Pool:
    """At most `SEATS` workers; the one used last is used first, so that a lone user always meets a warm one."""

    def __init__(self) -> None:
        self._seats = threading.BoundedSemaphore(SEATS)
        self._idle: list[Worker] = []  # its append and pop are atomic
        self._alive: set[Worker] = set()
        self._fonts = threading.Lock()
        self._fontconfig_file: str | None = None
        self._draws_text: bool | None = None
        self.fallback: Fallback | None = None

    def ask(self, request: Mapping[str, Any], dot: str, limit: float) -> tuple[Mapping[str, Any], bytes]:
        """Let a worker do `request` within `limit` seconds; its header and body.

        Raises:
            RenderTimeoutError: it took longer.
            RenderError: no worker starts, or two in turn have crashed over this request.
        """
        text = dot.encode(errors="replace")
        with self._seats:
            for _ in range(2):  # a worker may have been killed, for its memory, while nobody looked
                worker = self._take()
                begun = time.monotonic()
                try:
                    header, body = worker.ask({**request, "limit": limit}, text)
                except WorkerEndedError:
                    status = self._replace(worker)
                    if time.monotonic() - begun >= limit:
                        raise _too_long(limit, dot) from None
                except BaseException:
                    self._replace(worker)  # the next one to ask would get the answer that is still to come
                    raise
                else:
                    self._give_back(worker, header)
                    return header, body
        raise RenderError(
            f"Graphviz crashed over this drawing ({_cause(status)}).", hint="Another style may help.", dot=dot
        )

    def font_notice(self) -> str:
        """What to tell users about fonts, "" when all is well. The first time it waits for a worker."""
        if self._draws_text is None:
            with self._seats:
                self._idle.append(self._take())
        if not self._draws_text:
            return NO_FONTS
        return self.fallback.notice if self.fallback else ""

    def start(self) -> None:
        """Start a worker if there is none. It gets warm by itself; this does not wait for it."""
        if not self._alive:
            self._idle.append(self._new())

    def close(self) -> None:
        """End the idle workers. A busy one ends with its request."""
        while self._idle:
            self._end(self._idle.pop())

    def disown(self) -> None:
        """After a fork, in the child: the workers are the parent's."""
        for worker in self._alive:
            worker.disown()

    def _take(self) -> Worker:
        """A worker that is ready."""
        try:
            worker = self._idle.pop()
        except IndexError:
            worker = self._new()
        try:
            greeting = worker.greeting()
        except WorkerEndedError:
            status = _cause(self._end(worker))
            raise RenderError(
                f"The drawing process does not start ({status}).",
                hint="To see why, run: python -m graphviz_tools.render.worker",
            ) from None
        except BaseException:
            self._end(worker)
            raise
        if "error" in greeting:
            self._end(worker)
            raise RenderError(f"pygraphviz does not load: {greeting['error']}.", hint="Try: pip install pygraphviz")
        if not greeting["fonts"] and worker.fontconfig_file != self._find_fonts():
            self._end(worker)
            return self._take()
        self._draws_text = bool(greeting["fonts"])
        return worker

    def _find_fonts(self) -> str:
        """The fonts that this machine lacks: the path of a fontconfig file, "" when there are none. Searched once."""
        with self._fonts:
            if self._fontconfig_file is None:
                self.fallback = find_fallback()
                self._fontconfig_file = fontconfig_file(self.fallback) if self.fallback else ""
            return self._fontconfig_file

    def _new(self) -> Worker:
        worker = Worker(self._fontconfig_file or "")
        self._alive.add(worker)
        return worker

    def _give_back(self, worker: Worker, header: Mapping[str, Any]) -> None:
        # After an error Graphviz keeps files open and half a graph in memory.
        if "error" in header or worker.asked >= RETIRE_AFTER:
            self._replace(worker)
        else:
            self._idle.append(worker)

    def _replace(self, worker: Worker) -> int:
        """End a worker and let the next one get warm already. Returns the old one's exit status."""
        status = self._end(worker)
        self._idle.append(self._new())
        return status

    def _end(self, worker: Worker) -> int:
        self._alive.discard(worker)
        return worker.close()


def _too_long(limit: float, dot: str) -> RenderTimeoutError:
    return RenderTimeoutError(
        f"The layout took longer than {limit:g} seconds and was stopped.",
        hint="Draw fewer nodes: a smaller formula, a single layer of the module, or the compact style.",
        dot=dot,
    )


def _cause(status: int) -> str:
    with suppress(ValueError):
        return signal.Signals(-status).name
    return f"exit status {status}"


_pool = Pool()
_disowned: list[Pool] = []


def pool() -> Pool:
    """This process' pool. It is another one after a fork."""
    return _pool


@atexit.register
def _close() -> None:
    _pool.close()


def _start_anew() -> None:
    global _pool
    _pool.disown()
    _disowned.append(_pool)  # never collected: its pipes lead nowhere, its processes are not ours
    _pool = Pool()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew)
