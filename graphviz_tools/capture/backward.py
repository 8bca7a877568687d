"""One backward pass through a graph, with the gradient at every node, the contribution along every edge, and the order.

Nothing that the user can see changes: no `.grad` is written, hooks on the nodes are removed again, and the tensors that
keep their gradient get their old one back.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.autograd.graph import GradientEdge as TorchEdge
from torch.autograd.graph import Node

from graphviz_tools.capture.values import Reader
from graphviz_tools.capture.walk import GradientEdge, Walk
from graphviz_tools.model import TensorValue


@dataclass
class Backward:
    """What the engine did. A missing or `None` gradient is undefined; `error` says why there are none at all."""

    gradients: dict[GradientEdge, TensorValue | None] = field(default_factory=dict)
    contributions: dict[tuple[Node, int], TensorValue | None] = field(default_factory=dict)
    order: dict[Node, int] = field(default_factory=dict)
    error: str = ""


def run_backward(
    roots: Sequence[torch.Tensor],
    cotangents: Sequence[torch.Tensor | None],
    graph: Walk,
    retaining: Iterable[torch.Tensor],
    read: Reader,
) -> Backward:
    """Run backward from the roots once, and keep the graph.

    Args:
        roots: tensors that require grad.
        cotangents: the gradient that backward starts with at each root; `None` for the 1 of a single number.
        graph: all nodes below the roots.
        retaining: tensors with `retain_grad`, whose `.grad` the engine would write.
        read: makes the records.
    """
    result = Backward()
    leaves = list(graph.leaves.values())
    captured = [(node, 0) for node in graph.leaves] or list(graph.roots)
    with _kept_gradients(retaining), _hooks(graph, result, read):
        try:
            edges = [TorchEdge(*edge) for edge in captured]
            gradients: Sequence[torch.Tensor | None] = torch.autograd.grad(
                roots, edges, cotangents, retain_graph=True, allow_unused=True
            )
        except Exception as error:  # a custom backward may raise anything
            if not _is_reentrant(leaves, error):
                return Backward(error=_words(error))
            gradients = _reentrant(roots, cotangents, leaves, result)
            if result.error:
                return Backward(error=result.error)
    for edge, gradient in zip(captured, gradients, strict=True):
        result.gradients[edge] = None if gradient is None else read.tensor(gradient)
    return result


def _words(error: Exception) -> str:
    kind = "" if isinstance(error, RuntimeError) else f"{type(error).__name__}: "
    return kind + str(error)


@contextmanager
def _hooks(graph: Walk, result: Backward, read: Reader) -> Iterator[None]:
    thread = threading.get_ident()
    handles: list[Any] = []

    def watch(node: Node) -> None:
        def before(arriving: tuple[torch.Tensor | None, ...]) -> None:
            if _is_other(thread, arriving):
                return
            result.order[node] = len(result.order)
            for output, gradient in enumerate(arriving):
                result.gradients[node, output] = None if gradient is None else read.tensor(gradient)

        def after(sent: tuple[torch.Tensor | None, ...], arriving: tuple[torch.Tensor | None, ...]) -> None:
            if _is_other(thread, arriving):
                return
            for slot, gradient in enumerate(sent):
                result.contributions[node, slot] = None if gradient is None else read.tensor(gradient)

        handles.append(node.register_prehook(before))
        handles.append(node.register_hook(after))

    try:
        for node in graph.order:
            if graph.operands[node]:
                watch(node)
        yield
    finally:
        for handle in handles:
            handle.remove()


def _is_other(thread: int, gradients: Iterable[torch.Tensor | None]) -> bool:
    """True in a backward that another thread runs through a shared node; only a device has threads of its own."""
    return threading.get_ident() != thread and not any(g is not None and g.is_cuda for g in gradients)


@contextmanager
def _kept_gradients(tensors: Iterable[torch.Tensor]) -> Iterator[None]:
    kept: Mapping[int, tuple[torch.Tensor, torch.Tensor | None]] = {id(t): (t, t.grad) for t in tensors}
    for tensor, _ in kept.values():
        tensor.grad = None
    try:
        yield
    finally:
        for tensor, gradient in kept.values():
            tensor.grad = gradient


def _is_reentrant(leaves: Sequence[torch.Tensor], error: Exception) -> bool:
    """True when a checkpoint refuses `autograd.grad` and `backward` would run no hook that is meant for training."""
    return "use_reentrant=True" in str(error) and not any(leaf._post_accumulate_grad_hooks for leaf in leaves)


def _reentrant(
    roots: Sequence[torch.Tensor],
    cotangents: Sequence[torch.Tensor | None],
    leaves: Sequence[torch.Tensor],
    result: Backward,
) -> Sequence[torch.Tensor | None]:
    """The same with `backward`, and every `.grad` put back."""
    result.gradients.clear()
    result.contributions.clear()
    result.order.clear()
    with _kept_gradients(leaves):
        try:
            torch.autograd.backward(roots, cotangents, retain_graph=True)
        except Exception as error:
            result.error = _words(error)
        return [leaf.grad for leaf in leaves]
