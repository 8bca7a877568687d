"""An evaluation changes nothing outside of itself, and needs nothing but its inputs."""

from __future__ import annotations

import pytest
import torch

from graphviz_tools.errors import EvaluationError, FormulaError
from graphviz_tools.formula.evaluate import evaluate
from graphviz_tools.formula.language import parse

WRITERS = {
    "augmented": "x += 1\nx*2",
    "item": "x[0] = 5.\nx*2",
    "method": "x.mul_(3)\nx*2",
    "view": "v = x[:2]\nv.zero_()\nx*2",
    "detached": "d = x.detach()\nd.fill_(7)\nx*2",
    "alias": "y = x\ny -= 3\nx*2",
    "transposed": "y = x[None].T\ny.exp_()\nx*2",
    "as-tensor": "torch.as_tensor(x).neg_()\nx*2",
    "reshaped": "x.reshape(3, 1)[0, 0] = 9.\nx*2",
    "no-grad-update": "with torch.no_grad():\n    x -= 0.1*x\nx*2",
    "mask": "x[x > 1] = 0.\nx*2",
    "loop": "for v in x: v.mul_(2)\nx*2",
    "function": "def f(t):\n    t += 1\n    return t\nf(x)*2",
}


def state():
    return (
        torch.get_rng_state().tolist(),
        torch.get_default_dtype(),
        torch.is_grad_enabled(),
        torch.get_num_threads(),
        torch.is_anomaly_enabled(),
    )


@pytest.mark.parametrize("source", WRITERS.values(), ids=WRITERS.keys())
def test_a_leaf_that_requires_grad_cannot_be_written_to(source):
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    with pytest.raises(EvaluationError, match="cannot be changed in place") as caught:
        evaluate(parse(source), {"x": x})
    assert "clone()" in caught.value.hint
    assert caught.value.line is not None
    assert (x.tolist(), x._version) == ([1.0, 2.0, 3.0], 0)


@pytest.mark.parametrize("source", WRITERS.values(), ids=WRITERS.keys())
def test_an_input_without_grad_is_written_to_in_a_private_copy(source, python):
    x = torch.tensor([1.0, 2.0, 3.0])
    output = evaluate(parse(source), {"x": x})
    assert (x.tolist(), x._version) == ([1.0, 2.0, 3.0], 0)
    torch.testing.assert_close(output, python(source, {"x": x.clone()}))


@pytest.mark.parametrize("source", WRITERS.values(), ids=WRITERS.keys())
def test_without_grad_mode_no_input_is_written_to(source):
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    with torch.no_grad():
        evaluate(parse(source), {"x": x})
    assert (x.tolist(), x._version) == ([1.0, 2.0, 3.0], 0)


def test_a_non_leaf_input_is_copied_before_it_is_written_to():
    leaf = torch.tensor([1.0, 2.0], requires_grad=True)
    x = leaf * 3
    output = evaluate(parse("x += 1\nx*2"), {"x": x})
    assert (x.tolist(), x._version) == ([3.0, 6.0], 0)
    assert torch.autograd.grad(output.sum(), leaf)[0].tolist() == [6.0, 6.0]


def test_inputs_are_used_as_they_are_when_nothing_is_written():
    x = torch.tensor([1.0, 2.0])
    assert evaluate(parse("x"), {"x": x}) is x


RANDOM = {
    "randn": "randn(4) + x",
    "rand_like": "x*rand_like(x)",
    "randint": "x*randint(0, 10, (4,))",
    "randperm": "x[randperm(4)]",
    "bernoulli": "bernoulli(x.sigmoid())",
    "dropout": "dropout(x, 0.5)",
}


@pytest.mark.parametrize("source", RANDOM.values(), ids=RANDOM.keys())
def test_random_numbers_follow_the_seed_only(source, formula):
    x = torch.arange(4.0)
    before = state()
    first, again = formula(source, x=x, seed=3), formula(source, x=x, seed=3)
    others = [formula(source, x=x, seed=seed) for seed in range(4, 12)]
    assert state() == before
    assert torch.equal(first, again)
    assert not all(torch.equal(first, other) for other in others)


def test_random_numbers_are_torchs_own_for_the_seed(formula):
    x = torch.arange(1.0, 9.0)
    with torch.random.fork_rng():
        torch.manual_seed(5)
        expected = torch.randn(3), torch.nn.functional.dropout(x, 0.4)
    assert torch.equal(formula("randn(3)", seed=5), expected[0])
    with torch.random.fork_rng():
        torch.manual_seed(5)
        assert torch.equal(formula("F.dropout(x, 0.4)", x=x, seed=5), torch.nn.functional.dropout(x, 0.4))


def test_float64_sees_the_same_random_numbers(formula):
    single, double = formula("randn(5)"), formula("randn(5)", dtype=torch.float64)
    assert double.dtype == torch.float64
    assert torch.equal(double.float(), single)


def test_dropout_scales_what_it_keeps_and_can_be_switched_off(formula):
    x = torch.ones(1000)
    kept = formula("dropout(x, p=0.25)", x=x)
    assert set(kept.unique().tolist()) == {0.0, torch.tensor(1 / 0.75).item()}
    assert 650 < int((kept > 0).sum()) < 850
    assert torch.equal(formula("dropout(x, 0.25, training=False)", x=x), x)
    assert not formula("dropout(x, 1.)", x=x).any()


def test_global_state_is_untouched_by_success_and_failure(friendly):
    before = state()
    inputs = {name: torch.tensor(value, requires_grad=True) for name, value in friendly["inputs"].items()}
    evaluate(parse(friendly["source"]), inputs)
    assert state() == before


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("with torch.no_grad():\n    y = x @ x.T @ x @ x.T", id="inside-no-grad"),
        pytest.param("def f(t):\n    return t @ t @ t\nf(x)", id="inside-a-function"),
    ],
)
def test_global_state_is_untouched_by_an_error(source):
    before = state()
    with pytest.raises(FormulaError):
        evaluate(parse(source), {"x": torch.ones(2, 3, 4)})
    assert state() == before


def test_a_leaf_made_by_the_formula_gets_a_gradient(formula):
    output = formula("w = torch.tensor([1., 2.], requires_grad=True)\n(w*3).sum()")
    assert output.requires_grad
    assert formula("w = zeros(2).requires_grad_()\nw*2").requires_grad


def test_requires_grad_of_an_input_belongs_to_the_page():
    x = torch.ones(2)
    with pytest.raises(EvaluationError, match="input"):
        evaluate(parse("x.requires_grad_()\nx*2"), {"x": x})
    assert not x.requires_grad
