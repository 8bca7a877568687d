from __future__ import annotations

import dataclasses
import re
from collections import Counter
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphviz_tools.draw.draw import build
from graphviz_tools.errors import RenderError
from graphviz_tools.model import Edge, Graph, GraphOutput, Node, SavedTensor, TensorValue
from graphviz_tools.render.render import render
from graphviz_tools.render.svg import page_svg

SVG = "{http://www.w3.org/2000/svg}"


def scalar(number: float) -> TensorValue:
    return TensorValue((), "float32", data=(number,), minimum=number, maximum=number, mean=number, norm=abs(number))


@pytest.fixture(scope="module")
def scalars() -> Graph:
    """p = x*x with a saved tensor."""
    return Graph(
        nodes=(
            Node("x", "AccumulateGrad", "leaf", ("x",), outputs=(scalar(3),), gradients=(scalar(6),)),
            Node(
                "p", "MulBackward0", "op", ("p",), "x*x", outputs=(scalar(9),), gradients=(scalar(1),),
                saved=(SavedTensor("self", scalar(3)),),
            ),
        ),
        edges=(Edge("x", 0, "p", 0, scalar(3)), Edge("x", 0, "p", 1, scalar(3))),
        outputs=(GraphOutput("p", 0, scalar(1), "p"),),
    )  # fmt: skip


def on_page(graph: Graph, *, style: str = "cards", saved: tuple[str, ...] = ()) -> tuple[ElementTree.Element, bytes]:
    """The page's SVG as a tree, and Graphviz' own."""
    svg = render(build(graph, style, saved=saved))
    return ElementTree.fromstring(page_svg(svg, graph)), svg


def shapes(root: ElementTree.Element) -> Counter[tuple[str, str, str]]:
    """All that is painted: kind, place and text of every shape."""
    place = ("d", "points", "x", "y", "cx", "cy")
    return Counter(
        (shape.tag, " ".join(filter(None, map(shape.get, place))), shape.text or "")
        for shape in root.iter()
        if shape.tag.removeprefix(SVG) in ("path", "polygon", "polyline", "ellipse", "text")
    )


def group(root: ElementTree.Element, name: str, value: str) -> ElementTree.Element:
    (found,) = (g for g in root.iter(f"{SVG}g") if g.get(f"data-{name}") == value)
    return found


@pytest.mark.parametrize("style", ["cards", "circuit", "compact"])
def test_every_node_and_every_edge_is_one_group(scalars: Graph, style: str) -> None:
    root, _ = on_page(scalars, style=style)
    found = Counter(g.get("data-node") or g.get("data-edge") for g in root.iter(f"{SVG}g"))
    del found[None]
    assert found == Counter([*(node.id for node in scalars.nodes), *(edge.id for edge in scalars.edges)])


@pytest.mark.parametrize("style", ["cards", "circuit", "compact"])
def test_nothing_that_is_painted_is_lost_but_the_background(scalars: Graph, style: str) -> None:
    root, svg = on_page(scalars, style=style, saved=("p",))
    before = shapes(ElementTree.fromstring(svg))
    (background,) = (before - shapes(root)).elements()
    assert background[0] == f"{SVG}polygon"
    assert shapes(root) - before == Counter()


def test_a_card_is_a_button_that_says_what_it_shows(square: Graph) -> None:
    root, _ = on_page(square)
    card = group(root, "node", "c")
    assert (card.get("role"), card.get("tabindex"), card.get("class")) == ("button", "-1", "node")
    assert card.get("aria-label") == "c, b*b, value 9, 25, gradient 1, 1"
    assert group(root, "node", "b").get("aria-label") == "b, leaf, value 3, 5, gradient 6, 10"
    assert group(root, "node", "e").get("aria-label") == "e, c.sum(), output, value 34, gradient 1"
    assert {"b*b", "9", "25"} <= {text for part in card.itertext() for text in part.replace("\xa0", " ").split()}


def test_a_tag_belongs_to_its_edge_and_lies_on_top(square: Graph) -> None:
    root, _ = on_page(square)
    edge = group(root, "edge", "b.0-c.1")
    assert edge.get("aria-label") == "from b to c, contribution 3, 5"
    kinds = [shape.tag.removeprefix(SVG) for shape in edge]
    assert kinds.count("text") == 3  # the arrow and two numbers
    assert kinds[0] == "path"
    assert kinds.index("text") > kinds.index("polygon")  # the arrow's head comes before the tag
    assert group(root, "edge", "c.0-e.0").find(f"{SVG}text") is None


def test_an_operation_in_a_circuit_belongs_to_its_card(scalars: Graph) -> None:
    root, _ = on_page(scalars, style="circuit")
    kinds = [shape.tag.removeprefix(SVG) for shape in group(root, "node", "p")]
    assert "ellipse" in kinds
    assert kinds[0] == "path"  # the wire between the two


