"""Calls: functions and methods from the registry, Python's own few, and those the formula defines."""

from __future__ import annotations

import ast
import inspect
from functools import partial
from typing import Any

import torch

from graphviz_tools.errors import EvaluationError, LimitError
from graphviz_tools.formula.budget import leaves
from graphviz_tools.formula.builtin_functions import BUILTIN_CALLS
from graphviz_tools.formula.catalogue import Cost
from graphviz_tools.formula.guards import GUARDS
from graphviz_tools.formula.registry import BUILTINS, FUNCTIONS, METHODS, Entry, dotted, resolve
from graphviz_tools.formula.run import Run, Value, evaluates, keep, perform, protect_inputs, value_of
from graphviz_tools.formula.statements import run_function
from graphviz_tools.formula.torch_errors import explain
from graphviz_tools.formula.values import capital, kind_of

_MOST_ARGUMENTS = 64
_SIGNATURES = {name: inspect.signature(call) for name, call in BUILTIN_CALLS.items()}
_TORCH_KEYWORDS = frozenset({"dim", "keepdim", "axis", "dtype", "decimals", "input", "other"})
_ANY_INTEGER = frozenset({"fill_", "masked_fill_", "index_fill", "index_fill_", "scatter", "scatter_", "clamp_"})
"""Among those with sizes or positions, the functions whose number is a value to write."""


@evaluates(ast.Call)
def _call(run: Run, node: ast.Call) -> Value:
    func = node.func
    if isinstance(func, ast.Name):
        return _named(run, node, func.id)
    path = dotted(func)
    if path and path.split(".")[0] not in run.scope and path.split(".")[0] not in run.names:
        entry = resolve(path)
        if entry is None:
            raise EvaluationError(f"{path} is not a function.")
        return _function(run, node, entry, path, *_arguments(run, node))
    if not isinstance(func, ast.Attribute):
        raise EvaluationError("Only functions and methods can be called.", hint="To multiply write *")
    owner = value_of(run, func.value)
    return _method(run, node, owner, func.attr, *_arguments(run, node))


def _named(run: Run, node: ast.Call, name: str) -> Value:
    if name in run.scope or name in run.names:
        value = run.scope.get(name, run.names.get(name))
        raise EvaluationError(f"{name} is {kind_of(value)} here, not a function.", hint="To multiply write *")
    if name in run.functions:
        return _own_function(run, node, name)
    if name == "print":
        return None
    args, kwargs = _arguments(run, node)
    if name in BUILTIN_CALLS and not (name in FUNCTIONS and kwargs.keys() & _TORCH_KEYWORDS):
        return _builtin(run, node, name, args, kwargs)
    if not any(isinstance(arg, torch.Tensor) for arg in (*args, *kwargs.values())) and f"math.{name}" in FUNCTIONS:
        return _function(run, node, FUNCTIONS[f"math.{name}"], name, args, kwargs)
    if name not in FUNCTIONS:
        raise EvaluationError(f"{name} is defined further down.", hint="Move def above the first call.")
    return _function(run, node, FUNCTIONS[name], name, args, kwargs)


def _arguments(run: Run, node: ast.Call) -> tuple[list[Value], dict[str, Value]]:
    args: list[Value] = []
    for argument in node.args:
        if isinstance(argument, ast.Starred):
            args.extend(_spread(run, argument))
        else:
            args.append(value_of(run, argument))
    kwargs: dict[str, Value] = {}
    for keyword in node.keywords:
        name = str(keyword.arg)
        if name in kwargs:
            raise EvaluationError(f"The argument {name}= is given twice.")
        kwargs[name] = value_of(run, keyword.value)
    if len(args) + len(kwargs) > _MOST_ARGUMENTS:
        raise LimitError(f"A call can have {_MOST_ARGUMENTS} arguments.", hint="Put them into a list.")
    return args, kwargs


def _spread(run: Run, argument: ast.Starred) -> list[Value]:
    values = value_of(run, argument.value)
    if isinstance(values, list | tuple | range) and len(values) <= _MOST_ARGUMENTS:
        return list(values)
    raise EvaluationError(f"* needs a list with at most {_MOST_ARGUMENTS} items here.")


def _builtin(run: Run, node: ast.Call, name: str, args: list[Value], kwargs: dict[str, Value]) -> Value:
    try:
        _SIGNATURES[name].bind(run, node, *args, **kwargs)
    except TypeError:
        raise EvaluationError(f"{name} does not take these arguments.", hint=f"{name}: {BUILTINS[name]}.") from None
    return BUILTIN_CALLS[name](run, node, *args, **kwargs)


