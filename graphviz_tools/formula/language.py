"""The formula language: text in, a checked `Program` out.

A formula is a small part of Python: assignments, arithmetic, indexing, if, for, def, and the functions and methods of
`registry`. The text passes four gates, each of which may assume the one before: `text` bounds its size and alphabet,
Python's parser reads it, `grammar` allows each construct by name, `names` knows every name. A `Program` is then
evaluated by walking its tree; nothing is ever compiled or executed.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from graphviz_tools.errors import FormulaSyntaxError, LimitError
from graphviz_tools.formula.grammar import check_tree
from graphviz_tools.formula.limits import LIMITS, Limits
from graphviz_tools.formula.names import free_names
from graphviz_tools.formula.syntax_errors import explain
from graphviz_tools.formula.text import check_text, normalise_newlines, span_of
from graphviz_tools.model import SourceSpan


@dataclass(frozen=True)
class Program:
    """A formula that has passed all checks."""

    source: str
    """The text, with `\\n` at every line end."""
    tree: ast.Module
    inputs: tuple[str, ...]
    """Names that the formula uses and does not assign, in the order of their first use."""
    output: str
    """The name of the result, "" when the formula ends with a bare expression."""
    output_span: SourceSpan
    lines: tuple[str, ...]
    writes_in_place: bool
    """True when something is changed in place, so that inputs need private copies."""


def parse(source: str, limits: Limits = LIMITS) -> Program:
    """Read a formula.

    Raises:
        FormulaSyntaxError: a typing error, an empty text, or a construct that the language leaves out.
        UnknownNameError: a function, method or module that does not exist; `suggestion` is the nearest that does.
        LimitError: too long, too deep, or a number too large.

    >>> program = parse("b = a*2 + 1\\nc = b*b\\n(c/(c + 2)).mean()")
    >>> program.inputs, program.output
    (('a',), '')
    """
    source = normalise_newlines(source)
    check_text(source, limits)
    lines = tuple(source.split("\n"))
    tree = _read(source, lines)
    writes_in_place = check_tree(tree, lines, limits)
    inputs = free_names(tree, lines)
    output = _output_of(tree.body)
    if output is None:
        raise FormulaSyntaxError(
            "The formula has no result." if tree.body else "The formula is empty.",
            hint="Write for example b = a*2 + 1",
        )
    name, node = output
    return Program(source, tree, inputs, name, span_of(lines, node), lines, writes_in_place)


def _read(source: str, lines: tuple[str, ...]) -> ast.Module:
    try:
        return ast.parse(source)
    except SyntaxError as error:
        raise explain(error, lines) from None
    except (RecursionError, MemoryError):
        raise LimitError(
            "The formula is nested too deeply.", hint="Give parts of it a name on lines of their own."
        ) from None
    except (ValueError, OverflowError, UnicodeError):
        raise FormulaSyntaxError("The formula cannot be read.", hint="Type it again.") from None


def _output_of(body: list[ast.stmt]) -> tuple[str, ast.AST] | None:
    """The name and the node of the formula's result: the last name assigned, or "" and the last bare expression."""
    for statement in reversed(body):
        match statement:
            case ast.Assign(targets=targets):
                return _target_name(targets[-1])
            case ast.AugAssign(target=target):
                return _target_name(target)
            case ast.Expr(value=ast.Constant(value=str())) | ast.Expr(value=ast.Call(func=ast.Name(id="print"))):
                continue
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=value, attr="backward"))):
                return (value.id if isinstance(value, ast.Name) else "", value)
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name() as owner, attr="append"))):
                return owner.id, owner
            case ast.Expr(value=value):
                return "", value
            case ast.If(body=inner, orelse=other):
                found = _output_of(other) or _output_of(inner)
            case ast.For(body=inner) | ast.With(body=inner):
                found = _output_of(inner)
            case _:
                continue
        if found:
            return found
    return None


def _target_name(target: ast.expr) -> tuple[str, ast.AST]:
    """The name that an assignment binds or changes last."""
    if isinstance(target, ast.Tuple | ast.List) and target.elts:
        return _target_name(target.elts[-1])
    root = target
    while isinstance(root, ast.Subscript | ast.Attribute):
        root = root.value
    return (root.id if isinstance(root, ast.Name) else "", root)
