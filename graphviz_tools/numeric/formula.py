"""A formula as a function of its inputs, to be swept."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from graphviz_tools.formula.evaluate import evaluate
from graphviz_tools.formula.language import Program
from graphviz_tools.numeric.evaluation import Function


def formula_function(
    program: Program, names: Sequence[str] | None = None, dtype: torch.dtype = torch.float32, *, seed: int = 0
) -> Function:
    """A function that takes one tensor for each of `names` (by default the program's inputs) and evaluates `program`.

    `dtype` is that of constants inside the formula: give the one that the sweep evaluates in. The function raises what
    `graphviz_tools.formula.evaluate.evaluate` raises.
    """
    labels = tuple(program.inputs if names is None else names)

    def function(*tensors: torch.Tensor) -> torch.Tensor:
        return evaluate(program, dict(zip(labels, tensors, strict=True)), dtype=dtype, seed=seed)

    return function
