"""Which names a formula takes from outside and which it calls, read off the tree in text order."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field

from graphviz_tools.errors import FormulaSyntaxError, UnknownNameError
from graphviz_tools.formula.registry import (
    BUILTINS,
    CONSTANTS,
    FIELDS,
    FUNCTIONS,
    METHODS,
    MODULES,
    PROPERTIES,
    dotted,
    resolve,
    suggest,
    suggest_function,
)
from graphviz_tools.formula.text import locate

_OWN_METHODS = frozenset({"append", "backward"})
_ROOTS = ("torch", "F", "nn", "math")
_FOREIGN = {
    "np": "Write torch instead of numpy.",
    "numpy": "Write torch instead of numpy.",
    "jnp": "Write torch instead of jax.",
    "plt": "The graph is drawn for you.",
}
_HINTS = {
    "grad": "The graph shows every gradient; a formula cannot read it.",
    "data": "Write x.detach()",
    "numpy": "Keep it a tensor.",
    "cuda": "Formulas run on the CPU.",
    "cpu": "Formulas run on the CPU already.",
    "grad_fn": "The graph shows every node.",
    "retain_grad": "The graph shows every gradient already.",
    "register_hook": "The graph shows every gradient already.",
    "empty": "It shows old memory: write zeros.",
    "new_empty": "It shows old memory: write new_zeros.",
    "manual_seed": "Random numbers follow the seed of the evaluation.",
    "Linear": "Write F.linear(x, W, b) with W and b as inputs.",
    "Conv2d": "Write F.conv2d(x, W, b) with W and b as inputs.",
    "Parameter": "Make it an input that requires grad.",
    "Sequential": "Write the layers line by line.",
    "Module": "Write the calculation itself, line by line.",
}


@dataclass(slots=True)
class _Names:
    """What is known about names at one place of the text."""

    lines: tuple[str, ...]
    functions: frozenset[str]
    """Functions that the formula defines anywhere."""
    assigned_later: frozenset[str]
    """Names that the formula assigns anywhere outside of functions; a function may use them before their line."""
    free: dict[str, ast.Name] = field(default_factory=dict)
    assigned: set[str] = field(default_factory=set)
    local: frozenset[str] = frozenset()
    """Parameters and names of the function or list that is being read."""
    in_function: bool = False

    def knows(self, name: str) -> bool:
        """True for a name that has a value of the formula's own here."""
        return name in self.assigned or name in self.local or (self.in_function and name in self.assigned_later)


def free_names(tree: ast.Module, lines: tuple[str, ...]) -> tuple[str, ...]:
    """The names that must be given as inputs, in the order of their first use.

    Raises:
        UnknownNameError: a function, method or module that is not in the language.
        FormulaSyntaxError: a function without its call, a module used as a value, a value called as a function.
    """
    functions = frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))
    names = _Names(lines, functions, _assigned_anywhere(tree) if functions else frozenset())
    _read_block(tree.body, names)
    return tuple(names.free)


def _assigned_anywhere(tree: ast.Module) -> frozenset[str]:
    nodes = (
        node for statement in tree.body if not isinstance(statement, ast.FunctionDef) for node in ast.walk(statement)
    )
    return frozenset(node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))


def _read_block(body: Iterable[ast.stmt], names: _Names) -> None:
    for statement in body:
        _read_statement(statement, names)


def _read_statement(node: ast.stmt, names: _Names) -> None:
    match node:
        case ast.Assign(targets=targets, value=value):
            _read(value, names)
            for target in targets:
                _store(target, names)
        case ast.AugAssign(target=target, value=value):
            _read(_loaded(target), names)
            _read(value, names)
            _store(target, names)
        case ast.For(target=target, iter=values, body=body):
            _read(values, names)
            _store(target, names)
            _read_block(body, names)
        case ast.If(test=test, body=body, orelse=orelse):
            _read(test, names)
            _read_block([*body, *orelse], names)
        case ast.With(body=body):
            _read_block(body, names)
        case ast.FunctionDef():
            _read_function(node, names)
        case ast.Expr(value=ast.Compare(left=ast.Name(id=name), ops=[ast.Eq()])) if not names.knows(name):
            raise locate(
                FormulaSyntaxError("== compares two values.", hint=f"To give {name} a value write {name} = ..."),
                names.lines,
                node,
            )
        case ast.Import() | ast.ImportFrom():
            pass
        case _:
            for child in ast.iter_child_nodes(node):
                if isinstance(child, ast.expr):
                    _read(child, names)


def _loaded(target: ast.expr) -> ast.expr:
    return ast.copy_location(ast.Name(target.id, ast.Load()), target) if isinstance(target, ast.Name) else target


def _store(target: ast.expr, names: _Names) -> None:
    if isinstance(target, ast.Name):
        if target.id in ("torch", "math", "nn"):
            error = FormulaSyntaxError(f"{target.id} is a module: it cannot be assigned.", hint="Choose another name.")
            raise locate(error, names.lines, target)
        names.assigned.add(target.id)
    elif isinstance(target, ast.Tuple | ast.List):
        for part in target.elts:
            _store(part, names)
    else:
        _read(target, names)


def _read_function(node: ast.FunctionDef, names: _Names) -> None:
    outer, outer_assigned = names.local, names.assigned
    names.assigned = set(outer_assigned)
    names.local = frozenset(argument.arg for argument in node.args.args)
    names.in_function = True
    _read_block(node.body, names)
    names.local, names.assigned, names.in_function = outer, outer_assigned, False
    names.assigned.discard(node.name)


