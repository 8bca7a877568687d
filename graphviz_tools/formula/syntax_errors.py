"""Python's own syntax errors in sentences that name the mistake and the repair."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable

from graphviz_tools.errors import FormulaSyntaxError
from graphviz_tools.formula.registry import resolve

_Sentence = tuple[str, str]

_NUMBER_THEN_NAME = re.compile(r"(\d[\d.]*)([^\W\d]\w*)")
_UNFINISHED = re.compile(r"[\d.]+[eE]\w*|0[xXoObB]\w*|[\d.]+_\w*")
_OPERATORS = (
    *("**=", "//=", "**", "//", "==", "!=", "<=", ">=", "+=", "-=", "*=", "/=", "@=", "%=", ":="),
    *"+-*/@%=<>&|^~,.:",
)
_WORDS = frozenset({"and", "or", "not", "in", "is", "if", "else", "return"})
_FOREIGN = {
    "&&": "and (for tensors: &)",
    "||": "or (for tensors: |)",
    "!": "not (for tensors: ~)",
    "++": "b += 1",
    "--": "b -= 1",
    "<>": "!=",
    "=>": ">=",
    "->": "=",
    "+*": "one operator only",
    ":=": "=",
}


def explain(error: SyntaxError, lines: tuple[str, ...]) -> FormulaSyntaxError:
    """The `FormulaSyntaxError` for what Python's parser refused, with its line, column and a hint."""
    number = min(max(error.lineno or 1, 1), len(lines))
    line = lines[number - 1]
    column = min(max(error.offset or 1, 1), len(line) + 1)
    message, hint = _sentence(error, line, column)
    if isinstance(error, IndentationError):
        column = len(line) - len(line.lstrip()) + 1
    end = error.end_offset if error.end_lineno == error.lineno else None
    end_column = max(end if end and end > 0 else column + 1, column + 1)
    return FormulaSyntaxError(message, hint=hint, line=number, column=column, end_column=end_column)


def _sentence(error: SyntaxError, line: str, column: int) -> _Sentence:
    text = error.msg or ""
    for pattern, sentence in _RULES:
        if found := re.search(pattern, text):
            return sentence(found, line, column)
    return _from_surroundings(line, column)


def _fixed(message: str, hint: str = "") -> Callable[[re.Match[str], str, int], _Sentence]:
    return lambda _found, _line, _column: (message, hint)


def _never_closed(found: re.Match[str], _line: str, _column: int) -> _Sentence:
    closing = {"(": ")", "[": "]", "{": "}"}[found[1]]
    return f"The bracket {found[1]} opened here is never closed.", f"Add the missing {closing}"


def _wrong_bracket(found: re.Match[str], _line: str, _column: int) -> _Sentence:
    return f"The bracket {found[1]} does not close the {found[2]} opened before it.", "Check the brackets of this line."


def _bad_number(_found: re.Match[str], line: str, column: int) -> _Sentence:
    for match in _NUMBER_THEN_NAME.finditer(line):
        if match.start() < column <= match.end() + 1 and not _UNFINISHED.fullmatch(match[0]):
            product = f"{match[1]}*{match[2]}"
            return f"{match[0]} is neither a number nor a name.", f"To multiply write {product}"
    return "This number is not finished.", "Write it like 0.001 or 1e-3."


def _missing_block(found: re.Match[str], _line: str, _column: int) -> _Sentence:
    return f"The lines that belong to the {found[1]} must be indented.", "Start the line with four spaces."


def _assigned(found: re.Match[str], line: str, _column: int) -> _Sentence:
    target = {
        "expression": "a calculation",
        "function call": "a call",
        "literal": "a number",
        "comparison": "a comparison",
    }
    what = target.get(found[1].removesuffix(" here"), found[1].removesuffix(" here"))
    return f"Only a name can stand left of =, and {what} stands there.", "Write name = value; to compare write =="


def _missing_comma(_found: re.Match[str], line: str, column: int) -> _Sentence:
    pair = re.match(r"([\w.]+)\s+([\w.]+)", line[column - 1 :])
    if not pair:
        return "Something is missing here.", "Put a comma between the values."
    hint = (
        f"Write {pair[1]}={pair[2]}, or put a comma between them."
        if pair[1].isidentifier()
        else "Put a comma between them."
    )
    return f"Between {pair[1]} and {pair[2]} something is missing.", hint


def _never_opened(found: re.Match[str], _line: str, _column: int) -> _Sentence:
    return f"This {found[1]} closes a bracket that was never opened.", f"Remove {found[1]} or open it before."


def _needs_brackets(found: re.Match[str], _line: str, _column: int) -> _Sentence:
    return f"{found[1]} needs brackets.", f"Write {found[1]}(...)"


