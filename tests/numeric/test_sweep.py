from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from graphviz_tools.errors import NoGradientError, TraceError
from graphviz_tools.numeric import sweep as sweep_module
from graphviz_tools.numeric.evaluation import Evaluator
from graphviz_tools.numeric.records import Method, Sweep
from graphviz_tools.numeric.sweep import DELTAS, EXPONENTS, sweep

METHODS: tuple[Method, ...] = ("forward", "backward", "central")


def calc(a: Tensor) -> Tensor:
    b = a * 2 + 1
    c = b * b
    d = c / (c + 2)
    return d.mean()


def leaf(*values: float, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.tensor(values, dtype=dtype, requires_grad=True)


def unbatched(fn: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The same function in a form that vmap refuses."""

    def refusing(*tensors: Tensor) -> Tensor:
        tensors[0].detach().sum().item()
        return fn(*tensors)

    return refusing


def by_hand(fn: Callable[[Tensor], Tensor], point: Tensor, i: int, delta: float, method: Method) -> float:
    """The difference quotient as one writes it in a notebook."""

    def value(step: float) -> float:
        moved = point.detach().clone()
        moved[i] += step
        return fn(moved).item()

    if method == "forward":
        return (value(delta) - value(0.0)) / delta
    if method == "backward":
        return (value(0.0) - value(-delta)) / delta
    return (value(delta) - value(-delta)) / (2 * delta)


# A link of a random program: torch's function, the same in plain Python, and its derivative.
Link = tuple[Callable[[Tensor], Tensor], Callable[[float], float], Callable[[float], float]]
LINKS: dict[str, Link] = {
    "sin": (torch.sin, math.sin, math.cos),
    "tanh": (torch.tanh, math.tanh, lambda x: 1 - math.tanh(x) ** 2),
    "affine": (lambda x: x * 2 + 1, lambda x: x * 2 + 1, lambda x: 2.0),
    "damped": (lambda x: x / (x * x + 2), lambda x: x / (x * x + 2), lambda x: (2 - x * x) / (x * x + 2) ** 2),
    "square": (lambda x: x * x / 4, lambda x: x * x / 4, lambda x: x / 2),
    "exp": (lambda x: torch.exp(-x * x), lambda x: math.exp(-x * x), lambda x: -2 * x * math.exp(-x * x)),
}
programs = st.lists(st.sampled_from(sorted(LINKS)), min_size=1, max_size=4)
points = st.lists(st.floats(-2, 2, width=32), min_size=1, max_size=4)


def compose(program: Sequence[str]) -> Callable[[Tensor], Tensor]:
    def run(x: Tensor) -> Tensor:
        for name in program:
            x = LINKS[name][0](x)
        return x.sum()

    return run


def chain_rule(program: Sequence[str], x: float) -> float:
    slope = 1.0
    for name in program:
        _, value, derivative = LINKS[name]
        slope *= derivative(x)
        x = value(x)
    return slope


def test_the_standard_deltas_are_even_steps_with_exact_powers_of_ten() -> None:
    assert len(DELTAS) == 105
    assert DELTAS[88] == 0.001
    assert {10.0**-k for k in range(1, 15)} == {float(f"1e-{k}") for k in range(1, 15)} & set(DELTAS)
    assert {b - a for a, b in pairwise(EXPONENTS)} == {0.125}


def test_the_notebooks_digits() -> None:
    found = sweep(calc, {"a": leaf(1, 2, 3)})
    assert [e.numeric[88] for e in found.elements] == [0.06604194641113281, 0.018298625946044922, 0.007152557373046875]
    assert [e.autograd for e in found.elements] == [0.06611569225788116, 0.01828990876674652, 0.007176725193858147]
    assert [e.label for e in found.elements] == ["a[0]", "a[1]", "a[2]"]
    assert (found.dtype, found.batched, found.evaluations, found.notes) == ("float32", True, 3 * 105 + 1, ())


@settings(max_examples=40, deadline=None)
@given(programs, points, st.sampled_from(METHODS), st.sampled_from([torch.float32, torch.float64]))
def test_every_number_is_the_one_of_a_loop_by_hand(
    program: list[str], point: list[float], method: Method, dtype: torch.dtype
) -> None:
    fn = compose(program)
    start = leaf(*point, dtype=dtype)
    deltas = DELTAS[::8]
    found = sweep(fn, [start], deltas=deltas, method=method)
    for i, element in enumerate(found.elements):
        assert list(element.numeric) == [by_hand(fn, start, i, delta, method) for delta in deltas]


@settings(max_examples=60, deadline=None)
@given(programs, points)
def test_autograd_and_a_good_difference_agree_with_the_chain_rule(program: list[str], point: list[float]) -> None:
    found = sweep(compose(program), [leaf(*point)], deltas=(1e-5,), method="central", dtype=torch.float64)
    for x, element in zip(point, found.elements, strict=True):
        slope = chain_rule(program, x)
        assert element.point == x
        assert element.autograd == pytest.approx(slope, rel=1e-12, abs=1e-14)
        assert element.numeric[0] == pytest.approx(slope, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "fn",
    [
        pytest.param(calc, id="calc"),
        pytest.param(lambda a: torch.relu(a).sum(), id="relu"),
        pytest.param(lambda a: (a * a.softmax(0)).sum(), id="softmax"),
        pytest.param(lambda a: a.prod(), id="prod"),
        pytest.param(lambda a: (a.log() * a).cumsum(0), id="not a scalar"),
        pytest.param(lambda a: a * torch.rand(3), id="random"),
    ],
)
def test_one_point_at_a_time_gives_the_same_bits(fn: Callable[[Tensor], Tensor], method: Method) -> None:
    start = leaf(0.5, 1.5, -2.0)
    batched, looped = (sweep(f, [start], method=method) for f in (fn, unbatched(fn)))
    assert batched.batched
    assert not looped.batched
    assert str(batched.elements) == str(looped.elements)  # as text, where nan equals nan
    assert batched.evaluations == looped.evaluations


@pytest.mark.parametrize("fn", [calc, unbatched(calc)], ids=["batched", "one by one"])
def test_small_chunks_change_nothing(fn: Callable[[Tensor], Tensor], monkeypatch: pytest.MonkeyPatch) -> None:
    whole = sweep(fn, [leaf(1, 2, 3)])
    monkeypatch.setattr(sweep_module, "ELEMENTS_PER_BATCH", 40)
    monkeypatch.setattr(sweep_module, "ONE_BY_ONE", 7)
    assert sweep(fn, [leaf(1, 2, 3)]) == whole


@pytest.mark.parametrize("program", [["sin"], ["damped", "exp"], ["affine", "damped", "tanh"]], ids="-".join)
def test_central_beats_forward_on_a_smooth_function(program: list[str]) -> None:
    start = leaf(0.3, -1.1, dtype=torch.float64)
    forward, central = (sweep(compose(program), [start], method=m) for m in ("forward", "central"))
    assert min(central.worst_errors) < 0.1 * min(forward.worst_errors)
    at = DELTAS.index(1e-3)
    assert all(c < f for c, f in zip(central.errors(at), forward.errors(at), strict=True))


def test_an_output_that_is_no_scalar_is_added_up_and_the_note_says_so() -> None:
    found = sweep(lambda a: torch.stack([a * a, a * 3]), [leaf(1, 2)], method="central", dtype=torch.float64)
    assert [e.autograd for e in found.elements] == [5, 7]
    assert [e.numeric[88] for e in found.elements] == pytest.approx([5, 7])
    assert "[2, 2]" in found.notes[0]


def test_a_complex_output_counts_with_its_real_part() -> None:
    found = sweep(lambda a: torch.complex(a * 2, a * 5), [leaf(1, 2)], dtype=torch.float64)
    assert [e.autograd for e in found.elements] == [2, 2]
    assert [e.numeric[88] for e in found.elements] == pytest.approx([2, 2])


def test_only_inputs_that_require_grad_are_moved_and_the_index_has_all_dimensions() -> None:
    inputs = {"w": torch.ones(2, 3), "x": torch.ones(3, 2, requires_grad=True), "k": torch.tensor(2), "s": leaf(1)[0]}
    found = sweep(lambda w, x, k, s: (w @ x).sum() * k * s, {**inputs, "s": torch.tensor(1.0, requires_grad=True)})
    assert [e.label for e in found.elements] == ["x[0,0]", "x[0,1]", "x[1,0]", "x[1,1]", "x[2,0]", "x[2,1]", "s"]
    assert [e.autograd for e in found.elements] == [4] * 6 + [24]


def test_names() -> None:
    assert sweep(calc, [leaf(1)]).elements[0].input == "x"
    assert [e.input for e in sweep(torch.dot, [leaf(1), leaf(2)]).elements] == ["x0", "x1"]
    assert sweep(calc, {"a": leaf(1)}, names=["z"]).elements[0].label == "z[0]"


def test_an_input_that_the_output_ignores_has_gradient_zero() -> None:
    found = sweep(lambda a, b: a.sum(), {"a": leaf(1), "b": leaf(1)})
    assert found.elements[1].autograd == 0
    assert set(found.elements[1].numeric) == {0.0}
    assert "does not depend on b" in found.notes[0]


@pytest.mark.parametrize(("dtype", "constant"), [(torch.float32, "float32"), (torch.float64, "float64")], ids=str)
def test_dtype_is_that_of_every_evaluation(dtype: torch.dtype, constant: str) -> None:
    seen = set()

    def fn(a: Tensor, k: Tensor) -> Tensor:
        seen.update((a.dtype, k.dtype))
        return (a * k).sum()

    found = sweep(fn, [leaf(1, 2), torch.ones(2)], dtype=dtype)
    assert seen == {dtype}
    assert found.dtype == constant


def test_float64_sees_what_float32_rounds_away() -> None:
    single, double = (sweep(calc, [leaf(1)], dtype=dtype) for dtype in (torch.float32, torch.float64))
    at = DELTAS.index(1e-8)
    assert single.elements[0].numeric[at] == 0
    assert double.elements[0].numeric[at] == pytest.approx(double.elements[0].autograd, rel=1e-6)


def test_half_precision_inputs_work() -> None:
    found = sweep(lambda a: (a * a).sum(), [leaf(1, dtype=torch.bfloat16)], deltas=(0.5,))
    assert (found.dtype, found.elements[0].numeric) == ("bfloat16", (2.5,))


def test_above_the_limit_a_sample_is_measured_and_a_note_says_so() -> None:
    start = torch.linspace(0, 1, 1000, requires_grad=True)
    found, again = (sweep(lambda a: (a * a).sum(), {"a": start}, deltas=(1e-2,), max_elements=20) for _ in range(2))
    assert found == again
    assert len(found.elements) == 20
    assert {element.index[0] for element in found.elements} >= set(range(990, 1000))
    assert min(element.index[0] for element in found.elements) < 900
    assert found.notes[0].startswith("20 of 1000 elements")


def test_time_runs_out_with_a_note() -> None:
    found = sweep(unbatched(calc), [torch.ones(50, requires_grad=True)], seconds=0)
    assert found.elements == ()
    assert found.notes[0] == "0 seconds were not enough: 0 of 50 elements are measured."


@pytest.mark.parametrize("wrap", [lambda f: f, unbatched], ids=["batched", "one by one"])
def test_random_functions_draw_the_same_numbers_and_use_none_up(wrap: Callable[..., Callable[..., Tensor]]) -> None:
    torch.manual_seed(3)
    before = torch.random.get_rng_state()
    mask = torch.rand(3)
    torch.random.set_rng_state(before)
    found = sweep(wrap(lambda a: (a * torch.rand(3)).sum()), [leaf(1, 2, 3)], dtype=torch.float64)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert [e.autograd for e in found.elements] == mask.tolist()
    assert [e.numeric[88] for e in found.elements] == pytest.approx(mask.tolist())


@pytest.mark.parametrize("wrap", [lambda f: f, unbatched], ids=["batched", "one by one"])
def test_nothing_of_the_callers_is_changed(wrap: Callable[..., Callable[..., Tensor]]) -> None:
    start, factor = leaf(1, 2), torch.tensor([3.0, 4.0])

    def greedy(a: Tensor, k: Tensor) -> Tensor:
        k.mul_(2)
        return (a * k).sum()

    found = sweep(wrap(greedy), [start, factor], deltas=(1.0,))
    assert [e.numeric[0] for e in found.elements] == [6, 8]
    assert factor.tolist() == [3, 4]
    assert (start._version, start.grad, start.tolist()) == (0, None, [1, 2])


def test_parameters_behind_the_function_get_no_gradient() -> None:
    layer = torch.nn.Linear(3, 1)
    found = sweep(layer, [leaf(1, 2, 3)], dtype=torch.float32, method="central", deltas=(0.125,))
    assert [e.autograd for e in found.elements] == layer.weight.flatten().tolist()
    assert [e.numeric[0] for e in found.elements] == pytest.approx(layer.weight.flatten().tolist(), abs=1e-5)
    assert layer.weight.grad is None


def test_a_function_that_differentiates_inside_is_evaluated_one_by_one() -> None:
    def penalty(a: Tensor) -> Tensor:
        (slope,) = torch.autograd.grad((a**3).sum(), a, create_graph=True)
        return (slope * slope).sum()

    found = sweep(penalty, [leaf(0.5, dtype=torch.float64)], method="central")
    assert not found.batched
    assert found.elements[0].autograd == pytest.approx(36 * 0.5**3)
    assert found.elements[0].numeric[88] == pytest.approx(36 * 0.5**3, rel=1e-4)


def fails_above_one(a: Tensor) -> Tensor:
    if a.detach() > 1:
        raise RuntimeError("too large\nand more")
    return a * 2


def grows_above_one(a: Tensor) -> Tensor:
    return a[a > 0] if a.detach() <= 1 else torch.cat([a, a])


@pytest.mark.parametrize(
    ("fn", "x", "method", "delta", "why"),
    [
        pytest.param(torch.sqrt, 1e-4, "central", 1e-2, "the function is nan at x - delta", id="nan below"),
        pytest.param(torch.sqrt, 1e-4, "forward", 1e-2, "", id="fine above"),
        pytest.param(lambda a: a * a.log(), 0.0, "forward", 1e-2, "the function is nan at x", id="nan at x"),
        pytest.param(torch.log, 0.0, "forward", 1e-2, "the function is infinite at x", id="infinite at x"),
        pytest.param(torch.exp, 88.7, "forward", 0.1, "the function is infinite at x + delta", id="infinite above"),
        pytest.param(torch.sin, 1.0, "forward", 1e-9, "x + delta == x: the difference is exactly 0", id="step lost"),
        pytest.param(
            torch.sin, 1.0, "central", 1e-9, "x + delta == x - delta: the difference is exactly 0", id="both steps lost"
        ),
        pytest.param(
            lambda a: a + 1000,
            0.0,
            "forward",
            1e-6,
            "f(x + delta) == f(x): the difference is exactly 0",
            id="no change",
        ),
        pytest.param(torch.relu, -1.0, "forward", 1e-2, "", id="truly flat"),
        pytest.param(fails_above_one, 1.0, "forward", 0.5, "the function fails (too large) at x + delta", id="fails"),
        pytest.param(fails_above_one, 1.0, "backward", 0.5, "", id="fails elsewhere"),
        pytest.param(
            grows_above_one, 1.0, "forward", 0.5, "the function has the shape [2] at x + delta", id="another shape"
        ),
    ],
)
def test_a_number_that_is_not_ordinary_has_a_reason(
    fn: Callable[[Tensor], Tensor], x: float, method: Method, delta: float, why: str
) -> None:
    (element,) = sweep(fn, [leaf(x)], deltas=(delta,), method=method).elements
    assert element.why == (why,)
    if "0" in why:
        assert element.numeric == (0.0,)
    elif why:
        assert not math.isfinite(element.numeric[0])
    else:
        assert math.isfinite(element.numeric[0])


@pytest.mark.parametrize(
    ("fn", "inputs", "error"),
    [
        pytest.param(calc, [torch.ones(2)], NoGradientError, id="no input requires grad"),
        pytest.param(lambda a: a.detach(), [leaf(1)], NoGradientError, id="cut off"),
        pytest.param(lambda a: a.argmax(), [leaf(1)], NoGradientError, id="integer output"),
        pytest.param(lambda a: a.tolist(), [leaf(1)], TraceError, id="a list"),
        pytest.param(lambda a: (a, a), [leaf(1)], TraceError, id="two tensors"),
        pytest.param(lambda a: 1 / 0, [leaf(1)], ZeroDivisionError, id="its own error"),
    ],
)
def test_what_cannot_be_checked_is_refused(
    fn: Callable[..., Tensor], inputs: list[Tensor], error: type[Exception]
) -> None:
    with pytest.raises(error):
        sweep(fn, inputs)


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"deltas": ()}, id="no delta"),
        pytest.param({"deltas": (0.0,)}, id="delta zero"),
        pytest.param({"deltas": (math.inf,)}, id="delta infinite"),
        pytest.param({"method": "sideways"}, id="method"),
        pytest.param({"dtype": torch.float16}, id="dtype"),
        pytest.param({"names": ["a", "b"]}, id="names"),
    ],
)
def test_arguments_are_checked(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"delta|method|dtype|names"):
        sweep(calc, [leaf(1)], **wrong)  # type: ignore[arg-type]


def test_an_empty_input_has_no_elements() -> None:
    found: Sweep = sweep(lambda a: a.sum(), [torch.empty(0, requires_grad=True)])
    assert (found.elements, found.best_delta) == ((), None)


def test_a_batch_is_no_larger_than_its_largest_tensor_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []
    batch = Evaluator.batch
    monkeypatch.setattr(Evaluator, "batch", lambda self, rows: sizes.append(len(rows[0])) or batch(self, rows))
    found = sweep(lambda a: (a.repeat(100)[:, None] * torch.ones(100)).mean(), [leaf(1, 2, 3)], deltas=DELTAS[::4])
    assert found.batched
    assert max(sizes) == sweep_module.ELEMENTS_PER_BATCH // (300 * 100) + 1  # and x itself
