from __future__ import annotations

import re
import string
from collections.abc import Mapping
from pathlib import Path

import pytest

from graphviz_tools.app import charts, messages
from graphviz_tools.app.examples import EXAMPLES
from graphviz_tools.app.graph_view import graph_view

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [*(ROOT / "graphviz_tools" / "app").glob("*.py"), ROOT / "streamlit_app.py"]
TEXT = "\n".join(path.read_text() for path in SOURCES if path.name != "messages.py")
USED = set(re.findall(r"""["']([a-z]+\.[a-z_0-9]+)["']""", TEXT)) & set(messages.ENGLISH)
SAID = set(re.findall(r"""say\(\s*["']([^"'{]+)["']""", TEXT))
PREFIXES = tuple(set(re.findall(r"""say\(f["']([a-z_.]+)\{""", TEXT)))
PREFIXES += tuple(f"{name}." for name in re.findall(r'group\("(\w+)"\)', TEXT))


def places(text: str) -> set[str]:
    return {field for _, field, *_ in string.Formatter().parse(text) if field}


def test_every_sentence_that_is_said_is_in_the_table() -> None:
    assert len(SAID) > 40
    assert set(messages.ENGLISH) >= SAID


def test_no_sentence_is_left_over() -> None:
    unused = {key for key in messages.ENGLISH if key not in USED and not key.startswith(PREFIXES)}
    assert unused == set()


@pytest.mark.parametrize("key", [example.key for example in EXAMPLES])
def test_every_example_has_a_name_and_something_to_try(key: str) -> None:
    assert messages.say(f"example.{key}")
    assert messages.say(f"try.{key}").startswith("1. ")


def test_places_are_filled() -> None:
    for key, text in messages.ENGLISH.items():
        assert "{" not in messages.say(key, **dict.fromkeys(places(text), "X")), key


@pytest.mark.parametrize(
    ("name", "words"), [("chart", charts.WORDS), ("graph", graph_view.WORDS)], ids=["chart", "graph"]
)
def test_a_group_names_exactly_the_words_of_its_part(name: str, words: Mapping[str, str]) -> None:
    group = messages.group(name)
    assert set(group) == set(words)
    assert all(places(group[word]) == places(words[word]) for word in words)


def test_an_unknown_sentence_is_an_error() -> None:
    with pytest.raises(KeyError):
        messages.say("no.such")
