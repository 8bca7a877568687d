"""Rows of medians, and the one table that they are printed as."""

from __future__ import annotations

import json
import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Row:
    """One measured thing. `ratio` is its median over the median of `baseline`, which was measured in the same run."""

    name: str
    median: float | None
    p95: float | None = None
    unit: str = "ms"
    baseline: str = ""
    ratio: float | None = None
    target: str = ""


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]


def row(
    name: str,
    times: Sequence[float],
    *,
    unit: str = "ms",
    target: str = "",
    against: tuple[str, Sequence[float]] | None = None,
) -> Row:
    """Median and 95th percentile of `times`; beside them the ratio to the median of `against`."""
    if not times:
        return Row(name, None, unit=unit, target=target)
    median = statistics.median(times)
    base, ratio = "", None
    if against and against[1]:
        base, ratio = against[0], median / statistics.median(against[1])
    return Row(name, median, percentile(times, 0.95), unit, base, ratio, target)


def paired(works: dict[str, Callable[[], object]], rounds: int, block: int = 10) -> dict[str, list[float]]:
    """Milliseconds of each work, in blocks that take turns A A B B A A B B, so that a drifting machine drifts for all.

    The first run of a block is not counted: it finds the caches as the other work has left them.
    """
    times: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(-1, rounds):
        for name, work in works.items():
            for run in range(-1, block):
                start = time.perf_counter()
                work()
                if turn >= 0 and run >= 0:
                    times[name].append((time.perf_counter() - start) * 1e3)
    return times


def markdown(rows: Sequence[Row]) -> str:
    def number(value: float | None) -> str:
        return "" if value is None else f"{value:.2f}" if value < 100 else f"{value:.0f}"

    lines = ["| what | median | p95 | unit | ratio | to | target |", "|---|---:|---:|---|---:|---|---|"]
    lines += [
        f"| {' | '.join((r.name, number(r.median), number(r.p95), r.unit, number(r.ratio), r.baseline, r.target))} |"
        for r in rows
    ]
    return "\n".join(lines)


def as_json(rows: Sequence[Row]) -> str:
    return json.dumps([asdict(r) for r in rows], indent=1)
