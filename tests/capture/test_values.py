"""Records of tensors, and snapshots that stay what they were."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from graphviz_tools import TensorValue
from graphviz_tools.capture.statistics import FEW, few_numbers, many_numbers
from graphviz_tools.capture.values import Reader, Snapshots
from graphviz_tools.model import EXACT_ELEMENTS

REAL = [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.uint8, torch.bool]
RAGGED = torch.ones(3)
UNUSUAL = [torch.uint16, torch.float8_e4m3fn, torch.complex32]
floats = st.floats(width=32) | st.sampled_from([math.nan, math.inf, -math.inf, 0.0, 3e38])


def read(tensor: torch.Tensor) -> TensorValue:
    return Reader().tensor(tensor)


def assert_statistics(value: TensorValue, numbers: np.ndarray[Any, Any]) -> None:
    """Against numpy in double precision."""
    with np.errstate(over="ignore", invalid="ignore"):
        moduli = np.abs(numbers) if np.iscomplexobj(numbers) else numbers.astype(np.float64)
    finite = moduli[np.isfinite(numbers)]
    assert value.nan_count == np.isnan(numbers).sum()
    assert value.inf_count == numbers.size - finite.size - value.nan_count
    if not finite.size:
        assert (value.minimum, value.maximum, value.mean, value.norm) == (None,) * 4
        return
    assert value.minimum == pytest.approx(finite.min(), rel=1e-6)
    assert value.maximum == pytest.approx(finite.max(), rel=1e-6)
    scale = np.abs(finite).max() or 1.0
    assert value.mean == pytest.approx((finite / scale).mean() * scale, rel=1e-6, abs=1e-7 * scale)
    assert value.norm == pytest.approx(np.linalg.norm(finite / scale) * scale, rel=1e-6)


@settings(deadline=None)
@given(st.lists(floats, max_size=9))
def test_few_and_many_numbers_agree_with_numpy(numbers: list[float]) -> None:
    tensor = torch.tensor(numbers, dtype=torch.float64)
    exact = np.array(numbers, dtype=np.float64)
    assert_statistics(few_numbers((len(numbers),), tensor.dtype, tensor.device, numbers), exact)
    if numbers:
        assert_statistics(many_numbers(tensor), exact)


@pytest.mark.parametrize("numbers", [[1e308, 1e308, -1e308], [1e200] * 3, [5e-324, 0.0]], ids=str)
def test_sums_that_overflow_are_scaled(numbers: list[float]) -> None:
    exact = np.array(numbers)
    assert_statistics(few_numbers((len(numbers),), torch.float64, torch.device("cpu"), numbers), exact)
    assert_statistics(many_numbers(torch.tensor(numbers, dtype=torch.float64)), exact)


@pytest.mark.parametrize("dtype", REAL, ids=str)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3), (0, 2), (2, 1, 3), (10, 10), (70, 80)], ids=str)
def test_every_dtype_and_shape(dtype: torch.dtype, shape: tuple[int, ...]) -> None:
    tensor = (torch.arange(math.prod(shape)).reshape(shape) % 120).to(dtype)
    value = read(tensor)
    assert value.shape == shape
    assert f"torch.{value.dtype}" == str(dtype)
    assert value.device == "cpu"
    assert_statistics(value, tensor.to(torch.float64).numpy())
    if tensor.numel() <= EXACT_ELEMENTS:
        assert value.nested() == tensor.tolist()
        assert value.data is not None
        assert all(type(number) is type(tensor.flatten()[:1].tolist()[0]) for number in value.data)
        assert value.pooled is None
    else:
        assert value.data is None
        assert value.pooled is not None


@pytest.mark.filterwarnings("ignore:ComplexHalf support")
@pytest.mark.parametrize("dtype", UNUSUAL, ids=str)
@pytest.mark.parametrize("size", [3, 100], ids=str)
def test_unusual_dtypes(dtype: torch.dtype, size: int) -> None:
    value = read(torch.arange(size).to(torch.float32).remainder(8).to(dtype))
    assert value.data is not None
    assert [abs(number) for number in value.data] == [i % 8 for i in range(size)]
    assert f"torch.{value.dtype}" == str(dtype)


@pytest.mark.parametrize("repeat", [1, 40], ids=["few", "many"])
def test_complex_statistics_are_of_moduli(repeat: int) -> None:
    numbers = [3 + 4j, -5 + 12j, complex(math.nan, 1), complex(math.inf, 0)] * repeat
    value = read(torch.tensor(numbers))
    assert (value.minimum, value.maximum, value.mean) == (5, 13, 9)
    assert (value.nan_count, value.inf_count) == (repeat, repeat)
    assert value.data is not None
    assert value.data[:2] == (3 + 4j, -5 + 12j)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 40), st.integers(1, 400))
def test_pooled_cells_are_means_over_blocks(rows: int, columns: int) -> None:
    tensor = torch.randn(rows * 20, columns + 205, dtype=torch.float64)
    value = read(tensor.reshape(rows, 20, -1))
    assert value.pooled is not None
    heights = [tensor.shape[0] * i // 4 for i in range(5)]
    widths = [tensor.shape[1] * i // 12 for i in range(13)]
    expected = [
        [tensor[top:bottom, left:right].mean().item() for left, right in pairwise(widths)]
        for top, bottom in pairwise(heights)
    ]
    assert np.allclose(value.pooled, expected, rtol=1e-12, atol=1e-12)


def test_long_vector_is_pooled_in_one_row() -> None:
    value = read(torch.arange(4800.0))
    assert value.pooled == (tuple(400 * i + 199.5 for i in range(12)),)


def test_views_and_lazy_conjugates_are_read_in_their_own_order() -> None:
    base = torch.arange(6.0).reshape(2, 3)
    assert read(base.t()).nested() == [[0, 3], [1, 4], [2, 5]]
    assert read(base[:, ::2]).nested() == [[0, 2], [3, 5]]
    assert read(base[0, :1].expand(2, 2)).nested() == [[0, 0], [0, 0]]
    assert read(torch.tensor([1 + 2j]).conj()).data == (1 - 2j,)
    assert read(torch.tensor([1 + 2j]).conj().imag).data == (-2,)


@pytest.mark.parametrize(
    ("tensor", "words"),
    [
        pytest.param(torch.ones(2, 3, device="meta"), "meta tensor", id="meta"),
        pytest.param(torch.nested.as_nested_tensor([RAGGED, RAGGED[1:]], layout=torch.jagged), "nested", id="nested"),
    ],
)
def test_tensors_without_numbers_say_why(tensor: torch.Tensor, words: str) -> None:
    for value in (read(tensor), Reader().snapshot(Snapshots().take(tensor))):
        assert words in value.missing
        assert value.data is None
        assert value.shape == ((2, 3) if tensor.is_meta else (2, -1))


@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor")
def test_sparse_and_quantized_tensors_are_read_densely() -> None:
    dense = torch.tensor([[0.0, 2.0], [0.0, 0.0]])
    assert read(dense.to_sparse()).nested() == dense.tolist()
    assert read(torch.quantize_per_tensor(dense, 0.5, 0, torch.qint8)).nested() == dense.tolist()
    assert Reader().snapshot(Snapshots().take(dense.to_sparse())).nested() == dense.tolist()


def test_subclasses_do_not_notice_that_they_are_read() -> None:
    class Shy(torch.Tensor):
        calls = 0

        @classmethod
        def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            cls.calls += 1
            return super().__torch_function__(func, types, args, kwargs)

    shy = torch.tensor([1.0, 2.0]).as_subclass(Shy)
    before = Shy.calls
    assert read(shy).data == (1.0, 2.0)
    assert Reader().snapshot(Snapshots().take(shy)).data == (1.0, 2.0)
    assert Shy.calls == before


@pytest.mark.parametrize("size", [FEW, FEW + 1, EXACT_ELEMENTS, EXACT_ELEMENTS + 1], ids=str)
def test_snapshot_stays_when_the_tensor_changes(size: int) -> None:
    tensor, snapshots = torch.ones(size), Snapshots()
    before = snapshots.take(tensor)
    view = snapshots.take(tensor[1:])
    for written in (tensor[:3], tensor):
        snapshots.before_write(written)
        written.mul_(5)
    after = snapshots.take(tensor)
    assert Reader().snapshot(before) == read(torch.ones(size))
    assert Reader().snapshot(view) == read(torch.ones(size - 1))
    assert Reader().snapshot(after) == read(tensor)


def test_large_snapshot_takes_no_memory_until_written() -> None:
    tensor, snapshots = torch.ones(EXACT_ELEMENTS + 1), Snapshots()
    snapshot = snapshots.take(tensor)
    assert snapshot.tensor is not None
    assert snapshot.tensor.data_ptr() == tensor.data_ptr()
    snapshots.before_write(torch.ones(3))
    assert snapshot.tensor.data_ptr() == tensor.data_ptr()
    snapshots.before_write(tensor)
    assert snapshot.tensor.data_ptr() != tensor.data_ptr()


@pytest.mark.parametrize("size", [3, EXACT_ELEMENTS + 1], ids=["few", "many"])
def test_reader_notices_a_write(size: int) -> None:
    tensor, reader = torch.ones(size), Reader()
    assert reader.tensor(tensor) is reader.tensor(tensor)
    one = reader.tensor(tensor)
    tensor.add_(1)
    assert (one.maximum, reader.tensor(tensor).maximum) == (1.0, 2.0)


def test_reader_survives_reused_memory() -> None:
    reader = Reader()
    for number in range(40):
        assert reader.tensor(torch.full((EXACT_ELEMENTS + 1,), float(number))).maximum == number
        assert reader.tensor(torch.full((2,), float(number))).maximum == number


def test_inference_tensors_can_be_read() -> None:
    with torch.inference_mode():
        tensor = torch.ones(2)
    assert read(tensor).data == (1.0, 1.0)
