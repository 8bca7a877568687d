"""A graph in words, for those who hear the page instead of seeing it."""

from __future__ import annotations

from graphviz_tools.draw.labels import clean
from graphviz_tools.draw.words import source_name, title
from graphviz_tools.formatting import describe
from graphviz_tools.model import Edge, Graph, Node


def node_words(graph: Graph, node: Node) -> str:
    """What a card says: `c, b * b, value 9, 25, 49, gradient 0.00551, 0.0009145, 0.0002563`."""
    words = [title(node)]
    if node.expression.strip() not in ("", words[0]):
        words.append(node.expression)
    if node.kind != "op":
        words.append(node.kind)
    if graph.cotangents(node.id):
        words.append("output")
    several = len(node.outputs) > 1
    for output, value in enumerate(node.outputs):
        gradient = node.gradients[output] if output < len(node.gradients) else None
        if several:
            words.append(source_name(graph, node.id, output))
        words.append(f"value {describe(value)}")
        words.append(f"gradient {describe(gradient)}" if gradient else "no gradient")
    if node.note:
        words.append(node.note)
    return clean(", ".join(words))


def edge_words(graph: Graph, edge: Edge) -> str:
    """What an edge says: `from b to c, contribution 0.01653, 0.004572, 0.001794`."""
    ends = f"from {source_name(graph, edge.source, edge.source_output)} to {title(graph.by_id[edge.target])}"
    back = f"contribution {describe(edge.contribution)}" if edge.contribution else "no contribution"
    return clean(f"{ends}, {back}")
