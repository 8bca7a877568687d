"""What one construct of the language may look like: a check for each kind of syntax node that needs one."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, NamedTuple

from graphviz_tools.errors import FormulaError, FormulaSyntaxError, LimitError
from graphviz_tools.formula.registry import KEYWORDS, MODULES, dotted, resolve, suggest

_IMPORTS = frozenset(
    {
        *(("torch", None), ("math", None), ("torch.nn", None), ("torch.nn.functional", None)),
        *(("torch.nn", "nn"), ("torch.nn.functional", "F")),
    }
)
_NAME_LENGTH = 60
_TEXT_LENGTH = 200


class Place(NamedTuple):
    """A node with what surrounds it."""

    node: Any
    parent: Any
    depth: int
    in_function: bool
    in_loop: bool


def _refusal(message: str, hint: str = "") -> FormulaSyntaxError:
    return FormulaSyntaxError(message, hint=hint)


def _constant(place: Place) -> FormulaError | None:
    value, parent = place.node.value, place.parent
    if isinstance(value, str):
        if isinstance(parent, ast.Expr | ast.Assert) or (
            isinstance(parent, ast.Call | ast.keyword) and len(value) <= _TEXT_LENGTH
        ):
            return None
        return _refusal("Text can only be an argument of a function.", 'For example reduction="sum"')
    if isinstance(value, bytes):
        return _refusal("Bytes are not part of the language.", "Write numbers.")
    if isinstance(value, int) and abs(value) >= 2**63:
        return LimitError("This whole number is too large.", hint="Write it as a decimal number, for example 1e20.")
    return None


def _name(place: Place) -> FormulaSyntaxError | None:
    name = place.node.id if isinstance(place.node, ast.Name) else place.node.arg
    return _bad_name(name)


def _bad_name(name: str) -> FormulaSyntaxError | None:
    if name.startswith("__"):
        return _refusal(f"Names cannot start with two underscores: {name[:_NAME_LENGTH]}", "Choose another name.")
    if len(name) > _NAME_LENGTH:
        return _refusal(f"This name is longer than {_NAME_LENGTH} characters.", "Choose a shorter one.")
    return None


def _attribute(place: Place) -> FormulaSyntaxError | None:
    node = place.node
    if isinstance(node.ctx, ast.Store):
        return _refusal(f".{node.attr} cannot be assigned.", "Only names and items like b[0] can be.")
    if node.attr.startswith("_"):
        return _refusal(f"Names that start with an underscore cannot be used: .{node.attr[:_NAME_LENGTH]}")
    return None


def _keyword(place: Place) -> FormulaSyntaxError | None:
    name = place.node.arg
    if name is None:
        return _refusal("** in a call is not part of the language.", "Write the arguments out.")
    func = place.parent.func
    path = func.id if isinstance(func, ast.Name) else dotted(func)
    if name in KEYWORDS or (path and not resolve(path)):  # the formula's own functions; names checks the unknown ones
        return _bad_name(name)
    near = suggest(name, KEYWORDS)
    hint = f"Did you mean {near}=?" if near else "Leave it out."
    if name == "inplace":
        hint = "Call the method with an underscore at its end, for example b.relu_()"
    return _refusal(f"The argument {name[:_NAME_LENGTH]}= is not available.", hint)


def _function(place: Place) -> FormulaSyntaxError | None:
    node = place.node
    arguments = node.args
    if place.depth != 1:
        return _refusal("Functions can only be defined at the top of the formula.", "Move it to the left margin.")
    if node.decorator_list:
        return _refusal("Decorators are not part of the language.", "Remove the line that starts with @")
    if node.returns or any(argument.annotation for argument in arguments.args):
        return _refusal("Type annotations are not part of the language.", "Write def f(x):")
    if arguments.vararg or arguments.kwarg or arguments.kwonlyargs or arguments.posonlyargs:
        return _refusal("Only plain parameters are part of the language.", "Write def f(a, b=2):")
    if not all(isinstance(default, ast.Constant | ast.UnaryOp) for default in arguments.defaults):
        return _refusal("A default value must be a plain number.", "For example def f(a, k=2):")
    return _bad_name(node.name)


def _with(place: Place) -> FormulaSyntaxError | None:
    item = place.node.items[0]
    call = item.context_expr
    plain = isinstance(call, ast.Call) and not call.args and not call.keywords
    if len(place.node.items) == 1 and plain and item.optional_vars is None and dotted(call.func) == "torch.no_grad":
        return None
    return _refusal("with can only be followed by torch.no_grad().", "Write with torch.no_grad():")


def _import(place: Place) -> FormulaSyntaxError | None:
    for name in place.node.names:
        if (name.name, name.asname) not in _IMPORTS:
            return _refusal(
                f"{name.name[:_NAME_LENGTH]} cannot be imported.", "torch, F, nn and math are there without an import."
            )
    return None


def _import_from(place: Place) -> FormulaSyntaxError | None:
    module = place.node.module or ""
    for name in place.node.names:
        is_module = (module, name.name, name.asname) in (("torch", "nn", None), ("torch.nn", "functional", "F"))
        is_function = module in MODULES and name.asname is None and resolve(f"{module}.{name.name}") is not None
        if place.node.level or not (is_module or is_function):
            hint = "torch, F, nn and math are there without an import."
            return _refusal(f"{name.name[:_NAME_LENGTH]} cannot be imported.", hint)
    return None


def _return(place: Place) -> FormulaSyntaxError | None:
    return None if place.in_function else _refusal("return stands outside a function.", "The last line is the result.")


def _loop_word(place: Place) -> FormulaSyntaxError | None:
    word = type(place.node).__name__.lower()
    return None if place.in_loop else _refusal(f"{word} stands outside a loop.", "Remove it.")


def _for(place: Place) -> FormulaSyntaxError | None:
    return _refusal("else after a for loop is not part of the language.", "Remove it.") if place.node.orelse else None


def _comprehension(place: Place) -> FormulaSyntaxError | None:
    return _refusal("async is not part of the language.", "Remove it.") if place.node.is_async else None


def _generators(place: Place) -> FormulaSyntaxError | None:
    if len(place.node.generators) > 2:
        return _refusal("A list can be built with at most two for parts.", "Write loops on lines of their own.")
    return None


def _starred(place: Place) -> FormulaSyntaxError | None:
    if isinstance(place.parent, ast.Call):
        return None
    return _refusal("* before a name can only stand in a call.", "Write the values out.")


CHECKS: dict[type[ast.AST], Callable[[Place], FormulaError | None]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.arg: _name,
    ast.Attribute: _attribute,
    ast.keyword: _keyword,
    ast.FunctionDef: _function,
    ast.With: _with,
    ast.Import: _import,
    ast.ImportFrom: _import_from,
    ast.Return: _return,
    ast.Break: _loop_word,
    ast.Continue: _loop_word,
    ast.For: _for,
    ast.comprehension: _comprehension,
    ast.ListComp: _generators,
    ast.GeneratorExp: _generators,
    ast.Starred: _starred,
}
"""`None` where a node may stay, else the error that says why not."""
