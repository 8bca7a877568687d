"""What torch refuses is said in the formula's own names, at its place, with something to try."""

from __future__ import annotations

import pytest
import torch

from graphviz_tools.errors import EvaluationError, FormulaError, UnknownNameError
from graphviz_tools.formula.evaluate import evaluate
from graphviz_tools.formula.language import parse

INPUTS = {
    "a": torch.ones(2, 3),
    "b": torch.ones(4),
    "v": torch.ones(3),
    "s": torch.tensor(2.0),
    "i": torch.tensor([1, 2, 3]),
    "B": torch.ones(4, 5),
    "W": torch.ones(4, 3),
    "S": torch.ones(3, 3),
    "d": torch.ones(3, dtype=torch.float64),
}

SENTENCES = {
    "y = a * b": "a has shape [2, 3] and b has shape [4]: their sizes do not match for *.",
    "y = v + b": "v has shape [3] and b has shape [4]: their sizes do not match for +.",
    "y = (a + 1)/b": "a + 1 has shape [2, 3] and b has shape [4]: their sizes do not match for /.",
    "y = a < b": "a has shape [2, 3] and b has shape [4]: their sizes do not match for <.",
    "y = a @ B": "a has shape [2, 3] and B has shape [4, 5]: they do not fit for @.",
    "y = s @ a": "s is a single number and a has shape [2, 3]: @ needs vectors or matrices.",
    "y = torch.mm(a, v)": "a has shape [2, 3] and v has shape [3]: they do not fit for torch.mm.",
    "y = v.sum(1)": "v has 1 dimension: there is no dimension 1.",
    "y = a.transpose(0, 3)": "a has 2 dimensions: there is no dimension 3.",
    "y = v[5]": "v has no element 5 in dimension 0.",
    "y = a[0, -7]": "a has no element -7 in dimension 1.",
    "y = v[1, 1]": "v has shape [3]: there are more indices than dimensions.",
    "y = v.view(2, 2)": "v has 3 elements: they do not fill shape [2, 2].",
    "y = a.T.view(6)": "a.T is not in row-major order, so view cannot reshape it.",
    "y = cat([a, W.T])": "a has shape [2, 3] and W.T has shape [3, 4]: cat needs equal sizes in all other dimensions.",
    "y = i.mean()": ".mean needs decimal numbers, and i holds int64.",
    "y = v @ d": "@ needs one dtype for all: v is float32, d is float64.",
    "y = v & v": "& works on True/False and whole numbers, not on decimal numbers.",
    "y = inverse(a)": "a has shape [2, 3]: inverse needs a square matrix.",
    "y = inverse(S)": "inverse: this matrix is singular.",
    "y = i ** -1": "A whole number has no negative power.",
    "y = i // 0": "Whole numbers cannot be divided by 0.",
    "y = (v > 1) - (v > 2)": "Minus is not defined for True/False.",
    "y = torch.sum(v, 'x')": "torch.sum does not take these arguments: a tensor, text.",
    "y = v.pow()": ".pow does not take these arguments: none.",
    "y = F.mse_loss(v)": "F.mse_loss needs one more argument: target.",
    "y = v.softmax()": ".softmax needs one more argument: dim.",
    "y = F.cross_entropy(S, i + 4)": "The target class 5 does not exist.",
    "y = F.embedding(i + 9, S)": "i + 9 has shape [3] and S has shape [3, 3]: an index does not exist there.",
    "y = b.clone()\ny += a": "y has shape [4] and a has shape [2, 3]: their sizes do not match for +=.",
    "y = i.clone()\ny += 0.5": "y has shape [3]: the result does not fit into the tensor that is changed in place.",
    "y = v if v > 0 else s": "A condition needs one value, and this tensor has shape [3].",
    "y = 0 < v < 3": "Tensors cannot be compared in a chain.",
    "y = [v, v]*v": "* needs tensors or numbers, and this is a list.",
    "p, q = v": "2 names stand left of =, and there are 3 values.",
    "y = v.max(dim=0)": "The result has 2 parts (values, indices), and one tensor is needed.",
    "y = 3": "The result is the plain number 3, not a tensor.",
    "y = torch.tensor([v, v])": "tensor(...) copies plain numbers only: a tensor inside would lose its gradient.",
    "y = v.item()": ".item() needs a single value, and this tensor has 3.",
    "y = v.size(3)": "v has 1 dimension: there is no dimension 3.",
    "y = torch.exp(2)": "torch.exp does not take these arguments: a whole number.",
    "y = sqrt(-1)*v": "sqrt is not defined for -1.",
    "y = math.sin(v)": "math.sin works on plain numbers, not on tensors.",
    "y = 1/0*v": "Division by zero.",
    "y = v.append(s)": "A tensor has no method append.",
    "assert v.sum() > 5\ny = v": "This assertion does not hold.",
    "def f(x):\n    return x*2\ny = f(v, v)": "f takes 1 arguments, and 2 are given.",
    "if s > 5:\n    k = 3\ny = k*v": "k has no value yet: the line that assigns it has not run.",
    "y = S[:, :2].T.T.det()": "S[:, :2].T.T has shape [3, 2]: .det needs a square matrix.",
    "y = f(v)\ndef f(x):\n    return x": "f is defined further down.",
    "y = B.T.T.H @ a[None].T": ".T needs a matrix, and this has 3 dimensions.",
}