def test_a_saved_tensor_keeps_the_id_of_its_drawing(scalars: Graph) -> None:
    root, _ = on_page(scalars, saved=("p",))
    (card,) = (g for g in root.iter(f"{SVG}g") if g.get("id") == "saved-p-self")
    assert card.get("class") == "node"
    assert card.get("data-node") is None


def test_a_point_is_a_pixel_and_the_font_is_the_drawing_s(square: Graph) -> None:
    root, svg = on_page(square)
    _, _, width, height = root.attrib["viewBox"].split()
    assert (root.get("width"), root.get("height")) == (width, height)
    assert f'width="{float(width):g}pt"' in svg.decode()
    assert root.get("font-family") == "Helvetica,Arial,sans-serif"
    assert all(text.get("font-family") is None for text in root.iter(f"{SVG}text"))


def test_fonts_that_differ_are_kept() -> None:
    svg = render('graph { a [fontname="Foo"] b [fontname="Bar"] c [fontname="Foo"] }')
    root = ElementTree.fromstring(page_svg(svg, Graph((), (), ())))
    assert root.get("font-family") == "Foo"
    assert [text.get("font-family") for text in root.iter(f"{SVG}text")] == [None, "Bar", None]


def test_links_tooltips_images_and_prolog_are_left_out() -> None:
    dot = (
        'digraph { label="caption" a [URL="javascript:alert(1)" tooltip="tip"] a -> b [edgetooltip="tip" label="on it"]'
        ' c [label=<<TABLE TOOLTIP="tip" HREF="http://x"><TR><TD HREF="http://y">cell</TD></TR></TABLE>>] }'
    )
    text = page_svg(render(dot), Graph((), (), ()))
    assert text.startswith("<svg ")
    assert text.endswith("</g>\n</svg>")
    for word in ("<!", "<?", "<a", "<title", "xlink", "javascript", "http://x", "tip"):
        assert word not in text
    found = {shape.text for shape in ElementTree.fromstring(text).iter(f"{SVG}text")}
    assert found == {"caption", "a", "b", "on it", "cell"}


def test_whatever_else_is_in_an_svg_does_not_reach_the_page(square: Graph) -> None:
    svg = render(build(square)).decode()
    evil = '<script>alert(1)</script><image xlink:href="x"/><foreignObject><b>x</b></foreignObject><style>g{}</style>'
    assert page_svg(svg.replace("<path", f"{evil}<path", 1).encode(), square) == page_svg(svg.encode(), square)


def test_an_empty_graph_has_an_empty_picture() -> None:
    graph = Graph((), (), ())
    root = ElementTree.fromstring(page_svg(render("digraph { bgcolor=white }"), graph))
    assert not shapes(root)


@pytest.mark.parametrize("svg", [b"", b"<svg></svg>", b'<svg viewBox="0 0 1 1"></svg>', b"hello"], ids=repr)
def test_something_else_than_graphviz_svg_is_an_error(svg: bytes, square: Graph) -> None:
    with pytest.raises(RenderError, match="not an SVG drawing by Graphviz"):
        page_svg(svg, square)


NASTY = st.text(max_size=12) | st.sampled_from(
    [
        '"><script>alert(1)</script>', "</g></svg>", '<g id="node-b" class="node">', "]]>", "-->", "<!--", "&lt;&#38;",
        r"\N \G", "a\nb", "\x00\x1b", "\ufffe", "日本", "\u202eb", "'\"`", "<TABLE>", "javascript:x", "", " ",
    ]
)  # fmt: skip


@given(name=NASTY, expression=NASTY, note=NASTY)
@settings(max_examples=40, deadline=None)
def test_nothing_a_user_types_becomes_markup(square: Graph, name: str, expression: str, note: str) -> None:
    first, *others = square.nodes
    typed = dataclasses.replace(first, names=(name,), expression=expression, note=note)
    root, _ = on_page(dataclasses.replace(square, nodes=(typed, *others)))
    allowed = {"svg", "g", "path", "polygon", "polyline", "ellipse", "text"}
    assert {element.tag for element in root.iter()} <= {SVG + tag for tag in allowed}
    attributes = {name for element in root.iter() for name in element.attrib}
    assert not {name for name in attributes if name.startswith("on") or name.endswith("href")}
    assert sorted(filter(None, (g.get("data-node") for g in root.iter()))) == ["b", "c", "e"]
    assert sum(g.get("data-edge") is not None for g in root.iter()) == 3
    visible = re.compile(r"[a-zA-Z0-9]{2,}")
    words = group(root, "node", "b").attrib["aria-label"]
    assert all(word in words for word in visible.findall(name if name.isascii() and name.isprintable() else ""))
