from __future__ import annotations

import math

import pytest

from graphviz_tools.numeric.records import Element, Sweep

NAN, INF = math.nan, math.inf


def element(*numeric: float, autograd: float = 0.0, index: tuple[int, ...] = (0,)) -> Element:
    return Element("a", index, 1.0, autograd, numeric, ("",) * len(numeric))


def of(*elements: Element) -> Sweep:
    count = len(elements[0].numeric) if elements else 3
    return Sweep("forward", "float32", tuple(10.0 ** (k - count) for k in range(count)), elements, 1, True)


@pytest.mark.parametrize(
    ("index", "label"),
    [
        pytest.param((), "a", id="scalar"),
        pytest.param((2,), "a[2]", id="vector"),
        pytest.param((1, 2), "a[1,2]", id="matrix"),
    ],
)
def test_label(index: tuple[int, ...], label: str) -> None:
    assert element(1.0, index=index).label == label


@pytest.mark.parametrize(
    ("numeric", "best"),
    [
        pytest.param((3.0, 1.0, 2.0), 1, id="smallest"),
        pytest.param((1.0, -1.0, 2.0), 1, id="the larger delta of equal ones"),
        pytest.param((NAN, 5.0, INF), 1, id="the only finite one"),
        pytest.param((NAN, INF, NAN), None, id="none"),
    ],
)
def test_best_of_an_element(numeric: tuple[float, ...], best: int | None) -> None:
    assert element(*numeric).best == best


def test_best_of_a_sweep_is_the_one_whose_worst_error_is_smallest() -> None:
    found = of(element(1.0, 4.0, 9.0), element(8.0, 5.0, 1.0))
    assert found.worst_errors == (8, 5, 9)
    assert (found.best, found.best_delta) == (1, found.deltas[1])
    assert found.errors(2) == (9, 1)


def test_an_element_without_a_number_spoils_its_delta() -> None:
    found = of(element(0.0, 4.0), element(NAN, 5.0))
    assert math.isnan(found.worst_errors[0])
    assert found.best == 1


def test_no_element_has_no_best() -> None:
    found = of()
    assert all(map(math.isnan, found.worst_errors))
    assert (found.best, found.best_delta) == (None, None)


@pytest.mark.parametrize(
    ("delta", "i"), [(1e-3, 0), (2.9e-3, 0), (3.3e-3, 1), (0.09, 2), (5.0, 2), (1e-300, 0)], ids=str
)
def test_nearest_counts_on_a_logarithmic_scale(delta: float, i: int) -> None:
    assert of(element(1.0, 1.0, 1.0)).nearest(delta) == i


@pytest.mark.parametrize("delta", [0.0, -1.0, NAN, INF], ids=str)
def test_nearest_wants_a_positive_number(delta: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        of(element(1.0)).nearest(delta)