def refused(source):
    with pytest.raises(FormulaError) as caught:
        evaluate(parse(source), INPUTS)
    return caught.value


@pytest.mark.parametrize(("source", "sentence"), SENTENCES.items(), ids=SENTENCES.keys())
def test_the_sentence(source, sentence):
    error = refused(source)
    assert error.message == sentence
    assert 1 <= error.line <= source.count("\n") + 1
    assert 1 <= error.column < error.end_column <= len(source.split("\n")[error.line - 1]) + 1


HINTS = {
    "y = a @ W": "a @ W.T",
    "y = v ^ 2": "**",
    "y = v & v": "(a > 1) & (a < 3)",
    "y = i.mean()": ".float()",
    "y = a.T.view(6)": ".reshape",
    "y = v[5]": "0 to 2",
    "y = v if v > 0 else s": "where",
    "y = 0 < v < 3": "(a < b) & (b < c)",
    "y = torch.tensor([v, v])": "stack",
    "y = math.sin(v)": "torch.sin",
    "y = F.mse_loss(v)": "mean of the squared differences",
    "y = v.max(dim=0)": ".values",
    "y = v[None, None].T": ".mT",
}


@pytest.mark.parametrize(("source", "words"), HINTS.items(), ids=HINTS.keys())
def test_the_hint_says_what_to_try(source, words):
    assert words in refused(source).hint


@pytest.mark.parametrize(
    ("source", "marked"),
    [
        ("y = v*2 + a @ B", "a @ B"),
        ("y = v*2\nz = torch.mm(a, v) + 1", "torch.mm(a, v)"),
        ("ω = v*2\nz = ω.sum() + (ω*ω)[7]", "(ω*ω)[7]"),
        ("def f(x):\n    return x @ x.T @ x\nf(a[None])", "x.T"),
        ("y = relu(\n    a *\n    b)", "a *"),
        ("y = w*2 + v", "w"),
    ],
)
def test_the_innermost_expression_is_marked(source, marked):
    error = refused(source)
    line = source.split("\n")[error.line - 1]
    assert line[error.column - 1 : error.end_column - 1] == marked


def test_a_missing_input_can_be_added():
    error = refused("y = v*weight")
    assert isinstance(error, UnknownNameError)
    assert (error.name, error.can_be_input, error.line, error.column) == ("weight", True, 1, 7)
    assert "weight" in error.hint


def test_a_missing_input_near_an_existing_one_is_suggested():
    with pytest.raises(UnknownNameError) as caught:
        evaluate(parse("y = wieght*2"), {"weight": torch.ones(2)})
    assert caught.value.suggestion == "weight"
    assert caught.value.can_be_input


def test_the_first_missing_input_is_named_before_anything_runs():
    with pytest.raises(UnknownNameError, match=r"^Line 2, column 5: q has no value"):
        evaluate(parse("y = v @ 3\nz = q + r"), {"v": torch.ones(2)})


def test_torchs_own_sentence_is_one_line_without_a_traceback():
    error = refused("y = F.conv2d(v, S)")
    assert isinstance(error, EvaluationError)
    assert "\n" not in str(error)
    assert "Traceback" not in str(error)
    assert error.__cause__ is None
    assert "[3]" in error.hint
