"""The text of an input field becomes a tensor, or one sentence with a column."""

from __future__ import annotations

import time

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from graphviz_tools.errors import InputError
from graphviz_tools.formula.inputs import DTYPES, read_input


def generator(seed):
    return torch.Generator().manual_seed(seed)


VALUES = {
    "2.5": torch.tensor(2.5),
    " -3 ": torch.tensor(-3.0),
    "[1, 2, 3]": torch.tensor([1.0, 2, 3]),
    "1, 2, 3": torch.tensor([1.0, 2, 3]),
    "((1, 2), (3, 4))": torch.tensor([[1.0, 2], [3, 4]]),
    "[[1, 2],\n [3, 4],]": torch.tensor([[1.0, 2], [3, 4]]),
    "[]": torch.tensor([]),
    "[[], []]": torch.zeros(2, 0),
    "[1/3, -pi/2, 2*e, 1e-3]": torch.tensor([1 / 3, -torch.pi / 2, 2 * 2.718281828459045, 1e-3]),
    "[True, False]": torch.tensor([1.0, 0.0]),
    "torch.tensor([1., 2.])": torch.tensor([1.0, 2]),
    "ones(2, 3)": torch.ones(2, 3),
    "zeros((2, 3))": torch.zeros(2, 3),
    "ones(0)": torch.ones(0),
    "full((2, 2), -0.5)": torch.full((2, 2), -0.5),
    "full(3, 7)": torch.full((3,), 7.0),
    "full((2,), fill_value=inf)": torch.full((2,), torch.inf),
    "randn(2, 3)": torch.randn(2, 3, generator=generator(0)),
    "randn(2, 3, seed=7)": torch.randn(2, 3, generator=generator(7)),
    "torch.rand(4, seed=1)": torch.rand(4, generator=generator(1)),
    "eye(3)": torch.eye(3),
    "eye(2, m=3)": torch.eye(2, 3),
    "arange(4)": torch.arange(4.0),
    "arange(1, 2, 0.25)": torch.arange(1, 2, 0.25),
    "arange(3, 0, -1)": torch.arange(3.0, 0, -1),
    "linspace(0, 1, 5)": torch.linspace(0, 1, 5),
    "linspace(-pi, pi, steps=3)": torch.linspace(-torch.pi, torch.pi, 3),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("text", "expected"), VALUES.items(), ids=VALUES.keys())
def test_a_field_is_read(text, expected, dtype):
    tensor = read_input(text, dtype=dtype)
    assert tensor.dtype == DTYPES[dtype]
    assert not tensor.requires_grad
    torch.testing.assert_close(tensor, expected.to(tensor.dtype), rtol=1e-6, atol=1e-7)


def test_not_a_number_and_infinity():
    tensor = read_input("[nan, NaN, inf, -inf]")
    assert tensor.isnan().tolist() == [True, True, False, False]
    assert tensor[2:].tolist() == [float("inf"), float("-inf")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[1, -2]", [1, -2]),
        ("arange(3)", [0, 1, 2]),
        ("ones(2)", [1, 1]),
        ("9007199254740993", 9007199254740993),
        ("4/2", 2),
    ],
)
def test_whole_numbers(text, expected):
    tensor = read_input(text, dtype="int64")
    assert (tensor.dtype, tensor.tolist()) == (torch.int64, expected)


def test_the_same_numbers_in_every_dtype():
    assert torch.equal(read_input("randn(5, seed=3)", dtype="float64").float(), read_input("randn(5, seed=3)"))


