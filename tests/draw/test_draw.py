"""Whole drawings: golden files, ids, classes of nodes, hostile text, styles.

`RENEW_GOLDEN=1 pytest tests/draw` writes the golden files from the drawings of now. Look at the difference, and at the
picture, before you commit them.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphviz_tools.draw.compact import gradient_shares
from graphviz_tools.draw.draw import CARDS_UP_TO, build
from graphviz_tools.draw.theme import LIGHT
from graphviz_tools.errors import GraphvizToolsError
from graphviz_tools.formatting import format_number
from graphviz_tools.model import Edge, Graph, GraphOutput, Node, SavedTensor

ReadDot = Callable[[str], Any]

GOLDEN = Path(__file__).with_name("golden")
SAVED = ("r", "a:b:c")
DRAWN = [
    ("calc", "cards"), ("matrix", "cards"), ("gallery", "cards"), ("unbind", "cards"), ("used_output", "cards"),
    ("heat", "cards"), ("imaginary", "cards"), ("nasty", "cards"), ("chain", "compact"), ("gallery", "compact"),
    ("nasty", "compact"), ("scalars", "circuit"), ("used_output", "circuit"),
]  # fmt: skip
MARKUP = {"LABEL", "TABLE", "TR", "TD", "FONT", "B", "I", "BR"}
EVERY = pytest.mark.parametrize(("name", "style"), DRAWN, ids=lambda part: part)
THEMES = pytest.mark.parametrize("theme", ["light", "dark"])


@EVERY
@THEMES
def test_golden(graphs: dict[str, Graph], name: str, style: str, theme: str) -> None:
    source = build(graphs[name], style, theme, saved=SAVED).source
    file = GOLDEN / f"{name}-{style}-{theme}.dot"
    if os.environ.get("RENEW_GOLDEN"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(source, encoding="utf-8")
    assert source == file.read_text(encoding="utf-8"), "if this is intended: RENEW_GOLDEN=1 pytest tests/draw"


def test_every_golden_file_is_tested() -> None:
    names = {f"{name}-{style}-{theme}.dot" for name, style in DRAWN for theme in ("light", "dark")}
    assert {file.name for file in GOLDEN.iterdir()} == names


@EVERY
@THEMES
def test_every_node_and_edge_has_its_id_once(
    graphs: dict[str, Graph], read_dot: ReadDot, name: str, style: str, theme: str
) -> None:
    graph = graphs[name]
    ids = Counter(read_dot(build(graph, style, theme, saved=SAVED).source).ids)
    assert set(ids.values()) == {1}
    expected = {f"node-{node.id}" for node in graph.nodes}
    for edge in graph.edges:
        tagged = f"edge-{edge.id}.tag" in ids
        expected |= {f"edge-{edge.id}{part}" for part in ((".in", ".tag", ".out") if tagged else ("",))}
    extra = {key for key in ids if key.partition("-")[0] in ("node", "edge")} - expected
    assert expected <= ids.keys()
    assert extra == set()


@EVERY
def test_drawing_twice_gives_the_same_text(graphs: dict[str, Graph], name: str, style: str) -> None:
    graph = graphs[name]
    again = Graph.from_json(graph.to_json())
    assert again is not graph
    assert build(again, style).source == build(graph, style).source


@EVERY
def test_themes_differ_in_colours_only(graphs: dict[str, Graph], name: str, style: str) -> None:
    light, dark = (re.sub("#[0-9A-F]{6}", "#", build(graphs[name], style, theme).source) for theme in ("light", "dark"))
    assert light == dark


def outline(dot: Any, name: str) -> tuple[str | None, ...]:
    table = ElementTree.fromstring(dot.nodes[name]["label"][1:-1])
    return table.get("BORDER"), table.get("COLOR"), table.get("STYLE"), table.get("BGCOLOR")


def header(dot: Any, name: str) -> str:
    """The words at the right of a card's header."""
    table = ElementTree.fromstring(dot.nodes[name]["label"][1:-1])
    return "".join(table.findall("TR/TD/TABLE/TR/TD")[1].itertext()).strip()


