"""What `parse` accepts, what it says about the rest, and where it points."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphviz_tools.errors import FormulaError, FormulaSyntaxError, LimitError, UnknownNameError
from graphviz_tools.formula.language import parse
from graphviz_tools.model import SourceSpan

CALC = "b = a*2 + 1\nc = b*b\nd = c/(c + 2)\ne = d.mean()"


def refused(source):
    with pytest.raises(FormulaError) as caught:
        parse(source)
    return caught.value


def error_of(source):
    try:
        parse(source)
    except FormulaError as error:
        return error
    return None


def marked(source, error):
    """The characters that an error points at."""
    return source.split("\n")[error.line - 1][error.column - 1 : error.end_column - 1]


@pytest.mark.parametrize(
    ("source", "inputs"),
    [
        pytest.param(CALC, ("a",), id="calc"),
        pytest.param("y = w*x + b", ("w", "x", "b"), id="order-of-first-use"),
        pytest.param("b = b + 1", ("b",), id="used-before-it-is-assigned"),
        pytest.param("b += a", ("b", "a"), id="augmented-target-first"),
        pytest.param("y[0] = x", ("x", "y"), id="item-assignment-reads-its-tensor"),
        pytest.param("torch.relu(x) + F.gelu(y)", ("x", "y"), id="modules-are-known"),
        pytest.param("relu(x) + sum(y)", ("x", "y"), id="bare-functions-are-known"),
        pytest.param("pi*x + inf*nan", ("x",), id="constants-are-known"),
        pytest.param("e*x", ("e", "x"), id="e-is-a-name-of-the-user"),
        pytest.param("F*x", ("F", "x"), id="a-force-called-F"),
        pytest.param("F*x + F.sum()", ("F", "x"), id="a-method-of-an-input-called-F"),
        pytest.param("t = x.t()\nt.t() + norm", ("x", "norm"), id="functions-names-as-values"),
        pytest.param("def f(x):\n    return x*k + z\nz = 3\nf(a)", ("k", "a"), id="free-names-of-functions"),
        pytest.param("[x*k for x in xs if x > m]", ("xs", "m", "k"), id="comprehension-variables-are-local"),
        pytest.param("for i in range(n):\n    s = x*i", ("n", "x"), id="loop-variables-are-assigned"),
        pytest.param("print(q)\ny = x", ("x",), id="print-is-never-evaluated"),
        pytest.param("with torch.no_grad():\n    y = x\ny", ("x",), id="no-grad-block"),
        pytest.param("p, (q, r) = x, y\np*q*r", ("x", "y"), id="nested-unpacking"),
    ],
)
def test_inputs_are_the_names_that_nothing_assigns(source, inputs):
    assert parse(source).inputs == inputs


@pytest.mark.parametrize(
    ("source", "output", "span"),
    [
        pytest.param(CALC, "e", SourceSpan(4, 0, 4, 1), id="last-assigned-name"),
        pytest.param("b = a\nb*2", "", SourceSpan(2, 0, 2, 3), id="last-bare-expression"),
        pytest.param("b = c = a", "c", SourceSpan(1, 4, 1, 5), id="last-of-a-chain"),
        pytest.param("p, q = a", "q", SourceSpan(1, 3, 1, 4), id="last-of-a-tuple"),
        pytest.param("b[0][1] = a", "b", SourceSpan(1, 0, 1, 1), id="item-assignment"),
        pytest.param("b += a", "b", SourceSpan(1, 0, 1, 1), id="augmented"),
        pytest.param("if a:\n    y = a\nelse:\n    z = a", "z", SourceSpan(4, 4, 4, 5), id="inside-a-block"),
        pytest.param("y = a\ny.backward()\nprint(y)", "y", SourceSpan(2, 0, 2, 1), id="backward-marks-it"),
        pytest.param("y = a\ndef f(x):\n    return x", "y", SourceSpan(1, 0, 1, 1), id="before-a-definition"),
        pytest.param("λ = α*2", "λ", SourceSpan(1, 0, 1, 1), id="greek"),
        pytest.param("(α +\n β)*2", "", SourceSpan(1, 0, 2, 5), id="columns-are-characters"),
    ],
)
def test_the_output_is_the_last_name_or_expression(source, output, span):
    program = parse(source)
    assert (program.output, program.output_span) == (output, span)


@pytest.mark.parametrize(
    ("source", "writes"),
    [
        pytest.param(CALC, False, id="calc"),
        pytest.param("b += a", True, id="augmented"),
        pytest.param("b[0], c = a", True, id="item-in-a-tuple"),
        pytest.param("for b[0] in a: pass\nb", True, id="item-as-loop-variable"),
        pytest.param("b.relu_()", True, id="in-place-method"),
        pytest.param("b[0] + b.T", False, id="reading"),
    ],
)
def test_programs_that_write_in_place_are_known(source, writes):
    assert parse(source).writes_in_place is writes


SYNTAX = [
    ("b = a *", "A value is missing after *", 1, 8),
    ("b = a *\nc = 2", "A value is missing after *", 1, 8),
    ("b = (a*2", "The bracket ( opened here is never closed.", 1, 5),
    ("b = a*2)", "This ) closes a bracket that was never opened.", 1, 8),
    ("b = (a]", "The bracket ] does not close the ( opened before it.", 1, 7),
    ("c = a\nb = 2x", "2x is neither a number nor a name.", 2, 5),
    ("b = a b", "Between a and b an operator is missing.", 1, 7),
    ("if a = 2:\n    b = a", "= gives a name its value and cannot stand inside an expression.", 1, 4),
    ("a + b = c", "Only a name can stand left of =, and a calculation stands there.", 1, 1),
    ("y == x*2", "== compares two values.", 1, 1),
    ("b = a\n  c = b", "This line starts too far to the right.", 2, 3),
    ("if a:\nb = 1", "The lines that belong to the if must be indented.", 2, 1),
    ("if a > 2\n    b = 1", "A : is missing here.", 1, 9),
    ("b = “a”", "The character “ is not part of the language.", 1, 5),
    ("b = a²", "The character ² is not part of the language.", 1, 6),
    ("b = a\u200b*2", "There is an invisible character (U+200B) here.", 1, 6),
    ("b = 'abc", "This text is never closed.", 1, 5),
    ("b = a && c", "&& is not an operator here.", 1, 8),
    ("α = a*2\nβ = α**", "A value is missing after **", 2, 8),
    ("x.sum(dim 0)", "Between dim and 0 something is missing.", 1, 7),
    ("else:\n    b = 1", "There is no if before this line at the same indentation.", 1, 1),
    ("x = 1__0", "This number is not finished.", 1, 6),
]


@pytest.mark.parametrize(("source", "message", "line", "column"), SYNTAX, ids=[case[0] for case in SYNTAX])
def test_a_typing_error_is_named_at_its_place(source, message, line, column):
    error = refused(source)
    assert isinstance(error, FormulaSyntaxError)
    assert (error.message, error.line, error.column) == (message, line, column)
    assert error.hint
    assert error.end_column > error.column


def test_hints_say_what_to_write():
    hints = {
        "b = a²": "**2",
        "b = a × c": "*",
        "b = 2a": "2*a",
        "b = a ÷ c": "/",
        "b = √a": "sqrt(...)",
        "b = sin x": "sin(x)",
    }
    for source, instead in hints.items():
        assert instead in refused(source).hint


@pytest.mark.parametrize("source", ["", "  \n\n", "# nothing but a comment", '"""text"""'], ids=repr)
def test_an_empty_formula_is_one_sentence_about_the_whole_text(source):
    error = refused(source)
    assert isinstance(error, FormulaSyntaxError)
    assert error.line is None
    assert str(error).startswith("The formula ")


CONSTRUCTS = {
    "while True: pass": "while",
    "y = lambda a: a": "lambda",
    "y = {1: 2}": "Dictionaries",
    "y = {1}": "Sets",
    "y = f'{a}'": "f-strings",
    "(y := 2)": ":=",
    "try:\n    y = 1\nexcept: pass": "try",
    "class A: pass": "Classes",
    "del a": "del",
    "y: int = 2": "annotations",
    "y = a << 2": "<<",
    "async def f(): pass": "async",
    "match a:\n    case 1: pass": "match",
    "def f(*a): return a": "plain parameters",
    "def f(x: int): return x": "annotations",
    "@f\ndef g(): return 1": "Decorators",
    "if a:\n    def f(): return 1": "top of the formula",
    "a.x = 2": "cannot be assigned",
    "f(**a)": "**",
    "y = *a, 1": "*",
    "y = 'text'": "Text",
    "y = b'text'": "Bytes",
    "return a": "return",
    "break": "break",
    "import os": "os cannot be imported",
    "from torch import load": "load cannot be imported",
    "import torch as t": "torch cannot be imported",
    "with open('a'): pass": "torch.no_grad",
    "torch = a": "module",
    "y = torch": "module",
    "y = torch.sin": "function",
    "y = a.sum": "method",
    "a.shape()": "is not called",
    "y = a.__class__": "underscore",
    "__x = a": "underscores",
    "torch.sin(a, out=b)": "out=",
    "F.relu(a, inplace=True)": "inplace=",
}


@pytest.mark.parametrize(("source", "words"), CONSTRUCTS.items(), ids=CONSTRUCTS.keys())
def test_what_is_left_out_has_a_reason(source, words):
    error = refused(source)
    assert isinstance(error, FormulaSyntaxError)
    assert words in error.message
    assert error.line >= 1


UNKNOWN = [
    ("y = sofmax(a)", "sofmax", "softmax", "sofmax"),
    ("y = torch.sofmax(a)", "torch.sofmax", "torch.softmax", "torch.sofmax"),
    ("y = torch.relu6(a)", "torch.relu6", "F.relu6", "torch.relu6"),
    ("y = nn.ReLU()(a)", "nn.ReLU", "F.relu", "nn.ReLU"),
    ("y = a.summ()", "summ", "sum", "summ"),
    ("y = a.shpae[0]", "shpae", "shape", "shpae"),
    ("y = np.sin(a)", "np", "", "np"),
    ("y = trch.foo(a)", "trch", "torch", "trch"),
    ("y = a.grad", "grad", "", "grad"),
]


@pytest.mark.parametrize(("source", "name", "suggestion", "shown"), UNKNOWN, ids=[case[0] for case in UNKNOWN])
def test_an_unknown_name_is_marked_and_the_nearest_is_offered(source, name, suggestion, shown):
    error = refused(source)
    assert isinstance(error, UnknownNameError)
    assert (error.name, error.suggestion, marked(source, error)) == (name, suggestion, shown)
    assert not error.can_be_input
    assert error.hint


TOO_MUCH = {
    "characters": "a" * 10_001,
    "lines": "a\n" * 400,
    "brackets": "(" * 41 + "a" + ")" * 41,
    "terms": "+".join("a" * 300),
    "prefix-operators": "-" * 300 + "a",
    "powers": "**".join("a" * 150),
    "nested-terms": "a + " * 70 + "a",
    "choices": "y = " + "a if a else " * 150 + "a",
    "attributes": "a" + ".T" * 250,
    "calls": "a" + "[0]" * 250,
    "elif": "if a:\n    b = 1\n" + "elif a:\n    b = 1\n" * 60,
    "nodes": "y = [" + ",".join("1" * 4_500) + "]",
    "continued-lines": "y = a" + " + \\\n a" * 300,
    "whole-number": "y = 99999999999999999999",
}


@pytest.mark.parametrize("source", TOO_MUCH.values(), ids=TOO_MUCH.keys())
def test_too_much_is_a_limit_and_not_a_crash(source):
    assert isinstance(refused(source), LimitError)


@given(st.text(max_size=60) | st.text("abx=+-*/()[]{}.,:;'\"#\\ \n\t0123456789²", max_size=60))
@settings(max_examples=250, deadline=None)
def test_no_text_raises_anything_but_a_formula_error(source):
    error = error_of(source)
    assert error is None or error.message
    assert error is None or error.line is None or (error.line >= 1 and error.column >= 1)
    assert error is None or error.line is None or error.end_column > error.column


@given(
    st.integers(0, len(CALC)),
    st.integers(0, 6),
    st.sampled_from(["", "(", "]", "=", "*", "²", " ", "\n", "if", "'", ".", "\\"]),
)
@settings(max_examples=300, deadline=None)
def test_a_damaged_formula_is_read_or_refused_with_a_place(start, removed, inserted):
    source = CALC[:start] + inserted + CALC[start + removed :]
    error = error_of(source)
    assert error is None or error.line is None or error.column <= len(source.split("\n")[error.line - 1]) + 1
