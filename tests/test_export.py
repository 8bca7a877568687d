from __future__ import annotations

import csv
import io
import math
import re
import struct
import zlib
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from graphviz_tools.draw.draw import build
from graphviz_tools.draw.theme import find_theme
from graphviz_tools.errors import GraphvizToolsError
from graphviz_tools.export import export, gradients_csv
from graphviz_tools.model import Edge, Graph, GraphOutput, Node, TensorValue
from graphviz_tools.numeric.records import Element, Sweep
from graphviz_tools.render.render import font_notice, render


def scalar(number: float) -> TensorValue:
    return TensorValue((), "float32", data=(number,), minimum=number, maximum=number, mean=number, norm=abs(number))


@pytest.fixture(scope="module")
def graph() -> Graph:
    """p = −2·x at x = 4."""
    return Graph(
        nodes=(
            Node("x", "AccumulateGrad", "leaf", ("x",), outputs=(scalar(4),), gradients=(scalar(-2),)),
            Node("p", "MulBackward0", "op", ("p",), "-2*x", outputs=(scalar(-8),), gradients=(scalar(1),)),
        ),
        edges=(Edge("x", 0, "p", 0, scalar(-2)),),
        outputs=(GraphOutput("p", 0, scalar(1), "p"),),
    )


def pixels(png: bytes) -> list[list[tuple[int, ...]]]:
    """The rows of a PNG: red, green, blue and opacity."""
    with Image.open(io.BytesIO(png)) as image:
        flat = list(struct.iter_unpack("4B", image.convert("RGBA").tobytes()))
        return [flat[start : start + image.width] for start in range(0, len(flat), image.width)]


@pytest.mark.parametrize("style", ["cards", "circuit", "compact"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_png_stands_on_the_theme_s_canvas_up_to_its_edge(graph: Graph, style: str, theme: str) -> None:
    rows = pixels(export(graph, "png", style=style, theme=theme))
    edge = {*rows[0], *rows[-1], *(row[0] for row in rows), *(row[-1] for row in rows)}
    canvas = tuple(bytes.fromhex(find_theme(theme).canvas[1:]))
    assert edge == {(*canvas, 255)}


def test_a_png_of_scale_two_is_twice_as_large(graph: Graph) -> None:
    one, two, three = (struct.unpack(">II", export(graph, "png", scale=scale)[16:24]) for scale in (1, 2, 3))
    assert two == tuple(2 * side for side in one)
    assert three == tuple(3 * side for side in one)


def test_a_png_has_110_pixels_to_the_inch(graph: Graph) -> None:
    width, height = struct.unpack(">II", export(graph, "png")[16:24])
    page = ElementTree.fromstring(export(graph, "svg")).attrib["viewBox"].split()[2:]
    assert (width, height) == pytest.approx([float(side) * 110 / 72 for side in page], abs=2.5)


def test_a_png_shows_text(graph: Graph) -> None:
    if font_notice():
        pytest.skip("this machine has no fonts")
    ink = tuple(bytes.fromhex(find_theme("light").value[1:]))
    assert sum(pixel[:3] == ink for row in pixels(export(graph, "png", scale=2)) for pixel in row) > 20


def test_a_pdf_holds_its_text_as_text(graph: Graph) -> None:
    if font_notice():
        pytest.skip("this machine has no fonts")
    pdf = export(graph, "pdf")
    assert pdf.startswith(b"%PDF-")
    streams = [stream_text(match[1]) for match in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)]
    maps = [text for text in streams if "begincmap" in text]
    assert len(maps) >= 2  # a regular and a bold font
    letters = {chr(int(code, 16)) for text in maps for code in re.findall(r"<([0-9a-fA-F]{4})>\s", text)}
    assert set("p=−2*xvaluegradMulBackward0") <= letters


def stream_text(stream: bytes) -> str:
    """A PDF stream, unpacked where it is packed."""
    try:
        return zlib.decompress(stream).decode("latin-1")
    except zlib.error:
        return stream.decode("latin-1")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_an_svg_file_stands_alone(graph: Graph, theme: str) -> None:
    svg = export(graph, "svg", theme=theme)
    assert svg.startswith(b"<?xml")
    background = next(ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}polygon"))
    assert background.get("fill", "").upper() == find_theme(theme).canvas
    assert svg == render(build(graph, theme=theme))


def test_dot_is_the_text_that_is_drawn(graph: Graph) -> None:
    dot = export(graph, "dot", style="compact", theme="dark", saved=("p",)).decode()
    assert dot == build(graph, "compact", "dark", saved=("p",)).source
    assert "−8" in export(graph, "dot").decode()


def test_json_is_the_graph(graph: Graph) -> None:
    assert Graph.from_json(export(graph, "json").decode()) == graph


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        pytest.param({"format": "bmp"}, GraphvizToolsError, "no export as 'bmp'. Try svg, png, pdf", id="format"),
        pytest.param({"format": "svg", "style": "nothing"}, GraphvizToolsError, "no style", id="style"),
        pytest.param({"format": "png", "theme": "nothing"}, GraphvizToolsError, "no theme", id="theme"),
        pytest.param({"format": "png", "scale": 0}, ValueError, "dpi must be positive", id="scale"),
    ],
)
def test_what_there_is_not_is_an_error(
    graph: Graph, arguments: dict[str, object], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        export(graph, **arguments)  # type: ignore[arg-type]


def table(sweep: Sweep, delta: float) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(gradients_csv(sweep, delta).decode(), newline="")))


def element(name: str, index: tuple[int, ...], point: float, autograd: float, numeric: tuple[float, ...]) -> Element:
    return Element(name, index, point, autograd, numeric, ("",) * len(numeric))


def test_the_table_of_gradients_has_a_row_for_each_element() -> None:
    sweep = Sweep(
        "central", "float64", (1e-3, 1e-2),
        (element("a", (0, 2), 3.0, 0.5, (0.5001, 0.51)), element("β", (), -1.0, 2.0, (2.0, math.inf))), 8, True,
    )  # fmt: skip
    assert table(sweep, 1e-3)[0] == {
        "input": "a", "index": "0,2", "point": "3.0", "autograd": "0.5", "numeric": "0.5001",
        "difference": repr(0.5001 - 0.5), "delta": "0.001", "method": "central", "dtype": "float64",
    }  # fmt: skip
    first, second = table(sweep, 0.011)
    assert (first["numeric"], first["delta"]) == ("0.51", "0.01")
    assert (second["input"], second["index"], second["numeric"], second["difference"]) == ("β", "", "inf", "inf")


@given(st.lists(st.tuples(st.floats(), st.floats(), st.floats()), max_size=5))
def test_numbers_in_the_table_read_back_equal(numbers: list[tuple[float, float, float]]) -> None:
    elements = tuple(element("a", (i,), point, auto, (num,)) for i, (point, auto, num) in enumerate(numbers))
    rows = table(Sweep("forward", "float32", (1e-3,), elements, 0, False), 1e-3)
    assert len(rows) == len(numbers)
    for row, (point, autograd, numeric) in zip(rows, numbers, strict=True):
        read = [float(row[name]) for name in ("point", "autograd", "numeric", "difference")]
        assert list(map(repr, read)) == list(map(repr, (point, autograd, numeric, numeric - autograd)))


@pytest.mark.parametrize("delta", [0.0, -1e-3, math.nan, math.inf])
def test_a_table_needs_a_step(delta: float) -> None:
    with pytest.raises(ValueError, match="delta must be a positive number"):
        gradients_csv(Sweep("forward", "float32", (1e-3,), (), 0, False), delta)
