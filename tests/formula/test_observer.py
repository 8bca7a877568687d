"""The observer hears of every tensor operation and every name, in order, with the user's own text."""

from __future__ import annotations

import pytest
import torch

from graphviz_tools.errors import FormulaError
from graphviz_tools.formula.evaluate import evaluate
from graphviz_tools.formula.language import parse
from graphviz_tools.formula.text import text_of


class Log:
    """Writes down what it hears."""

    def __init__(self):
        self.events, self.spans, self.values = [], [], []

    def before(self, span, text):
        self.events.append(("before", text))
        self.spans.append((span, text))

    def after(self, span, text, value):
        self.events.append(("after", text))
        self.values.append(value)

    def assigned(self, name, span, value):
        self.events.append(("assigned", name))
        self.spans.append((span, name))


def observe(source, **inputs):
    log = Log()
    tensors = inputs or {"a": torch.tensor([1.0, 2.0, 3.0], requires_grad=True)}
    evaluate(parse(source), tensors, observer=log)
    return log


def ran(*texts):
    return [(when, text) for text in texts for when in ("before", "after")]


def test_the_order_of_calc():
    log = observe("b = a*2 + 1\nc = b*b\nd = c/(c + 2)\ne = d.mean()")
    assert log.events == [
        *ran("a*2", "a*2 + 1"),
        ("assigned", "b"),
        *ran("b*b"),
        ("assigned", "c"),
        *ran("c + 2", "c/(c + 2)"),
        ("assigned", "d"),
        *ran("d.mean()"),
        ("assigned", "e"),
    ]


EVENTS = {
    "numbers-are-silent": ("k = 2*3 + 1\na*k", [("assigned", "k"), *ran("a*k")]),
    "queries-are-silent": ("a*a.shape[0] + a.numel()", ran("a*a.shape[0]", "a*a.shape[0] + a.numel()")),
    "index": ("a[0]*2", ran("a[0]", "a[0]*2")),
    "property": ("a.T", ran("a.T")),
    "unpacking": ("p, q, r = a\np", [*ran("a"), *(("assigned", name) for name in "pqr")]),
    "several-outputs": ("v, i = a.max(0)\nv", [*ran("a.max(0)"), ("assigned", "v"), ("assigned", "i")]),
    "chain": ("p = q = a*2", [*ran("a*2"), ("assigned", "p"), ("assigned", "q")]),
    "alias": ("b = a\nb", [("assigned", "b")]),
    "augmented": ("b = a*2\nb += a", [*ran("a*2"), ("assigned", "b"), *ran("b += a"), ("assigned", "b")]),
    "item": ("b = a*2\nb[0] = 5.", [*ran("a*2"), ("assigned", "b"), *ran("b[0] = 5."), ("assigned", "b")]),
    "augmented-item": (
        "b = a*2\nb[0] += 1",
        [*ran("a*2"), ("assigned", "b"), *ran("b[0]", "b[0] += 1", "b[0] += 1"), ("assigned", "b")],
    ),
    "loop": (
        "for t in a:\n    y = t*2",
        [*ran("a"), *(3 * [("assigned", "t"), *ran("t*2"), ("assigned", "y")])],
    ),
    "function": ("def f(x):\n    h = x*3\n    return h + 1\nf(a)", [*ran("x*3"), ("assigned", "h"), *ran("h + 1")]),
    "comprehension": ("stack([t*2 for t in a])", [*ran("a", "t*2", "t*2", "t*2", "stack([t*2 for t in a])")]),
    "python-sum": ("sum([a, a])", ran("sum([a, a])", "sum([a, a])")),
    "chained-comparison": ("0 < a.sum() < 9", ran("a.sum()", "0 < a.sum() < 9", "0 < a.sum() < 9")),
    "branch": ("a*2 if a.sum() > 0 else a*3", ran("a.sum()", "a.sum() > 0", "a*2")),
    "several-lines": ("y = (a +  # twice\n     a)*3", [*ran("a + a", "(a + a)*3"), ("assigned", "y")]),
    "greek": ("β = α*2\nβ.sum()", [*ran("α*2"), ("assigned", "β"), *ran("β.sum()")]),
    "constant": ("zeros(3) + a", ran("zeros(3)", "zeros(3) + a")),
}


@pytest.mark.parametrize(("source", "events"), EVENTS.values(), ids=EVENTS.keys())
def test_what_is_heard(source, events):
    name = "α" if "α" in source else "a"
    assert observe(source, **{name: torch.tensor([1.0, 2.0, 3.0], requires_grad=True)}).events == events


def test_spans_and_texts_agree_and_lines_count_from_one():
    source = "β = α*2\nfor i in range(2):\n    β = β + (α -\n        1)\nβ.sum()"
    program = parse(source)
    log = Log()
    evaluate(program, {"α": torch.ones(2)}, observer=log)
    assert len(log.spans) == 11
    for span, text in log.spans:
        assert text_of(program.lines, span) == text
        assert span.line >= 1


def test_after_gets_the_very_object_that_the_formula_goes_on_with():
    a = torch.tensor([1.0, 2.0], requires_grad=True)
    log = Log()
    output = evaluate(parse("b = a*2\nb[0] = 7.\nb"), {"a": a}, observer=log)
    assert log.values[-1] is output
    assert log.values[0] is output


def test_no_after_when_the_operation_fails():
    log = Log()
    with pytest.raises(FormulaError):
        evaluate(parse("b = a*2\nb @ b @ b"), {"a": torch.ones(3)}, observer=log)
    assert log.events[-1] == ("before", "b @ b @ b")


def test_an_error_of_the_observer_is_its_own():
    class Broken(Log):
        def after(self, span, text, value):
            raise KeyError("observer")

    with pytest.raises(KeyError, match="observer"):
        evaluate(parse("a*2"), {"a": torch.ones(3)}, observer=Broken())
