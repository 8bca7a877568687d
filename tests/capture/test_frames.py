"""Names and expressions of plain Python code."""

from __future__ import annotations

import functools
import runpy
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from graphviz_tools import Graph, SourceSpan, trace

WEIGHT = torch.tensor([2.0, 3.0], requires_grad=True)


def leaf() -> torch.Tensor:
    return torch.tensor([1.0, 2.0], requires_grad=True)


def named(graph: Graph) -> dict[str, str]:
    """Every node's id, by operation and expression."""
    return {node.id: node.expression or node.op for node in graph.nodes}


def triple(z: torch.Tensor) -> torch.Tensor:
    inner = z * 3
    return inner


def test_variables_name_their_tensors() -> None:
    def run(x: torch.Tensor) -> torch.Tensor:
        y = x * 2
        out = y.sin()
        return out

    graph = trace(run, leaf())
    assert named(graph) == {"x": "AccumulateGrad", "y": "x * 2", "out": "y.sin()"}
    source = graph.node("y").source
    assert source is not None
    assert source == SourceSpan(source.line, 12, source.line, 17, __file__)


def test_last_assignments_are_seen_after_the_end() -> None:
    def run(x: torch.Tensor) -> torch.Tensor:
        first = triple(x)
        second = first
        return second

    graph = trace(run, leaf())
    assert graph.nodes[1].names == ("inner", "first", "second")
    assert graph.nodes[1].expression == "z * 3"


def test_argument_is_no_new_name() -> None:
    def run(x: torch.Tensor) -> torch.Tensor:
        h = x * 2
        return triple(h)

    graph = trace(run, leaf())
    assert graph.node("h").names == ("h",)
    assert graph.node("x").names == ("x",)


def test_argument_names_what_has_no_other_name() -> None:
    graph = trace(lambda x: triple(x * 2), leaf())
    assert graph.node("z").expression == "x * 2"


def test_parameter_that_is_bound_again() -> None:
    def run(x: torch.Tensor) -> torch.Tensor:
        x = x * 2
        x = triple(x)
        return x.sum()

    graph = trace(run, leaf())
    assert [node.id for node in graph.nodes] == ["x#1", "x#2", "x#3", "t0"]
    assert graph.by_id["x#3"].names == ("inner", "x")


def test_loop_on_one_line_names_every_turn() -> None:
    def run(h: torch.Tensor) -> torch.Tensor:
        for _ in range(3):
            h = h * 0.5
        return h

    assert [node.id for node in trace(run, leaf()).nodes] == ["h#1", "h#2", "h#3", "h#4"]


def test_loop_over_a_function_names_every_turn() -> None:
    def run(h: torch.Tensor) -> torch.Tensor:
        for _ in range(2):
            h = triple(h)
        return h.sum()

    graph = trace(run, leaf())
    assert [node.names for node in graph.nodes] == [("h",), ("inner", "h"), ("inner", "h"), ()]


def test_recursion() -> None:
    def power(x: torch.Tensor, n: int) -> torch.Tensor:
        if n == 1:
            return x
        rest = power(x, n - 1)
        made = rest * x
        return made

    graph = trace(power, leaf(), 40)
    assert len(graph.nodes) == 40
    assert all(node.names[-1] in ("rest", "x") or node is graph.nodes[-1] for node in graph.nodes)
    assert graph.nodes[-1].names == ("made",)


def test_lists_tuples_and_result_types() -> None:
    def run(x: torch.Tensor) -> torch.Tensor:
        hs = [x * 2]
        hs.append(hs[0] * 3)
        best = x.max(0)
        return hs[1].sum() + best.values

    graph = trace(run, leaf())
    assert graph.node("hs[0]").expression == "x * 2"
    assert graph.node("hs[1]").expression == "hs[0] * 3"
    assert graph.node("best.values").op == "MaxBackward0"


def test_closures_and_globals_name_leaves() -> None:
    scale = torch.tensor(5.0, requires_grad=True)
    graph = trace(lambda x: x * scale * WEIGHT, leaf())
    assert {node.id for node in graph.nodes if node.kind == "leaf"} == {"x", "scale", "WEIGHT"}