def test_every_class_has_an_outline_and_words_of_its_own(graphs: dict[str, Graph], read_dot: ReadDot) -> None:
    gallery = read_dot(build(graphs["gallery"], "cards", saved=["r"]).source)
    unbind = read_dot(build(graphs["unbind"], "cards").source)
    seen = {
        "leaf": (outline(gallery, "x"), header(gallery, "x")),
        "constant": (outline(gallery, "k"), header(gallery, "k")),
        "op": (outline(gallery, "m"), header(gallery, "m")),
        "view": (outline(gallery, "v"), header(gallery, "v")),
        "infected": (outline(gallery, "r"), header(gallery, "r")),
        "first bad": (outline(gallery, "z"), header(gallery, "z")),
        "infected output": (outline(gallery, "y"), header(gallery, "y")),
        "saved": (outline(gallery, "saved-r-result"), header(gallery, "saved-r-result")),
        "freed": (outline(gallery, "saved-r-alpha"), header(gallery, "saved-r-alpha")),
        "in-place": (outline(unbind, "w"), header(unbind, "w")),
        "output": (outline(unbind, "y"), header(unbind, "y")),
    }
    t, plain, alarm = LIGHT, "ROUNDED", "⚠ −inf starts here  [2, 1]"
    assert seen == {
        "leaf": (("2", t.leaf, plain, t.card), "leaf · requires_grad"),
        "constant": (("1", t.edge, "ROUNDED,DASHED", t.card), "constant · no grad"),
        "op": (("1", t.line, plain, t.card), "MulBackward0"),
        "view": (("2", t.view, "ROUNDED,DOTTED", t.card), "view of m · ViewBackward0  [2, 1]"),
        "infected": (("2", t.alarm, plain, t.card), "⚠ inf in grad  [2, 1]"),
        "first bad": (("3", t.alarm, plain, t.alarm_bg), alarm),
        "infected output": (("2", t.alarm, plain, t.card), "output · ⚠ −inf in value"),
        "saved": (("1", t.saved_line, "ROUNDED,DASHED", t.saved), "saved for backward  [2, 1]"),
        "freed": (("1", t.saved_line, "ROUNDED,DASHED", t.saved), "saved for backward · freed after backward"),
        "in-place": (("2", t.view, "ROUNDED,DOTTED", t.card), "in-place · version 1 · MulBackward0"),
        "output": (("2", t.out, plain, t.card), "output · SumBackward0  scalar"),
    }


def test_a_leaf_that_is_an_output_says_both(make: SimpleNamespace, read_dot: ReadDot) -> None:
    one = make.tensor(1.0, dtype="float64")
    graph = Graph((make.leaf("x", one, one, names="weight tied.weight"),), (), (GraphOutput("x", 0, one),))
    dot = read_dot(build(graph).source)
    assert header(dot, "x") == "leaf · requires_grad · output  float64"
    assert outline(dot, "x")[1] == LIGHT.out
    assert "weight, tied.weight" in dot.nodes["x"]["label"]


def test_every_output_of_a_node_has_its_rows(graphs: dict[str, Graph], read_dot: ReadDot) -> None:
    label = ElementTree.fromstring(read_dot(build(graphs["unbind"]).source).nodes["p"]["label"][1:-1])
    texts = [text.strip() for text in label.itertext() if text.strip()]
    rows = [" ".join(texts[at : at + 7]) for at in range(texts.index("p"), len(texts), 7)]
    assert rows == ["p value 1 2 grad 3 4", "q value 3 4 grad 1 2", "s value 5 6 grad undefined"]


def test_many_outputs_are_counted(make: SimpleNamespace) -> None:
    one = make.tensor(1.0)
    node = Node("u", "UnbindBackward0", "op", outputs=(one,) * 30, gradients=(one,) * 30)
    source = build(Graph((node,), (), ())).source
    assert "output 7" in source
    assert "and 22 more outputs" in source


def test_saved_tensors_are_drawn_on_demand(graphs: dict[str, Graph], read_dot: ReadDot) -> None:
    assert "saved" not in build(graphs["gallery"]).source
    dot = read_dot(build(graphs["gallery"], saved={"r", "m", "no such node"}).source)
    assert dot.ranks == [["r", "saved-r-result", "saved-r-alpha"]]
    lines = [line for *_, line in dot.edges if line.get("dir") == "none"]
    assert [(line["style"], line["color"], line["constraint"]) for line in lines] == [
        ("dotted", LIGHT.saved_line, "false")
    ] * 2


@EVERY
def test_labels_are_xml_and_nothing_else_is_markup(
    graphs: dict[str, Graph], read_dot: ReadDot, name: str, style: str
) -> None:
    dot = read_dot(build(graphs[name], style, saved=SAVED).source)
    for attributes in dot.nodes.values():
        label = ElementTree.fromstring(f"<LABEL>{attributes['label'][1:-1]}</LABEL>")
        assert {element.tag for element in label.iter()} <= MARKUP
        assert all(element.text for element in label.iter() if element.tag in ("FONT", "B", "I") and not list(element))


TEXT = st.text(st.characters(exclude_categories=()), max_size=80)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TEXT, TEXT, TEXT)
@pytest.mark.parametrize("style", ["cards", "compact", "circuit"])
def test_no_text_breaks_out(
    read_dot: ReadDot, make: SimpleNamespace, style: str, name: str, expr: str, op: str
) -> None:
    one = make.tensor(1.0)
    saved = (SavedTensor("s" + name, text=expr), SavedTensor("result", one))
    node = Node(
        "y", op, "view", names=(name, expr), expression=expr, outputs=(one,), gradients=(None,), saved=saved,
        module=name, note=expr, view_of="x",
    )  # fmt: skip
    graph = Graph((make.leaf("x", one, None, names=name or "x"), node), (Edge("x", 0, "y", 0),), ())
    dot = read_dot(build(graph, style, saved=["y"]).source)
    wanted = {"node-x", "node-y", "edge-x.0-y.0", "saved-y-result"}
    assert wanted <= set(dot.ids)
    for attributes in dot.nodes.values():
        label = ElementTree.fromstring(f"<LABEL>{attributes['label'][1:-1]}</LABEL>")
        assert {element.tag for element in label.iter()} <= MARKUP


