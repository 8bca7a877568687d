"""The text of one input field becomes a tensor: a number, nested lists of numbers, or one call such as `randn(2, 3)`.

Numbers may be small calculations (`1/3`, `-pi/2`, `inf`). A reader of its own walks Python's syntax tree, so that
nothing else than what is written in this room can be reached.
"""

from __future__ import annotations

import ast

import torch

from graphviz_tools.errors import FormulaError, InputError
from graphviz_tools.formula.input_calls import construct
from graphviz_tools.formula.input_numbers import EXAMPLE, LIMITS, Field, numbers_in
from graphviz_tools.formula.syntax_errors import explain
from graphviz_tools.formula.text import check_text

DTYPES = {"float32": torch.float32, "float64": torch.float64, "int64": torch.int64}


def read_input(text: str, *, dtype: str = "float32", name: str = "") -> torch.Tensor:
    """The tensor that an input field describes; it does not require grad.

    `dtype` is "float32", "float64" or "int64". Random numbers are drawn in float32 from a generator of their own with
    the given `seed` (0 unless written), so that a field always means the same numbers in every dtype.

    Raises:
        InputError: the text is no number, list or known call; rows of different lengths; too many numbers.

    >>> read_input("[[1, 2], [3, 1/2]]").tolist()
    [[1.0, 2.0], [3.0, 0.5]]
    """
    if dtype not in DTYPES:
        raise InputError(f"There is no dtype {dtype}.", hint=f"Choose {', '.join(DTYPES)}.", name=name)
    flat = text.replace("\r\n", "  ").replace("\n", " ").replace("\r", " ").replace("\t", " ")
    offset = len(flat) - len(flat.lstrip())
    field = Field(name, DTYPES[dtype], offset, flat.strip())
    if not field.text:
        raise field.error("The field is empty.", hint=EXAMPLE)
    node = _parse(field)
    if isinstance(node, ast.Call):
        return construct(field, node)
    values, shape = numbers_in(field, node)
    return torch.tensor(values, dtype=field.dtype).reshape(shape)


def _parse(field: Field) -> ast.expr:
    try:
        check_text(field.text, LIMITS)
        return ast.parse(field.text, mode="eval").body
    except SyntaxError as error:
        problem: FormulaError = explain(error, (field.text,))
    except FormulaError as error:
        problem = error
    except (ValueError, OverflowError, RecursionError, MemoryError):
        raise field.error("The text cannot be read.", hint=EXAMPLE) from None
    column = None if problem.column is None else problem.column + field.offset
    raise InputError(problem.message, hint=problem.hint, name=field.name, column=column)