_EQUALS = _fixed("= gives a name its value and cannot stand inside an expression.", "To compare write ==")
_TWO_NAMES = _fixed("Only one name can be changed at a time.", "Write one line for each name.")
_BETWEEN_LINES = _fixed("This line's indentation fits none of the lines above.", "Line it up with them.")
_TABS = _fixed("Tabs and spaces are mixed at the start of the lines.", "Use four spaces.")
_NO_COLON = _fixed("A : is missing here.", "Lines that start with if, else, for, with or def end in :")
_ORDER = _fixed("An argument without a name stands after one with a name.", "Put the named arguments last.")

_RULES: tuple[tuple[str, Callable[[re.Match[str], str, int], _Sentence]], ...] = (
    (r"^'([(\[{])' was never closed", _never_closed),
    (r"^unmatched '(.)'", _never_opened),
    (r"^closing parenthesis '(.)' does not match opening parenthesis '(.)'", _wrong_bracket),
    (r"decimal literal|hexadecimal literal|octal literal|binary literal|digit .* in", _bad_number),
    (r"^leading zeros", _fixed("A whole number cannot start with 0.", "Remove the leading zeros.")),
    (r"^Exceeds the limit", _fixed("This number has too many digits.", "Write it like 1.5e20")),
    (r"Maybe you meant '==' or", _EQUALS),
    (r"^cannot assign to (.*?)(?:\. Maybe.*)?$", _assigned),
    (r"illegal expression for augmented assignment", _TWO_NAMES),
    (r"^unexpected indent", _fixed("This line starts too far to the right.", "Remove the spaces at its start.")),
    (r"^unindent does not match", _BETWEEN_LINES),
    (r"inconsistent use of tabs", _TABS),
    (r"^expected an indented block after (?:')?(\w+)", _missing_block),
    (r"^expected ':'", _NO_COLON),
    (r"^expected 'else'", _fixed("a if condition needs an else part.", "Write value if condition else other")),
    (r"^unterminated", _fixed("This text is never closed.", "Add the missing quotation mark.")),
    (r"^positional argument follows", _ORDER),
    (r"forgot a comma", _missing_comma),
    (r"Missing parentheses in call to '(\w+)'", _needs_brackets),
    (r"line continuation", _fixed("A backslash must be the last character of its line.", "Remove it.")),
    (r"^unexpected EOF", _fixed("The formula stops in the middle of a line.", "Finish it or remove the backslash.")),
    (r"must be parenthesized", _fixed("This expression needs brackets of its own here.", "Put it in round brackets.")),
    (r"^expected 'except'", _fixed("try is not part of the language.", "Remove it.")),
)


def _from_surroundings(line: str, column: int) -> _Sentence:
    """Python only said "invalid syntax": look at what stands before and after the place."""
    before, after = line[: column - 1].rstrip(), line[column - 1 :].lstrip()
    if foreign := _foreign(before, after):
        return foreign
    operator = next((op for op in _OPERATORS if before.endswith(op)), "")
    word = re.search(r"\b\w+$", before)
    if word and word[0] in _WORDS:
        operator = word[0]
    ends = not after or after[0] in ")]};#"
    if operator and (ends or after.startswith(_OPERATORS)):
        if operator == "." and ends:
            return "The name after the dot is missing.", "Write for example x.sum()"
        return f"A value is missing after {operator}", "Write a number or a name there."
    if after.startswith(("=", "*", "/", "@", "%", ",", "<", ">", "&", "|", "^", ".")) and (
        not before or before[-1] in "([{"
    ):
        return f"A value is missing before {after[0]}", "Write a number or a name there."
    if after.startswith(("else", "elif")):
        return "There is no if before this line at the same indentation.", "Line it up with its if."
    return _missing_operator(before, after) or _UNREADABLE


def _missing_operator(before: str, after: str) -> _Sentence | None:
    left, right = re.search(r"[\w.]+$|[)\]]$", before), re.match(r"[\w.]+|[(\[]", after)
    if not left or not right or keyword.iskeyword(left[0]) or keyword.iskeyword(right[0]):
        return None
    hint = "To multiply write *"
    if left[0][0].isdigit() and right[0][0].isdigit():
        hint = "Write a number without blanks."
    elif resolve(left[0]):
        hint = f"Write {left[0]}({right[0].strip('([')})"
    return f"Between {left[0]} and {right[0]} an operator is missing.", hint


_UNREADABLE = ("The line cannot be read from here on.", "Check the characters just before this place.")


def _foreign(before: str, after: str) -> _Sentence | None:
    """Operators of other languages."""
    here = before[-1:] + after[:1]
    for text, instead in _FOREIGN.items():
        if here == text or after.startswith(text) or (before.endswith(text) and text in ("++", "--")):
            return f"{text} is not an operator here.", f"Write {instead}"
    if after[:1] in ("$", "?", "`"):
        return f"The character {after[0]} is not part of the language.", "Remove it."
    if after[:1] == "|" or before[-1:] == "|":
        return "| | does not give the absolute value.", "Write abs(...)"
    return None
