"""Imports go down only, and only the rooms that need a heavy package load it.

The arrows are read from the source. What really gets loaded is asked of fresh interpreters. Both checks are shown to
find a package that breaks the rules.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import graphviz_tools

PACKAGE = Path(graphviz_tools.__file__).parent

LEVELS = {
    name: level
    for level, names in enumerate(
        (
            ("errors", "model"),
            ("formatting",),
            ("formula",),
            ("capture",),
            ("numeric",),
            ("draw",),
            ("render",),
            ("export",),
            ("app",),
            ("__init__", "__main__"),
        )
    )
    for name in names
}
"""The rooms from the bottom up: a room may import those on lower levels, and itself, but not by the front door."""

OWNERS = {
    "torch": {"formula", "capture", "numeric", "app"},
    "pygraphviz": {"render"},
    "graphviz": {"draw", "render", "export"},
    "streamlit": {"app"},
    "altair": {"app"},
}
"""The rooms that may name a package that not everybody has to load."""

HEAVY = ("torch", "numpy", "streamlit", "altair", "pygraphviz")

PURE = ("__init__", "errors", "model", "formatting", "draw", "render", "export")
"""The rooms that load without anything heavy."""

DRAWS_IN_PROCESS = "graphviz_tools.render.layout"
"""The one module that loads pygraphviz; the drawing process imports it once it runs."""


def modules(package: Path) -> Iterator[tuple[str, Path]]:
    """The name and file of every module of a package."""
    for file in sorted(package.rglob("*.py")):
        parts = file.relative_to(package.parent).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), file


def room(module: str) -> str:
    return module.split(".")[1] if "." in module else "__init__"


def imported(module: str, file: Path) -> Iterator[tuple[str, int]]:
    """The names of all modules that a file imports anywhere, with the lines."""
    base = module if file.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = base.rsplit(".", node.level - 1)[0] if node.level else ""
            source = ".".join(filter(None, (above, node.module)))
            yield source, node.lineno
            yield from ((f"{source}.{alias.name}", node.lineno) for alias in node.names)


def wrong_arrows(package: Path) -> list[str]:
    """Every import that goes up, or that names a package which belongs to other rooms."""
    found = []
    for module, file in modules(package):
        here = room(module)
        for name, line in imported(module, file):
            top = name.partition(".")[0]
            there = room(name)
            if top == "graphviz_tools" and there in LEVELS and there != here and LEVELS[there] >= LEVELS[here]:
                found.append(f"{module}:{line} imports {name}, which is not below it")
            if here not in OWNERS.get(top, {here}):
                found.append(f"{module}:{line} imports {top}")
    return found


def heavy_loads(package: Path) -> list[str]:
    """Every pure room that loads something heavy when all its modules are imported into a fresh interpreter."""
    found = []
    for pure in PURE:
        names = [name for name, _ in modules(package) if room(name) == pure and name != DRAWS_IN_PROCESS]
        code = f"import importlib, sys\nfor name in {names}: importlib.import_module(name)\nprint(*sys.modules)"
        environment = {**os.environ, "PYTHONPATH": str(package.parent)}
        loaded = subprocess.run(
            [sys.executable, "-P", "-c", code], env=environment, capture_output=True, text=True, check=True, timeout=60
        ).stdout.split()
        found += [f"{pure} loads {name}" for name in HEAVY if name in loaded]
    return found


def test_every_room_has_its_level() -> None:
    assert {room(name) for name, _ in modules(PACKAGE)} <= set(LEVELS)
    assert {room(name) for name, _ in modules(PACKAGE)} >= {*PURE, "formula", "capture", "numeric", "app"}


def test_imports_go_down_only() -> None:
    assert wrong_arrows(PACKAGE) == []


def test_pygraphviz_is_named_in_one_module_only() -> None:
    users = {
        module
        for module, file in modules(PACKAGE)
        if any(name.partition(".")[0] == "pygraphviz" for name, _ in imported(module, file))
    }
    assert users == {DRAWS_IN_PROCESS}


def test_pure_rooms_load_nothing_heavy() -> None:
    assert heavy_loads(PACKAGE) == []


def test_the_drawing_process_loads_pygraphviz_alone() -> None:
    code = f"import sys, {DRAWS_IN_PROCESS}, graphviz_tools.render.worker\nprint(*sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
    loaded = subprocess.run(
        [sys.executable, "-P", "-c", code], env=environment, capture_output=True, text=True, check=True, timeout=60
    ).stdout.split()
    assert {name for name in (*HEAVY, "graphviz") if name in loaded} == {"pygraphviz"}


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A package with the same rooms that breaks every rule, in every way that Python has of writing an import."""
    sources = {
        "__init__.py": "",
        "errors.py": "",
        "model.py": "def later():\n    from graphviz_tools.formatting import text\n",
        "formatting.py": "text = ''\n",
        "capture/__init__.py": "import graphviz_tools.numeric.sweep\n",
        "numeric/__init__.py": "",
        "numeric/sweep.py": "from ..draw import card\n",
        "draw/__init__.py": "card = 1\n",
        "draw/card.py": "import heavy\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import torch.nn\n",
        "render/__init__.py": "from graphviz_tools import export\n",
        "render/worker.py": "",
        "export.py": "from graphviz_tools.model import later\nfrom graphviz_tools.draw import card\n",
        "app/__init__.py": "import streamlit, torch\n",
    }
    for name, source in sources.items():
        file = tmp_path / "graphviz_tools" / name
        file.parent.mkdir(exist_ok=True, parents=True)
        file.write_text(source)
    tmp_path.joinpath("heavy.py").write_text("import altair\n")
    tmp_path.joinpath("altair.py").write_text("")
    return tmp_path / "graphviz_tools"


def test_arrows_that_go_up_are_found(broken: Path) -> None:
    assert wrong_arrows(broken) == [
        "graphviz_tools.capture:1 imports graphviz_tools.numeric.sweep, which is not below it",
        "graphviz_tools.draw.card:4 imports torch",
        "graphviz_tools.model:2 imports graphviz_tools.formatting, which is not below it",
        "graphviz_tools.model:2 imports graphviz_tools.formatting.text, which is not below it",
        "graphviz_tools.numeric.sweep:1 imports graphviz_tools.draw, which is not below it",
        "graphviz_tools.numeric.sweep:1 imports graphviz_tools.draw.card, which is not below it",
        "graphviz_tools.render:1 imports graphviz_tools, which is not below it",
        "graphviz_tools.render:1 imports graphviz_tools.export, which is not below it",
    ]


def test_heavy_packages_are_found_behind_other_modules(broken: Path) -> None:
    assert heavy_loads(broken) == ["draw loads altair"]
