r"""The only place where text is made safe for DOT.

DOT has three kinds of text: HTML-like labels (XML, and `\N`-like escapes work inside it), quoted strings that expand
escapes and entities (labels, tooltips, ids), and names. A malformed HTML-like label draws nothing and raises nothing,
and a plain label that starts with an empty line corrupts Graphviz' memory, so no other module writes a user's text.
"""

from __future__ import annotations

import html
import re
from functools import lru_cache

ELLIPSIS = "…"
NAMELESS = "·"
"""Stands for a text without a visible character: Graphviz refuses empty tags."""

_SPACE = re.compile(r"[\s\u200b\u2060\ufeff]+")
_FORBIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # control characters
    "\u202a-\u202e\u2066-\u2069"  # these would turn the direction of the text around them
    "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"  # no characters at all
)

_BACKSLASHES = r"\\"


def clean(text: str) -> str:
    r"""One line of printable text: runs of white space become a space, what cannot be drawn becomes U+FFFD.

    >>> clean("a\n  + b\x00")
    'a + b�'
    """
    if text.isprintable() and "  " not in text:
        return text.strip()
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", _SPACE.sub(" ", text).strip())


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters: the middle gives way to an ellipsis, so that both ends stay readable.

    >>> shorten("encoder.layers.11.attention.weight", 15)
    'encoder….weight'
    """
    if len(text) <= limit:
        return text
    head = limit // 2
    return text[:head] + ELLIPSIS + text[len(text) - (limit - head - 1) :]


@lru_cache(maxsize=4096)
def label_text(text: str, limit: int = 200) -> str:
    r"""Text for an HTML-like label: cleaned, shortened, escaped, never empty.

    >>> label_text('x < y & "z"')
    'x &lt; y &amp; &quot;z&quot;'
    """
    shown = shorten(clean(text), limit) or NAMELESS
    return shown if shown.isalnum() else html.escape(shown).replace("\\", _BACKSLASHES)


def tooltip_text(*lines: str) -> str:
    r"""A quoted string that is shown as these lines, for tooltips. Empty lines are left out.

    >>> print(tooltip_text('say "ab"', "", "A & B"))
    "say \"ab\"\nA &amp; B"
    """
    text = "\n".join([line for line in map(clean, lines) if line]) or NAMELESS
    # Graphviz expands the escapes of a tooltip twice.
    return f'"{_escaped(text).replace(_BACKSLASHES, 2 * _BACKSLASHES)}"'.replace("\n", "\\n")


@lru_cache(maxsize=4096)
def dot_name(text: str) -> str:
    r"""The quoted DOT name, or SVG id, that stands for any text.

    >>> print(dot_name('a:"b"'))
    "a:\"b\""
    """
    return f'"{_escaped(clean(text) or NAMELESS)}"'


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("\\", _BACKSLASHES).replace('"', '\\"')