def test_inputs_keep_their_own_name_last() -> None:
    def run(x: torch.Tensor) -> torch.Tensor:
        alias = x
        return alias * 2

    assert trace(run, leaf()).node("x").names == ("alias", "x")


@pytest.mark.parametrize(
    ("fn", "inputs", "name"),
    [
        pytest.param(torch.sin, (leaf(),), "input", id="builtin"),
        pytest.param(torch.mul, (leaf(), 2), "input0", id="builtin-with-two"),
        pytest.param(functools.partial(torch.nn.functional.gelu, approximate="tanh"), (leaf(),), "input", id="partial"),
        pytest.param(lambda *xs: xs[1] * 2, (leaf(), leaf()), "xs[1]", id="spread"),
        pytest.param(lambda batch: batch["x"][0] * 2, ({"x": [leaf()]},), "batch[x][0]", id="nested"),
    ],
)
def test_inputs_are_called_like_the_parameters(fn: Any, inputs: tuple[Any, ...], name: str) -> None:
    assert trace(fn, *inputs).node(name).kind == "leaf"


def test_keyword_inputs() -> None:
    assert set(named(trace(lambda x, *, y: x * y, leaf(), y=leaf()))) == {"x", "y", "t0"}


def test_in_place_changes_name_the_new_version() -> None:
    def run(x: torch.Tensor) -> torch.Tensor:
        b = x * 2
        view = b[0]
        b += 1
        view.mul_(3)
        return b.sum() + view

    graph = trace(run, leaf())
    assert [node.expression for node in graph.nodes if "b" in node.names] == ["x * 2", "b += 1", "view.mul_(3)"]
    assert graph.node("view").op == "AsStridedBackward0"
    assert graph.node("view").view_of == "b#3"


def test_expression_over_several_lines_and_wide_characters(tmp_path: Path) -> None:
    path = tmp_path / "wide.py"
    path.write_text("def run(x):\n    größe = x * 2; y = größe * (\n        größe\n        + 1)\n    return y\n")
    scope = runpy.run_path(str(path))
    graph = trace(scope["run"], leaf())
    assert [node.expression for node in graph.nodes] == ["", "x * 2", "größe + 1", "größe * ( größe + 1)"]
    assert graph.nodes[-1].source == SourceSpan(2, 23, 4, 12, str(path))
    assert [node.id for node in graph.nodes] == ["x", "t0", "t1", "y"]
    assert graph.node("größe").id == "t0"


def test_code_without_source() -> None:
    scope: dict[str, Any] = {}
    exec("def run(x):\n    y = x * 2\n    return y.sum()", scope)
    graph = trace(scope["run"], leaf())
    assert graph.node("y").op == "MulBackward0"
    assert {(node.expression, node.source) for node in graph.nodes} == {("", None)}


def test_throw_away_names_and_private_variables() -> None:
    def run(x: torch.Tensor) -> torch.Tensor:
        _ = x * 2
        _kept = _ * 3
        return _kept

    assert [node.names for node in trace(run, leaf()).nodes] == [("x",), (), ("_kept",)]


def test_generators() -> None:
    def parts(x: torch.Tensor) -> Any:
        for factor in (2, 3):
            part = x * factor
            yield part

    def run(x: torch.Tensor) -> torch.Tensor:
        total = sum(parts(x))
        assert isinstance(total, torch.Tensor)
        return total

    graph = trace(run, leaf())
    assert [node.id for node in graph.nodes if node.op == "MulBackward0"] == ["part#1", "part#2"]
    assert graph.node("total").op == "AddBackward0"


def test_watching_leaves_no_frame_behind() -> None:
    held: list[Any] = []

    def run(x: torch.Tensor) -> torch.Tensor:
        local = x * 2
        held.append(sys._getframe())
        return local.sum()

    trace(run, leaf())
    assert sys.getrefcount(held.pop()) <= 2
