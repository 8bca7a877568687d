"""The one table of names that a formula can use. Nothing outside it can be reached, whatever the text says."""

from __future__ import annotations

import ast
import difflib
import inspect
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import torch
import torch.nn.functional

from graphviz_tools.formula import catalogue
from graphviz_tools.formula.catalogue import Cost
from graphviz_tools.formula.constructors import LOCAL


@dataclass(frozen=True, slots=True)
class Entry:
    """One name of the language: its full name, what it calls, one line of help, and what it can cost."""

    name: str
    call: Callable[..., Any]
    help: str
    cost: Cost
    positional: int
    """How many arguments can be given without a name."""


_PREFIXES = {"t": "torch.", "f": "F.", "s": "torch.special.", "l": "torch.linalg."}
_HOMES = {"t": torch, "f": torch.nn.functional, "s": torch.special, "l": torch.linalg}
_ALIASES = (("torch.nn.functional.", "F."), ("nn.functional.", "F."), ("torch.functional.", "torch."))
MODULES = frozenset(
    {"torch", "F", "nn", "math", "torch.nn", "torch.nn.functional", "nn.functional", "torch.special", "torch.linalg"}
)


KEYWORDS = frozenset(catalogue.KEYWORDS.split())
"""The argument names that can be written."""
_ANY_NUMBER = 64


def _rows(table: str, columns: int = 2) -> list[Any]:
    return [line.split(None, columns - 1) for line in table.strip().splitlines()]


def _call(name: str, home: Any, cost: Cost) -> Callable[..., Any] | None:
    """The callable of a name; `None` where this version of torch does not have it."""
    return LOCAL[name] if cost == "local" else getattr(home, name, None)


def _positional(call: Callable[..., Any]) -> int:
    """The number of arguments before the first whose name is not on the list of arguments.

    torch's own Python functions take `inplace` and `out` by position as well; its C functions by name only.
    """
    try:
        parameters = inspect.signature(call).parameters.values()
    except (TypeError, ValueError):
        return _ANY_NUMBER
    by_position = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if len(by_position) < len(parameters) and any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return _ANY_NUMBER
    forbidden = (index for index, p in enumerate(by_position) if p.name not in KEYWORDS and p.name != "self")
    return next(forbidden, _ANY_NUMBER)


def _collect() -> tuple[dict[str, Entry], dict[str, Entry]]:
    functions: dict[str, Entry] = {}
    methods: dict[str, Entry] = {}
    for cost, table in catalogue.SECTIONS.items():
        for name, where, text in _rows(table, 3):
            homes = [code for code in where if code in _HOMES]
            call = _call(name, _HOMES[homes[0]], cost) if homes else None
            if call is not None:
                entry = Entry(
                    _PREFIXES[homes[0]] + name, call, text, cost, _ANY_NUMBER if cost == "local" else _positional(call)
                )
                functions.update({_PREFIXES[code] + name: entry for code in homes})
                functions.setdefault(name, entry)
            method = _call(name, torch.Tensor, cost) if "m" in where else None
            if method is not None:
                methods[name] = Entry(
                    "Tensor." + name, method, text, cost, _ANY_NUMBER if cost == "local" else _positional(method)
                )
    for name, text in _rows(catalogue.MATH):
        functions["math." + name] = Entry("math." + name, getattr(math, name), text, "number", _ANY_NUMBER)
    return functions, methods


_functions, _methods = _collect()

FUNCTIONS: Mapping[str, Entry] = MappingProxyType(_functions)
"""Every function by each of its spellings: `relu`, `torch.relu`, `F.relu`; numbers only as `math.sqrt`."""
METHODS: Mapping[str, Entry] = MappingProxyType(_methods)
"""The methods of tensors, by name without the dot."""
PROPERTIES: Mapping[str, str] = MappingProxyType(dict(_rows(catalogue.PROPERTIES)))
"""What can be read from a tensor without calling it, with one line of help."""
BUILTINS: Mapping[str, str] = MappingProxyType(dict(_rows(catalogue.BUILTINS)))
"""Python's own functions that the language has, with one line of help."""
FIELDS = frozenset(
    {
        *("values", "indices", "min", "max", "mean", "std", "var"),
        *("Q", "R", "U", "S", "Vh", "sign", "logabsdet", "eigenvalues", "eigenvectors"),
    }
)
"""The named parts of results such as `x.max(dim=0)`."""
CONSTANTS: Mapping[str, Any] = MappingProxyType(
    {"pi": math.pi, "tau": math.tau, "inf": math.inf, "nan": math.nan}
    | {f"{home}.{name}": getattr(math, name) for home in ("math", "torch") for name in ("pi", "e", "inf", "nan")}
    | {"math.tau": math.tau}
    | {f"torch.{name}": getattr(torch, name) for name in catalogue.DTYPES.split()}
)
"""Numbers and dtypes that have a name."""


def dotted(node: ast.expr) -> str:
    """`torch.nn.functional.relu` for such an expression when it starts at a module of the language, else ""."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not (parts and isinstance(node, ast.Name) and node.id in MODULES):
        return ""
    return ".".join((node.id, *reversed(parts)))


def resolve(path: str) -> Entry | None:
    """The function that a name stands for, in any of its spellings; `None` when there is none.

    >>> resolve("torch.nn.functional.relu") is resolve("relu") is resolve("torch.relu")
    True
    """
    for long, short in _ALIASES:
        if path.startswith(long):
            path = short + path.removeprefix(long)
    return FUNCTIONS.get(path)


def suggest(name: str, candidates: Iterable[str]) -> str:
    """The candidate nearest to a mistyped name, "" when nothing is near.

    >>> suggest("Sofmax", ("softmax", "sigmoid"))
    'softmax'
    """
    by_lower = {candidate.lower(): candidate for candidate in candidates}
    found = difflib.get_close_matches(name.lower()[:60], by_lower, n=1, cutoff=0.75)
    return by_lower[found[0]] if found else ""


def suggest_function(path: str) -> str:
    """The spelling nearest to an unknown function: the same name elsewhere first, then a similar name.

    >>> suggest_function("torch.relu6"), suggest_function("nn.ReLU"), suggest_function("torch.sofmax")
    ('F.relu6', 'F.relu', 'torch.softmax')
    """
    home, _, name = path.rpartition(".")
    home = "F" if home.split(".")[-1] in ("nn", "functional") else home
    places = [f"{home}."] if home else [""]
    places += [place for place in ("torch.", "F.", "torch.linalg.", "torch.special.") if home and place not in places]
    for spelling in (name, name.lower(), _snake(name)):
        for place in places:
            if place + spelling in FUNCTIONS:
                return place + spelling
    names = [known.rpartition(".")[2] for known in FUNCTIONS] + ([] if home else list(BUILTINS))
    near = suggest(name, names)
    return next((place + near for place in places if place + near in FUNCTIONS), near if not home else "")


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() and i else c.lower() for i, c in enumerate(name))
