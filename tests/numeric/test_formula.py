from __future__ import annotations

import pytest
import torch

from graphviz_tools.errors import EvaluationError
from graphviz_tools.formula.language import parse
from graphviz_tools.numeric.formula import formula_function
from graphviz_tools.numeric.sweep import sweep

CALC = "b = a*2 + 1\nc = b*b\nd = c/(c + 2)\ne = d.mean()"


def leaf(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float32, requires_grad=True)


def test_the_notebooks_formula_has_the_notebooks_digits() -> None:
    found = sweep(formula_function(parse(CALC)), {"a": leaf(1, 2, 3)})
    assert found.batched
    assert [e.numeric[88] for e in found.elements] == [0.06604194641113281, 0.018298625946044922, 0.007152557373046875]
    assert [e.autograd for e in found.elements] == [0.06611569225788116, 0.01828990876674652, 0.007176725193858147]


def test_constants_inside_take_the_dtype_of_the_evaluation() -> None:
    function = formula_function(parse("(a @ (zeros(3, 3) + tensor([1., 2., 3.]))).sum()"), dtype=torch.float64)
    found = sweep(function, {"a": leaf(1, 2, 3)}, dtype=torch.float64, method="central")
    assert [e.numeric[88] for e in found.elements] == pytest.approx([6, 6, 6])


def test_names_say_which_tensor_is_which() -> None:
    function = formula_function(parse("x / y"), ["y", "x"])
    assert function(torch.tensor(2.0), torch.tensor(6.0)) == 3


def test_random_numbers_in_a_formula_are_the_same_at_every_point() -> None:
    found = sweep(formula_function(parse("(a * randn(3)).sum()")), {"a": leaf(1, 2, 3)}, method="central")
    for element in found.elements:
        assert element.numeric[88] == pytest.approx(element.autograd, rel=1e-2)


def test_errors_point_into_the_formula() -> None:
    with pytest.raises(EvaluationError) as caught:
        sweep(formula_function(parse("b = a * 2\nb @ zeros(2, 2)")), {"a": leaf(1, 2, 3)})
    assert caught.value.line == 2
