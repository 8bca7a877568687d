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
from graphviz_tools.capture.thread_state import AUTOCAST_DEVICES
from graphviz_tools.capture.values import Reader, unnoticed
from graphviz_tools.capture.walk import GradientEdge, Walk, edge_of, root_edge, walk
from graphviz_tools.model import Graph, GraphOutput


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
    with unnoticed():
        roots = find_roots(output, _used(recorder, names), inputs)
    with torch.no_grad(), _autocast_off(), _kept_random_state():
        with unnoticed():
            starts, notes = find_cotangents(roots, cotangents)
            tensors = [root for _, root in roots]
            edges = list(map(root_edge, tensors))
            graph = walk(edges)
            retaining = _retaining(recorder, graph, tensors)
        read = Reader()
        backward = run_backward(tensors, starts, graph, retaining, read)
        with unnoticed():
            by_edge = dict(zip(edges, tensors, strict=True))
            made = assemble(Parts(graph, by_edge, recorder, names, modules, backward, read))
            outputs = tuple(_output(made, *each, read) for each in zip(edges, starts, roots, strict=True))
    nodes = with_hook_notes(made.nodes, made.edges, outputs)
    all_notes = (*left_out(output, roots), *notes, *_broken(made, backward.error))
    return Graph(nodes, made.edges, outputs, formula, all_notes, backward.error)


def _used(recorder: Recorder, names: Names) -> dict[str, torch.Tensor]:
    leaves = (leaf.tensor for leaf in recorder.leaves.values())
    return {"".join(names.of_tensor(leaf)[-1:]) or "a leaf": leaf for leaf in leaves}


def _output(
    made: Assembled, edge: GradientEdge, start: torch.Tensor | None, root: tuple[str, torch.Tensor], read: Reader
) -> GraphOutput:
    path, tensor = root
    names = made.output_names[edge[0]]
    cotangent = read.tensor(torch.ones_like(tensor) if start is None else start)
    return GraphOutput(made.ids[edge[0]], edge[1], cotangent, (names[edge[1]] if names else "") or path)


def _retaining(recorder: Recorder, graph: Walk, roots: list[torch.Tensor]) -> list[torch.Tensor]:
    """The tensors of this graph whose `.grad` backward would write."""
    candidates = [*recorder.living(), *roots]
    made = recorder.calls.keys() | recorder.renewed
    if any(slots and node not in made for node, slots in graph.operands.items()):
        # A node does not know its tensor: look for those that were made before the trace.
        candidates += [thing for thing in gc.get_objects() if issubclass(type(thing), torch.Tensor)]
    retaining = (tensor for tensor in candidates if tensor.retains_grad)
    return [tensor for tensor in retaining if (edge_of(tensor) or (None,))[0] in graph.operands]


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
        for device in AUTOCAST_DEVICES:
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
