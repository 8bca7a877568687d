"""The public names: what `__all__` lists is what there is, and it loads when it is used."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import graphviz_tools

ROOT = Path(graphviz_tools.__file__).parents[1]


def fresh(code: str) -> str:
    """What a new interpreter prints."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-P", "-W", "error", "-c", code]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60).stdout


def test_all_lists_every_public_name_in_order() -> None:
    assert graphviz_tools.__all__ == sorted(set(graphviz_tools.__all__))
    assert set(graphviz_tools.__all__) == set(graphviz_tools._HOME)
    assert set(graphviz_tools.__all__) <= set(dir(graphviz_tools))


@pytest.mark.parametrize("name", graphviz_tools.__all__)
def test_every_name_leads_to_what_its_module_has_under_it(name: str) -> None:
    value = getattr(graphviz_tools, name)
    assert callable(value)
    assert value.__name__ == name
    assert value.__module__.startswith("graphviz_tools.")
    assert value.__doc__


def test_type_checkers_see_the_same_names() -> None:
    tree = ast.parse(Path(graphviz_tools.__file__).read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    imports = [statement for statement in block.body if isinstance(statement, ast.ImportFrom)]
    seen = {
        alias.name: (statement.module or "").removeprefix("graphviz_tools.")
        for statement in imports
        for alias in statement.names
    }
    assert seen == graphviz_tools._HOME


def test_star_imports_the_public_names() -> None:
    names: dict[str, object] = {}
    exec("from graphviz_tools import *", names)
    assert set(names) - {"__builtins__"} == set(graphviz_tools.__all__)


def test_importing_the_package_loads_nothing_else() -> None:
    loaded = set(fresh("import graphviz_tools, sys; print(*sys.modules)").split())
    assert not {"torch", "numpy", "streamlit", "altair", "graphviz", "pygraphviz"} & loaded
    assert {name for name in loaded if name.startswith("graphviz_tools")} == {"graphviz_tools"}


def test_drawing_a_stored_graph_needs_no_torch() -> None:
    code = (
        "import graphviz_tools as gt, sys\n"
        """graph = gt.Graph.from_json('{"nodes": [{"id": "a", "op": "AccumulateGrad", "kind": "leaf"}]}')\n"""
        "print(len(gt.draw(graph).pipe(format='svg')) > 500, 'torch' in sys.modules, 'pygraphviz' in sys.modules)"
    )
    assert fresh(code).split() == ["True", "False", "False"]


@pytest.mark.parametrize(
    "first",
    [
        pytest.param("", id="alone"),
        pytest.param("from graphviz_tools.draw.draw import build", id="after a module of draw"),
        pytest.param("import graphviz_tools.render.svg", id="after a module of render"),
        pytest.param("gt.Drawing; gt.RenderError", id="after other names"),
    ],
)
def test_draw_and_render_are_functions_though_rooms_have_their_names(first: str) -> None:
    code = f"import graphviz_tools as gt\n{first}\nprint(type(gt.draw).__name__, type(gt.render).__name__)"
    code += "\nfrom graphviz_tools import draw, render\nassert (draw, render) == (gt.draw, gt.render)"
    assert fresh(code).split() == ["function", "function"]


def test_a_name_that_there_is_not_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        graphviz_tools.nothing  # noqa: B018


def test_the_version_is_the_project_s() -> None:
    project = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert graphviz_tools.__version__ == project["version"]
