"""Lays out and draws DOT text with pygraphviz, inside the calling process. Only the worker imports this module.

A layout holds the interpreter lock, may take minutes and may crash: none of that belongs into the page's process.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from typing import BinaryIO

from pygraphviz import AGraph
from pygraphviz import graphviz as gv

# A drawing that is too large for a bitmap is said to be so by "(null)", which stands for the program's name.
_COMPLAINT = re.compile(
    r"^(Error|Warning|\(null\)): (.*(?:\n(?!Error: |Warning: |Fontconfig |\(|\*\*|$).*)*)", re.MULTILINE
)


class RefusedError(Exception):
    """Graphviz did not draw the text; the message is Graphviz' own."""


class Layout:
    """Graphviz with one context, which is kept: it has read the fonts.

    Takes the process' standard error over, because Graphviz tells its errors nowhere else. After a `RefusedError` the
    process should end: Graphviz leaves open files and half-built graphs behind.
    """

    def __init__(self) -> None:
        self._source = _memory_file()
        self._messages = _memory_file()
        os.dup2(self._messages.fileno(), 2)
        self._context = gv.gvContextWithBuiltins()

    def draw(self, dot: bytes, format: str, engine: str = "dot", dpi: int | None = None) -> tuple[bytes, list[str]]:
        """The drawing of DOT text in UTF-8, and Graphviz' warnings.

        `format` may name a renderer and a formatter too: "png:cairo:gd".

        Raises:
            RefusedError: the text is not DOT, a label is malformed, or there is no such format or engine.
        """
        graph = self._read(dot)
        if gv.agget(graph, b"charset"):
            gv.agattr(graph, gv.AGRAPH, b"charset", b"UTF-8")  # whatever the text says of itself
        if dpi is not None:
            gv.agattr(graph, gv.AGRAPH, b"dpi", str(dpi).encode())
        if gv.gvLayout(self._context, graph, engine.encode()):
            raise RefusedError(self._complaints("Error") or f"there is no layout by {engine}")
        answer = gv.gvRenderData(self._context, graph, format.encode())
        gv.gvFreeLayout(self._context, graph)
        gv.agclose(graph)
        drawing = answer[1] if isinstance(answer, list | tuple) else b""
        # A malformed label is reported here and nowhere else: the drawing comes, without the label.
        errors = self._complaints("Error")
        if errors or not drawing:
            raise RefusedError(errors or f"the drawing as {format} is empty")
        return drawing, self._warnings()

    def unflatten(self, dot: bytes, options: str) -> tuple[bytes, list[str]]:
        """The DOT text after the program `unflatten`, which is a part of pygraphviz' wheel, and Graphviz' warnings.

        Raises:
            RefusedError: the text is not DOT.
        """
        gv.agclose(self._read(dot))
        return AGraph(string=dot.decode()).unflatten(options).to_string().encode(), self._warnings()

    def draws_text(self) -> bool:
        """False where there is no font: Graphviz then leaves text out, or draws the same box for every letter."""
        one, other = (
            self.draw(b'graph{a[shape=plain fixedsize=true width=1 height=1 label="%b"]}' % letter, "png")[0]
            for letter in (b"M", b"W")
        )
        return one != other

    def _read(self, dot: bytes) -> object:
        self._source.seek(0)
        self._source.truncate()
        self._source.write(dot)
        self._source.seek(0)
        try:
            return gv.agread(self._source, None)
        except ValueError:
            raise RefusedError(self._complaints("Error") or "there is no graph in it") from None

    def _complaints(self, *kinds: str) -> str:
        """What Graphviz has said since the last drawing under one of these words, in one line."""
        if not os.fstat(self._messages.fileno()).st_size:
            return ""
        self._messages.seek(0)
        text = self._messages.read().decode(errors="replace")
        said = (" ".join(words.split()) for kind, words in _COMPLAINT.findall(text) if kind in kinds)
        return "; ".join(dict.fromkeys(said))

    def _warnings(self) -> list[str]:
        """Graphviz' warnings about what is now done; makes room for those about the next."""
        warnings = self._complaints("Warning", "(null)")
        self._messages.seek(0)
        self._messages.truncate()
        return [warnings] if warnings else []


def _memory_file() -> BinaryIO:
    """An unbuffered file without a name. Graphviz reads and writes files only."""
    if sys.platform == "linux":
        return os.fdopen(os.memfd_create("graphviz_tools"), "r+b", buffering=0)
    return tempfile.TemporaryFile(buffering=0)
