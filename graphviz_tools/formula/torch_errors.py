"""What torch says about wrong shapes, dtypes and arguments, in the formula's own names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any

import torch

from graphviz_tools.errors import EvaluationError, FormulaError, LimitError
from graphviz_tools.formula.text import locate, span_of, text_of
from graphviz_tools.formula.torch_rules import RULES, Failure, Sentence, shapes_of

_LONG = 24
_FIRST_LINE = 160


def explain(
    error: Exception, name: str, lines: tuple[str, ...], node: ast.AST, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> FormulaError:
    """The `FormulaError` for what torch raised, with the place of `node`."""
    if isinstance(error, RecursionError | MemoryError) or "allocate memory" in str(error):
        return locate(LimitError("This takes too much memory.", hint="Use smaller tensors."), lines, node)
    failure = Failure(name, tuple(_operands(lines, node, args, kwargs)), args, kwargs)
    text = str(error)
    for pattern, rule in RULES:
        if found := re.search(pattern, text, re.IGNORECASE):
            message, hint = rule(failure, found)
            break
    else:
        message, hint = _torchs_own(failure, error)
    return locate(EvaluationError(message, hint=hint), lines, node)


def _operands(
    lines: tuple[str, ...], node: ast.AST, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Iterator[tuple[str, torch.Tensor]]:
    nodes, values = _operand_nodes(node), [*args, *kwargs.values()]
    if len(nodes) != len(values):  # starred arguments, or values made on the way
        nodes = [None] * len(values)
    for operand, value in zip(nodes, values, strict=True):
        if isinstance(value, torch.Tensor):
            yield _text(lines, operand), value
        elif isinstance(value, list | tuple) and not isinstance(value, torch.Size):
            items: list[Any] = operand.elts if isinstance(operand, ast.List | ast.Tuple) else [None] * len(value)
            for item, part in zip(items, value, strict=False):
                if isinstance(part, torch.Tensor):
                    yield _text(lines, item), part


def _operand_nodes(node: ast.AST) -> list[ast.expr | None]:
    match node:
        case ast.BinOp(left=left, right=right):
            return [left, right]
        case ast.Compare(left=left, comparators=others):
            return [left, *others]
        case ast.AugAssign(target=target, value=value):
            return [target, value]
        case ast.UnaryOp(operand=operand):
            return [operand]
        case ast.Subscript(value=value, slice=index):
            return [value, index]
        case ast.Assign(targets=[ast.Subscript(value=base, slice=index)], value=value):
            return [base, index, value]
        case ast.Attribute(value=value):
            return [value]
        case ast.Call(func=func, args=args, keywords=keywords):
            given = [*args, *(keyword.value for keyword in keywords)]
            return [func.value, *given] if isinstance(func, ast.Attribute) and not _is_module(func) else list(given)
    return []


def _is_module(func: ast.Attribute) -> bool:
    root: ast.expr = func
    while isinstance(root, ast.Attribute):
        root = root.value
    return isinstance(root, ast.Name) and root.id in ("torch", "F", "nn", "math")


def _text(lines: tuple[str, ...], node: ast.expr | None) -> str:
    text = text_of(lines, span_of(lines, node)) if node is not None else ""
    return text if 0 < len(text) <= _LONG else ""


def _torchs_own(failure: Failure, error: Exception) -> Sentence:
    """No rule: the first sentence of torch's first line, with the shapes."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    first = lines[0] if lines else type(error).__name__
    first = re.sub(r"^\w+\(\): |^\w+: (?=Expected)|\s*\((?:at|Triggered|function) .*", "", first)
    first = first if len(first) <= _FIRST_LINE else first[:_FIRST_LINE].rsplit(" ", 1)[0] + " ..."
    prefix = "" if first.startswith(failure.name) else f"{failure.name}: "
    return f"{prefix}{first.rstrip('.')}.", f"{shapes_of(failure)}." if failure.operands else ""
