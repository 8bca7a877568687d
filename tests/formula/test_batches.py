"""The same program on `torch.func.vmap` batched tensors and in float64."""

from __future__ import annotations

import pytest
import torch
from torch.func import vmap

from graphviz_tools.errors import FormulaError
from graphviz_tools.formula.evaluate import evaluate
from graphviz_tools.formula.language import parse

SOURCES = {
    "calc": "b = a*2 + 1\nc = b*b\nd = c/(c + 2)\nd.mean()",
    "reductions": "a.sum() + a.max() + a.prod() + a.std() + a.norm() + logsumexp(a, 0)",
    "softmax": "softmax(a, 0)[1] + log_softmax(a, dim=-1).sum()",
    "matrix": "m = outer(a, a) + eye(3)\n(m @ a).sum() + (a @ m @ a)",
    "constants": "(a*tensor([1., 2., 3.]) + zeros(3) + linspace(0, 1, 3)).sum()",
    "loop": "s = 0\nfor t in a:\n    s = s + t*t\ns",
    "function": "def f(x):\n    return x.tanh()*2\nf(a).sum()",
    "where": "where(a > 1, a.exp(), -a).sum()",
    "in-place-on-own-tensor": "b = a*2\nb += a\nb.mul_(2)\nb[0] = a[1]\nb.sum()",
    "in-place-on-the-input": "a += 1\na.sum()",
    "dropout": "dropout(a, 0.5).sum()",
    "cat-and-index": "cat([a, a[1:]])[[0, 3, 3]].sum()",
    "layer-norm": "F.layer_norm(a, (3,)).pow(3).sum()",
    "large-broadcast": "(a.reshape(3, 1) - a.repeat(500)).abs().mean()",
}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES.keys())
def test_a_batch_equals_one_evaluation_for_each_row(source, dtype):
    program = parse(source)
    rows = torch.randn(5, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64).to(dtype)
    kept = rows.clone()
    together = vmap(lambda a: evaluate(program, {"a": a}, dtype=dtype), randomness="same")(rows)
    one_by_one = torch.stack([evaluate(program, {"a": row}, dtype=dtype) for row in rows])
    assert together.dtype == dtype
    torch.testing.assert_close(together, one_by_one, rtol=1e-5, atol=1e-5)
    assert torch.equal(rows, kept)


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("if a.sum() > 0:\n    y = a\nelse:\n    y = -a", id="condition-on-data"),
        pytest.param("a*float(a[0])", id="plain-number"),
        pytest.param("a[a > 0].sum()", id="size-depends-on-data"),
        pytest.param("a*a[0].item()", id="item"),
    ],
)
def test_what_depends_on_data_is_refused_in_words(source):
    program = parse(source)
    with pytest.raises(FormulaError) as caught:
        vmap(lambda a: evaluate(program, {"a": a}))(torch.randn(4, 3))
    assert caught.value.line == 1


def test_float_means_the_formulas_own_dtype_for_whole_numbers_only(formula):
    x = torch.tensor([1.5, 2.5], dtype=torch.float64)
    assert formula("(x > 2).float()", x=x, dtype=torch.float64).dtype == torch.float64
    assert formula("(x > 2).float()", x=x.float()).dtype == torch.float32
    assert formula("x.float()", x=x, dtype=torch.float64).dtype == torch.float32


@pytest.mark.parametrize(
    ("source", "dtype"),
    [
        ("zeros(2)", torch.float64),
        ("tensor([1., 2.])", torch.float64),
        ("tensor([1, 2])", torch.int64),
        ("tensor([True])", torch.bool),
        ("arange(3)", torch.int64),
        ("arange(0., 3.)", torch.float64),
        ("full((2,), 1.5)", torch.float64),
        ("full((2,), 3)", torch.int64),
        ("eye(2)", torch.float64),
        ("linspace(0, 1, 3)", torch.float64),
        ("zeros(2, dtype=torch.float32)", torch.float32),
        ("ones_like(x)", torch.float32),
        ("x.new_zeros(2)", torch.float32),
    ],
)
def test_constants_take_the_dtype_of_the_run(source, dtype, formula):
    assert formula(source, x=torch.ones(2), dtype=torch.float64).dtype == dtype
