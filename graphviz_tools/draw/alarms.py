"""Where nan and infinities start, which nodes they reach, and why in one line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Literal

from graphviz_tools.draw.labels import shorten
from graphviz_tools.draw.tensors import is_bad
from graphviz_tools.draw.words import short_op, source_name, title
from graphviz_tools.formatting import format_number
from graphviz_tools.model import Edge, Graph, Node, Number, TensorValue

_TRIGONOMETRIC = ("acos", "acosh", "asin", "asinh", "atan", "atanh", "cos", "cosh", "sin", "sinh", "tan", "tanh")
_EXPONENTIAL = ("exp", "exp2", "expm1", "log", "log10", "log1p", "log2", "logit", "sigmoid")
_SPECIAL = ("digamma", "erf", "erfc", "erfinv", "lgamma", "reciprocal", "rsqrt", "sqrt")
_UNARY = frozenset((*_TRIGONOMETRIC, *_EXPONENTIAL, *_SPECIAL))
_SIGNS = {"mul": "×", "div": "/"}
_OTHERS = ("abs", "add", "addcdiv", "addcmul", "atan2", "neg", "pow", "relu", "rsub", "sub", "xlogy")
_ELEMENTWISE = _UNARY.union(_SIGNS, _OTHERS)


@dataclass(frozen=True, slots=True)
class Alarm:
    """`node` is the id of the node where the first bad number appears: in its value, or made by its backward.

    `word` is what appears ("nan", "inf", "−inf"), `why` one line without user mark-up, and `infected` says for every
    other node with bad numbers what they are and where, such as "inf in grad".
    """

    node: str
    phase: Literal["forward", "backward"]
    word: str
    why: str
    infected: Mapping[str, str]


def first_bad(graph: Graph) -> Alarm | None:
    """The alarm of a graph: from the first bad value in forward order, else from the first bad gradient in backward.

    A backward that turns a finite gradient into a bad contribution is where the trouble starts, so that node is named
    and not the one that receives it.
    """
    if _is_finite(graph):
        return None
    infected = {node.id: words for node in graph.nodes if (words := _infection(node))}
    found = _first_forward(graph) or _first_backward(graph)
    if found is None:
        return None
    node, phase, word, why = found
    infected.pop(node, None)
    return Alarm(node, phase, word, why, infected)


def _is_finite(graph: Graph) -> bool:
    values = (value for node in graph.nodes for value in (*node.outputs, *node.gradients))
    contributions = (edge.contribution for edge in graph.edges)
    return all(value is None or value.is_finite for value in chain(values, contributions))


_Found = tuple[str, Literal["forward", "backward"], str, str]


def _first_forward(graph: Graph) -> _Found | None:
    for node in graph.nodes:
        for value in node.outputs:
            if not value.is_finite:
                word = bad_words((value,))
                return node.id, "forward", word, f"first bad value in the forward pass: {_origin(graph, node, value)}"
    return None


def _first_backward(graph: Graph) -> _Found | None:
    # Nodes without an order come last, outputs before inputs.
    last = float("inf")
    orders = [last if node.backward_order is None else node.backward_order for node in graph.nodes]
    for position in sorted(range(len(orders)), key=lambda i: (orders[i], -i)):
        node = graph.nodes[position]
        bad = [g for g in node.gradients if g and not g.is_finite]
        if bad:
            return node.id, "backward", bad_words(bad), _sum_reason(graph, node, bad_words(bad))
        made = [edge for edge in graph.operands(node.id) if edge.contribution and not edge.contribution.is_finite]
        if made:
            return node.id, "backward", bad_words(e.contribution for e in made), _sent_reason(graph, node, made[0])
    return None


def _infection(node: Node) -> str:
    value, grad = bad_words(node.outputs), bad_words(node.gradients)
    if value and value == grad:
        return f"{value} in value and grad"
    return ", ".join(f"{words} in {row}" for words, row in ((value, "value"), (grad, "grad")) if words)


def bad_words(values: Iterable[TensorValue | None]) -> str:
    """The kinds of bad numbers in the tensors, "nan", "−inf" or "nan and inf"; "" when there is none."""
    kinds: dict[str, None] = {}
    for value in values:
        if value is None or value.is_finite:
            continue
        if value.data is None or value.dtype.startswith("complex"):
            kinds |= dict.fromkeys(w for w, n in (("nan", value.nan_count), ("inf", value.inf_count)) if n)
        else:
            kinds |= dict.fromkeys(format_number(v) for v in value.data if is_bad(v))
    return " and ".join(kinds)


def _origin(graph: Graph, node: Node, value: TensorValue) -> str:
    """How the first bad element came about, as far as the records tell: `log(0) = −inf`."""
    if node.kind in ("leaf", "constant"):
        return f"this {node.kind} holds {bad_words((value,))}"
    op, found = short_op(node.op).lower(), _first_element(value)
    if found is None or op not in _ELEMENTWISE:
        return f"{bad_words((value,))} out of {shorten(title(node), 24)}"
    place, result = found[0], format_number(found[1])
    operands = [(e, _element(graph, e, value.shape, place)) for e in graph.operands(node.id)]
    known = [(e, v) for e, v in operands if v is not None]
    if len(known) == len(operands) == 1 and op in _UNARY:
        return f"{op}({format_number(known[0][1])}) = {result}"
    if len(known) == len(operands) == 2 and op in _SIGNS:
        return f"{_term(known[0][1])} {_SIGNS[op]} {_term(known[1][1])} = {result}"
    return _where(graph, result, known)


def _sum_reason(graph: Graph, node: Node, word: str) -> str:
    cotangents = graph.cotangents(node.id)
    if any(c.cotangent and not c.cotangent.is_finite for c in cotangents):
        return f"the gradient that backward starts from holds {word}"
    if any(graph.is_fork(node.id, output) for output in range(len(node.gradients))):
        return f"first bad gradient in the backward pass: the contributions add up to {word}"
    return f"first bad gradient in the backward pass: {word}"


def _sent_reason(graph: Graph, node: Node, edge: Edge) -> str:
    """What a backward with a finite gradient sends to an operand: `inf for x, where x = 0`."""
    contribution = edge.contribution
    assert contribution is not None
    found = _first_element(contribution)
    word = format_number(found[1]) if found else bad_words((contribution,))
    start = f"first bad gradient in the backward pass: {word} for {_short_name(graph, edge)}"
    if found is None or short_op(node.op).lower() not in _ELEMENTWISE:
        return start
    element = _element(graph, edge, contribution.shape, found[0])
    return _where(graph, start, [(edge, element)] if element is not None else [])


def _where(graph: Graph, start: str, operands: list[tuple[Edge, Number]]) -> str:
    """`start, where a = 0, b = 1`."""
    values = dict.fromkeys(f"{_short_name(graph, edge)} = {format_number(value)}" for edge, value in operands[:2])
    return ", ".join([start, f"where {', '.join(values)}"] if values else [start])


def _short_name(graph: Graph, edge: Edge) -> str:
    return shorten(source_name(graph, edge.source, edge.source_output), 16)


def _term(value: Number) -> str:
    text = format_number(value)
    return text if text[0].isdigit() else f"({text})"


def _first_element(value: TensorValue) -> tuple[tuple[int, ...], Number] | None:
    """Index and number of the first bad element; `None` when the numbers were not kept."""
    flat = next((i for i, v in enumerate(value.data or ()) if is_bad(v)), None)
    if flat is None or value.data is None:
        return None
    number, index = value.data[flat], []
    for size in reversed(value.shape):
        flat, position = divmod(flat, size)
        index.append(position)
    return tuple(reversed(index)), number


def _element(graph: Graph, edge: Edge, shape: tuple[int, ...], index: tuple[int, ...]) -> Number | None:
    """The operand's element that meets element `index` of a tensor of `shape`, by the rules of broadcasting."""
    values = graph.by_id[edge.source].outputs[edge.source_output : edge.source_output + 1]
    if not values or values[0].data is None or len(values[0].shape) > len(shape):
        return None
    operand, flat = values[0], 0
    aligned = zip(
        operand.shape, shape[len(shape) - len(operand.shape) :], index[len(shape) - len(operand.shape) :], strict=True
    )
    for own, size, position in aligned:
        if own not in (1, size):
            return None
        flat = flat * own + (position if own > 1 else 0)
    return (operand.data or ())[flat]
