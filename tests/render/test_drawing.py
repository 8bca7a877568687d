from __future__ import annotations

from pathlib import Path

import graphviz
import pytest

from graphviz_tools.draw.draw import build
from graphviz_tools.errors import GraphvizToolsError, RenderError
from graphviz_tools.model import Graph
from graphviz_tools.render.drawing import Drawing, draw
from graphviz_tools.render.render import render


@pytest.fixture(autouse=True)
def no_programs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No `dot` program can be found, and files go to a directory of their own."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)


def test_draw_gives_the_digraph_that_is_built(square: Graph) -> None:
    drawing = draw(square, "compact", "dark", saved=("c",))
    assert isinstance(drawing, graphviz.Digraph)
    assert drawing.source == build(square, "compact", "dark", saved=("c",)).source
    assert drawing.source != draw(square).source


def test_an_unknown_style_is_an_error(square: Graph) -> None:
    with pytest.raises(GraphvizToolsError, match="no style called 'baroque'"):
        draw(square, "baroque")


def test_a_notebook_shows_svg(square: Graph) -> None:
    drawing = draw(square)
    bundle = drawing._repr_mimebundle_()
    assert list(bundle) == ["image/svg+xml"]
    assert bundle["image/svg+xml"] == render(drawing).decode()
    assert drawing._repr_mimebundle_(include=["image/png"])["image/png"].startswith(b"\x89PNG")


def test_pipe_gives_bytes_or_with_an_encoding_text(square: Graph) -> None:
    drawing = draw(square)
    assert drawing.pipe().startswith(b"%PDF")  # the graphviz package's default format
    svg = drawing.pipe(format="svg")
    assert svg == render(drawing.source)
    assert drawing.pipe(format="svg", encoding="utf-8") == svg.decode()
    assert drawing.pipe(format="png", renderer="cairo", formatter="cairo").startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        pytest.param({"format": "nothing"}, ValueError, "unknown format", id="format"),
        pytest.param({"engine": "nothing"}, ValueError, "unknown engine", id="engine"),
        pytest.param({"renderer": "nothing"}, ValueError, "unknown renderer", id="renderer"),
        pytest.param(
            {"format": "png", "formatter": "cairo"},
            graphviz.RequiredArgumentError,
            "formatter given without renderer",
            id="formatter alone",
        ),
    ],
)
def test_pipe_refuses_what_the_graphviz_package_refuses(
    square: Graph, arguments: dict[str, str], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        draw(square).pipe(**arguments)


def test_the_engine_can_be_chosen() -> None:
    drawing = Drawing(body=["a -> b -> c -> a\n"], format="plain")
    assert drawing.pipe(engine="circo") == render(drawing, "plain", engine="circo") != drawing.pipe()
    placed = Drawing(body=['a [pos="0,0"]; b [pos="300,0"]\n'], format="plain", engine="neato")
    width = float(placed.pipe(neato_no_op=2).split()[2])
    assert width == pytest.approx(300 / 72 + 0.75, abs=0.01)


def test_render_writes_the_source_and_the_drawing(square: Graph, tmp_path: Path) -> None:
    drawing = draw(square)
    assert drawing.render(format="svg") == "autograd.gv.svg"
    assert tmp_path.joinpath("autograd.gv").read_text(encoding="utf-8") == drawing.source
    assert tmp_path.joinpath("autograd.gv.svg").read_bytes() == render(drawing)
    assert drawing.render("other", directory="deep/er", format="png", cleanup=True) == "deep/er/other.png"
    assert [file.name for file in tmp_path.joinpath("deep", "er").iterdir()] == ["other.png"]


def test_render_takes_the_format_from_the_file(square: Graph, tmp_path: Path) -> None:
    assert draw(square).render(outfile="graph.png") == "graph.png"
    assert tmp_path.joinpath("graph.png").read_bytes().startswith(b"\x89PNG")
    assert tmp_path.joinpath("graph.gv").exists()
    with pytest.warns(graphviz.FormatSuffixMismatchWarning):
        draw(square).render(outfile="graph.png", format="svg")
    with pytest.raises(graphviz.FileExistsError, match=r"graph\.png"):
        draw(square).render(outfile="graph.png", raise_if_result_exists=True)
    with pytest.raises(ValueError, match="overwrite_source=True"):
        draw(square).render(filename="same.dot", outfile="same.dot")


def test_view_opens_what_was_drawn(square: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    monkeypatch.setattr(Drawing, "_view", lambda self, path, **options: opened.append((path, Path(path).read_bytes())))
    drawing = draw(square)
    drawing.format = "svg"
    assert drawing.view() == "autograd.gv.svg"
    assert opened == [("autograd.gv.svg", render(drawing))]


def test_a_copy_is_a_drawing_of_its_own(square: Graph) -> None:
    drawing = draw(square)
    copy = drawing.copy()
    assert type(copy) is Drawing
    assert copy.source == drawing.source
    copy.node("more")
    assert copy.source != drawing.source == draw(square).source
    assert ">more<" in copy.pipe(format="svg", encoding="utf-8")


def test_all_settings_of_a_digraph_are_kept() -> None:
    settings = {
        "name": "n", "comment": "c", "filename": "f.dot", "directory": "d", "format": "svg", "engine": "neato",
        "encoding": "latin-1", "graph_attr": {"a": "1"}, "node_attr": {"b": "2"}, "edge_attr": {"c": "3"},
        "body": ["x\n"], "strict": True, "renderer": "svg", "formatter": "core",
    }  # fmt: skip
    drawing = Drawing.of(graphviz.Digraph(**settings))
    assert {name: getattr(drawing, name) for name in settings} == settings


def test_another_encoding_reaches_the_drawing(tmp_path: Path) -> None:
    drawing = Drawing("latin", body=["é\n"], encoding="latin-1", format="svg")
    drawing.render()
    assert tmp_path.joinpath("latin.gv").read_bytes().count(b"\xe9") == 1
    assert ">é</text>" in tmp_path.joinpath("latin.gv.svg").read_text(encoding="utf-8")


def test_unflatten_gives_a_source_that_draws_itself(square: Graph) -> None:
    wide = Drawing("wide", body=[f"root -> {i}\n" for i in range(6)], format="svg")
    higher = wide.unflatten(stagger=3)
    assert isinstance(higher, graphviz.Source)
    assert "minlen=3" in higher.source
    assert higher.pipe() == render(higher.source) != wide.pipe()
    assert higher.render() == "wide.gv.svg"
    assert draw(square).unflatten(stagger=2, fanout=True, chain=3).pipe(format="svg").endswith(b"</svg>\n")
    with pytest.raises(graphviz.RequiredArgumentError, match="fanout given without stagger"):
        wide.unflatten(fanout=True)


def test_what_graphviz_refuses_is_our_error() -> None:
    with pytest.raises(RenderError, match="mismatched tag"):
        Drawing(body=["a [label=<<B>x</I>>]\n"]).pipe()
