"""The records that every other room reads: plain frozen dataclasses, no torch.

A traced graph leaves the capture room as these records only, so nothing here can hold an autograd graph alive. All of
them go to JSON and come back equal (`Graph.to_json`, `Graph.from_json`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Literal

Number = bool | int | float | complex
Kind = Literal["leaf", "constant", "op", "view", "in-place"]

EXACT_ELEMENTS = 4096
"""A `TensorValue` keeps every number up to this many elements; above it only the statistics and a pooled grid."""


@dataclass(frozen=True, slots=True)
class SourceSpan:
    """Where an expression stands in the user's text: lines from 1, columns (characters) from 0, the end exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int
    file: str = ""


@dataclass(frozen=True, slots=True)
class TensorValue:
    """A tensor as it was at one moment.

    `data` holds all numbers in row-major order, as exact Python numbers, up to `EXACT_ELEMENTS` elements. `pooled` is a
    grid of at most 4 x 12 means over blocks of a larger tensor. `minimum`, `maximum`, `mean` and `norm` (L2) are over
    the finite elements and are `None` where there is none; complex tensors use moduli. `missing` says in words why
    there are no numbers at all (a meta tensor, not saved, ...).
    """

    shape: tuple[int, ...]
    dtype: str
    device: str = "cpu"
    data: tuple[Number, ...] | None = None
    pooled: tuple[tuple[float, ...], ...] | None = None
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    norm: float | None = None
    nan_count: int = 0
    inf_count: int = 0
    missing: str = ""

    @property
    def numel(self) -> int:
        """Number of elements, 1 for a scalar."""
        return math.prod(self.shape)

    @property
    def is_finite(self) -> bool:
        """True when no element is nan or infinite."""
        return not (self.nan_count or self.inf_count)

    def nested(self) -> Any:
        """`data` as nested lists in the tensor's shape, as `torch.Tensor.tolist` gives it; `None` when not kept."""
        if self.data is None:
            return None
        values: list[Any] = list(self.data)
        if not self.shape:
            return values[0]
        if 0 in self.shape:
            return _empty(self.shape)
        for size in reversed(self.shape[1:]):
            values = [values[i : i + size] for i in range(0, len(values), size)]
        return values


@dataclass(frozen=True, slots=True)
class SavedTensor:
    """What a node keeps for its backward: a tensor (`value`) or a Python number or shape (`text`).

    `state` is "kept", "freed" (backward has run without retain_graph), "overwritten" (changed in place since) or
    "packed" (behind a saved-tensor hook that was not run).
    """

    name: str
    value: TensorValue | None = None
    text: str = ""
    state: Literal["kept", "freed", "overwritten", "packed"] = "kept"


@dataclass(frozen=True, slots=True)
class Node:
    """One node of the autograd graph, or (kind "constant") a tensor without gradient that feeds one.

    `outputs[i]` is the value of output i, `gradients[i]` the gradient that the node received for it during backward;
    `None` means undefined, which is not zero. A leaf's gradient is the one that `.grad` would get.
    """

    id: str
    op: str
    kind: Kind
    names: tuple[str, ...] = ()
    expression: str = ""
    source: SourceSpan | None = None
    module: str = ""
    outputs: tuple[TensorValue, ...] = ()
    gradients: tuple[TensorValue | None, ...] = ()
    saved: tuple[SavedTensor, ...] = ()
    backward_order: int | None = None
    output_names: tuple[str, ...] = ()
    """The user's name of each output, "" where it has none; for a node with one output the last of `names`."""
    view_of: str = ""
    """Id of the node whose memory this view shares."""
    version: int = 0
    """How often the tensor had been written in place when this node was made."""
    note: str = ""
    """One sentence about what is special or broken here."""

    @property
    def label(self) -> str:
        """What a person calls the node: its last name, else its expression, else its autograd name."""
        return self.names[-1] if self.names else self.expression or self.op


@dataclass(frozen=True, slots=True)
class Edge:
    """Data flows from output `source_output` of `source` into input slot `target_input` of `target`.

    `contribution` is the gradient that the target's backward sends back along this edge; `None` is undefined (or, from
    a constant, never computed).
    """

    source: str
    source_output: int
    target: str
    target_input: int
    contribution: TensorValue | None = None

    @property
    def id(self) -> str:
        """Unique in the graph: an input slot has one source."""
        return f"{self.source}.{self.source_output}-{self.target}.{self.target_input}"


@dataclass(frozen=True, slots=True)
class GraphOutput:
    """One tensor that backward starts from, with the gradient it starts with."""

    node: str
    output: int
    cotangent: TensorValue | None = None
    name: str = ""


