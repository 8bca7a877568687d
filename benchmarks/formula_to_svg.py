"""Warm time from the notebook's formula to annotated SVG, beside torchviz's make_dot and a `dot` process."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable

import torch

from benchmarks.table import Row, paired, row
from graphviz_tools.capture.trace import trace_formula
from graphviz_tools.draw.draw import build
from graphviz_tools.render.render import render
from graphviz_tools.render.svg import page_svg

FORMULA = "b = a*2 + 1\nc = b*b\nd = c/(c + 2)\ne = d.mean()"
POINT = [1.0, 2.0, 3.0]


def calc(a: torch.Tensor) -> torch.Tensor:
    b = a * 2 + 1
    c = b * b
    d = c / (c + 2)
    return d.mean()


def ours() -> str:
    graph = trace_formula(FORMULA, {"a": POINT})
    return page_svg(render(build(graph), "svg"), graph)


def plain() -> None:
    a = torch.tensor(POINT, requires_grad=True)
    calc(a).backward()


def torchviz_with_dot() -> Callable[[], object] | None:
    """The same formula by torchviz; `None` where it or a `dot` program (on the path, or named by $DOT) is missing."""
    dot = os.environ.get("DOT") or shutil.which("dot")
    try:
        from torchviz import make_dot
    except ImportError:
        return None
    if dot is None:
        return None

    def work() -> bytes:
        a = torch.tensor(POINT, requires_grad=True)
        source = make_dot(calc(a), params={"a": a}).source
        return subprocess.run([dot, "-Tsvg"], input=source.encode(), capture_output=True, check=True).stdout

    return work


def stages() -> list[Row]:
    """Where the time of one formula goes."""
    graph = trace_formula(FORMULA, {"a": POINT})
    dot = build(graph)
    svg = render(dot, "svg")
    works: dict[str, Callable[[], object]] = {
        "— trace": lambda: trace_formula(FORMULA, {"a": POINT}),
        "— DOT": lambda: build(graph),
        "— layout and SVG (worker process)": lambda: render(dot, "svg"),
        "— names and roles in the SVG": lambda: page_svg(svg, graph),
    }
    return [row(name, times) for name, times in paired(works, 20).items()]


def measure(rounds: int = 30) -> list[Row]:
    works: dict[str, Callable[[], object]] = {"ours": ours, "plain": plain}
    if peer := torchviz_with_dot():
        works["torchviz"] = peer
    times = paired(works, rounds)
    peers = times.get("torchviz", [])
    return [
        row(
            "formula → annotated SVG", times["ours"], target="≤ 5 ms, below torchviz", against=("torchviz + dot", peers)
        ),
        *stages(),
        row("torchviz make_dot + dot → SVG (no values)", peers),
        row("plain torch forward and backward", times["plain"]),
    ]
