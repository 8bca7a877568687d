"""Evaluate a checked formula on tensors."""

from __future__ import annotations

import ast
import time
from collections.abc import Mapping

import torch

from graphviz_tools.errors import EvaluationError, FormulaError, LimitError, UnknownNameError
from graphviz_tools.formula import calls  # noqa: F401  enters calls into the table of expressions
from graphviz_tools.formula.language import Program
from graphviz_tools.formula.limits import LIMITS, Limits
from graphviz_tools.formula.registry import BUILTINS, FUNCTIONS, suggest
from graphviz_tools.formula.run import Observer, Run, Value
from graphviz_tools.formula.statements import execute
from graphviz_tools.formula.text import at_span, locate, span_of
from graphviz_tools.formula.values import kind_of

__all__ = ["Observer", "evaluate"]


def evaluate(
    program: Program,
    inputs: Mapping[str, torch.Tensor],
    *,
    dtype: torch.dtype = torch.float32,
    seed: int = 0,
    observer: Observer | None = None,
    limits: Limits = LIMITS,
) -> torch.Tensor:
    """The formula's result, with torch's own autograd graph behind it.

    `dtype` is the dtype of constants that the formula makes (`zeros(2)`, `tensor([1., 2.])`); `seed` starts the random
    generator of this evaluation. The inputs are never changed, and neither is any global state of torch. Batched
    tensors of `torch.func.vmap` work as inputs, as far as the formula does not look at its data.

    Raises:
        UnknownNameError: an input is missing (`can_be_input` is true).
        EvaluationError: torch refuses an operation, or the result is no tensor.
        LimitError: more operations, elements, memory or time than `limits` allows.
    """
    run = Run(program.lines, dtype, seed, observer, limits, deadline=time.monotonic() + limits.seconds)
    run.scope = run.names
    _take_inputs(run, program, inputs)
    try:
        execute(run, program.tree.body)
    except RecursionError:
        raise LimitError("The formula is nested too deeply.", hint="Give parts of it a name.") from None
    except MemoryError:
        raise LimitError("The formula needs too much memory.", hint="Use smaller tensors.") from None
    return _tensor(program, _result(run, program))


def _take_inputs(run: Run, program: Program, inputs: Mapping[str, torch.Tensor]) -> None:
    for name in program.inputs:
        if name not in inputs:
            raise _missing(program, name, inputs)
        tensor = inputs[name]
        if tensor.numel() > run.limits.elements:
            raise LimitError(f"The input {name} has {tensor.numel():,} elements; {run.limits.elements:,} are allowed.")
        run.names[name] = tensor
    if program.writes_in_place:
        _protect(run, program)
    run.inputs = tuple(run.names.values())


def _protect(run: Run, program: Program) -> None:
    """Writing in place must not reach the caller's tensors.

    A leaf that requires grad has to stay the very object that the caller takes gradients of, so writing to its memory
    is refused; of all others the formula gets a private copy, which the observer hears about.
    """
    memory: dict[int, str] = {}
    for name, tensor in run.names.items():
        if tensor.requires_grad and tensor.is_leaf and torch.is_grad_enabled():
            if tensor.device.type != "meta" and tensor.numel():
                memory[tensor.untyped_storage().data_ptr()] = name
        else:
            copy = run.names[name] = tensor.clone()
            if run.observer is not None:
                run.observer.assigned(name, span_of(program.lines, _first_use(program, name)), copy)
    run.memory = memory


def _missing(program: Program, name: str, inputs: Mapping[str, torch.Tensor]) -> FormulaError:
    near = suggest(name, (*inputs, *program.inputs[: program.inputs.index(name)], "torch", "math"))
    hint = f"Did you mean {near}?" if near else f"Add an input called {name}."
    if name in FUNCTIONS or name in BUILTINS:
        hint = f"{name} is also a function: call it as {name}(...), or add an input called {name}."
    error = UnknownNameError(
        name,
        f"{name} has no value: it is neither an input nor assigned in the formula.",
        suggestion=near,
        can_be_input=True,
        hint=hint,
    )
    return locate(error, program.lines, _first_use(program, name))


def _first_use(program: Program, name: str) -> ast.Name:
    uses = (node for node in ast.walk(program.tree) if isinstance(node, ast.Name) and node.id == name)
    return min(uses, key=lambda node: (node.lineno, node.col_offset))


def _result(run: Run, program: Program) -> Value:
    if run.result is not None:
        return run.result
    return run.names.get(program.output, run.last) if program.output else run.last


def _tensor(program: Program, value: Value) -> torch.Tensor:
    if isinstance(value, torch.Tensor):
        return value
    if value is None:
        message, hint = "The formula has no result.", "Its last line ran nothing: check the if or the loop."
    elif isinstance(value, list | tuple):
        parts = getattr(type(value), "__match_args__", ())
        named = f" ({', '.join(parts)})" if parts else ""
        message = f"The result has {len(value)} parts{named}, and one tensor is needed."
        hint = "Add .values, an index such as [0], or write stack([...])."
    elif isinstance(value, int | float | complex):
        message, hint = f"The result is the plain number {value}, not a tensor.", "Let it depend on an input."
    else:
        message, hint = f"The result is {kind_of(value)}, not a tensor.", "End with a tensor."
    raise at_span(EvaluationError(message, hint=hint), program.lines, program.output_span)
