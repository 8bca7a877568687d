"""Statements. Each handler returns `None`, or a signal that ends the block: break, continue, or a returned value."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch

from graphviz_tools.errors import EvaluationError, FormulaError, LimitError
from graphviz_tools.formula.expressions import index_of, item_of, pieces, turns, write_item
from graphviz_tools.formula.operators import combine, truth
from graphviz_tools.formula.run import Run, Value, value_of
from graphviz_tools.formula.text import locate, span_of


@dataclass(frozen=True, slots=True)
class _Signal:
    """Why a block ended early."""

    kind: str
    value: Value = None


def execute(run: Run, body: Iterable[ast.stmt]) -> _Signal | None:
    """Run statements in order. An error without a place gets the place of its statement."""
    for statement in body:
        run.steps += 1
        if run.steps > run.limits.steps:
            raise locate(LimitError("The formula takes too many steps.", hint="Use fewer turns."), run.lines, statement)
        try:
            signal = _STATEMENTS[type(statement)](run, statement)
        except FormulaError as error:
            if error.line is None:
                locate(error, run.lines, statement)
            raise
        if signal is not None:
            return signal
    return None


def run_function(run: Run, definition: ast.FunctionDef, scope: dict[str, Value]) -> Value:
    """The value that a function of the formula returns, its names in a scope of their own."""
    outer = run.scope
    run.scope, run.calls = scope, run.calls + 1
    try:
        signal = execute(run, definition.body)
    finally:
        run.scope, run.calls = outer, run.calls - 1
    return signal.value if signal else None


def _assign(run: Run, node: ast.Assign) -> None:
    value = value_of(run, node.value)
    for target in node.targets:
        _bind(run, node, target, value)


def _bind(run: Run, node: ast.Assign | ast.For, target: ast.expr, value: Value) -> None:
    if isinstance(target, ast.Name):
        _set_name(run, target, value)
    elif isinstance(target, ast.Tuple | ast.List):
        source = node.value if isinstance(node, ast.Assign) else node.iter
        for part, item in zip(target.elts, pieces(run, source, value, len(target.elts)), strict=True):
            _bind(run, node, part, item)
    elif isinstance(target, ast.Subscript):
        container = value_of(run, target.value)
        write_item(run, node, container, index_of(run, target.slice), value)
        _wrote(run, target, container)
    else:
        raise EvaluationError("Only a name or an item can stand left of =.")


def _set_name(run: Run, target: ast.Name, value: Value) -> None:
    run.scope[target.id] = value
    if run.scope is run.names:
        run.last = value
    if run.observer is not None:
        run.observer.assigned(target.id, span_of(run.lines, target), value)


def _wrote(run: Run, target: ast.Subscript, container: Value) -> None:
    """An item was written: the name at the root of `b[0][1] = ...` has changed."""
    root: ast.expr = target.value
    while isinstance(root, ast.Subscript | ast.Attribute):
        root = root.value
    if not isinstance(root, ast.Name):
        return
    whole = run.scope.get(root.id, run.names.get(root.id, container))
    if run.scope is run.names:
        run.last = whole
    if run.observer is not None and isinstance(whole, torch.Tensor):
        run.observer.assigned(root.id, span_of(run.lines, root), whole)


def _augmented(run: Run, node: ast.AugAssign) -> None:
    """`b += a` changes a tensor in place, exactly as torch does; a number gets a new value."""
    target = node.target
    kind = type(node.op)
    if isinstance(target, ast.Name):
        current = value_of(run, ast.copy_location(ast.Name(target.id, ast.Load()), target))
        _set_name(run, target, combine(run, node, kind, current, value_of(run, node.value), in_place=True))
    elif isinstance(target, ast.Subscript):
        container, index = value_of(run, target.value), index_of(run, target.slice)
        current = item_of(run, target, container, index)
        changed = combine(run, node, kind, current, value_of(run, node.value), in_place=True)
        write_item(run, node, container, index, changed)
        _wrote(run, target, container)
    else:
        raise EvaluationError("Only a name or an item can be changed.")


def _expression(run: Run, node: ast.Expr) -> None:
    if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        return  # a docstring
    value = value_of(run, node.value)
    if value is not None and run.scope is run.names:
        run.last = value


def _if(run: Run, node: ast.If) -> _Signal | None:
    return execute(run, node.body if truth(value_of(run, node.test)) else node.orelse)


def _for(run: Run, node: ast.For) -> _Signal | None:
    for item in turns(run, node.iter, value_of(run, node.iter)):
        _bind(run, node, node.target, item)
        signal = execute(run, node.body)
        if signal is None or signal.kind == "continue":
            continue
        if signal.kind == "break":
            break
        return signal
    return None


def _with_no_grad(run: Run, node: ast.With) -> _Signal | None:
    with torch.no_grad():
        return execute(run, node.body)


def _define(run: Run, node: ast.FunctionDef) -> None:
    run.functions[node.name] = node
    run.names.pop(node.name, None)


def _return(run: Run, node: ast.Return) -> _Signal:
    return _Signal("return", None if node.value is None else value_of(run, node.value))


def _assert(run: Run, node: ast.Assert) -> None:
    if not truth(value_of(run, node.test)):
        raise EvaluationError("This assertion does not hold.")


def _nothing(_run: Run, _node: ast.stmt) -> None:
    """pass; imports, because torch, F, nn and math are always there."""


_STATEMENTS: dict[type[ast.stmt], Callable[[Run, Any], _Signal | None]] = {
    ast.Assign: _assign,
    ast.AugAssign: _augmented,
    ast.Expr: _expression,
    ast.If: _if,
    ast.For: _for,
    ast.With: _with_no_grad,
    ast.FunctionDef: _define,
    ast.Return: _return,
    ast.Assert: _assert,
    ast.Break: lambda _run, _node: _Signal("break"),
    ast.Continue: lambda _run, _node: _Signal("continue"),
    ast.Pass: _nothing,
    ast.Import: _nothing,
    ast.ImportFrom: _nothing,
}
