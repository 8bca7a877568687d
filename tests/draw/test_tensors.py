"""Which numbers a card writes out, and what its heatmaps show."""

from __future__ import annotations

import math
import re
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphviz_tools.draw.tensors import Block, block_table, grid_shape, heat_cells, heat_note
from graphviz_tools.draw.theme import DARK, LIGHT, Palette, Theme
from graphviz_tools.model import TensorValue

BLUE = Palette(LIGHT.value, LIGHT.value_bg)


def texts(table: str) -> list[str]:
    return re.findall(r">([^<>]+)<", table)


@pytest.mark.parametrize(
    ("shape", "grid"),
    [
        pytest.param((), (1, 1), id="scalar"),
        pytest.param((6,), (1, 6), id="vector of 6"),
        pytest.param((7,), None, id="vector of 7"),
        pytest.param((2, 3), (2, 3), id="matrix"),
        pytest.param((1, 5), (1, 5), id="one row"),
        pytest.param((4, 1), (4, 1), id="one column"),
        pytest.param((6, 6), (6, 6), id="largest grid"),
        pytest.param((6, 7), None, id="too wide"),
        pytest.param((7, 1), None, id="too high"),
        pytest.param((1, 2, 3), (1, 6), id="small 3-D"),
        pytest.param((2, 2, 2), None, id="3-D"),
        pytest.param((0, 3), None, id="empty"),
    ],
)
def test_grids_up_to_six_by_six(make: SimpleNamespace, shape: tuple[int, ...], grid: tuple[int, int] | None) -> None:
    value = TensorValue(shape, "float32", data=tuple(float(i) for i in range(math.prod(shape))))
    assert grid_shape(value) == grid


def test_every_number_of_a_grid_is_written_in_its_row(make: SimpleNamespace) -> None:
    table = block_table([Block("value", make.tensor((1.5, 2.0, 0.0, -3.25), 2, 2), BLUE)], LIGHT)
    rows = [texts(row) for row in re.findall(r"<TR>(.*?)</TR>", table)]
    assert rows == [["value", "1.5", "2"], ["0", "−3.25"]]


def test_an_element_has_one_column(make: SimpleNamespace) -> None:
    blocks = [Block("value", make.tensor((1.0, 2.0)), BLUE), Block("grad", make.tensor((3.0,)), BLUE)]
    blocks.append(Block("grad", None, BLUE, absent="undefined"))
    rows = re.findall(r"<TR>(.*?)</TR>", block_table(blocks, LIGHT))
    spanned = [sum(int(n) - 1 for n in re.findall(r'COLSPAN="(\d+)"', row)) for row in rows]
    assert [row.count("<TD") + more for row, more in zip(rows, spanned, strict=True)] == [3, 3, 3]


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_zero_and_bad_numbers_look_different(make: SimpleNamespace, theme: Theme) -> None:
    value = make.tensor((0.0, math.nan, -math.inf, 1.0))
    table = block_table([Block("value", value, Palette(theme.value, theme.value_bg))], theme)
    cells = {texts(cell)[0]: cell for cell in re.findall(r"<TD.*?</TD>", table)}
    assert theme.zero in cells["0"]
    assert theme.value in cells["1"]
    for word in ("nan", "−inf"):
        assert f'BGCOLOR="{theme.alarm}"' in cells[word]
        assert theme.alarm_ink in cells[word]
        assert "<B>" in cells[word]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        pytest.param(TensorValue((3,), "float32", missing="a meta tensor"), "a meta tensor", id="missing"),
        pytest.param(TensorValue((0, 3), "float32", data=()), "empty", id="empty"),
        pytest.param(TensorValue((90, 90), "float32"), "no numbers were kept", id="nothing known"),
        pytest.param(None, "undefined", id="undefined"),
    ],
)
def test_missing_numbers_are_said_in_italics(value: TensorValue | None, words: str) -> None:
    table = block_table([Block("value", value, BLUE, absent="undefined")], LIGHT)
    assert f"<I>{words}</I>" in table
    assert LIGHT.muted in table


