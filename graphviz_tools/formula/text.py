"""The formula as text: what is refused before Python's parser sees it, and where a syntax node stands.

The parser recurses in C, so a text of 200 brackets can end a process whose thread has a small stack. One regular
expression therefore reads the text first, in linear time, and bounds how deep any tree of it can be.
"""

from __future__ import annotations

import ast
import re
import unicodedata

from graphviz_tools.errors import FormulaError, FormulaSyntaxError, LimitError
from graphviz_tools.formula.limits import Limits
from graphviz_tools.model import SourceSpan

_INVISIBLE = re.compile(
    "[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
_TOKEN = re.compile(
    r"""
    (?P<skip> \#[^\n]* | \\\n | [ \t]+ )
  | (?P<text> (?P<prefix>[A-Za-z]{0,2})
        (?: '''(?:\\.|[^\\])*?(?:'''|\Z) | \"\"\"(?:\\.|[^\\])*?(?:\"\"\"|\Z)
          | '(?:\\.|[^'\\\n])*(?:'|(?=\n)|\Z) | "(?:\\.|[^"\\\n])*(?:"|(?=\n)|\Z) ) )
  | (?P<word> [^\W\d]\w* )
  | (?P<number> \d\w* )
  | (?P<newline> \n )
  | (?P<open> [(\[{] )
  | (?P<close> [)\]}] )
  | (?P<divider> [,;:] )
  | (?P<operator> . )
    """,
    re.VERBOSE | re.DOTALL,
)
_NESTING_WORDS = frozenset({"not", "if", "else", "and", "or", "in", "is", "await", "yield", "for"})
_ELIF_LIMIT = 50

_INSTEAD = {
    "²": "**2",
    "³": "**3",
    "×": "*",
    "·": "*",
    "∗": "*",
    "⋅": "*",
    "−": "-",
    "–": "-",
    "—": "-",
    "÷": "/",
    "∕": "/",
    "√": "sqrt(...)",
    "∑": "sum(...)",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "←": "=",
    "“": '"',
    "”": '"',
    "„": '"',
    "‘": "'",
    "’": "'",
    "∞": "inf",
    "µ": "μ (the Greek letter) or mu",
    "ϵ": "ε or eps",
    "ᵀ": ".T",
    "⁻": "**-",
}


def normalise_newlines(source: str) -> str:
    """The text with `\\n` at every line end, as Python's tokenizer counts lines."""
    return source.replace("\r\n", "\n").replace("\r", "\n")


def check_text(source: str, limits: Limits) -> None:
    """Refuse what is too long, too deep, invisible, or not written in ASCII and Greek letters.

    Raises:
        LimitError: too many characters, lines, brackets in brackets or operators in a row.
        FormulaSyntaxError: a character that the language does not know; the hint says what to write instead.
    """
    if len(source) > limits.characters:
        raise LimitError(f"The text has {len(source):,} characters; {limits.characters:,} are allowed.")
    if source.count("\n") >= limits.lines:
        raise LimitError(f"The text has {source.count(chr(10)) + 1:,} lines; {limits.lines} are allowed.")
    if hidden := _INVISIBLE.search(source):
        character = f"U+{ord(hidden.group()):04X}"
        raise at_offset(
            FormulaSyntaxError(
                f"There is an invisible character ({character}) here.", hint="Delete it and type again."
            ),
            source,
            hidden.start(),
        )
    if not source.isascii():
        _check_alphabet(source)
    _check_depth(source, limits)


def _check_depth(source: str, limits: Limits) -> None:
    chains = [0]  # operators since the last divider, one count for each bracket that is open
    total = elifs = 0
    for token in _TOKEN.finditer(source):
        kind, word = token.lastgroup, token.group()
        if kind in ("skip", "number"):
            continue
        if kind in ("text", "word"):
            elifs += word == "elif"
            if word not in _NESTING_WORDS:
                _check_word(source, token)
                continue
        if kind == "close":
            total -= chains.pop() if len(chains) > 1 else 0
        elif kind == "divider" or (kind == "newline" and len(chains) == 1):
            total -= chains[-1]
            chains[-1] = 0
        elif kind != "newline":
            total += 1
            chains[-1] += 1
            if kind == "open":
                chains.append(0)
        if len(chains) - 1 > limits.brackets:
            message = f"More than {limits.brackets} brackets are nested here."
        elif total > limits.chain or elifs > _ELIF_LIMIT:
            message = "This expression is too long to read in one piece."
        else:
            continue
        raise at_offset(
            LimitError(message, hint="Give parts of it a name on lines of their own."), source, token.start()
        )


def _check_word(source: str, token: re.Match[str]) -> None:
    """Two constructs hide further expressions from the count above."""
    if set((token["prefix"] or "").lower()) & {"f", "t"}:
        error = FormulaSyntaxError("f-strings are not part of the language.", hint="Write numbers and names only.")
    elif token.group() == "lambda":
        error = FormulaSyntaxError("lambda is not part of the language.", hint="Write def f(x): return ...")
    else:
        return
    raise at_offset(error, source, token.start(), len(token.group()))


def _check_alphabet(source: str) -> None:
    for token in _TOKEN.finditer(source):
        if token.lastgroup in ("skip", "text") and not token.group().isspace():
            continue
        for offset, letter in enumerate(token.group(), token.start()):
            if not letter.isascii() and not _is_greek(letter):
                raise at_offset(_unknown_letter(letter), source, offset)


def _is_greek(letter: str) -> bool:
    """Python folds look-alikes (NFKC), so only letters that stay themselves may be part of a name."""
    return "\u0370" <= letter <= "\u03ff" and letter.isalpha() and unicodedata.normalize("NFKC", letter) == letter


def _unknown_letter(letter: str) -> FormulaSyntaxError:
    plain = unicodedata.normalize("NFKC", letter)
    instead = _INSTEAD.get(letter) or (plain if plain.isascii() and plain.isprintable() else "")
    hint = f"Write {instead} instead." if instead else "Names are made of English or Greek letters and digits."
    if letter.isspace():
        return FormulaSyntaxError(
            f"This blank (U+{ord(letter):04X}) is not a normal space.", hint="Type a space instead."
        )
    return FormulaSyntaxError(f"The character {letter} is not part of the language.", hint=hint)


def at_offset(error: FormulaError, source: str, offset: int, length: int = 1) -> FormulaError:
    """Give an error the line and column of a character of the text."""
    error.line = source.count("\n", 0, offset) + 1
    error.column = offset - (source.rfind("\n", 0, offset) + 1) + 1
    error.end_column = error.column + length
    return error


def span_of(lines: tuple[str, ...], node: ast.AST) -> SourceSpan:
    """Where a syntax node stands, columns in characters (Python's own are in UTF-8 bytes)."""
    line, end_line = getattr(node, "lineno", 1), getattr(node, "end_lineno", 1)
    return SourceSpan(
        line,
        _characters(lines[line - 1], getattr(node, "col_offset", 0)),
        end_line,
        _characters(lines[end_line - 1], getattr(node, "end_col_offset", 0)),
    )


def _characters(line: str, column: int) -> int:
    return column if line.isascii() else len(line.encode()[:column].decode())


def text_of(lines: tuple[str, ...], span: SourceSpan) -> str:
    """What the user typed in this span, comments dropped and newlines with their indentation turned into one space."""
    if span.line == span.end_line:
        return lines[span.line - 1][span.column : span.end_column]
    first, last = lines[span.line - 1][span.column :], lines[span.end_line - 1][: span.end_column]
    text = "\n".join((first, *lines[span.line : span.end_line - 1], last))
    parts = ("" if m.group().startswith(("#", "\\")) else m.group() for m in _TOKEN.finditer(text))
    return re.sub(r"\s*\n\s*", " ", "".join(parts))


def locate(error: FormulaError, lines: tuple[str, ...], node: ast.AST, tail: str = "") -> FormulaError:
    """Give an error the place of a node, or of the name `tail` at its end."""
    span = span_of(lines, node)
    if tail:
        span = SourceSpan(span.end_line, span.end_column - len(tail), span.end_line, span.end_column)
    return at_span(error, lines, span)


def at_span(error: FormulaError, lines: tuple[str, ...], span: SourceSpan) -> FormulaError:
    """Give an error a place on one line, the first of the span, so that it can be marked."""
    error.line, error.column = span.line, span.column + 1
    error.end_column = (span.end_column if span.end_line == span.line else len(lines[span.line - 1])) + 1
    return error
