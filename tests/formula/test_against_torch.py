"""A formula gives what the same text gives in plain PyTorch, bit for bit: values and gradients."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from graphviz_tools.errors import FormulaError
from graphviz_tools.formula.evaluate import evaluate
from graphviz_tools.formula.language import parse


def same(left, right):
    if left is None or right is None:
        return left is right
    return (
        left.dtype == right.dtype and left.shape == right.shape and torch.equal(left.nan_to_num(), right.nan_to_num())
    )


def leaves(data, dtype=torch.float32):
    return {name: torch.tensor(value, dtype=dtype, requires_grad=True) for name, value in data.items()}


def nodes_below(tensor):
    found, pending = [], [tensor.grad_fn]
    while pending:
        node = pending.pop()
        if node is not None:
            found.append(node.name())
            pending.extend(next_node for next_node, _ in node.next_functions)
    return sorted(found)


def test_a_friendly_formula_equals_its_own_text_in_python(friendly, python, gradients):
    ours, theirs = leaves(friendly["inputs"]), leaves(friendly["inputs"])
    output, expected = evaluate(parse(friendly["source"]), ours), python(friendly["source"], theirs)
    assert same(output, expected)
    assert all(map(same, gradients(output, ours), gradients(expected, theirs)))


def test_a_friendly_formula_equals_another_way_to_compute_it(friendly, python, gradients):
    ours, theirs = leaves(friendly["inputs"]), leaves(friendly["inputs"])
    output, expected = evaluate(parse(friendly["source"]), ours), python(friendly["reference"], theirs)
    torch.testing.assert_close(output, expected)
    for mine, other in zip(gradients(output, ours), gradients(expected, theirs), strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-4, atol=1e-5)


def test_a_friendly_formula_in_float64_is_float64(friendly, python, gradients):
    ours = leaves(friendly["inputs"], torch.float64)
    output = evaluate(parse(friendly["source"]), ours, dtype=torch.float64)
    reference = evaluate(parse(friendly["source"]), leaves(friendly["inputs"]))
    assert output.dtype == torch.float64 or not output.is_floating_point()
    torch.testing.assert_close(output.to(reference.dtype), reference, rtol=1e-4, atol=1e-5)


def test_an_autograd_case_builds_torchs_own_graph(autograd, python, gradients):
    def inputs():
        return {
            name: torch.tensor(spec["data"], dtype=getattr(torch, spec["dtype"])).requires_grad_(spec["requires_grad"])
            for name, spec in autograd["inputs"].items()
        }

    ours, theirs = inputs(), inputs()
    output, expected = evaluate(parse(autograd["source"]), ours), python(autograd["source"], theirs)
    assert same(output, expected)
    assert nodes_below(output) == nodes_below(expected)
    assert all(map(same, gradients(output, ours), gradients(expected, theirs)))


PROGRAMS = {
    "if_else": "s = a.sum()\nif s > 100:\n    y = a*2\nelif s > 1:\n    y = a*3\nelse:\n    y = a*4",
    "for_over_tensor": "s = 0\nfor row in m:\n    s = s + (row*a).sum()",
    "for_with_unpacking": "s = 0.\nfor k, (p, q) in enumerate(zip(a, b)):\n    s = s + k*p*q",
    "nested_loops_break": (
        "s = a*0\nfor i in range(3):\n    for j in range(3):\n        if j > i:\n            break\n"
        "        s = s + a**j\n"
        "    if i == 1:\n        continue\n    s = s*2\ns"
    ),
    "function_default_keyword": "def f(x, k=2):\n    y = x*k\n    return y + 1\nf(a) + f(b, k=-3)",
    "function_uses_global": "w = 3\ndef f(x):\n    return x*w\nw = 4\nf(a)",
    "function_returns_tuple": "def f(x):\n    return x.sum(), x.prod()\np, q = f(a)\np*q",
    "recursion": "def f(x, n):\n    if n == 0:\n        return x\n    return f(torch.sin(x), n - 1)\nf(a, 5)",
    "comprehension_with_condition": "ys = [t*k for k, t in enumerate(a) if k != 1]\ntorch.stack(ys).sum()",
    "nested_comprehension": "torch.stack([x*y for x in a for y in b if y > 0]).sum()",
    "generator_in_sum": "sum(t*t for t in a)",
    "chained_assignment": "p = q = a*2\np + q",
    "star_arguments": "shape = [3, 1]\na.reshape(*shape).sum()",
    "list_append": "ys = []\nfor k in range(3):\n    ys.append(a*k)\ntorch.stack(ys).sum(0)",
    "list_item_assignment": "ys = [a, b]\nys[0] = a*5\nys[0] + ys[1]",
    "augmented_item": "y = a*1\ny[1] += b[0]\ny[0] *= 3\ny",
    "augmented_mask": "y = a*2\ny[y > 3] -= 1\ny",
    "augmented_all": "y = a*1\ny += b\ny -= 0.5\ny *= 3\ny /= 2\ny **= 2\ny",
    "number_becomes_tensor": "s = 1\ns += a\ns *= 2\ns",
    "setitem_broadcast": "y = m.clone()\ny[:, 1] = a\ny[..., 0] = 0.\ny",
    "item_of_a_tuple": "y = a*1\nk, y[1] = 3, b[0]\ny",
    "in_place_methods": "y = a*1\ny.add_(b).mul_(2).clamp_(0, 5)\ny",
    "chained_comparison_of_one_element": "y = a if 0 < a.sum() < 100 else b",
    "and_or_not": "y = a*2 if (a.sum() > 1 and not b.sum() > 100) or False else b",
    "power_forms": "a**2 + 2**a + a**b.abs() + a**-1",
    "reflected": "(2 - a) + (3/a) + (a % 2)",
    "integer_division": "(a.detach()//2) + a",
    "bitwise": "a[(a > 0) & ~(a > 2) | (b > 100) ^ (b < -100)]",
    "none_and_ellipsis": "m[None, ..., 0, None]",
    "negative_steps": "m[::2, -1]",
    "index_list": "a[[0, 0, 2]]*b[torch.tensor([1, 1, 0])]",
    "transpose_properties": "m.T @ m.mT @ a",
    "shape_attributes": "y = a.view(a.shape[0], 1).expand(-1, m.shape[1])*m.ndim*a.numel()",
    "named_results": "m.max(dim=1).values + m.sort(dim=0)[0][0]",
    "no_grad_block": "with torch.no_grad():\n    k = a*3\na*k",
    "math_constants": "a*math.pi + math.sqrt(2)*torch.e",
    "keyword_arguments": "torch.sum(input=m, dim=1, keepdim=True) + m.mean(dim=(0, 1))",
    "semicolons_and_docstring": '"""What it does."""\nx = a*2; y = x + b; y',
    "imports_are_ignored": (
        "import torch\nimport torch.nn.functional as F\nfrom torch import nn\nimport math\nF.relu(a)"
    ),
    "complex_numbers": "((a + 2j*b)*(1 - 1j)).abs().sum()",
    "python_minimum": "min(a[0], b[0]) + max(a) + abs(b).sum()",
    "assert_holds": "assert a.shape == (3,), 'three elements'\na*2",
    "line_continuation": "y = (a +\n     b*2  # twice\n     )\ny",
    "chunks": "p, q = m.split([1, 2], dim=0)\n(p*q).sum()",
    "constant_dtypes": "torch.zeros(3) + torch.full((3,), 2.5) + torch.arange(3)*torch.tensor([1., 2., 3.])*a",
    "greek": "α = a*2\nβ1 = α + b\nβ1",
}


@pytest.mark.parametrize("source", PROGRAMS.values(), ids=PROGRAMS.keys())
def test_the_language_means_what_python_means(source, python, gradients):
    data = {"a": [0.5, 2.0, 3.0], "b": [1.5, -2.0, 0.25], "m": [[1.0, 2.0, 3.0], [4.0, 5.0, -6.0], [7.0, 8.0, 9.5]]}
    ours, theirs = leaves(data), leaves(data)
    program = parse(source)
    output, expected = evaluate(program, ours), python(source, theirs)
    assert same(output, expected)
    assert nodes_below(output) == nodes_below(expected)
    assert all(map(same, gradients(output, ours), gradients(expected, theirs)))


# ------------------------------------------------------------------ random programs

UNARY = st.sampled_from(
    [
        *("-({})", "({})**2", "({}).exp()", "({}).abs()", "({}).sum()", "({}).mean()"),
        *("torch.sin({})", "torch.tanh({})", "torch.relu({})", "({} > 1).float()"),
    ]
)
BINARY = st.sampled_from(["({}) + ({})", "({}) - ({})", "({})*({})", "({})/({})", "torch.maximum({}, {})"])
NUMBERS = ("2", "0.5", "b[0]")


def expressions(names):
    return st.recursive(
        st.sampled_from((*names, *NUMBERS)),
        lambda inner: st.builds(str.format, UNARY, inner) | st.builds(str.format, BINARY, inner, inner),
        max_leaves=6,
    )


@st.composite
def programs(draw):
    names, lines = ["a", "b", "c"], []
    for _ in range(draw(st.integers(1, 4))):
        target, sign = draw(st.sampled_from(["p", "q", "a"])), draw(st.sampled_from(["=", "=", "=", "+=", "*="]))
        if target not in names:
            sign = "="
        lines.append(f"{target} {sign} {draw(expressions(names))}")
        names = list(dict.fromkeys([*names, target]))
    return "\n".join([*lines, draw(expressions(names))])


@given(programs())
@settings(max_examples=100, deadline=None)
def test_a_random_program_equals_python(python, gradients, source):
    data = {"a": [1.0, -2.0, 3.0], "b": [0.5, 0.25, -4.0], "c": 1.5}
    ours, theirs = leaves(data), leaves(data)
    try:
        expected = python(source, theirs)
    except (TypeError, RuntimeError, IndexError, AttributeError, ZeroDivisionError, OverflowError):
        with pytest.raises(FormulaError):
            evaluate(parse(source), ours)
        return
    if not isinstance(expected, torch.Tensor):
        with pytest.raises(FormulaError, match="plain number"):
            evaluate(parse(source), ours)
        return
    output = evaluate(parse(source), ours)
    assert same(output, expected)
    assert nodes_below(output) == nodes_below(expected)
    try:
        wanted = gradients(expected, theirs)
    except RuntimeError:  # a saved tensor was overwritten in place
        with pytest.raises(RuntimeError, match="inplace"):
            gradients(output, ours)
        return
    assert all(map(same, gradients(output, ours), wanted))
