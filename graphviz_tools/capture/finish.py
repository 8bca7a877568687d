"""After the code has run: find the outputs, walk the graph, run backward and make the records."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import torch

from graphviz_tools.capture.assemble import Assembled, Parts, assemble
from graphviz_tools.capture.backward import run_backward
from graphviz_tools.capture.modules import ModuleNames
from graphviz_tools.capture.names import Names
from graphviz_tools.capture.recorder import Recorder
from graphviz_tools.capture.roots import find_cotangents, find_roots, left_out
from graphviz_tools.capture.saved import LOST
from graphviz_tools.capture.sums import with_hook_notes
from graphviz_tools.capture.values import Reader
from graphviz_tools.capture.walk import GradientEdge, Walk, edge_of, root_edge, walk
from graphviz_tools.model import Graph, GraphOutput, TensorValue

_AUTOCAST_DEVICES = ("cpu", "cuda", "mps", "xpu")


def finish(
    output: object,
    inputs: Mapping[str, torch.Tensor],
    cotangents: Any,
    recorder: Recorder,
    names: Names,
    modules: ModuleNames,
    *,
    formula: str = "",
) -> Graph:
    """The graph of what was recorded.

    Args:
        output: what the code gave.
        inputs: its input tensors, by name.
        cotangents: as the caller gave them.
        recorder: after the run.
        names: the user's names.
        modules: names of modules and parameters.
        formula: the source text, if it was a formula.

    Raises:
        NoGradientError: no output requires grad.
        TraceError: there is no output tensor, or the cotangents do not fit.
    """
    used = {"".join(names.of_tensor(leaf.tensor)[-1:]) or "a leaf": leaf.tensor for leaf in recorder.leaves.values()}
    roots = find_roots(output, used, inputs)
    notes = left_out(output, roots)
    read = Reader()
    with torch.no_grad(), _autocast_off(), _kept_random_state():
        starts, assumed = find_cotangents(roots, cotangents)
        edges = [root_edge(root) for _, root in roots]
        graph = walk(edges)
        tensors = [root for _, root in roots]
        backward = run_backward(tensors, starts, graph, _retaining(recorder, graph, tensors), read)
        by_edge = dict(zip(edges, tensors, strict=True))
        parts = Parts(graph, by_edge, recorder, names, modules, backward, read)
        made = assemble(parts)
        outputs = tuple(
            GraphOutput(made.ids[edge[0]], edge[1], _cotangent(start, root, read), _name(made, edge) or path)
            for edge, start, (path, root) in zip(edges, starts, roots, strict=True)
        )
    return Graph(
        with_hook_notes(made.nodes, made.edges, outputs),
        made.edges,
        outputs,
        formula,
        (*notes, *assumed, *_broken(made, backward.error)),
        backward.error,
    )


def _cotangent(start: torch.Tensor | None, root: torch.Tensor, read: Reader) -> TensorValue:
    return read.tensor(torch.ones_like(root) if start is None else start)


def _name(made: Assembled, edge: GradientEdge) -> str:
    names = made.output_names[edge[0]]
    return names[edge[1]] if names else ""


def _retaining(recorder: Recorder, graph: Walk, roots: list[torch.Tensor]) -> list[torch.Tensor]:
    """The tensors of this graph whose `.grad` backward would write."""
    candidates = [*recorder.living(), *roots]
    older = {node for node, slots in graph.operands.items() if slots and node not in recorder.calls}
    if older:
        # A node does not know its tensor: look for those that were made before the trace.
        everything = (thing for thing in gc.get_objects() if issubclass(type(thing), torch.Tensor))
        candidates += [
            tensor for tensor in everything if not tensor.is_leaf and (edge_of(tensor) or (None,))[0] in older
        ]
    return [tensor for tensor in candidates if tensor.retains_grad and not tensor.is_leaf]


def _broken(made: Assembled, error: str) -> Iterator[str]:
    """Sentences about the nodes that have lost what their backward needs."""
    if not error:
        return
    lost = [node for node in made.nodes if node.note.startswith(LOST)]
    for node in lost:
        yield f"There are no gradients, because of {node.label} ({node.op}). {node.note}"
    if not lost:
        yield f"There are no gradients, because backward failed: {error.splitlines()[0]}"


@contextmanager
def _autocast_off() -> Iterator[None]:
    """As recommended for backward; it uses the dtypes of the forward pass."""
    with ExitStack() as stack:
        for device in _AUTOCAST_DEVICES:
            if torch.is_autocast_enabled(device):
                stack.enter_context(torch.autocast(device, enabled=False))
        yield


@contextmanager
def _kept_random_state() -> Iterator[None]:
    """A custom backward, or a checkpoint that runs its segment again, may draw random numbers."""
    state = torch.get_rng_state()
    in_use = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    device_states = torch.cuda.get_rng_state_all() if in_use else []
    try:
        yield
    finally:
        torch.set_rng_state(state)
        if in_use:
            torch.cuda.set_rng_state_all(device_states)
