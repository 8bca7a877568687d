"""One evaluation: its names, its budget, and the one door through which every tensor operation goes."""

from __future__ import annotations

import ast
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import torch

from graphviz_tools.errors import EvaluationError, FormulaError, LimitError
from graphviz_tools.formula.budget import check_cost, leaves
from graphviz_tools.formula.catalogue import Cost
from graphviz_tools.formula.limits import LIMITS, Limits
from graphviz_tools.formula.text import locate, span_of, text_of
from graphviz_tools.formula.torch_errors import explain
from graphviz_tools.model import SourceSpan

_COLD_START = 0.2
"""Seconds; no check of a cost takes as long in a warm process."""

Value = Any
"""A tensor, a number, None, a dtype, a tuple, list or range of these; text only as an argument. Never a function."""


class Observer(Protocol):
    """Told about every tensor operation and every name, in the order in which they happen."""

    def before(self, span: SourceSpan, text: str) -> None:
        """An expression's operands are computed and its operation runs next. `text` is the user's own."""

    def after(self, span: SourceSpan, text: str, value: object) -> None:
        """The operation gave `value`; an assignment to an item gives the tensor that was written to."""

    def assigned(self, name: str, span: SourceSpan, value: object) -> None:
        """`name` now stands for `value`: also after `b += a`, `b[0] = a`, and once for each name of a tuple."""


@dataclass(slots=True)
class Run:
    """The state of one evaluation."""

    lines: tuple[str, ...]
    dtype: torch.dtype
    seed: int
    observer: Observer | None
    limits: Limits = LIMITS
    names: dict[str, Value] = field(default_factory=dict)
    """The formula's own names."""
    scope: dict[str, Value] = field(default_factory=dict)
    """The names of the function that runs; `names` itself outside of functions."""
    functions: dict[str, ast.FunctionDef] = field(default_factory=dict)
    inputs: tuple[torch.Tensor, ...] = ()
    memory: Mapping[int, str] = field(default_factory=dict)
    """Address of each input's memory that no copy was made of, with the input's name."""
    last: Value = None
    """The value of the last top-level assignment or expression."""
    result: Value = None
    """The tensor whose backward() was called."""
    deadline: float = 0.0
    steps: int = 0
    operations: int = 0
    turns: int = 0
    calls: int = 0
    allocated: int = 0
    flops: float = 0.0
    _generator: torch.Generator | None = None

    def generator(self) -> torch.Generator:
        """The random generator of this run only."""
        if self._generator is None:
            self._generator = torch.Generator().manual_seed(self.seed)
        return self._generator

    def is_input(self, tensor: torch.Tensor) -> bool:
        """True for an input, or the private copy that stands for it."""
        return any(tensor is own for own in self.inputs)


Expression = Callable[[Run, Any], Value]
EXPRESSIONS: dict[type[ast.expr], Expression] = {}
"""How each kind of expression is evaluated; a kind that is not here cannot be."""

_Handler = TypeVar("_Handler", bound=Callable[..., Any])


def evaluates(*kinds: type[ast.expr]) -> Callable[[_Handler], _Handler]:
    """Enter a function into `EXPRESSIONS`."""

    def enter(handler: _Handler) -> _Handler:
        EXPRESSIONS.update(dict.fromkeys(kinds, handler))
        return handler

    return enter


def value_of(run: Run, node: ast.expr) -> Value:
    """Evaluate an expression. An error without a place gets the place of the innermost expression."""
    run.steps += 1
    if run.steps > run.limits.steps:
        raise locate(LimitError("The formula takes too many steps.", hint="Use fewer turns."), run.lines, node)
    try:
        return EXPRESSIONS[type(node)](run, node)
    except FormulaError as error:
        if error.line is None:
            locate(error, run.lines, node)
        raise


