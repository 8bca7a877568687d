from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphviz_tools.formatting import MINUS, describe, format_number, format_shape
from graphviz_tools.model import TensorValue


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (3.0, "3"),
        (-49.0, "−49"),
        (12345.0, "12345"),
        (99999.0, "99999"),
        (100000.0, "1.00e5"),
        (0.06611569225788116, "0.06612"),
        (-0.006280, "−0.00628"),
        (0.0001, "0.0001"),
        (0.00002563, "2.56e−5"),
        (12345.6, "12346"),
        (1234.56, "1235"),
        (99999.9, "1.00e5"),
        (0.99999, "1"),
        (math.nan, "nan"),
        (-math.inf, "−inf"),
        (True, "True"),
        (123456789, "123456789"),
        (1 - 2j, "1−2j"),
        (complex(0, math.inf), "0+infj"),
        (None, "–"),
    ],
    ids=str,
)
def test_format_number(value, text):
    assert format_number(value) == text


@given(st.floats(-1e300, 1e300))
def test_four_digits_are_within_half_a_unit(value):
    text = format_number(value)
    shown = float(text.replace(MINUS, "-"))
    digits = 3 if "e" in text else 4
    assert shown == pytest.approx(value, rel=0.5 * 10.0 ** (1 - digits) * 1.0001, abs=0)
    assert len(text) <= 10


@given(st.integers(-99999, 99999))
def test_whole_numbers_are_bare(value):
    assert format_number(float(value)) == str(value).replace("-", MINUS)


def test_describe():
    assert describe(TensorValue((3,), "float32", data=(9.0, 25.0, 49.0))) == "9, 25, 49"
    assert describe(TensorValue((), "float32", data=(1.5,))) == "1.5"
    assert describe(TensorValue((0,), "float32", data=())) == "empty"
    assert (
        describe(TensorValue((2,), "float32", missing="a meta tensor has no values")) == "a meta tensor has no values"
    )
    large = TensorValue((8, 8), "float32", minimum=-1.0, mean=0.5, maximum=2.0, nan_count=1, inf_count=2)
    assert describe(large) == "[8, 8] min −1 mean 0.5 max 2, 1 nan, 2 inf"


def test_format_shape():
    assert [format_shape(s) for s in [(), (3,), (2, 3)]] == ["scalar", "[3]", "[2, 3]"]