@dataclass(frozen=True)
class Graph:
    """A traced autograd graph. `nodes` stand in forward order, a node after the nodes that it uses."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    outputs: tuple[GraphOutput, ...]
    formula: str = ""
    notes: tuple[str, ...] = ()
    """Sentences for the reader: what was assumed, what could not be shown."""
    backward_error: str = ""
    """Why there are no gradients, in torch's words; empty when backward ran."""

    @cached_property
    def by_id(self) -> Mapping[str, Node]:
        """The nodes by id."""
        return {node.id: node for node in self.nodes}

    @cached_property
    def _by_name(self) -> Mapping[str, Node]:
        return {name: node for node in self.nodes for name in (*node.names, *node.output_names) if name}

    def node(self, name: str) -> Node:
        """The node with this id, or else the newest one that the user called `name`.

        Raises:
            KeyError: there is none; the message lists what there is.
        """
        found = self.by_id.get(name) or self._by_name.get(name)
        if found is None:
            raise KeyError(f"no node is called {name!r}; there are {', '.join(self.by_id)}")
        return found

    @cached_property
    def _uses(self) -> Mapping[str, tuple[Edge, ...]]:
        uses: dict[str, list[Edge]] = {}
        for edge in self.edges:
            uses.setdefault(edge.source, []).append(edge)
        return {node: tuple(edges) for node, edges in uses.items()}

    @cached_property
    def _operands(self) -> Mapping[str, tuple[Edge, ...]]:
        operands: dict[str, list[Edge]] = {}
        for edge in self.edges:
            operands.setdefault(edge.target, []).append(edge)
        return {node: tuple(sorted(edges, key=lambda e: e.target_input)) for node, edges in operands.items()}

    def uses(self, node: str) -> tuple[Edge, ...]:
        """The edges that leave a node: every use of its outputs."""
        return self._uses.get(node, ())

    def operands(self, node: str) -> tuple[Edge, ...]:
        """The edges that enter a node, by input slot."""
        return self._operands.get(node, ())

    def cotangents(self, node: str) -> tuple[GraphOutput, ...]:
        """The graph outputs that this node owns, empty for an inner node."""
        return tuple(out for out in self.outputs if out.node == node)

    def is_fork(self, node: str, output: int = 0) -> bool:
        """True when this output's gradient is a sum of several terms: uses, and the cotangent if it is a root too."""
        terms = sum(edge.source_output == output for edge in self.uses(node))
        return terms + sum(out.output == output for out in self.cotangents(node)) > 1

    def to_json(self, indent: int | None = None) -> str:
        """Strict JSON text (nan and infinities as strings); `Graph.from_json` gives an equal graph back."""
        return json.dumps(_plain(self), indent=indent, ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Graph:
        """Read what `to_json` wrote.

        Raises:
            ValueError: the text is not such JSON.
        """
        try:
            return _graph(json.loads(text))
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"this JSON is not a graph of graphviz_tools: {error}") from error


_ALWAYS = frozenset({"shape", "nodes", "edges", "outputs", "gradients", "contribution", "data", "op", "name", "dtype"})


def _empty(shape: tuple[int, ...]) -> list[Any]:
    return [] if shape[0] == 0 else [_empty(shape[1:]) for _ in range(shape[0])]


def _plain(value: Any) -> Any:
    """JSON-ready form; defaults are left out, so that the files stay short."""
    if isinstance(value, TensorValue | SavedTensor | Node | Edge | Graph | GraphOutput | SourceSpan):
        items = {f.name: getattr(value, f.name) for f in fields(value)}
        return {k: _plain(v) for k, v in items.items() if k in _ALWAYS or (v is not None and v != "" and v != ())}
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    if isinstance(value, complex):
        return {"re": _plain(value.real), "im": _plain(value.imag)}
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def _number(value: Any) -> Any:
    if isinstance(value, str):
        return float(value)
    if isinstance(value, dict):
        return complex(_number(value["re"]), _number(value["im"]))
    return value


def _tensor(raw: dict[str, Any] | None) -> TensorValue | None:
    if raw is None:
        return None
    raw = dict(raw, shape=tuple(raw.get("shape", ())))
    for name in ("minimum", "maximum", "mean", "norm"):
        raw[name] = _number(raw.get(name))
    if raw.get("data") is not None:
        raw["data"] = tuple(_number(v) for v in raw["data"])
    if raw.get("pooled") is not None:
        raw["pooled"] = tuple(tuple(_number(v) for v in row) for row in raw["pooled"])
    return TensorValue(**raw)


def _node(raw: dict[str, Any]) -> Node:
    saved = tuple(SavedTensor(**dict(s, value=_tensor(s.get("value")))) for s in raw.get("saved", ()))
    return Node(
        **dict(
            raw,
            names=tuple(raw.get("names", ())),
            output_names=tuple(raw.get("output_names", ())),
            source=SourceSpan(**raw["source"]) if "source" in raw else None,
            outputs=tuple(_tensor(v) for v in raw.get("outputs", ())),
            gradients=tuple(_tensor(v) for v in raw.get("gradients", ())),
            saved=saved,
        )
    )


def _graph(raw: dict[str, Any]) -> Graph:
    return Graph(
        nodes=tuple(_node(n) for n in raw.get("nodes", ())),
        edges=tuple(Edge(**dict(e, contribution=_tensor(e.get("contribution")))) for e in raw.get("edges", ())),
        outputs=tuple(GraphOutput(**dict(o, cotangent=_tensor(o.get("cotangent")))) for o in raw.get("outputs", ())),
        formula=raw.get("formula", ""),
        notes=tuple(raw.get("notes", ())),
        backward_error=raw.get("backward_error", ""),
    )