PROBLEMS = {
    "": ("The field is empty.", None),
    "   ": ("The field is empty.", None),
    "abc": ("abc is not a number.", 1),
    "[1, 'two']": ("This is text, not a number.", 5),
    "[[1, 2], [3]]": ("This row has 1 number, and the first row has 2.", 10),
    "[[1, 2], 3]": ("A number stands where the first row has a list.", 10),
    "[1, [2]]": ("A list stands where a number stands in the first row.", 5),
    "[1, 2": ("The bracket [ opened here is never closed.", 1),
    "  [1, 2": ("The bracket [ opened here is never closed.", 3),
    "[1 2]": ("Between 1 and 2 something is missing.", 2),
    "[1,, 2]": ("A value is missing after ,", 4),
    "[1,\n 2x]": ("2x is neither a number nor a name.", 6),
    "[−1]": ("The character − is not part of the language.", 2),
    "[1/0]": ("Division by zero.", 2),
    "1e39": ("This number is too large for float32.", 1),
    "1j": ("Complex numbers are not possible in a field.", 1),
    "2*[1]": ("This is not a number.", 3),
    "[x for x in [1]]": ("This is not a number.", 1),
    "[randn(2)]": ("A call cannot stand inside a list or a calculation.", 2),
    "rnadn(2)": ("There is no function rnadn for inputs.", 1),
    "torch.load('x')": ("There is no function load for inputs.", 1),
    "__import__('os')": ("There is no function __import__ for inputs.", 1),
    "(1).__class__": ("This is not a number.", 1),
    "ones()": ("The sizes are missing.", 1),
    "ones(2, -1)": ("Sizes are whole numbers from 0 on.", 9),
    "ones(2.5)": ("Sizes are whole numbers from 0 on.", 6),
    "ones(2, seed=1)": ("seed= is not possible here.", 14),
    "ones(10**9)": ("This is not a number.", 6),
    "ones(100000, 100000)": ("This tensor would have 10,000,000,000 elements; 1,000,000 are allowed.", 1),
    "zeros(0, 99999999999)": ("These sizes are too large.", 1),
    "eye(100000)": ("This tensor would have 10,000,000,000 elements; 1,000,000 are allowed.", 1),
    "linspace(0, 1)": ("steps is missing.", 1),
    "linspace(0, 1, 5, 6)": ("There are too many arguments.", 19),
    "linspace(0, inf, 5)": ("end must be a finite number.", 13),
    "arange(0, 1, 0)": ("The step is 0.", 1),
    "arange(0, 1, -1)": ("The step leads away from the end.", 1),
    "arange(0, 1, 1e-9)": ("This tensor would have 1,000,000,000 elements; 1,000,000 are allowed.", 1),
    "randn(2, seed=-1)": ("seed must be a whole number from 0 on.", 15),
    "randn(2, seed=x)": ("x is not a number.", 15),
    "full(2)": ("full needs sizes and a value.", 1),
    "[" * 60: ("More than 40 brackets are nested here.", 41),
    "[" * 20 + "1" + "]" * 20: ("Lists can be nested 12 deep.", 1),
    "9" * 5000: ("This number has too many digits.", 1),
}


@pytest.mark.parametrize(("text", "problem"), PROBLEMS.items(), ids=[text[:30] for text in PROBLEMS])
def test_a_problem_is_one_sentence_with_its_column(text, problem):
    with pytest.raises(InputError) as caught:
        read_input(text, name="weights")
    message, column = problem
    assert (caught.value.message, caught.value.column, caught.value.name) == (message, column, "weights")
    assert str(caught.value).startswith("Input weights: ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1.5]", "1.5 is not a whole number."),
        ("[inf]", "inf is not a whole number."),
        ("randn(3)", "Random decimals do not fit into int64: choose float32."),
        ("linspace(0, 1, 3)", "These are not whole numbers: choose float32."),
        ("arange(0, 1, 0.5)", "These are not whole numbers: choose float32."),
        ("99999999999999999999", "This whole number is too large for int64."),
    ],
)
def test_whole_numbers_only(text, message):
    with pytest.raises(InputError) as caught:
        read_input(text, dtype="int64")
    assert caught.value.message == message


def test_an_unknown_dtype_is_named():
    with pytest.raises(InputError, match="float99"):
        read_input("1", dtype="float99")


def test_a_long_list_is_read_and_a_longer_one_refused():
    started = time.process_time()
    assert read_input(str(list(range(10_000)))).sum() == sum(range(10_000))
    with pytest.raises(InputError, match="characters"):
        read_input(str([0.5] * 30_000))
    assert time.process_time() - started < 2


@given(st.text(max_size=40) | st.text("[](),.-+*/ 0123456789einfasrdo=_'\n", max_size=40))
@settings(max_examples=250, deadline=None)
def test_no_text_raises_anything_but_an_input_error(text):
    try:
        tensor = read_input(text, dtype="float64")
    except InputError:
        return
    assert tensor.dtype == torch.float64


@given(
    st.recursive(
        st.floats(width=32) | st.integers(-(2**20), 2**20),
        lambda inner: st.lists(inner, min_size=1, max_size=3),
        max_leaves=8,
    )
)
@settings(max_examples=150, deadline=None)
def test_a_nested_list_is_read_as_torch_reads_it(value):
    try:
        expected = torch.tensor(value, dtype=torch.float32)
    except (ValueError, TypeError):
        with pytest.raises(InputError):
            read_input(str(value))
        return
    torch.testing.assert_close(read_input(str(value)), expected, rtol=0, atol=0, equal_nan=True)
