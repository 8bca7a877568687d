"""Trace a function, a module or a formula: run it once, run backward once, and leave with plain records.

graph = trace(fn_or_module, *inputs)
graph = trace_formula("b = a*2 + 1\\n(b*b).mean()", {"a": [1.0, 2.0, 3.0]})
"""

from __future__ import annotations

import gc
import inspect
from collections.abc import Callable, Collection, Mapping
from typing import Any

import torch

from graphviz_tools.capture.big_stack import run_on_big_stack
from graphviz_tools.capture.finish import finish
from graphviz_tools.capture.frames import FrameNames
from graphviz_tools.capture.leaves import make_leaves
from graphviz_tools.capture.modules import ModuleNames, module_calls
from graphviz_tools.capture.names import INPUT_DEPTH, FormulaNames, Names, tensors_in
from graphviz_tools.capture.recorder import Recorder, recorder_for
from graphviz_tools.capture.values import unnoticed
from graphviz_tools.formula.evaluate import evaluate
from graphviz_tools.formula.language import Program, parse
from graphviz_tools.model import Graph

DEEP = 2_000
"""Nodes of a chain that is safe to drop on the smallest usual stack of a thread."""


def trace(fn: Callable[..., Any], *inputs: Any, cotangents: Any = None, **kwargs: Any) -> Graph:
    """Run `fn(*inputs, **kwargs)` once and give its autograd graph with every value, gradient and contribution.

    Nothing that the caller can see changes: results, random numbers, `.grad` and the inputs are as without tracing, and
    a module's forward runs exactly once. Code and backward run in a thread of their own in the caller's torch state;
    backward runs outside of autocast. Leaves have no `backward_order`: the engine only stores their gradient.

    Args:
        fn: any callable, an `nn.Module` too, that gives a tensor, or tuples, lists and dictionaries of tensors. Outputs
            that do not require grad are left out.
        inputs: its arguments.
        cotangents: the gradient that backward starts with: a tensor, number or nested list of the output's shape, or a
            sequence of such for several outputs. `None` stands for ones.
        kwargs: its keyword arguments.

    Returns:
        A graph of plain records. When backward fails it has values and no gradients, and `backward_error` says why.

    Raises:
        NoGradientError: no output requires grad.
        TraceError: the result holds no tensor, or the cotangents do not fit.
        Exception: whatever `fn` raises; its frames have lost their local variables.
    """

    def work() -> Graph:
        graph = _trace(fn, inputs, kwargs, cotangents)
        if len(graph.nodes) > DEEP:
            gc.collect()  # what the code has left in reference cycles must not be dropped later on a small stack
        return graph

    return run_on_big_stack(work)


def trace_formula(
    source: str | Program,
    inputs: Mapping[str, Any],
    *,
    dtype: torch.dtype = torch.float32,
    requires_grad: Collection[str] | None = None,
    seed: int = 0,
    cotangent: torch.Tensor | None = None,
) -> Graph:
    """Evaluate a formula once and give its autograd graph with every value, gradient and contribution.

    Args:
        source: the formula, as text or already parsed.
        inputs: a tensor, number or nested list of numbers for every name that the formula needs. Tensors keep their
            dtype and (unless `requires_grad` is given) their flag, and are never changed; the others become leaves.
        dtype: of inputs that are no tensors, and of constants that the formula makes.
        requires_grad: names of the inputs that require grad; `None`: all that are no tensors.
        seed: for the formula's random numbers.
        cotangent: the gradient that backward starts with, of the output's shape; `None` stands for ones.

    Returns:
        A graph of plain records. When backward fails it has values and no gradients, and `backward_error` says why.

    Raises:
        FormulaError: the formula cannot be read or run.
        InputError: an input cannot be read, or cannot require grad.
        NoGradientError: the output does not require grad.
        TraceError: the cotangent does not fit.
    """

    def work() -> Graph:
        with torch.inference_mode(False), torch.enable_grad():
            return _trace_formula(source, inputs, dtype, requires_grad, seed, cotangent)

    return run_on_big_stack(work)


def warm_up() -> None:
    """Pay for all that the first trace of a process imports (about a second), for example in a thread at start-up."""
    trace_formula("a*a", {"a": [1.0, 2.0]})


def _trace(fn: Callable[..., Any], inputs: tuple[Any, ...], kwargs: dict[str, Any], cotangents: Any) -> Graph:
    names = Names()
    named_inputs = dict(_named_inputs(fn, inputs, kwargs))
    with unnoticed():
        for name, tensor in named_inputs.items():
            names.give(name, tensor, INPUT_DEPTH)
    frames = FrameNames(names, _call.__code__)
    recorder = recorder_for(frames)
    with module_calls(recorder), recorder:
        output = _call(fn, inputs, kwargs)
    with unnoticed():
        frames.finish()
    modules = ModuleNames(fn, frames.modules, recorder.called_modules())
    return finish(output, named_inputs, cotangents, recorder, names, modules)


def _call(fn: Callable[..., Any], inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The frame above the user's: what runs below it is watched."""
    return fn(*inputs, **kwargs)


def _named_inputs(
    fn: Callable[..., Any], inputs: tuple[Any, ...], kwargs: dict[str, Any]
) -> list[tuple[str, torch.Tensor]]:
    """The input tensors, called like the parameters that they are given for."""
    try:
        bound = inspect.signature(fn.forward if isinstance(fn, torch.nn.Module) else fn).bind(*inputs, **kwargs)
        arguments = bound.arguments
    except (TypeError, ValueError):  # a builtin without a signature; wrong arguments are the call's to tell
        arguments = {"input" if len(inputs) == 1 else f"input{i}": value for i, value in enumerate(inputs)} | kwargs
    return [found for name, value in arguments.items() for found in tensors_in(value, name)]


def _trace_formula(
    source: str | Program,
    inputs: Mapping[str, Any],
    dtype: torch.dtype,
    requires_grad: Collection[str] | None,
    seed: int,
    cotangent: torch.Tensor | None,
) -> Graph:
    program = parse(source) if isinstance(source, str) else source
    leaves = make_leaves(inputs, dtype, requires_grad)
    names = Names()
    for name, tensor in leaves.items():
        names.give(name, tensor, INPUT_DEPTH)
    observer = FormulaNames(names)
    recorder = Recorder(observer)
    with recorder:
        output = evaluate(program, leaves, dtype=dtype, seed=seed, observer=observer)
    return finish(output, leaves, cotangent, recorder, names, ModuleNames(), formula=program.source)
