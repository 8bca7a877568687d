"""Shared by the formula tests: the cases as data, and Python itself as the oracle."""

from __future__ import annotations

import ast
import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional

from graphviz_tools.formula.evaluate import evaluate
from graphviz_tools.formula.language import parse

DATA = Path(__file__).parent / "data"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`friendly`, `hostile` and `autograd` stand for each case of the JSON file with that name."""
    for name in ("friendly", "hostile", "autograd"):
        if name in metafunc.fixturenames:
            cases = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
            metafunc.parametrize(name, cases, ids=[case["name"] for case in cases])


def run_python(source: str, inputs: Mapping[str, torch.Tensor]) -> Any:
    """The value of the last statement, executed by Python with plain torch."""
    names: dict[str, Any] = {"torch": torch, "F": torch.nn.functional, "nn": torch.nn, "math": math, **inputs}
    *body, last = ast.parse(source).body
    exec(compile(ast.Module(body, []), "<oracle>", "exec"), names)
    if isinstance(last, ast.Expr):
        return eval(compile(ast.Expression(last.value), "<oracle>", "eval"), names)
    exec(compile(ast.Module([last], []), "<oracle>", "exec"), names)
    target = last
    while not isinstance(target, ast.Assign | ast.AugAssign):
        target = target.body[-1]  # the block of a for or if
    target = target.targets[-1] if isinstance(target, ast.Assign) else target.target
    return eval(compile(ast.Expression(_root(target)), "<oracle>", "eval"), names)


def _root(target: ast.expr) -> ast.expr:
    while isinstance(target, ast.Subscript):
        target = target.value
    return ast.copy_location(ast.Name(target.id, ast.Load()), target)


@pytest.fixture(scope="session")
def python() -> Callable[..., Any]:
    return run_python


@pytest.fixture(scope="session")
def formula() -> Callable[..., torch.Tensor]:
    """Parse and evaluate; tensors by keyword."""

    def run(source: str, *, dtype: torch.dtype = torch.float32, seed: int = 0, **inputs: Any) -> torch.Tensor:
        tensors = {name: v if isinstance(v, torch.Tensor) else torch.tensor(v) for name, v in inputs.items()}
        return evaluate(parse(source), tensors, dtype=dtype, seed=seed)

    return run


@pytest.fixture(scope="session")
def gradients() -> Callable[..., list[torch.Tensor | None]]:
    """The gradients of a result (its sum, if it is not a scalar) with respect to the inputs that require grad."""

    def of(output: torch.Tensor, inputs: Mapping[str, torch.Tensor]) -> list[torch.Tensor | None]:
        leaves = [tensor for tensor in inputs.values() if tensor.requires_grad]
        if not output.requires_grad:
            return [None] * len(leaves)
        return list(torch.autograd.grad(output, leaves, torch.ones_like(output), allow_unused=True))

    return of
