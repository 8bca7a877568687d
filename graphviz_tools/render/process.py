"""One drawing process, seen from its parent."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, cast

from graphviz_tools.render.frames import read_frame, write_frame


class WorkerEndedError(Exception):
    """The process has gone without an answer."""


class Worker:
    """A process that runs `graphviz_tools.render.worker`; one thread at a time may talk to it.

    `multiprocessing` is of no use here: below Streamlit its children import the app again.
    """

    def __init__(self, fontconfig_file: str = "") -> None:
        self._process = subprocess.Popen(
            # -P: a file random.py in the user's directory must not stand in for the standard library's.
            [sys.executable, "-P", "-m", "graphviz_tools.render.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=_environment(fontconfig_file),
        )
        self._requests = cast(BinaryIO, self._process.stdin)
        self._answers = cast(BinaryIO, self._process.stdout)
        self._greeting: dict[str, Any] | None = None
        self.fontconfig_file = fontconfig_file
        self.asked = 0

    def greeting(self) -> Mapping[str, Any]:
        """What the process says once it can draw: {"fonts": whether it finds any}, or {"error": why it cannot start}.

        Raises:
            WorkerEndedError: the process has ended before that.
        """
        if self._greeting is None:
            self._greeting = self._read()[0]
        return self._greeting

    def ask(self, request: Mapping[str, Any], dot: bytes) -> tuple[Mapping[str, Any], bytes]:
        """Send a request and wait for the answer. The greeting must have been read.

        Raises:
            WorkerEndedError: the process has ended, by its own clock at the request's limit or by a crash.
        """
        self.asked += 1
        try:
            write_frame(self._requests, request, dot)
        except OSError as error:
            raise WorkerEndedError from error
        return self._read()

    def close(self) -> int:
        """End the process, whatever it is doing. Returns its exit status."""
        self._process.kill()
        for pipe in (self._requests, self._answers):
            try:
                pipe.close()
            except OSError:  # a part of a request was still on its way
                continue
        return self._process.wait()

    def disown(self) -> None:
        """After a fork, in the child: let go of the parent's process without a word to it."""
        with open(os.devnull, "r+b") as nowhere:
            for pipe in (self._requests, self._answers):
                if not pipe.closed:
                    os.dup2(nowhere.fileno(), pipe.fileno(), inheritable=False)
        self._process.returncode = 0  # it is the parent's to wait for

    def _read(self) -> tuple[dict[str, Any], bytes]:
        frame = read_frame(self._answers)
        if frame is None:
            raise WorkerEndedError
        return frame


def _environment(fontconfig_file: str) -> dict[str, str]:
    """This process' environment, and where to find this package when it is used from a checkout."""
    environment = dict(os.environ)
    home = Path(__file__).resolve().parents[2]
    if home.name not in ("site-packages", "dist-packages"):
        paths = (str(home), environment.get("PYTHONPATH", ""))
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    if fontconfig_file:
        environment["FONTCONFIG_FILE"] = fontconfig_file
    return environment