def test_long_text_is_short_on_the_card_and_whole_in_the_tooltip(make: SimpleNamespace, read_dot: ReadDot) -> None:
    name, expression = "n" * 100 + "END", "e" * 300 + "END"
    node = make.node("y", "MulBackward0", make.tensor(1.0), None, names=name, expression=expression)
    attributes = read_dot(build(Graph((node,), (), ())).source).nodes["y"]
    words = "".join(ElementTree.fromstring(attributes["label"][1:-1]).itertext())
    assert len(words) < 150
    assert "…" in words
    assert name in attributes["tooltip"]
    assert expression in attributes["tooltip"]


def test_a_long_sentence_is_broken_into_lines(make: SimpleNamespace, read_dot: ReadDot) -> None:
    note = "A hook of the user works on this gradient, so its contributions need not add up to it."
    node = make.node("y", "MulBackward0", make.tensor(1.0), None, note=note)
    attributes = read_dot(build(Graph((node,), (), ())).source).nodes["y"]
    label = ElementTree.fromstring(attributes["label"][1:-1])
    lines = [text.strip() for text in label.findall("TR")[-1].itertext()]
    assert " ".join(lines).strip() == note
    assert max(map(len, lines)) <= 60


def test_cards_say_no_number_that_is_not_in_the_model(graphs: dict[str, Graph], read_dot: ReadDot) -> None:
    graph = graphs["calc"]
    dot = read_dot(build(graph).source)
    for node in graph.nodes:
        rows = [
            [text for text in row.itertext() if text.strip()]
            for row in ElementTree.fromstring(dot.nodes[node.id]["label"][1:-1]).findall("TR/TD/TABLE/TR")[1:]
        ]
        value, grad = node.outputs[0].data, node.gradients[0].data
        assert rows == [["value", *map(format_number, value)], ["grad", *map(format_number, grad)]]


@pytest.mark.parametrize(
    ("layers", "shape"),
    [pytest.param(6, "plain", id="25 nodes are cards"), pytest.param(7, "box", id="29 nodes are pills")],
)
def test_auto_chooses_by_the_number_of_nodes(graphs: dict[str, Graph], layers: int, shape: str) -> None:
    chain = graphs["chain"]
    nodes = (*chain.nodes[: 4 * layers], chain.nodes[-1])
    kept = {node.id for node in nodes}
    graph = replace(chain, nodes=nodes, edges=tuple(e for e in chain.edges if {e.source, e.target} <= kept))
    assert (len(nodes) <= CARDS_UP_TO) == (shape == "plain")
    assert build(graph).node_attr["shape"] == shape


def test_a_circuit_of_vectors_is_refused(graphs: dict[str, Graph]) -> None:
    with pytest.raises(GraphvizToolsError, match=r"scalars only, and a has the shape \[3\]\. Try the style \"cards\""):
        build(graphs["calc"], "circuit")


def test_an_unknown_style_is_refused(graphs: dict[str, Graph]) -> None:
    with pytest.raises(GraphvizToolsError, match=r"no style called 'round'.*cards, compact, circuit"):
        build(graphs["calc"], "round")


def test_pills_get_darker_with_the_gradient(graphs: dict[str, Graph], read_dot: ReadDot) -> None:
    shares = gradient_shares(graphs["chain"].nodes)
    assert min(shares.values()) == 0
    assert shares["loss"] == max(shares.values()) == 1
    nodes = read_dot(build(graphs["chain"]).source).nodes
    layers = [nodes[f"t{2 * layer}"]["fillcolor"] for layer in range(12)]
    assert [int(colour[5:], 16) for colour in layers] == sorted((int(c[5:], 16) for c in layers), reverse=True)
    assert len(set(layers)) == 12


def test_a_circuit_writes_a_number_operand_into_the_circle(graphs: dict[str, Graph], read_dot: ReadDot) -> None:
    nodes = read_dot(build(graphs["used_output"], "circuit").source).nodes
    assert "x * 2" in nodes["op-y"]["label"]
    assert "×" in nodes["op-z"]["label"]


def test_a_node_without_outputs_is_drawn(read_dot: ReadDot) -> None:
    graph = Graph((Node("y", "PrintBackward", "op"),), (), ())
    for style in ("cards", "compact", "circuit"):
        label = ElementTree.fromstring(f"<L>{read_dot(build(graph, style).source).nodes['y']['label'][1:-1]}</L>")
        assert all(list(table) and list(table[0]) for table in label.iter("TABLE")), "Graphviz refuses empty tables"


def test_an_empty_graph_is_an_empty_drawing(read_dot: ReadDot) -> None:
    for style in ("cards", "compact", "circuit"):
        dot = read_dot(build(Graph((), (), ()), style).source)
        assert (dot.nodes, dot.edges) == ({}, [])
