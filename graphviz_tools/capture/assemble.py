"""Everything that was seen, put together as plain nodes and edges."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch.autograd.graph import Node as TorchNode

from graphviz_tools.capture.backward import Backward
from graphviz_tools.capture.constants import constant_slots
from graphviz_tools.capture.identify import make_ids
from graphviz_tools.capture.modules import ModuleNames
from graphviz_tools.capture.names import Names
from graphviz_tools.capture.recorder import Constant, Output, Recorder
from graphviz_tools.capture.saved import lost, saved_tensors
from graphviz_tools.capture.statistics import missing_value
from graphviz_tools.capture.values import Reader
from graphviz_tools.capture.walk import GradientEdge, Walk
from graphviz_tools.model import Edge, Kind, Node, SourceSpan, TensorValue

Item = TorchNode | Constant
Slots = Mapping[TorchNode, list[tuple[int, Constant]]]


@dataclass(frozen=True)
class Parts:
    """All that a graph is made of."""

    graph: Walk
    roots: Mapping[GradientEdge, torch.Tensor]
    recorder: Recorder
    names: Names
    modules: ModuleNames
    backward: Backward
    read: Reader


@dataclass(frozen=True)
class Assembled:
    """The records, and the id and output names of every autograd node."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    ids: Mapping[Item, str]
    output_names: Mapping[Item, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class _Named:
    """What a node is called. `metadata` has shape and dtype of each output; a leaf and a constant have none."""

    names: tuple[str, ...]
    output_names: tuple[str, ...]
    metadata: tuple[Any, ...] = ()


def assemble(parts: Parts) -> Assembled:
    """Nodes in forward order, each constant just before its first use, and all edges."""
    constants: Slots = {
        node: constant_slots(parts.recorder.calls.get(node), slots) for node, slots in parts.graph.operands.items()
    }
    named: dict[Item, _Named] = {}
    for node in parts.graph.order:
        for _, constant in constants[node]:
            if constant not in named:
                named[constant] = _name_tensor(parts, constant.tensor)
        leaf = parts.graph.leaves.get(node)
        named[node] = _name_outputs(parts, node) if leaf is None else _name_tensor(parts, leaf)
    ids = dict(zip(named, make_ids([(each.names, each.output_names) for each in named.values()]), strict=True))
    records = _Records(parts, ids)
    nodes = tuple(records.node(item, each) for item, each in named.items())
    output_names = {item: each.output_names for item, each in named.items()}
    return Assembled(nodes, tuple(_edges(parts, constants, ids)), ids, output_names)


def _name_tensor(parts: Parts, tensor: torch.Tensor) -> _Named:
    names = tuple(dict.fromkeys((*parts.names.of_tensor(tensor), *parts.modules.of_tensor(tensor))))
    return _Named(names, names[-1:])


def _name_outputs(parts: Parts, node: TorchNode) -> _Named:
    metadata = tuple(node._input_metadata)
    found = [parts.names.of_output((node, output)) for output in range(len(metadata))]
    given = [names for names in found if names]
    last = tuple(names[-1] if names else "" for names in found) if given else ()
    return _Named(given[0] if len(given) == 1 else (), last, metadata)


def _edges(parts: Parts, constants: Slots, ids: Mapping[Item, str]) -> Iterator[Edge]:
    contributions = parts.backward.contributions
    for node in parts.graph.order:
        target = ids[node]
        for slot, edge in enumerate(parts.graph.operands[node]):
            if edge is not None:
                yield Edge(ids[edge[0]], edge[1], target, slot, contributions.get((node, slot)))
        for slot, constant in constants[node]:
            yield Edge(ids[constant], 0, target, slot)


class _Records:
    """Makes the node records."""

    def __init__(self, parts: Parts, ids: Mapping[Item, str]) -> None:
        self._parts = parts
        self._recorder = parts.recorder
        self._read = parts.read
        self._ids = ids
        self._tensor_ids = {id(tensor): ids[leaf] for leaf, tensor in parts.graph.leaves.items()}
        calls = parts.recorder.calls.values()
        self._repeated = {id(call.module[0]) for call in calls if call.module is not None and call.module[1] > 1}

    def node(self, item: Item, named: _Named) -> Node:
        """The record of a constant, a leaf or an operation."""
        if isinstance(item, Constant):
            return self._constant(item, named)
        return self._leaf(item, named) if item in self._parts.graph.leaves else self._operation(item, named)

    def _constant(self, constant: Constant, named: _Named) -> Node:
        expression, source = constant.place.describe() if constant.place else ("", None)
        return Node(
            self._ids[constant],
            "",
            "constant",
            names=named.names,
            expression=expression,
            source=source,
            outputs=(self._read.snapshot(constant.snapshot),),
            gradients=(None,),
            output_names=named.output_names,
            version=constant.version,
        )

    def _leaf(self, node: TorchNode, named: _Named) -> Node:
        variable = self._parts.graph.leaves[node]
        seen = self._recorder.leaves.get(id(variable))
        return Node(
            self._ids[node],
            self._parts.graph.names[node],
            "leaf",
            names=named.names,
            outputs=(self._read.snapshot(seen.snapshot) if seen else self._read.tensor(variable),),
            gradients=(self._parts.backward.gradients.get((node, 0)),),
            output_names=named.output_names,
            version=seen.version if seen else 0,
        )

    def _operation(self, node: TorchNode, named: _Named) -> Node:
        edges = [(node, output) for output in range(len(named.metadata))]
        seen = [self._recorder.outputs.get(edge) for edge in edges]
        kind, view_of = self._memory(node, seen)
        expression, source, module = self._asked_by(node)
        saved = saved_tensors(node, self._read)
        return Node(
            self._ids[node],
            self._parts.graph.names[node],
            kind,
            names=named.names,
            expression=expression,
            source=source,
            module=module,
            outputs=tuple(map(self._value, edges, seen, named.metadata)),
            gradients=tuple(map(self._parts.backward.gradients.get, edges)),
            saved=saved,
            backward_order=self._parts.backward.order.get(node),
            output_names=named.output_names,
            view_of=view_of,
            version=max((output.version for output in seen if output is not None), default=0),
            note=lost(saved),
        )

    def _value(self, edge: GradientEdge, seen: Output | None, metadata: Any) -> TensorValue:
        if seen is not None:
            return self._read.snapshot(seen.snapshot)
        if edge in self._parts.roots:
            return self._read.tensor(self._parts.roots[edge])
        return missing_value(metadata.shape, metadata.dtype, metadata.device, "made where it was not watched")

    def _memory(self, node: TorchNode, seen: list[Output | None]) -> tuple[Kind, str]:
        """The kind, and what a view's base is called."""
        if node in self._recorder.in_place:
            return "in-place", ""
        for output in seen:
            if output is not None and output.base is not None:
                return "view", self._called(output.base)
        return "op", ""

    def _called(self, base: GradientEdge | torch.Tensor) -> str:
        """The id of its node if it is in the graph, else the user's name."""
        if isinstance(base, torch.Tensor):
            return self._tensor_ids.get(id(base)) or "".join(self._parts.names.of_tensor(base)[-1:])
        return self._ids.get(base[0]) or "".join(self._parts.names.of_output(base)[-1:])

    def _asked_by(self, node: TorchNode) -> tuple[str, SourceSpan | None, str]:
        """The user's expression, where it stands, and the module call."""
        call = self._recorder.calls.get(node)
        if call is None:
            return "", None, ""
        expression, source = call.place.describe() if call.place is not None else ("", None)
        if call.module is None:
            return expression, source, ""
        module, number = call.module
        path = self._parts.modules.of_module(module)
        return expression, source, f"{path}#{number}" if path and id(module) in self._repeated else path
