"""The graph view without a browser: what Python sends and hears, and the pure parts of its JavaScript."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from graphviz_tools.app.graph_view import graph_view as module

SVG = '<svg viewBox="0 0 9 9"><g data-node="c"/><g data-node="x&amp;y&quot;"/></svg>'


def page(svg: str, words: dict[str, str] | None = None) -> None:
    import streamlit as st

    from graphviz_tools.app.graph_view.graph_view import graph_view

    edges = (("c", "x", "c.0-x.0"),)
    shown = graph_view(svg, graph_key="k", edges=edges, stale=True, words=words, height=500, fallback="y")
    st.text(str(shown))


@pytest.fixture
def opened() -> AppTest:
    return AppTest.from_function(page, args=(SVG,), default_timeout=20).run()


def sent(at: AppTest) -> dict[str, Any]:
    return json.loads(at.get("bidi_component")[0].proto.json)


def test_data_holds_all_that_the_browser_needs(opened: AppTest) -> None:
    assert not opened.exception
    assert sent(opened) == {
        "key": "graph",
        "svg": SVG,
        "graph_key": "k",
        "edges": [["c", "x", "c.0-x.0"]],
        "stale": True,
        "words": dict(module.WORDS),
        "height": 500,
        "fallback": "y",
    }


def test_words_replace_the_english_ones() -> None:
    at = AppTest.from_function(page, args=(SVG, {"fit": "全体"}), default_timeout=20).run()
    assert sent(at)["words"] == {**module.WORDS, "fit": "全体"}


@pytest.mark.parametrize("node", ["c", 'x&y"'])
def test_selection_of_a_shown_node_is_returned(opened: AppTest, node: str) -> None:
    assert opened.text[0].value == "None"
    opened.session_state["graph"] = {"selected": node}
    assert opened.run().text[0].value == node


def test_selection_of_a_node_that_is_not_drawn_is_none(opened: AppTest) -> None:
    opened.session_state["graph"] = {"selected": "gone"}
    assert opened.run().text[0].value == "None"


def test_selecting_sends_the_same_data_again(opened: AppTest) -> None:
    before = opened.get("bidi_component")[0].proto.json
    opened.session_state["graph"] = {"selected": "c"}
    assert opened.run().get("bidi_component")[0].proto.json == before


def test_joined_script_has_every_file_and_imports_none() -> None:
    folder = Path(module.__file__).parent
    assert set(module._SCRIPTS) == {path.name for path in folder.glob("*.js")}
    text = module._joined(module._SCRIPTS)
    assert not [line for line in text.splitlines() if line.startswith("import ")]
    assert text.count("export default") == 1


def test_pure_javascript() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is missing: apt-get install nodejs")
    script = Path(__file__).with_name("graph_view.test.mjs")
    done = subprocess.run([node, "--test", str(script)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "# fail 0" in done.stdout