@settings(deadline=None)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=3), st.integers(0, 99))
def test_cells_are_means_of_blocks(shape: list[int], seed: int) -> None:
    array = np.random.default_rng(seed).normal(size=shape)
    cells = np.array(heat_cells(TensorValue(tuple(shape), "float64", data=tuple(array.ravel().tolist()))))
    assert cells.shape[0] <= 4
    assert cells.shape[1] <= 12
    if cells.size == array.size:
        assert cells.ravel() == pytest.approx(array.ravel())
    else:
        blocks = array.reshape(-1, shape[-1])
        blocks = np.add.reduceat(blocks, [len(blocks) * i // len(cells) for i in range(len(cells))], axis=0)
        heights = np.diff([array.size // shape[-1] * i // len(cells) for i in range(len(cells) + 1)])
        wide = len(cells[0])
        blocks = np.add.reduceat(blocks, [shape[-1] * i // wide for i in range(wide)], axis=1)
        widths = np.diff([shape[-1] * i // wide for i in range(wide + 1)])
        assert cells == pytest.approx(blocks / np.outer(heights, widths))


@pytest.mark.parametrize(
    ("shape", "cells"),
    [
        pytest.param((7,), (1, 7), id="short vector"),
        pytest.param((100,), (1, 12), id="long vector"),
        pytest.param((2, 3, 4), (2, 12), id="3-D that fits, an element a cell"),
        pytest.param((3, 2, 2, 3), (3, 12), id="4-D that fits"),
        pytest.param((5, 5, 5), (4, 5), id="3-D that is pooled"),
        pytest.param((40, 50), (4, 12), id="large matrix"),
    ],
)
def test_heatmaps_have_at_most_four_by_twelve_cells(shape: tuple[int, ...], cells: tuple[int, int]) -> None:
    grid = heat_cells(TensorValue(shape, "float32", data=(1.0,) * math.prod(shape)))
    assert (len(grid), len(grid[0])) == cells


def test_means_of_huge_numbers_stay_finite() -> None:
    value = TensorValue((100,), "float64", data=(1.5e308,) * 100)
    assert heat_cells(value)[0] == pytest.approx((1.5e308,) * 12)


def test_complex_cells_are_moduli() -> None:
    value = TensorValue((8,), "complex64", data=(3 + 4j, -5j) * 4)
    assert heat_cells(value) == ((5.0,) * 8,)


def test_pooled_means_are_taken_as_they_are() -> None:
    pooled = ((0.25, -1.0), (0.0, math.nan))
    value = TensorValue((100, 100), "float32", pooled=pooled, minimum=-7.0, maximum=5.0, mean=-0.1, nan_count=3)
    table = block_table([Block("value", value, BLUE)], LIGHT)
    colours = re.findall(r'HEIGHT="11" BGCOLOR="(#\w+)"', table)
    assert colours[1] == LIGHT.value, "the largest mean has the full colour"
    assert colours[2] == LIGHT.value_bg, "a mean of zero has none"
    assert colours[3] == LIGHT.alarm
    assert texts(table) == ["value", "−", "nan", "finite: min −7   mean −0.1   max 5", "   ", "3 nan"]
    assert heat_note(value) == "each cell is the mean of a block, full colour is 1"


def test_only_negative_cells_have_a_sign(make: SimpleNamespace) -> None:
    table = block_table([Block("value", make.tensor([1.0, -2.0, 3.0, -4.0, 5.0, 6.0, -7.0]), BLUE)], LIGHT)
    assert texts(table).count("−") == 3


@pytest.mark.parametrize(
    ("shape", "note"),
    [
        pytest.param((8,), "each cell is one element, full colour is 1", id="an element a cell"),
        pytest.param((5,), "", id="no heatmap"),
    ],
)
def test_the_tooltip_says_what_a_cell_is(shape: tuple[int, ...], note: str) -> None:
    assert heat_note(TensorValue(shape, "float32", data=(1.0,) * math.prod(shape))) == note


def test_a_tensor_of_zeros_has_no_empty_heatmap(make: SimpleNamespace) -> None:
    table = block_table([Block("grad", make.tensor([0.0] * 30), BLUE)], LIGHT)
    assert heat_note(make.tensor([0.0] * 30)) == ""
    assert "FIXEDSIZE" not in table
    assert texts(table) == ["grad", "min 0   mean 0   max 0"]
