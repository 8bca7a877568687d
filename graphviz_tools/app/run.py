"""From what is typed to what is shown: the graph or one sentence, its picture, and its gradient check. No Streamlit.

Everything is cached by content, shared by all sessions and bounded; only plain records are kept, never a tensor.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import torch

from graphviz_tools.app.examples import InputText
from graphviz_tools.app.messages import say
from graphviz_tools.capture.trace import trace_formula
from graphviz_tools.errors import FormulaError, GraphvizToolsError, InputError
from graphviz_tools.formula.inputs import read_input
from graphviz_tools.formula.language import Program, parse
from graphviz_tools.model import Graph
from graphviz_tools.numeric.formula import formula_function
from graphviz_tools.numeric.records import Method, Sweep
from graphviz_tools.numeric.sweep import sweep

LOG = logging.getLogger(__name__)

MOST_ELEMENTS = 64
"""So many elements of an input are checked; the table has a row for each."""
SECONDS = 3.0
"""A gradient check ends after about this time, with the elements that it has then."""


@dataclass(frozen=True)
class Source:
    """All that a graph depends on: what is typed."""

    formula: str
    inputs: tuple[InputText, ...]


@dataclass(frozen=True)
class Problem:
    """One sentence about what is wrong. `line` and `column` count from 1; `text` is the line they point into."""

    message: str
    hint: str = ""
    line: int | None = None
    column: int | None = None
    end_column: int | None = None
    text: str = ""
    input: str = ""


@dataclass(frozen=True)
class Outcome:
    """A graph, or the problem in its way. `missing` are names that the formula needs and nobody has given."""

    graph: Graph | None = None
    problem: Problem | None = None
    missing: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()


@dataclass(frozen=True)
class Checked:
    """A sweep over delta, or the problem in its way."""

    sweep: Sweep | None = None
    problem: Problem | None = None


def run(source: Source) -> Outcome:
    """Trace what is typed. Never raises: whatever goes wrong is a `Problem`."""
    try:
        return _run(source)
    except Exception as error:  # the page must live on, whatever was typed
        return Outcome(problem=explain(error, source))


def check(source: Source, name: str, method: Method, evaluation: str) -> Checked:
    """The numeric gradient of the input `name` beside autograd's, for every delta. Never raises."""
    try:
        return _check(source, name, method, evaluation)
    except Exception as error:
        return Checked(problem=explain(error, source))


# An unexpected error leaves the cached functions as an exception, so that it is not remembered.
@lru_cache(maxsize=64)
def _run(source: Source) -> Outcome:
    if not source.formula.strip():
        return Outcome(problem=Problem(say("formula.empty"), say("formula.empty_hint")))
    missing: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    try:
        program = parse(source.formula)
        given = [field.name for field in source.inputs]
        missing = tuple(name for name in program.inputs if name not in given)
        unused = tuple(name for name in given if name not in program.inputs)
        graph = trace_formula(program, read_inputs(source, program))
    except GraphvizToolsError as error:
        return Outcome(problem=explain(error, source), missing=missing, unused=unused)
    return Outcome(graph=graph, missing=missing, unused=unused)


@lru_cache(maxsize=32)
def _check(source: Source, name: str, method: Method, evaluation: str) -> Checked:
    try:
        program = parse(source.formula)
        tensors = read_inputs(source, program)
        dtype = getattr(torch, evaluation)
        only = {key: tensor.detach().requires_grad_(key == name) for key, tensor in tensors.items()}
        function = formula_function(program, tuple(only), dtype)
        return Checked(
            sweep=sweep(function, only, method=method, dtype=dtype, max_elements=MOST_ELEMENTS, seconds=SECONDS)
        )
    except GraphvizToolsError as error:
        return Checked(problem=explain(error, source))


def read_inputs(source: Source, program: Program) -> Mapping[str, torch.Tensor]:
    """The tensors that the formula uses, by name, with their requires_grad flags set.

    Raises:
        InputError: a text is no tensor, or integers are asked for gradients.
    """
    tensors = {}
    for field in source.inputs:
        if field.name not in program.inputs:
            continue
        tensor = read_input(field.text, dtype=field.dtype, name=field.name)
        if field.grad and not tensor.is_floating_point():
            hint = say("inputs.integer_hint", name=field.name)
            raise InputError(say("inputs.integer", name=field.name), hint=hint, name=field.name)
        tensors[field.name] = tensor.requires_grad_(field.grad)
    return tensors


def checkable(source: Source) -> tuple[str, ...]:
    """Names of the inputs whose gradient can be checked, in the order of the page."""
    graph = run(source).graph
    if graph is None or graph.backward_error:
        return ()
    leaves = {name for node in graph.nodes if node.kind == "leaf" for name in node.names}
    return tuple(field.name for field in source.inputs if field.name in leaves)


def explain(error: Exception, source: Source) -> Problem:
    """An error as one sentence. One that we did not raise ourselves goes to the log, and the page says so calmly."""
    if isinstance(error, FormulaError):
        lines = source.formula.split("\n")
        line = error.line if error.line is not None and error.line <= len(lines) else None
        text = "" if line is None else lines[line - 1]
        return Problem(error.message, error.hint, line, error.column, error.end_column, text)
    if isinstance(error, InputError):
        text = next((field.text for field in source.inputs if field.name == error.name), "")
        return Problem(error.message, error.hint, column=error.column, text=text, input=error.name)
    if isinstance(error, GraphvizToolsError):
        return Problem(error.message, error.hint)
    LOG.error("unexpected error for %r", source, exc_info=error)
    return Problem(say("page.unexpected"))
