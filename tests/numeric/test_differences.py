from __future__ import annotations

import pytest
import torch

from graphviz_tools.numeric.differences import Points, Steps, points, quotients
from graphviz_tools.numeric.records import Method


def steps(*moves: tuple[int, int, float]) -> Steps:
    argument, element, delta = zip(*moves, strict=True)
    return Steps(
        torch.tensor(argument), torch.tensor(element), torch.tensor(delta, dtype=torch.float64), torch.ones(len(moves))
    )


@pytest.mark.parametrize(
    ("method", "first", "second"),
    [
        pytest.param("forward", [[1, 2], [1.5, 2], [1, 2]], [[3], [3], [3.25]], id="forward"),
        pytest.param("backward", [[0.5, 2], [1, 2], [1, 2]], [[3], [2.75], [3]], id="backward"),
        pytest.param("central", [[0.5, 2], [1, 2], [1.5, 2], [1, 2]], [[3], [2.75], [3], [3.25]], id="central"),
    ],
)
def test_every_row_moves_one_element_of_one_argument(
    method: Method, first: list[list[float]], second: list[list[float]]
) -> None:
    tensors = {0: torch.tensor([1.0, 2.0]), 2: torch.tensor([3.0])}
    found = points(tensors, steps((0, 0, 0.5), (2, 0, 0.25)), method)
    assert found.rows[0].tolist() == first
    assert found.rows[2].tolist() == second
    assert found.unchanged.tolist() == [False, False]
    assert tensors[0].tolist() == [1, 2]


def test_a_step_that_is_lost_on_one_side_only_is_no_lost_step() -> None:
    found = points({0: torch.tensor([1.0])}, steps((0, 0, 4.5e-8), (0, 0, 1e-9)), "central")
    assert found.rows[0][2].item() == 1  # above 1 the spacing of float32 is twice that below
    assert found.unchanged.tolist() == [False, True]


def test_where_x_did_not_move_the_difference_is_zero_whatever_the_batch_says() -> None:
    """Equal rows of a batched matrix product can differ in their last bit."""
    at = Points({}, (1, 2), torch.tensor([True, False]))
    values = torch.tensor([[1.0], [1.5], [1.5]], dtype=torch.float64)
    found, why = quotients(values, at, steps((0, 0, 0.25), (0, 0, 0.25)), "forward")
    assert found == [0, 2]
    assert why == ["x + delta == x: the difference is exactly 0", ""]


def test_a_difference_beyond_float64_says_so() -> None:
    at = Points({}, (1, 1), torch.tensor([False]))
    values = torch.tensor([[0.0], [1e308]], dtype=torch.float64)
    assert quotients(values, at, steps((0, 0, 1e-14)), "forward") == (
        [float("inf")],
        ["the difference is too large for float64"],
    )