def _function(run: Run, node: ast.Call, entry: Entry, typed: str, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if entry.cost == "number":
        return _number_function(entry, typed, args, kwargs)
    return _invoke(run, node, entry, typed, args, kwargs)


def _number_function(entry: Entry, typed: str, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if any(isinstance(arg, torch.Tensor) for arg in args):
        name = entry.name.removeprefix("math.")
        raise EvaluationError(f"{typed} works on plain numbers, not on tensors.", hint=f"Write torch.{name}(...)")
    try:
        return entry.call(*args, **kwargs)
    except ValueError:
        raise EvaluationError(f"{typed} is not defined for {', '.join(map(str, args))}.") from None
    except OverflowError:
        raise LimitError(f"The result of {typed} is too large.") from None
    except TypeError:
        raise EvaluationError(f"{typed} does not take these arguments.", hint=f"{entry.name}: {entry.help}.") from None


def _method(run: Run, node: ast.Call, owner: Value, name: str, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if isinstance(owner, torch.Tensor):
        if name == "backward":
            run.result = owner
            return None
        entry = METHODS.get(name)
        if entry is not None:
            if entry.cost == "in-place":
                protect_inputs(run, owner)
            return _invoke(run, node, entry, f".{name}", [owner, *args], kwargs)
    if isinstance(owner, list) and name == "append":
        return _append(run, owner, args, kwargs)
    if isinstance(owner, torch.Size) and name == "numel":
        return owner.numel()
    raise EvaluationError(capital(f"{kind_of(owner)} has no method {name}."), hint="Methods belong to tensors.")


def _append(run: Run, owner: list[Value], args: list[Value], kwargs: dict[str, Value]) -> None:
    if len(args) != 1 or kwargs:
        raise EvaluationError("append needs one value.", hint="For example ys.append(y)")
    if len(owner) >= run.limits.items:
        raise LimitError(f"A list with more than {run.limits.items:,} items is too long.")
    keep(run, 1)
    owner.append(args[0])


def _invoke(run: Run, node: ast.Call, entry: Entry, typed: str, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """Call into torch with checked arguments."""
    name = entry.name.rpartition(".")[2]
    args = [list(arg) if isinstance(arg, range) else arg for arg in args]
    _check_arguments(run, entry, name, typed, args, kwargs)
    if entry.cost == "query":
        return _query(run, node, entry, typed, args, kwargs)
    call: Any = partial(entry.call, run) if entry.cost == "local" else entry.call
    if name == "to":
        args = [arg for arg in args if not isinstance(arg, str)]  # "cpu" and nothing else, says the guard
        if len(args) == 1 and not kwargs:
            return args[0]
    if name == "float" and len(args) == 1 and not (args[0].is_floating_point() or args[0].is_complex()):
        # True/False and whole numbers become decimals of the precision that the formula runs in
        call, args = torch.Tensor.to, [args[0], run.dtype]
    try:
        return perform(run, node, entry.cost, typed, call, *args, **kwargs)
    except EvaluationError as error:
        error.hint = error.hint or f"{name}: {entry.help}."
        raise


def _check_arguments(
    run: Run, entry: Entry, name: str, typed: str, args: list[Value], kwargs: dict[str, Value]
) -> None:
    device = kwargs.pop("device", None)
    if device is not None and not (isinstance(device, str) and device == "cpu"):
        raise EvaluationError("Formulas run on the CPU.", hint='Leave device out or write device="cpu".')
    if len(args) > entry.positional:
        message = f"{typed} takes at most {entry.positional} arguments without a name."
        raise EvaluationError(message, hint=f"{name}: {entry.help}.")
    _check_numbers(run, entry.cost, name, args, kwargs)
    guard = GUARDS.get(name)
    problem = guard(tuple(args), kwargs) if guard else ""
    if problem:
        raise EvaluationError(f"{typed}: {problem}")


def _check_numbers(run: Run, cost: Cost, name: str, args: list[Value], kwargs: dict[str, Value]) -> None:
    """Sizes, positions and counts beyond any tensor's size make some functions loop or crash."""
    if cost in ("broadcast", "local", "contraction") or name in _ANY_INTEGER:
        return
    for number in leaves((*args, *kwargs.values()), run.limits):
        if isinstance(number, int) and abs(number) > run.limits.argument:
            raise LimitError(f"{name}: the argument {number:,} is too large.", hint=f"At most {run.limits.argument:,}.")


def _query(run: Run, node: ast.Call, entry: Entry, typed: str, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """What only looks at a tensor: no operation, so the observer is not told."""
    owner = args[0] if args else None
    if not isinstance(owner, torch.Tensor):
        raise EvaluationError(f"{typed} needs a tensor.")
    if entry.name == "Tensor.tolist":
        if owner.numel() > run.limits.items:
            raise LimitError(f"This tensor has more than {run.limits.items:,} elements.", hint="Keep it a tensor.")
        keep(run, owner.numel())
    if entry.name == "Tensor.item" and owner.numel() != 1:
        raise EvaluationError(
            f".item() needs a single value, and this tensor has {owner.numel()}.", hint="Write .sum() or an index."
        )
    try:
        return entry.call(*args, **kwargs)
    except Exception as error:  # a wrong dimension, or a batched evaluation
        raise explain(error, typed, run.lines, node, tuple(args), kwargs) from None


def _own_function(run: Run, node: ast.Call, name: str) -> Value:
    definition = run.functions[name]
    if run.calls >= run.limits.calls:
        raise LimitError(f"Functions call each other more than {run.limits.calls} deep.", hint="Use a for loop.")
    args, kwargs = _arguments(run, node)
    parameters = [parameter.arg for parameter in definition.args.args]
    if len(args) > len(parameters):
        raise EvaluationError(f"{name} takes {len(parameters)} arguments, and {len(args)} are given.")
    scope = dict(zip(parameters, args, strict=False))
    for keyword, value in kwargs.items():
        if keyword not in parameters or keyword in scope:
            raise EvaluationError(
                f"{name} cannot take the argument {keyword}= here.", hint=f"It has {', '.join(parameters) or 'none'}."
            )
        scope[keyword] = value
    defaults = definition.args.defaults
    for parameter, default in zip(parameters[len(parameters) - len(defaults) :], defaults, strict=True):
        if parameter not in scope:
            scope[parameter] = value_of(run, default)
    missing = [parameter for parameter in parameters if parameter not in scope]
    if missing:
        raise EvaluationError(f"{name} needs one more argument: {missing[0]}.")
    return run_function(run, definition, scope)
