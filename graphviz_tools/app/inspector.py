"""The card of the selected node: what it is, its numbers in full, and how its gradient adds up."""

from __future__ import annotations

import html
from collections.abc import Sequence

import streamlit as st

from graphviz_tools.app.equation import equation, terms, unravel
from graphviz_tools.app.messages import say
from graphviz_tools.app.tables import table, tensor_tables
from graphviz_tools.formatting import describe, format_shape
from graphviz_tools.model import Graph, Node, SavedTensor, TensorValue

CHOICE_WIDTH = 110


def inspector(graph: Graph, selected: str | None) -> None:
    """The card of the node with the id `selected`, or a hint when there is none."""
    node = graph.by_id.get(selected or "")
    with st.container(border=True, key="inspector", gap="xsmall"):
        if node is None:
            st.caption(say("inspector.hint"))
            return
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.html(_header(node))
            output = _choose_output(node)
            value = node.outputs[output] if output < len(node.outputs) else None
            gradient = node.gradients[output] if output < len(node.gradients) else None
            element = _choose_element(node, gradient)
        _equation(graph, node, output, element)
        _numbers(node, value, gradient)
        if node.saved:
            with st.expander(say("inspector.saved"), key="saved"):
                st.html(_saved(node.saved))
        if node.note:
            st.caption(node.note)


def _header(node: Node) -> str:
    """Name, expression and autograd's name; under it where it stands, what it holds and when backward comes by."""
    kind = {"leaf": say("inspector.leaf"), "constant": say("inspector.constant")}.get(node.kind, node.op)
    expression = f"<code>= {html.escape(node.expression)}</code>" if node.names and node.expression else ""
    facts = [f"{v.dtype} {format_shape(v.shape)}" for v in node.outputs]
    if node.source is not None:
        facts.insert(0, say("inspector.line", line=node.source.line))
    if node.view_of:
        facts.append(say("inspector.view_of", name=node.view_of))
    if node.version:
        facts.append(say("inspector.version", version=node.version))
    if node.backward_order is not None:
        facts.append(say("inspector.order", order=node.backward_order))
    return (
        f'<div class="gt-head"><strong>{html.escape(node.label)}</strong> {expression} <span>{html.escape(kind)}</span>'
        f'</div><div class="gt-facts">{html.escape(" · ".join(facts))}</div>'
    )


def _choose_output(node: Node) -> int:
    count = len(node.outputs)
    if count < 2:
        return 0
    names = [*node.output_names, *[""] * count]

    def label(index: int) -> str:
        return names[index] or say("inspector.output", index=index)

    return st.selectbox(
        say("inspector.choose_output"),
        range(count),
        format_func=label,
        key=f"output_{node.id}",
        label_visibility="collapsed",
        width=CHOICE_WIDTH,
    )


def _equation(graph: Graph, node: Node, output: int, element: int) -> None:
    latex = equation(graph, node, output, element)
    if not latex:
        return
    with st.container(key="equation"):
        st.markdown(rf"$\displaystyle {latex}$")
    count = len([edge for edge in graph.uses(node.id) if edge.source_output == output])
    roots = [root for root in graph.cotangents(node.id) if root.output == output]
    name = f"**{html.escape(node.label)}**"
    if len(terms(graph, node, output, element)) > 1:
        st.caption(say("inspector.paths", count=count + len(roots), name=name))
    else:
        st.caption(say("inspector.root" if roots else "inspector.one_path", name=name))


def _choose_element(node: Node, gradient: TensorValue | None) -> int:
    if gradient is None or gradient.data is None or gradient.numel < 2:
        return 0

    def label(index: int) -> str:
        return f"{node.label}{format_shape(unravel(index, gradient.shape))}"

    options = range(gradient.numel)
    return st.selectbox(
        say("inspector.element"),
        options,
        format_func=label,
        key=f"element_{node.id}",
        label_visibility="collapsed",
        width=CHOICE_WIDTH,
    )


def _numbers(node: Node, value: TensorValue | None, gradient: TensorValue | None) -> None:
    for shown in tensor_tables(value, gradient):
        st.html(shown)
    for tensor in (value, gradient):
        if tensor is not None and tensor.missing:
            st.caption(tensor.missing)
    if value is not None and value.data is None and not value.missing:
        st.caption(say("inspector.large", count=value.numel))
    if node.kind == "constant":
        st.caption(say("inspector.not_kept"))
    elif gradient is None:
        st.caption(say("inspector.undefined"))


def _saved(saved: Sequence[SavedTensor]) -> str:
    rows = []
    for kept in saved:
        state = "" if kept.state == "kept" else say(f"inspector.saved_{kept.state}")
        what = kept.text if kept.value is None else f"{format_shape(kept.value.shape)} {describe(kept.value)}"
        rows.append([kept.name, " · ".join(filter(None, (what, state)))])
    return table([say("inspector.saved_name"), say("inspector.value")], rows, label=say("inspector.saved"))
