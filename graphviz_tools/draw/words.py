"""What a drawing calls things: titles, operations, shapes. Plain text, still to be escaped."""

from __future__ import annotations

import re

from graphviz_tools.formatting import format_shape
from graphviz_tools.model import Graph, Node, TensorValue

_BACKWARD = re.compile(r"Backward\d*$")


def op_name(op: str) -> str:
    """The autograd name without its C++ namespace: "torch::autograd::CopySlices" is "CopySlices".

    >>> op_name("torch::autograd::CopySlices")
    'CopySlices'
    """
    return op.rpartition("::")[2]


def short_op(op: str) -> str:
    """The operation alone.

    >>> short_op("NativeLayerNormBackward0"), short_op("AccumulateGrad")
    ('NativeLayerNorm', 'AccumulateGrad')
    """
    return _BACKWARD.sub("", op_name(op)) or op_name(op)


def names(node: Node) -> str:
    """Every name the user gave this tensor: one parameter may have several."""
    if len(node.names) < 2:
        return node.names[0].strip() if node.names else ""
    return ", ".join(dict.fromkeys(name for name in node.names if name.strip()))


def title(node: Node) -> str:
    """The card's title: the names, else the expression, else the operation."""
    return names(node) or node.expression.strip() or short_op(node.op) or node.id


def output_name(node: Node, output: int) -> str:
    """The user's name of one output of a node with several, else its number."""
    given = node.output_names[output : output + 1]
    return (given and given[0].strip()) or f"output {output}"


def source_name(graph: Graph, node: str, output: int) -> str:
    """The name of the tensor that flows along an edge."""
    source = graph.by_id[node]
    return output_name(source, output) if len(source.outputs) > 1 else title(source)


def has_plain_shape(value: TensorValue) -> bool:
    """True when the numbers on the card show the shape: a scalar, or a vector of 2 to 6 elements."""
    return not value.shape or (len(value.shape) == 1 and 2 <= value.numel <= 6)


def shape_words(value: TensorValue, *, scalars: bool) -> str:
    """The shape where the numbers do not show it (and "scalar", if asked for), and the dtype when it is not float32."""
    shown = value.missing or not has_plain_shape(value) or (scalars and not value.shape)
    words = [format_shape(value.shape)] if shown else []
    return " ".join(words + ([value.dtype] if value.dtype != "float32" else []))
