"""The drawing process: `python -m graphviz_tools.render.worker` draws what comes in on standard input.

It greets with one frame, then answers every frame (see `frames`) with one. It ends itself when a drawing passes its
limit, so that it never outlives its parent by more than that, and when standard input ends.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
from typing import TYPE_CHECKING, Any, BinaryIO

from graphviz_tools.render.frames import read_frame, write_frame

if TYPE_CHECKING:
    from graphviz_tools.render.layout import Layout

START_LIMIT = 60.0
"""Seconds for starting: on a machine with many fonts the first look at them takes a while."""


def main() -> None:
    """Serve until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in the terminal is meant for the parent
    answers = _take_standard_output()
    _limit(START_LIMIT)
    try:
        from graphviz_tools.render.layout import Layout
    except ImportError as error:
        write_frame(answers, {"error": str(error)})
        return
    layout = Layout()
    write_frame(answers, {"fonts": layout.draws_text()})
    _limit(0)
    while (frame := read_frame(sys.stdin.buffer)) is not None:
        request, dot = frame
        _limit(request.pop("limit"))
        header, body = _answer(layout, request, dot)
        write_frame(answers, header, body)
        _limit(0)


def _answer(layout: Layout, request: dict[str, Any], dot: bytes) -> tuple[dict[str, Any], bytes]:
    work = layout.unflatten if request.pop("do") == "unflatten" else layout.draw
    try:
        body, warnings = work(dot, **request)
    except Exception as error:
        return {"error": str(error) or repr(error)}, b""
    return {"warnings": warnings}, body


def _take_standard_output() -> BinaryIO:
    """The answers' stream, kept apart from whatever prints to standard output."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


def _limit(seconds: float) -> None:
    """End this process that many seconds from now, even inside Graphviz; 0 takes the limit away."""
    if sys.platform == "win32":
        faulthandler.cancel_dump_traceback_later()
        if seconds:
            faulthandler.dump_traceback_later(seconds, exit=True)
        return
    # A parent may have handed down that the alarm is ignored or blocked.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM})
    signal.setitimer(signal.ITIMER_REAL, seconds)


if __name__ == "__main__":
    main()