def _read(node: ast.expr, names: _Names) -> None:
    match node:
        case ast.Name(id=name):
            _read_name(node, name, names)
        case ast.Call(func=func, args=args, keywords=keywords):
            if isinstance(func, ast.Name) and func.id == "print" and not names.knows("print"):
                return  # never evaluated
            _read_call(node, func, names)
            for argument in (*args, *(keyword.value for keyword in keywords)):
                _read(argument, names)
        case ast.Attribute():
            _read_attribute(node, names)
        case ast.ListComp(elt=item, generators=parts) | ast.GeneratorExp(elt=item, generators=parts):
            _read_comprehension(item, parts, names)
        case _:
            for child in ast.iter_child_nodes(node):
                if isinstance(child, ast.expr):
                    _read(child, names)


def _read_comprehension(item: ast.expr, parts: list[ast.comprehension], names: _Names) -> None:
    outer = names.local
    for part in parts:
        _read(part.iter, names)
        targets = (n.id for n in ast.walk(part.target) if isinstance(n, ast.Name))
        names.local = names.local | frozenset(targets)
        for condition in part.ifs:
            _read(condition, names)
    _read(item, names)
    names.local = outer


def _read_name(node: ast.Name, name: str, names: _Names) -> None:
    if names.knows(name) or name in CONSTANTS or name in names.free:
        return
    if name in names.functions:
        raise _not_called(node, name, names)
    if name in ("torch", "math", "nn"):
        error = FormulaSyntaxError(
            f"{name} is a module.", hint=f"Write what you need of it, for example {name}.sqrt(...)"
        )
        raise locate(error, names.lines, node)
    names.free[name] = node


def _not_called(node: ast.expr, name: str, names: _Names) -> Exception:
    return locate(FormulaSyntaxError(f"{name} is a function here.", hint=f"Call it: {name}(...)"), names.lines, node)


def _read_call(node: ast.Call, func: ast.expr, names: _Names) -> None:
    if isinstance(func, ast.Name):
        _read_called_name(func, names)
    elif isinstance(func, ast.Attribute):
        path = dotted(func)
        root = path.split(".")[0]
        if path and not names.knows(root):
            if root == "F" and func.attr in METHODS and resolve(path) is None and "F" in names.free:
                return  # an input that is called F
            if resolve(path) is None:
                raise _unknown_function(func, path, names)
            return
        _check_member(func, func.attr, names, called=True)
        _read(func.value, names)
    else:
        _read(func, names)
        error = FormulaSyntaxError("Only functions and methods can be called.", hint="To multiply write *")
        raise locate(error, names.lines, node)


def _read_called_name(func: ast.Name, names: _Names) -> None:
    name = func.id
    if names.knows(name):
        error = FormulaSyntaxError(
            f"{name} is a value here, not a function.", hint="To multiply write *, or choose another name."
        )
        raise locate(error, names.lines, func)
    if name not in names.functions and name not in FUNCTIONS and name not in BUILTINS:
        raise _unknown_function(func, name, names)


def _unknown_function(func: ast.expr, path: str, names: _Names) -> Exception:
    last = path.rpartition(".")[2]
    near = suggest_function(path) or ("" if "." in path else suggest(path, names.functions))
    otherwise = "Check its spelling." if "." in path else "Check its spelling; to multiply write *"
    hint = _HINTS.get(last) or (f"Did you mean {near}?" if near else otherwise)
    message = f"There is no function {path[:80]} here."
    if path in MODULES:
        message, hint = f"{path} is a module, not a function.", f"Write what you need of it, for example {path}.relu(x)"
    return locate(UnknownNameError(path, message, suggestion=near, hint=hint), names.lines, func)


def _read_attribute(node: ast.Attribute, names: _Names) -> None:
    path = dotted(node)
    root = path.split(".")[0]
    if path and not names.knows(root) and root not in names.free:
        if path in CONSTANTS:
            return
        if resolve(path):
            raise _not_called(node, path, names)
        if root != "F" or (node.attr not in PROPERTIES and node.attr not in METHODS):
            raise _unknown_function(node, path, names)
    _check_member(node, node.attr, names, called=False)
    _read(node.value, names)


def _check_member(node: ast.Attribute, name: str, names: _Names, called: bool) -> None:
    """A method or property that exists on no value at all is refused before anything runs."""
    root = node.value
    if isinstance(root, ast.Name) and root.id in _FOREIGN and not names.knows(root.id):
        foreign = UnknownNameError(root.id, f"{root.id} is not available here.", hint=_FOREIGN[root.id])
        raise locate(foreign, names.lines, root)
    known = (name in METHODS or name in _OWN_METHODS) if called else (name in PROPERTIES or name in FIELDS)
    if known:
        return
    if not called and name in METHODS:
        uncalled = FormulaSyntaxError(f"{name} is a method.", hint=f"Call it: .{name}()")
        raise locate(uncalled, names.lines, node, tail=name)
    if called and name in PROPERTIES:
        property_called = FormulaSyntaxError(f".{name} is not called.", hint=f"Write .{name} without brackets.")
        raise locate(property_called, names.lines, node, tail=name)
    module = suggest(root.id, _ROOTS) if isinstance(root, ast.Name) and not names.knows(root.id) else ""
    if isinstance(root, ast.Name) and module:
        message = f"{root.id} is not available here."
        unknown = UnknownNameError(root.id, message, suggestion=module, hint=f"Did you mean {module}?")
        raise locate(unknown, names.lines, root)
    near = suggest(name, METHODS if called else (*PROPERTIES, *METHODS))
    hint = _HINTS.get(name) or (f"Did you mean .{near}?" if near else "Check its spelling.")
    what = "method" if called else "property"
    error = UnknownNameError(name, f"There is no {what} .{name[:60]} here.", suggestion=near, hint=hint)
    raise locate(error, names.lines, node, tail=name)
