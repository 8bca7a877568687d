"""The gradient of one element as the sum that backward made of it, in LaTeX whose printed numbers add up."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from graphviz_tools.app.messages import say
from graphviz_tools.model import Edge, Graph, Node, Number, TensorValue

SIGNIFICANT = 3
"""Digits of the largest term to begin with; more are shown until the sum is right."""
MOST_PLACES = 12
LONGEST_LABEL = 18
MOST_TERMS = 6
"""Of more summands only the largest are written, and the others as one."""

_TEXT = {char: f"\\{char}" for char in "#%&_{}"} | {
    "\\": r"\textbackslash ",
    "^": r"\textasciicircum ",
    "~": r"\textasciitilde ",
    "$": "",
}


@dataclass(frozen=True, eq=False)
class Term:
    """One summand of a gradient: a contribution along an edge, or the cotangent. `None` is undefined."""

    label: str
    value: Number | None


@dataclass(frozen=True)
class Printed:
    """The numbers of a sum as LaTeX, the total last, and whether they add up as they stand there."""

    texts: Sequence[str]
    exact: bool


def terms(graph: Graph, node: Node, output: int, element: int) -> tuple[Term, ...]:
    """What adds up to the gradient of element `element` (row-major) of an output, in the order in which it comes back.

    The cotangent, which backward starts with, stands last.
    """
    edges = [edge for edge in graph.uses(node.id) if edge.source_output == output]
    edges.sort(key=lambda edge: (_arrival(graph.by_id[edge.target]), edge.target_input))
    found = [Term(_through(graph, edge, edges), _element(edge.contribution, element)) for edge in edges]
    roots = [root for root in graph.cotangents(node.id) if root.output == output]
    found += [Term(say("inspector.start"), _element(root.cotangent, element)) for root in roots]
    return tuple(term for term in found if term.value is not None)


def equation(graph: Graph, node: Node, output: int, element: int) -> str:
    """LaTeX: the derivative, its terms with what they came through, and their sum; "" when there is no gradient."""
    gradient = node.gradients[output] if output < len(node.gradients) else None
    total = _element(gradient, element)
    summands = _shortened(terms(graph, node, output, element))
    if total is None or not summands:
        return ""
    index = (
        "" if gradient is None or not gradient.shape else f"_{{{','.join(map(str, unravel(element, gradient.shape)))}}}"
    )
    left = rf"\frac{{\partial {_numerator(graph)}}}{{\partial {_name(_label(node, output))}{index}}}"
    values = [term.value for term in summands if term.value is not None]
    printed = numbers([*values, total])
    *shown, shown_total = printed.texts
    parts = [
        rf"\underbrace{{{_signed(text)}}}_{{\text{{{_text(term.label)}}}}}"
        for term, text in zip(summands, shown, strict=True)
    ]
    if len(parts) == 1:
        return f"{left} = {parts[0]}"
    sign = "=" if printed.exact else r"\approx"
    return f"{left} = {' + '.join(parts)} {sign} {shown_total}"


def numbers(values: Sequence[Number]) -> Printed:
    """Numbers to print as a sum, the total last: equal decimals, and as many as the sum needs to be right on paper."""
    plain = [float(value) for value in values if isinstance(value, int | float) and math.isfinite(value)]
    if len(plain) < len(values):
        return Printed([_special(value) for value in values], exact=True)  # nan and infinities add up as in torch
    largest = max(abs(value) for value in plain[:-1]) or abs(plain[-1])
    if all(value == int(value) for value in plain) and largest < 1e6:
        return Printed([str(int(value)) for value in plain], exact=sum(plain[:-1]) == plain[-1])
    exponent = math.floor(math.log10(largest))
    scale = exponent if not -4 <= exponent <= 5 else 0
    exact = [Decimal(value).scaleb(-scale) for value in plain]
    first = max(0, SIGNIFICANT - 1 - (exponent - scale))
    choices = [[round(value, places) for value in exact] for places in range(first, first + MOST_PLACES)]
    right = [rounded for rounded in choices if sum(rounded[:-1]) == rounded[-1]]
    visible = [r for r in right if all(bool(shown) == bool(value) for shown, value in zip(r, exact, strict=True))]
    power = rf"\times 10^{{{scale}}}" if scale else ""
    return Printed([f"{value:f}{power}" for value in (visible or right or choices)[0]], exact=bool(right))


def unravel(element: int, shape: Sequence[int]) -> tuple[int, ...]:
    """The index of a row-major element number.

    >>> unravel(5, (2, 3))
    (1, 2)
    """
    index: list[int] = []
    for size in reversed(shape):
        element, position = divmod(element, size)
        index.insert(0, position)
    return tuple(index)


def _shortened(summands: Sequence[Term]) -> Sequence[Term]:
    if len(summands) <= MOST_TERMS:
        return summands
    ranked = sorted(summands, key=lambda term: -_size(term.value))[: MOST_TERMS - 1]
    kept = [term for term in summands if term in ranked]
    others = [term.value for term in summands if term not in ranked and term.value is not None]
    return [*kept, Term(say("inspector.others", count=len(others)), sum(others))]


def _size(value: Number | None) -> float:
    """For ranking; nan is what nobody must overlook."""
    size = 0.0 if value is None else abs(value)
    return math.inf if math.isnan(size) else size


def _arrival(target: Node) -> float:
    return math.inf if target.backward_order is None else target.backward_order


def _through(graph: Graph, edge: Edge, edges: Sequence[Edge]) -> str:
    target = graph.by_id[edge.target]
    labels = {graph.by_id[other.target].label for other in edges if other.target != edge.target}
    name = shorten(target.id if target.label in labels else target.label)
    if sum(other.target == edge.target for other in edges) > 1:
        return say("inspector.through_slot", name=name, slot=edge.target_input + 1)
    return say("inspector.through", name=name)


def _element(tensor: TensorValue | None, element: int) -> Number | None:
    if tensor is None or tensor.data is None or element >= len(tensor.data):
        return None
    return tensor.data[element]


def _numerator(graph: Graph) -> str:
    root = graph.outputs[0]
    node = graph.by_id[root.node]
    name = _name(root.name or _label(node, root.output))
    scalar = len(graph.outputs) == 1 and (root.cotangent is None or root.cotangent.numel == 1)
    return name if scalar else rf"\textstyle\sum {name}"


def _label(node: Node, output: int) -> str:
    named = node.output_names[output] if output < len(node.output_names) else ""
    return named or node.label


def _name(label: str) -> str:
    return label if len(label) == 1 and label.isalpha() else rf"\text{{{_text(shorten(label))}}}"


def shorten(label: str) -> str:
    """A label that fits under a brace."""
    return label if len(label) <= LONGEST_LABEL else f"{label[: LONGEST_LABEL - 1]}…"


def _text(label: str) -> str:
    return "".join(_TEXT.get(char, char) for char in label)


def _signed(text: str) -> str:
    return f"({text})" if text.startswith("-") else text


def _special(value: Number) -> str:
    if isinstance(value, complex):
        return rf"\text{{{value:.4g}}}"
    return rf"\text{{{value:.4g}}}" if math.isfinite(value) else rf"\text{{{value}}}"
