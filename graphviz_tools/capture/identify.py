"""Ids of nodes: the user's names where they are unique."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import count

_ALLOWED = re.compile(r"[A-Za-z0-9_.\[\]\u0370-\u03ff]+")


def make_ids(named: Sequence[tuple[tuple[str, ...], tuple[str, ...]]]) -> list[str]:
    """One id per node, in forward order, unique.

    A node's last name is its id when no other node has it; nodes that share it are `h#1`, `h#2`, ... in forward order;
    the others are `t0`, `t1`, ...

    Args:
        named: each node's names, and the names of its single outputs, which count as in use.
    """
    wanted = [own[-1] if own and _ALLOWED.fullmatch(own[-1]) else "" for own, _ in named]
    carriers = Counter(wanted)
    newest = {name: index for index, (own, of_outputs) in enumerate(named) for name in (*own, *of_outputs)}
    free = _free_ids(set(newest))
    numbers: Counter[str] = Counter()
    ids = []
    for index, name in enumerate(wanted):
        numbers[name] += 1
        if not name:
            ids.append(next(free))
        elif carriers[name] == 1 and newest[name] == index:
            ids.append(name)
        else:
            ids.append(f"{name}#{numbers[name]}")
    return ids


def _free_ids(taken: set[str]) -> Iterator[str]:
    return (name for name in map("t{}".format, count()) if name not in taken)
