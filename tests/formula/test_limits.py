"""Hostile and greedy formulas end quickly, with a sentence, and reach nothing."""

from __future__ import annotations

import time

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from graphviz_tools.errors import EvaluationError, FormulaError, LimitError
from graphviz_tools.formula.budget import check_cost
from graphviz_tools.formula.evaluate import evaluate
from graphviz_tools.formula.language import parse
from graphviz_tools.formula.limits import LIMITS, Limits
from graphviz_tools.formula.registry import BUILTINS, FUNCTIONS, KEYWORDS, METHODS


def outcome(source):
    """The error of a formula, or its result."""
    try:
        return evaluate(parse(source), {"x": torch.tensor([1.0, 2.0, 3.0], requires_grad=True)})
    except FormulaError as error:
        return error


@pytest.fixture(scope="module", autouse=True)
def warm():
    """The first dry run of a process imports much of torch."""
    outcome("F.pad(ones(2000), (1, 1))")


def test_a_hostile_formula_is_refused_or_bounded(hostile, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    started = time.process_time()
    result = outcome(hostile["source"])
    assert time.process_time() - started < 2
    assert not list(tmp_path.iterdir())
    if hostile["expect"] == "reject":
        assert isinstance(result, FormulaError)
    if isinstance(result, FormulaError):
        assert result.message


TOO_LARGE = {
    "creation": "zeros(10**4, 10**4)",
    "creation-of-a-huge-empty-tensor": "zeros(0, 10**10)",
    "arange": "arange(10**9)",
    "arange-in-tiny-steps": "arange(0, 1, 1e-12)",
    "linspace": "linspace(0, 1, 10**9)",
    "triangle": "tril_indices(10**6, 10**6)",
    "random": "randn(10**5, 10**5)",
    "like-the-input-in-a-loop": "y = x\nfor i in range(30):\n    y = cat([y, y])",
    "broadcast": "ones(10**5, 1)*ones(10**5)",
    "comparison": "ones(10**5, 1) < ones(10**5)",
    "where": "where(ones(3000, 1) > 0, ones(3000), 0.)",
    "expanded-view": "x.expand(10**7, 3)",
    "matrix-product": "ones(3000, 1) @ ones(1, 3000)",
    "outer": "outer(ones(10**4), ones(10**4))",
    "outer-by-its-long-name": "torch.outer(ones(10**4), ones(10**4))",
    "outer-method": "ones(10**4).outer(ones(10**4))",
    "linear": "F.linear(ones(3000, 1), ones(3000, 1))",
    "batched-product": "ones(100, 1, 100, 10) @ ones(100, 10, 100)",
    "repeat": "x.repeat(10**7)",
    "kron": "kron(ones(3000), ones(3000))",
    "diagonal": "diag(ones(10**5))",
    "einsum-intermediate": "einsum('i,j,k->ijk', ones(500), ones(500), ones(500))",
    "distances": "cdist(ones(3000, 1), ones(3000, 1))",
    "padding": "F.pad(x, (10**7, 0))",
    "interpolation": "F.interpolate(x[None, None], scale_factor=1e8)",
    "convolution-padding": "F.conv2d(ones(1, 1, 3, 3), ones(1, 1, 1, 1), padding=10**4)",
    "pooling": "F.adaptive_avg_pool1d(x[None], 10**7)",
    "one-hot": "F.one_hot(tensor([10**7]))",
    "repeated-elements": "repeat_interleave(x, tensor([10**7, 1, 1]))",
    "index-list": "ones(3000)[[0]*9000].expand(10**4, 9000)",
    "index-tensor": "ones(2000, 2000)[zeros(5000, dtype=torch.long)]",
    "two-index-tensors": "ones(9, 9)[zeros(3000, 1, dtype=torch.long), zeros(3000, dtype=torch.long)]",
    "windows": "ones(5000).unfold(0, 2500, 1)",
    "meshgrid": "meshgrid(arange(3000), arange(3000), indexing='ij')[0]",
    "memory-in-all": "y = ones(2000, 2000)\nfor i in range(100):\n    y = y + 1",
    "flops": "A = ones(2000, 2000)\nA @ A",
    "flops-of-a-decomposition": "svdvals(ones(1500, 1500))",
    "flops-of-a-convolution": "F.conv2d(ones(1, 1, 1500, 1500), ones(1, 1, 500, 500))",
    "flops-of-pooling": "F.max_pool2d(ones(1, 1, 1500, 1500), 100, stride=1)",
    "flops-of-a-nuclear-norm": "norm(ones(1500, 1500), p='nuc')",
    "dimensions": "x.view(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 3)",
    "operations": "y = x\nfor i in range(1600):\n    y = y*2 + x",
    "turns": "for i in range(1500):\n    for j in range(1500):\n        y = x",
    "slices": "for v in ones(10**5): y = v",
    "range": "for i in range(10**12): y = x",
    "range-with-steps": "for i in range(0, -10**12, -3): y = x",
    "recursion": "def f(n):\n    return f(n)\nf(x)",
    "doubling-lists": "a = [0]\nfor i in range(40):\n    a = a + a\ntensor(a)",
    "nested-lists": "a = [1.]\nfor i in range(40):\n    a = [a, a]\ntensor(a)",
    "nested-lists-as-index": "a = [1]\nfor i in range(40):\n    a = [a, a]\nones(9)[a]",
    "shared-long-lists": "a = [0]*9000\nb = [a]*9000\nstack(b)",
    "list-in-itself": "a = []\na.append(a)\nstack(a)",
    "whole-number": "x*(2**62*4)",
    "power-of-whole-numbers": "x*9**9**9",
    "overflow": "x*10.0**400",
    "position": "x[2**40]",
    "slice": "x[::2**61]",
    "size-argument": "F.max_pool1d(x[None], 2**62)",
    "comprehension": "[i for i in range(1000) for j in range(1000)]",
    "steps": "y = x\nfor i in range(1999):\n    k = " + "+".join(["1"] * 60) + "\n    k = " + "+".join(["1"] * 60),
}


@pytest.mark.parametrize("source", TOO_LARGE.values(), ids=TOO_LARGE.keys())
def test_what_is_too_large_is_refused_before_it_is_made(source):
    started = time.process_time()
    error = outcome(source)
    assert isinstance(error, LimitError), error
    assert error.line is not None
    assert time.process_time() - started < 2


CRASHES = {
    "division-of-the-smallest-integer": "div(tensor([-2**62])*2, tensor([-1]), rounding_mode='trunc')",
    "the-same-in-place": "(tensor([-2**62])*2).div_(tensor([-1]), rounding_mode='floor')",
    "endless-power": "matrix_power(eye(3), -10**7)",
    "pieces": "x.tensor_split(10**6)",
    "slices-of-a-dimension": "ones(1, 10**6).unbind(1)",
    "small-splits": "ones(10**6).split(1)",
    "polygamma": "torch.special.polygamma(10**6, x)",
    "differences": "diff(x, n=10**6)",
    "running-statistics": "F.batch_norm(x[None], x, x, training=True)",
    "embedding-norm": "F.embedding(tensor([0]), x[:, None], None, 0.1)",
    "positional-inplace": "F.leaky_relu(x, 0.1, True)",
    "positional-out": "F.normalize(x, 2.0, 0, 1e-12, ones(3))",
    "positional-out-of-norm": "torch.norm(x, 2, 0, False, zeros(()))",
    "positional-out-of-tensordot": "torch.tensordot(x, x, 1, zeros(()))",
    "attention-dropout": "F.scaled_dot_product_attention(x[None], x[None], x[None], dropout_p=0.5)",
    "device": "x.to('cuda')",
    "device-of-a-constant": "zeros(2, device='meta')",
}


@pytest.mark.parametrize("source", CRASHES.values(), ids=CRASHES.keys())
def test_arguments_that_hurt_are_refused(source):
    error = outcome(source)
    assert isinstance(error, EvaluationError), error
    assert error.line == 1


FITS = {
    "attention": "q = randn(8, 64, 32)\nF.scaled_dot_product_attention(q, q, q)",
    "convolution": "F.conv2d(randn(4, 3, 32, 32), randn(16, 3, 5, 5), padding=2)",
    "einsum": "einsum('bij,bjk->bik', randn(8, 60, 60), randn(8, 60, 60))",
    "perceptron": "tanh(randn(64, 784) @ randn(784, 128)) @ randn(128, 10)",
    "decomposition": "svdvals(randn(60, 60))",
    "large-elementwise": "exp(randn(1500, 1500)).mean()",
    "index": "ones(2000, 50)[randint(0, 2000, (3000,))]",
    "loop": "y = x\nfor i in range(500):\n    y = sin(y) + x",
}


@pytest.mark.parametrize("source", FITS.values(), ids=FITS.keys())
def test_ordinary_sizes_fit(source):
    assert isinstance(outcome(source), torch.Tensor)


def test_a_budget_can_be_chosen():
    program, x = parse("y = x*2\ny*3"), torch.ones(10)
    assert evaluate(program, {"x": x}, limits=Limits(operations=2)).sum() == 60
    for limits in (Limits(operations=1), Limits(elements=9), Limits(steps=3), Limits(memory=40), Limits(seconds=-1.0)):
        with pytest.raises(LimitError):
            evaluate(program, {"x": x}, limits=limits)


def test_time_is_looked_at_between_operations():
    source = "y = ones(1000, 1000)\nfor i in range(120):\n    y = sin(y)"
    with pytest.raises(LimitError, match=r"longer than 0\.02 s") as caught:
        evaluate(parse(source), {}, limits=Limits(seconds=0.02, memory=2**40))
    assert caught.value.line == 3


def test_an_input_counts_like_any_tensor():
    with pytest.raises(LimitError, match="input x"):
        evaluate(parse("x*2"), {"x": torch.ones(1).expand(LIMITS.elements + 1)})


VALUES = st.sampled_from(
    [
        *(
            "x",
            "m",
            "i",
            "e",
            "x > 1",
            "m.T",
            "x.expand(4, 3)",
            "m[None]",
            "x[0]",
            "[x, x]",
            "[m]",
            "[]",
            "(2, 3)",
            "[1, [2]]",
        ),
        *(
            "0",
            "1",
            "-1",
            "3",
            "0.5",
            "1e30",
            "inf",
            "nan",
            "10**7",
            "-2**62",
            "None",
            "True",
            "'sum'",
            "'ij,jk->ik'",
            "2j",
        ),
        *("range(3)", "x.shape", "torch.float64", "m.max(0)", "x[None, ..., None]"),
    ]
)
ARGUMENT = (
    VALUES | st.builds("{}={}".format, st.sampled_from(sorted(KEYWORDS)), VALUES) | st.builds("*{}".format, VALUES)
)
NAMED = st.sampled_from(sorted({*FUNCTIONS, *BUILTINS}))
OWNED = st.builds("({}*1).{}".format, VALUES, st.sampled_from(sorted(METHODS)))
CALLS = st.builds(lambda name, args: f"{name}({', '.join(args)})", NAMED | OWNED, st.lists(ARGUMENT, max_size=4))


@pytest.mark.filterwarnings("ignore")
@given(CALLS)
@settings(max_examples=250, deadline=None)
def test_no_call_raises_anything_but_a_formula_error(source):
    tensors = {
        "x": torch.tensor([0.5, 2.0, 3.0], requires_grad=True),
        "m": torch.tensor([[3.0, 0.5, 0.2], [0.5, 2.0, 0.1], [0.2, 0.1, 1.0]], requires_grad=True),
        "i": torch.tensor([0, 2, 1]),
        "e": torch.zeros(0, requires_grad=True),
    }
    try:
        output = evaluate(parse(source), tensors)
    except FormulaError:
        output = None
    assert output is None or isinstance(output, torch.Tensor)
    assert all(tensor._version == 0 for tensor in tensors.values())


GROWING = [
    ("einsum", ("ij,jk->ik", torch.ones(40, 50), torch.ones(50, 60))),
    ("kron", (torch.ones(30, 30), torch.ones(20, 20))),
    ("F.conv1d", (torch.ones(1, 2, 900), torch.ones(4, 2, 3))),
    ("F.interpolate", (torch.ones(1, 1, 900), 1200)),
    ("F.unfold", (torch.ones(1, 1, 40, 40), 3)),
    ("diag", (torch.ones(1100),)),
    ("cdist", (torch.ones(200, 4), torch.ones(150, 4))),
]


@pytest.mark.parametrize(("name", "args"), GROWING, ids=[name for name, _ in GROWING])
def test_the_dry_run_foresees_the_size(name, args):
    entry = FUNCTIONS[name]
    elements = entry.call(*args).numel()
    fits, narrow = Limits(elements=10**7), Limits(elements=elements - 1)
    assert check_cost(fits, entry.cost, entry.call, args, {}, name) > 0
    with pytest.raises(LimitError, match=name):
        check_cost(narrow, entry.cost, entry.call, args, {}, name)


def test_a_dry_run_is_hidden_from_a_recording_mode():
    from torch.utils._python_dispatch import TorchDispatchMode

    class Seen(TorchDispatchMode):
        def __init__(self):
            super().__init__()
            self.devices = set()

        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            result = func(*args, **(kwargs or {}))
            self.devices.add(result.device.type)
            return result

    with Seen() as seen:
        evaluate(parse("F.pad(x, (1, 1)).repeat(2)"), {"x": torch.ones(2000)})
    assert seen.devices == {"cpu"}
