"""`Drawing`: a `graphviz.Digraph` that shows itself, also where no `dot` program is installed."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import graphviz

from graphviz_tools.draw.draw import build
from graphviz_tools.model import Graph
from graphviz_tools.render.render import render, unflatten

_PLACES = ("filename", "directory", "format", "engine", "encoding", "renderer", "formatter")
_CONTENT = ("name", "comment", "graph_attr", "node_attr", "edge_attr", "body", "strict")


class _Hosted:
    """The places where the graphviz package runs a program, led to this package's drawing process.

    All around them (checks of arguments, names of files, encodings, viewers) stays the graphviz package's own.
    """

    encoding: str

    @property
    def _pipe_lines(self) -> Any:
        return _pipe_lines

    @property
    def _pipe_lines_string(self) -> Any:
        return _pipe_lines_string

    @property
    def _render(self) -> Any:
        return partial(_render, encoding=self.encoding)

    @property
    def _unflatten(self) -> Any:
        return _unflatten


class DrawingSource(_Hosted, graphviz.Source):  # type: ignore[misc]  # the graphviz package has no types
    """Verbatim DOT text that shows itself: what `Drawing.unflatten` returns."""


class Drawing(_Hosted, graphviz.Digraph):  # type: ignore[misc]
    """A drawn autograd graph, and in all respects a `graphviz.Digraph`.

    It shows itself in a notebook; `pipe`, `render`, `view`, `unflatten` and `copy` do what the graphviz package says,
    with no `dot` program. They raise `RenderError` where that package raises `CalledProcessError`, and warn with
    `RenderWarning` where it lets Graphviz write to standard error.
    """

    @classmethod
    def of(cls, dot: graphviz.Digraph) -> Drawing:
        """The same drawing, able to show itself."""
        return cls(**{name: getattr(dot, name) for name in _CONTENT + _PLACES})

    def unflatten(self, stagger: int | None = None, fanout: bool = False, chain: int | None = None) -> DrawingSource:
        """This drawing with edges to leaves of different lengths, which makes a wide one higher."""
        source = super().unflatten(stagger=stagger, fanout=fanout, chain=chain)
        return DrawingSource(source.source, **{name: getattr(source, name) for name in _PLACES})


def draw(graph: Graph, style: str = "auto", theme: str = "light", *, saved: Collection[str] = ()) -> Drawing:
    """Draw a traced graph.

    Args:
        graph: from `trace` or `trace_formula`.
        style: "cards", "circuit" (scalars only), "compact", or "auto": cards for a small graph, else compact.
        theme: "light" or "dark".
        saved: ids of nodes whose saved tensors are drawn too.

    Raises:
        GraphvizToolsError: there is no such style or theme, or a circuit is asked for tensors that are not scalars.
    """
    return Drawing.of(build(graph, style, theme, saved=saved))


def _pipe_lines(engine: str, format: str, input_lines: Iterable[str], **options: Any) -> bytes:
    return _drawn("".join(input_lines), engine, format, **options)


def _pipe_lines_string(engine: str, format: str, input_lines: Iterable[str], *, encoding: str, **options: Any) -> str:
    return _drawn("".join(input_lines), engine, format, **options).decode(encoding)


def _render(
    engine: str,
    format: str,
    filepath: str,
    *,
    encoding: str,
    renderer: str | None = None,
    formatter: str | None = None,
    outfile: os.PathLike[str] | None = None,
    raise_if_result_exists: bool = False,
    overwrite_filepath: bool = False,
    **options: Any,
) -> str:
    """Draw the saved source into a file beside it, or into `outfile`. Returns the file's path."""
    source = Path(filepath)
    kind = ".".join(filter(None, (formatter, renderer, format)))
    target = source.with_suffix(f"{source.suffix}.{kind}") if outfile is None else Path(outfile)
    if raise_if_result_exists and overwrite_filepath:
        raise ValueError("overwrite_source cannot be combined with raise_if_result_exists")
    if not overwrite_filepath and target.resolve() == source.resolve():
        raise ValueError(f"outfile {target.name!r} is the source file too; overwrite_source=True allows that")
    if raise_if_result_exists and target.exists():
        raise graphviz.FileExistsError(f"output file exists: {os.fspath(target)!r}")
    text = source.read_text(encoding=encoding)
    target.write_bytes(_drawn(text, engine, format, renderer=renderer, formatter=formatter, **options))
    return os.fspath(target)


def _drawn(
    text: str,
    engine: str,
    format: str,
    *,
    renderer: str | None = None,
    formatter: str | None = None,
    neato_no_op: int | None = None,
    input_encoding: str = "",
    quiet: bool = False,
) -> bytes:
    del input_encoding, quiet  # text comes as text, and Graphviz writes to no one's standard error
    if formatter is not None and renderer is None:
        raise graphviz.RequiredArgumentError("formatter given without renderer")
    if neato_no_op:
        engine = f"nop{int(neato_no_op)}"
    return render(text, ":".join(filter(None, (format, renderer, formatter))), engine=engine)


def _unflatten(source: str, *, stagger: int | None, fanout: bool, chain: int | None, encoding: str) -> str:
    del encoding  # as above
    if fanout and stagger is None:
        raise graphviz.RequiredArgumentError("fanout given without stagger")
    options = (f"-l {stagger}" if stagger is not None else "", "-f" if fanout else "", f"-c {chain}" if chain else "")
    return unflatten(source, " ".join(filter(None, options)))
