from __future__ import annotations

import json
import struct
import time
from pathlib import Path

import graphviz
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphviz_tools.errors import RenderError, RenderTimeoutError
from graphviz_tools.render.render import RenderWarning, render, unflatten

SMALL = 'digraph { a -> "β, 日本" [label="x < y"] }'
LONG = "digraph {" + ";".join(f"{i} -> {i * 7919 % 600}; {i} -> {i * 104729 % 600}" for i in range(1800)) + "}"
"""Takes dot a minute."""


def png_size(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def test_svg_holds_the_text() -> None:
    svg = render(SMALL).decode()
    assert svg.startswith("<?xml")
    assert ">β, 日本</text>" in svg
    assert ">x &lt; y</text>" in svg


def test_png_and_pdf_are_what_they_say() -> None:
    assert min(png_size(render(SMALL, "png"))) > 50
    assert render(SMALL, "pdf").startswith(b"%PDF-")


def test_json_and_dot_hold_positions() -> None:
    drawn = json.loads(render(SMALL, "json"))
    assert [node["name"] for node in drawn["objects"]] == ["a", "β, 日本"]
    assert all("pos" in node for node in drawn["objects"])
    assert b"pos=" in render(SMALL, "dot")


def test_a_digraph_is_drawn_like_its_text() -> None:
    dot = graphviz.Digraph()
    dot.edge("a", "b")
    assert render(dot) == render(dot.source)


def test_dpi_scales_a_png() -> None:
    one, two = (png_size(render("digraph{a[fixedsize=true width=1 height=2] pad=0}", "png", dpi=d)) for d in (72, 144))
    assert one == pytest.approx((72, 144), abs=1)
    assert two == pytest.approx((144, 288), abs=1)


def test_the_engine_places_the_nodes() -> None:
    chain = "graph { a -- b -- c -- a }"
    assert render(chain, "plain", engine="circo") != render(chain, "plain")


@pytest.mark.parametrize(
    ("dot", "words"),
    [
        pytest.param("digraph { a -> \n b -> }", "syntax error in line 2 near '}'", id="syntax"),
        pytest.param("digraph { a", "syntax error in line 1", id="unclosed"),
        pytest.param("hello", "syntax error in line 1 near 'hello'", id="prose"),
        pytest.param("digraph { a [label=<<B>x</I>>] }", "mismatched tag in line 1 ... x</I> ... in label of node a",
                     id="HTML tags crossed"),
        pytest.param("digraph { a [label=<x & y>] }", "not well-formed", id="HTML not escaped"),
        pytest.param("digraph { a [label=<<NO>x</NO>>] }", "Unknown HTML element <NO>", id="HTML tag unknown"),
        pytest.param("digraph { a -> b [label=<<TABLE></TABLE>>] }", "syntax error in line 1", id="HTML table empty"),
        pytest.param(" \n", "The DOT text is empty", id="empty"),
        pytest.param("// nothing", "there is no graph in it", id="a comment alone"),
    ],
)  # fmt: skip
def test_what_graphviz_cannot_draw_is_an_error_that_says_why(dot: str, words: str) -> None:
    with pytest.raises(RenderError) as caught:
        render(dot)
    assert words in caught.value.message
    assert caught.value.dot == dot
    assert render(SMALL).endswith(b"</svg>\n")


def test_a_file_name_is_not_opened(tmp_path: Path) -> None:
    file = tmp_path / "drawing.dot"
    file.write_text(SMALL)
    with pytest.raises(RenderError, match="syntax error"):
        render(str(file))


@pytest.mark.parametrize("format", ["nothing", "png:cairo:nothing", ""], ids=repr)
def test_an_unknown_format_is_an_error(format: str) -> None:
    with pytest.raises(RenderError, match="not recognized"):
        render(SMALL, format)


def test_an_unknown_engine_is_an_error() -> None:
    with pytest.raises(RenderError, match='"nothing" not recognized'):
        render(SMALL, engine="nothing")


def test_graphviz_warnings_are_passed_on() -> None:
    with pytest.warns(RenderWarning, match="nocolour is not a known color"):
        render("digraph { a [color=nocolour] }")
    render(SMALL)  # and not once more: warnings are errors in these tests


def test_a_drawing_that_is_too_large_for_a_bitmap_is_said_to_be_smaller() -> None:
    with pytest.warns(RenderWarning, match=r"too large for cairo-renderer bitmaps\. Scaling by"):
        png = render('graph { a [fixedsize=true height=300 width=0.1 label=""] }', "png", dpi=220)
    assert max(png_size(png)) <= 32767


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf")])
def test_a_limit_must_be_a_time(timeout: float) -> None:
    with pytest.raises(ValueError, match="timeout must be a positive number"):
        render(SMALL, timeout=timeout)


def test_a_long_layout_is_stopped_and_the_next_one_drawn() -> None:
    begun = time.monotonic()
    with pytest.raises(RenderTimeoutError, match=r"longer than 0\.3 seconds .* fewer nodes") as caught:
        render(LONG, timeout=0.3)
    assert time.monotonic() - begun < 3
    assert caught.value.dot == LONG
    assert render(SMALL).endswith(b"</svg>\n")


@given(st.lists(st.sampled_from(["x", " ", "é", r"\n", r"\l", r"\r", "\n", "{", "|", "}", "<p>", r"\ ", r"\"", r"\N"])))
@settings(max_examples=60, deadline=None)
def test_no_label_brings_graphviz_down(parts: list[str]) -> None:
    label = "".join(parts)
    svg = render(f'digraph {{ a -> b [label="{label}" xlabel="{label}" headlabel="{label}"] c [label="{label}"] }}')
    assert svg.endswith(b"</svg>\n")


def test_text_that_is_no_unicode_does_not_break_the_line() -> None:
    assert b">a?b<" in render('graph { a [label="a\ud800b"] }')


def test_text_is_unicode_whatever_it_says_of_itself() -> None:
    assert "é".encode() in render('graph { charset="latin1" a [label="é"] }')


def test_unflatten_makes_edges_to_leaves_longer() -> None:
    wide = "digraph {" + ";".join(f"root -> {i}" for i in range(6)) + "}"
    assert "minlen=3" in unflatten(wide, "-l 3")
    with pytest.raises(RenderError, match="syntax error"):
        unflatten("digraph {", "-l 3")
