"""Edits that the page makes in the user's formula: append a reduction, rename an input."""

from __future__ import annotations

import ast

from graphviz_tools.formula.language import Program

_SELF_CONTAINED = ast.Name | ast.Call | ast.Attribute | ast.Subscript


def append_reduction(program: Program, method: str) -> str:
    """The formula with `.sum()` or another `method` behind its output: `e.sum()` as a new line, `(a + b).sum()`."""
    if program.output:
        return f"{program.source.rstrip()}\n{program.output}.{method}()"
    last = program.tree.body[-1]
    bare = isinstance(last, ast.Expr) and isinstance(last.value, _SELF_CONTAINED)
    opening, closing = ("", "") if bare else ("(", ")")
    span = program.output_span
    lines = program.source.split("\n")
    lines[span.end_line - 1] = _insert(lines[span.end_line - 1], span.end_column, f"{closing}.{method}()")
    lines[span.line - 1] = _insert(lines[span.line - 1], span.column, opening)
    return "\n".join(lines)


def rename_input(source: str, old: str, new: str) -> str:
    """The formula with every use of the name `old` written `new`; unchanged when it cannot be parsed."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return source
    lines = source.split("\n")
    uses = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == old]
    for node in sorted(uses, key=lambda use: (use.lineno, use.col_offset), reverse=True):
        line = lines[node.lineno - 1].encode()
        renamed = line[: node.col_offset] + new.encode() + line[node.col_offset + len(old.encode()) :]
        lines[node.lineno - 1] = renamed.decode()
    return "\n".join(lines)


def _insert(line: str, column: int, text: str) -> str:
    return line[:column] + text + line[column:]