def perform(
    run: Run, node: ast.AST, cost: Cost, name: str, call: Callable[..., Any], /, *args: Value, **kwargs: Value
) -> Value:
    """One tensor operation: within the budget, seen by the observer, its failure told in words.

    `node` is the expression whose operation this is, `name` what the user calls the operation.

    Raises:
        LimitError: it would go over the budget; then it has not run.
        EvaluationError: torch refuses it.
    """
    _charge(run, cost, name, call, args, kwargs)
    observer = run.observer
    if observer is None:
        result = _attempt(run, node, name, call, args, kwargs)
    else:
        span = span_of(run.lines, node)
        text = text_of(run.lines, span)
        observer.before(span, text)
        result = _attempt(run, node, name, call, args, kwargs)
        observer.after(span, text, result)
    _account(run, cost, result, name)
    return result


def _attempt(
    run: Run, node: ast.AST, name: str, call: Callable[..., Any], args: tuple[Value, ...], kwargs: Mapping[str, Value]
) -> Value:
    try:
        return call(*args, **kwargs)
    except FormulaError:
        raise
    except Exception as error:  # whatever torch raises on wrong operands becomes a sentence
        raise explain(error, name, run.lines, node, args, kwargs) from None


def _charge(
    run: Run, cost: Cost, name: str, call: Callable[..., Any], args: tuple[Value, ...], kwargs: Mapping[str, Value]
) -> None:
    limits = run.limits
    run.operations += 1
    if run.operations > limits.operations:
        raise LimitError(f"The formula has more than {limits.operations:,} tensor operations.", hint="Use fewer turns.")
    now = time.monotonic()
    if now > run.deadline:
        raise LimitError(f"The formula takes longer than {limits.seconds:g} s.", hint="Use smaller tensors.")
    flops = check_cost(limits, cost, call, args, kwargs, name)
    if (checking := time.monotonic() - now) > _COLD_START:
        run.deadline += checking  # the first dry run of a process imports much of torch
    if flops:
        run.flops += flops
        if run.flops > limits.flops:
            raise LimitError(
                f"The formula computes too much: {name} takes {flops:.1e} operations.", hint="Use smaller tensors."
            )


def _account(run: Run, cost: Cost, result: Value, name: str) -> None:
    """Views come into being before their size is known; they cost nothing until something reads them."""
    limits = run.limits
    for tensor in (result,) if isinstance(result, torch.Tensor) else leaves((result,), limits):
        if not isinstance(tensor, torch.Tensor):
            continue
        elements = tensor.numel()
        if elements > limits.elements:
            raise LimitError(
                f"{name} gives {elements:,} elements; {limits.elements:,} are allowed.", hint="Use smaller sizes."
            )
        if tensor.dim() > limits.dimensions:
            raise LimitError(f"{name} gives a tensor with {tensor.dim()} dimensions; {limits.dimensions} are allowed.")
        if cost != "view":
            run.allocated += elements * tensor.element_size()
    if run.allocated > limits.memory:
        raise LimitError(f"All results together take more than {limits.memory >> 20} MB.", hint="Use smaller tensors.")


def keep(run: Run, count: int) -> None:
    """Account for a Python list."""
    if count > run.limits.items:
        raise LimitError(f"A list with more than {run.limits.items:,} items is too long.", hint="Use a tensor.")
    run.allocated += 8 * count
    if run.allocated > run.limits.memory:
        raise LimitError(f"All results together take more than {run.limits.memory >> 20} MB.", hint="Use fewer turns.")


def protect_inputs(run: Run, tensor: torch.Tensor) -> None:
    """Refuse to write into memory of the caller's tensors, whatever view or detached alias leads to it.

    Raises:
        EvaluationError: `tensor` shares memory with an input.
    """
    if not run.memory or tensor.device.type == "meta":
        return
    try:
        address = tensor.untyped_storage().data_ptr()
    except (RuntimeError, NotImplementedError):  # a batched tensor: the inputs were copied
        return
    if address in run.memory:
        name = run.memory[address]
        raise EvaluationError(
            f"{name} is an input that requires grad: it cannot be changed in place.",
            hint=f"Write y = {name}.clone() first and change y.",
        )
