"""The public functions: the notebook's sections, names, constants, outputs, cotangents, errors."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from graphviz_tools import (
    Graph,
    GraphvizToolsError,
    InputError,
    NoGradientError,
    SourceSpan,
    TensorValue,
    TraceError,
    UnknownNameError,
    trace,
    trace_formula,
)
from graphviz_tools.capture.trace import warm_up
from graphviz_tools.formula.language import parse

CALC = "b = a*2 + 1\nc = b*b\nd = c/(c + 2)\ne = d.mean()"


def leaf(*numbers: float) -> torch.Tensor:
    return torch.tensor([float(number) for number in numbers], requires_grad=True)


def data(value: TensorValue | None) -> Any:
    assert value is not None
    return value.nested()


def contributions(graph: Graph, node: str) -> list[tuple[str, int, Any]]:
    return [(e.target, e.target_input, data(e.contribution)) for e in graph.uses(graph.node(node).id)]


class TestNotebook:
    """Bit for bit what plain PyTorch gives."""

    def plain(self, source: str, **inputs: torch.Tensor) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
        scope: dict[str, Any] = {"torch": torch, "ones": torch.ones, **inputs}
        exec(source, scope)
        tensors = {name: value for name, value in scope.items() if isinstance(value, torch.Tensor)}
        for value in tensors.values():
            value.retain_grad()
        out = tensors[source.rsplit("\n", 1)[-1].split(" =")[0]]
        out.backward(torch.ones_like(out))
        return tensors, out

    @pytest.mark.parametrize(
        ("source", "inputs"),
        [
            pytest.param("b = a*2", {"a": [1.0, 2.0, 3.0]}, id="requires-grad"),
            pytest.param("y = x + 2\nz = y*3\nout = z.mean()", {"x": [[1.0] * 3] * 2}, id="ones-2x3"),
            pytest.param("b = a*2\nc = b.sum()", {"a": [0.1, 0.2, 0.3]}, id="b-is-a-times-2"),
            pytest.param(CALC, {"a": [1.0, 2.0, 3.0]}, id="calc"),
        ],
    )
    def test_values_and_gradients(self, source: str, inputs: dict[str, Any]) -> None:
        tensors = {name: torch.tensor(numbers, requires_grad=True) for name, numbers in inputs.items()}
        scope, _ = self.plain(source, **tensors)
        graph = trace_formula(source, inputs)
        for name, tensor in scope.items():
            node = graph.node(name)
            assert data(node.outputs[0]) == tensor.tolist()
            assert tensor.grad is not None
            assert data(node.gradients[0]) == tensor.grad.tolist()
            assert node.outputs[0].dtype == "float32"

    def test_contributions_of_c_add_up(self) -> None:
        graph = trace_formula(CALC, {"a": [1.0, 2.0, 3.0]})
        c = torch.tensor([9.0, 25.0, 49.0], requires_grad=True)
        third = torch.full((3,), 1 / 3)
        (through_d,) = torch.autograd.grad(c / (c.detach() + 2), c, third)
        (through_sum,) = torch.autograd.grad(c.detach() / (c + 2), c, third)
        assert contributions(graph, "c") == [("t1", 0, through_sum.tolist()), ("d", 0, through_d.tolist())]
        assert [round(v, 4) for v in through_d.tolist()][:1] == [0.0303]
        assert [round(v, 4) for v in through_sum.tolist()][:1] == [-0.0248]
        assert data(graph.node("c").gradients[0]) == (through_d + through_sum).tolist()
        assert data(graph.node("a").gradients[0]) == [0.06611569225788116, 0.01828990876674652, 0.007176725193858147]

    def test_function_and_formula_give_the_same_graph(self) -> None:
        def calc(a: torch.Tensor) -> torch.Tensor:
            b = a*2 + 1  # fmt: skip
            c = b*b  # fmt: skip
            d = c/(c + 2)  # fmt: skip
            e = d.mean()
            return e

        formula, function = trace_formula(CALC, {"a": [1.0, 2.0, 3.0]}), trace(calc, leaf(1, 2, 3))
        assert formula.edges == function.edges
        assert formula.outputs == function.outputs
        for one, other in zip(formula.nodes, function.nodes, strict=True):
            assert one.expression == other.expression
            assert (one.id, one.names, one.outputs, one.gradients, one.saved) == (
                *(other.id, other.names, other.outputs, other.gradients, other.saved),
            )


class TestFormula:
    def test_every_operation_has_expression_and_span(self) -> None:
        graph = trace_formula("b = a*2\nout = F.cross_entropy(b[None],\n  tensor([0]))", {"a": [1.0, 2.0]})
        assert [(n.op, n.expression) for n in graph.nodes if n.kind != "leaf"] == [
            ("MulBackward0", "a*2"),
            ("UnsqueezeBackward0", "b[None]"),
            ("LogSoftmaxBackward0", "F.cross_entropy(b[None], tensor([0]))"),
            ("", "tensor([0])"),
            ("NllLossBackward0", "F.cross_entropy(b[None], tensor([0]))"),
        ]
        assert graph.node("b").source == SourceSpan(1, 4, 1, 7)
        assert graph.node("out").source == SourceSpan(2, 6, 3, 14)
        assert graph.node("out").op == "NllLossBackward0"
        assert graph.formula == "b = a*2\nout = F.cross_entropy(b[None],\n  tensor([0]))"

    def test_parsed_program_is_taken_as_it_is(self) -> None:
        assert trace_formula(parse(CALC), {"a": [1.0]}) == trace_formula(CALC, {"a": [1.0]})

    def test_names_that_are_bound_again_are_numbered(self) -> None:
        graph = trace_formula("h = a\nfor k in range(3):\n    h = tanh(h*w)\nh.sum()", {"a": [1.0], "w": [0.5]})
        assert [n.id for n in graph.nodes if n.op == "TanhBackward0"] == ["h#1", "h#2", "h#3"]
        assert graph.node("h").id == "h#3"
        assert graph.node("a").names == ("h", "a")
        assert graph.node("a").label == "a"

    def test_leaves_stand_in_the_order_of_their_first_use(self) -> None:
        graph = trace_formula("c = b*a\n(c + d).sum()", {"a": [1.0], "b": [2.0], "d": [3.0]})
        assert [n.id for n in graph.nodes] == ["b", "a", "c", "d", "t0", "t1"]

    def test_unnamed_nodes_avoid_the_users_names(self) -> None:
        graph = trace_formula("t0 = a*2 + 1\nt0.sum()", {"a": [1.0]})
        assert [n.id for n in graph.nodes] == ["a", "t1", "t0", "t2"]

    def test_outputs_of_one_node_have_their_own_names(self) -> None:
        graph = trace_formula("p, _, r = a.unbind(0)\np*r", {"a": [2.0, 3.0, 4.0]})
        node = graph.node("r")
        assert node.op == "UnbindBackward0"
        assert node.names == ()
        assert node.output_names == ("p", "", "r")
        assert [data(v) for v in node.outputs] == [2, 3, 4]
        assert [g and data(g) for g in node.gradients] == [4, None, 2]
        assert [(e.source_output, e.target_input) for e in graph.uses(node.id)] == [(0, 0), (2, 1)]

    def test_single_used_output_names_the_node(self) -> None:
        graph = trace_formula("m = a.max(0)\nm.values*2", {"a": [2.0, 3.0]})
        assert graph.node("m.values").names == ("m.values",)

    def test_leaf_as_output(self) -> None:
        graph = trace_formula("a", {"a": [1.0, 2.0]}, cotangent=torch.tensor([3.0, 4.0]))
        assert [n.kind for n in graph.nodes] == ["leaf"]
        assert data(graph.node("a").gradients[0]) == [3.0, 4.0]
        assert graph.notes == ()

    def test_tensors_keep_dtype_and_flag(self) -> None:
        given = {"a": torch.tensor([1.0], dtype=torch.float64, requires_grad=True), "x": torch.tensor([2.0])}
        graph = trace_formula("a*x", given)
        assert graph.node("a").outputs[0].dtype == "float64"
        assert graph.node("x").kind == "constant"

    def test_dtype_holds_for_lists_and_constants(self) -> None:
        graph = trace_formula("a*ones(2)", {"a": [1, 2]}, dtype=torch.float64)
        assert {n.outputs[0].dtype for n in graph.nodes} == {"float64"}

    def test_requires_grad_by_name(self) -> None:
        given = torch.tensor([3.0, 4.0], requires_grad=True)
        graph = trace_formula("(a*b).sum()", {"a": [1.0, 2.0], "b": given}, requires_grad=["a"])
        assert graph.node("b").kind == "constant"
        assert data(graph.node("a").gradients[0]) == [3.0, 4.0]
        assert given.requires_grad
        other = trace_formula("(a*b).sum()", {"a": torch.ones(2), "b": given}, requires_grad=["a", "b"])
        assert data(other.node("b").gradients[0]) == [1.0, 1.0]

    @pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode], ids=lambda mode: mode.__name__)
    def test_gradients_are_on_in_a_formula(self, mode: Any) -> None:
        with mode():
            assert data(trace_formula("a*a", {"a": 3.0}).node("a").gradients[0]) == 6.0
            with pytest.raises(NoGradientError, match="Switch on requires_grad"):
                trace_formula("a*a", {"a": 3.0}, requires_grad=[])

    def test_seed_repeats_random_numbers(self) -> None:
        one, same, other = (trace_formula("a*randn(3)", {"a": 1.0}, seed=seed) for seed in (1, 1, 2))
        assert one == same
        assert one != other


class TestConstants:
    def test_each_tensor_without_gradient_is_one_node(self) -> None:
        graph = trace_formula("k = ones(2)\n(a*k + k + a*t).sum()", {"a": [1.0, 2.0], "t": torch.tensor([5.0, 6.0])})
        constants = {n.id: n for n in graph.nodes if n.kind == "constant"}
        assert list(constants) == ["k", "t"]
        assert constants["k"].expression == "ones(2)"
        assert constants["k"].op == ""
        assert constants["k"].gradients == (None,)
        assert [(e.target_input, e.contribution) for e in graph.uses("k")] == [(1, None), (1, None)]

    def test_unnamed_constant_is_called_by_its_expression(self) -> None:
        graph = trace_formula("a*tensor([3., 4.]) + (a.detach() > 1)", {"a": [1.0, 2.0]})
        assert [(n.label, data(n.outputs[0])) for n in graph.nodes if n.kind == "constant"] == [
            ("tensor([3., 4.])", [3.0, 4.0]),
            ("a.detach() > 1", [False, True]),
        ]

    def test_python_numbers_are_no_nodes(self) -> None:
        graph = trace_formula("b = 2*a + 1\nc = where(b > 3, b, 0.)\nc[0] = 5.\n(c**2 / 3).sum()", {"a": [1.0, 2.0]})
        assert [n.label for n in graph.nodes if n.kind == "constant"] == ["b > 3"]

    @pytest.mark.parametrize(
        ("source", "slots"),
        [
            pytest.param("(x @ w).sum()", {"x": 0}, id="matmul"),
            pytest.param("F.linear(x, w, v).sum()", {"x": 1, "v": 0}, id="linear"),
            pytest.param("where(m, x, w).sum()", {"x": 0, "m": 2}, id="where"),
            pytest.param("w[i].sum()", {"i": 1}, id="index"),
            pytest.param("F.embedding(i, w).sum()", {"i": 1}, id="embedding"),
            pytest.param("w.gather(1, i).sum()", {"i": 1}, id="gather"),
            pytest.param("torch.cat([x, w, x]).sum()", {"x": 0}, id="cat"),
            pytest.param("torch.addcmul(v, w, x).sum()", {"v": 0, "x": 2}, id="addcmul"),
        ],
    )
    def test_slot_is_the_operands_position(self, source: str, slots: dict[str, int]) -> None:
        inputs = {
            "x": torch.ones(2, 2),
            "w": torch.ones(2, 2, requires_grad=True),
            "v": torch.ones(2),
            "m": torch.tensor([[True, False], [True, True]]),
            "i": torch.tensor([[0], [1]]),
        }
        graph = trace_formula(source, inputs)
        constants = [node.id for node in graph.nodes if node.kind == "constant"]
        found = {e.source: e.target_input for e in reversed(graph.edges) if e.source in constants}
        assert found == slots

    def test_constant_that_changes_is_two_nodes(self) -> None:
        graph = trace_formula("k = ones(2)\nb = a + k\nk += 1\n(b + k).sum()", {"a": [1.0, 2.0]})
        assert [(n.id, n.version, data(n.outputs[0])) for n in graph.nodes if n.kind == "constant"] == [
            ("k#1", 0, [1.0, 1.0]),
            ("k#2", 1, [2.0, 2.0]),
        ]

    def test_base_of_a_written_view(self) -> None:
        graph = trace_formula("b = zeros(2)\nb[1] = a[0]\nb*3", {"a": [7.0, 8.0]})
        before, after = graph.by_id["b#1"], graph.by_id["b#2"]
        assert (before.kind, after.kind, after.op) == ("constant", "in-place", "torch::autograd::CopySlices")
        assert (data(before.outputs[0]), data(after.outputs[0])) == ([0.0, 0.0], [0.0, 7.0])
        assert [(e.source, e.target_input) for e in graph.operands("b#2")] == [("b#1", 0), ("t0", 1)]

    def test_copy_of_a_written_input_keeps_its_name(self) -> None:
        given = torch.tensor([5.0, 6.0])
        graph = trace_formula("b = a*1\nb += t\nb", {"a": [1.0, 2.0], "t": given})
        assert graph.node("t").kind == "constant"

    def test_operand_behind_an_internal_view(self) -> None:
        graph = trace_formula("torch.einsum('i,ij->j', a, w).sum()", {"a": [1.0, 2.0], "w": torch.eye(2)})
        assert [graph.by_id[e.target].op for e in graph.uses("w")] == ["BmmBackward0"]

    def test_arguments_of_a_custom_function(self) -> None:
        class Scale(torch.autograd.Function):
            @staticmethod
            def forward(ctx: Any, x: torch.Tensor, factor: float, mask: torch.Tensor) -> torch.Tensor:
                ctx.save_for_backward(mask)
                return x * factor * mask

            @staticmethod
            def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
                return gradients[0] * 2 * ctx.saved_tensors[0], None, None

        def run(x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
            y = Scale.apply(x, 2.0, mask)
            return y.sum()

        graph = trace(run, leaf(1, 2), torch.tensor([1.0, 0.0]))
        node = graph.node("y")
        assert node.op == "ScaleBackward"
        assert node.expression == "Scale.apply(x, 2.0, mask)"
        assert [(e.source, e.target_input) for e in graph.operands("y")] == [("x", 0), ("mask", 1)]
        assert [s.name for s in node.saved] == ["saved[0]"]


class TestMemory:
    def test_view_names_its_base(self) -> None:
        graph = trace_formula("m = a*2\nv = m.t()[0]\nw = a[1]\n(v*w).sum()", {"a": [[1.0, 2.0], [3.0, 4.0]]})
        assert (graph.node("v").kind, graph.node("v").view_of) == ("view", "m")
        assert (graph.node("w").kind, graph.node("w").view_of) == ("view", "a")
        assert graph.node("m").kind == "op"

    def test_in_place_versions(self) -> None:
        graph = trace_formula("b = a*2\nb += a\nb.mul_(3)\nb.sum()", {"a": [1.0, 2.0]})
        found = [graph.by_id[f"b#{i}"] for i in (1, 2, 3)]
        assert [n.kind for n in found] == ["op", "in-place", "in-place"]
        assert [n.version for n in found] == [0, 1, 2]
        assert [data(n.outputs[0]) for n in found] == [[2.0, 4.0], [3.0, 6.0], [9.0, 18.0]]

    def test_view_of_a_changed_base_is_made_anew(self) -> None:
        graph = trace_formula("b = a.sin()\nv = b.t()\nb += 1\n(v*v).sum()", {"a": [[1.0, 2.0]]})
        assert (graph.node("v").op, graph.node("v").kind) == ("AsStridedBackward0", "view")
        assert (graph.node("v").view_of, graph.node("v").version) == ("b#2", 1)

    def test_outputs_that_autograd_has_forbidden_do_no_harm(self) -> None:
        graph = trace_formula("b = a*1\np, q = b.unbind(0)\nb += 1\nb.sum()", {"a": [1.0, 2.0]})
        assert [n.op for n in graph.nodes] == ["AccumulateGrad", "MulBackward0", "AddBackward0", "SumBackward0"]
        assert not graph.backward_error

    def test_large_tensor_keeps_its_old_values(self) -> None:
        graph = trace_formula("b = a*2\nb[10:] = 0.\nb.mul_(3)\nb.sum()", {"a": torch.ones(6000, requires_grad=True)})
        assert [(n.outputs[0].norm, n.outputs[0].data) for n in (graph.by_id[f"b#{i}"] for i in (1, 2, 3))] == [
            (pytest.approx(2 * 6000**0.5), None),
            (pytest.approx(2 * 10**0.5), None),
            (pytest.approx(6 * 10**0.5), None),
        ]

    def test_lost_saved_tensor_still_gives_the_graph(self) -> None:
        graph = trace_formula("b = a.exp()\nb.add_(1)\nb.sum()", {"a": [0.0, 1.0]})
        assert "modified by an inplace operation" in graph.backward_error
        exp = next(n for n in graph.nodes if n.op == "ExpBackward0")
        assert exp.note == "Its backward needs result, which was changed in place after it was saved."
        assert [s.state for s in exp.saved] == ["overwritten"]
        assert data(exp.outputs[0]) == torch.tensor([0.0, 1.0]).exp().tolist()
        assert all(g is None for n in graph.nodes for g in n.gradients)
        assert all(n.backward_order is None for n in graph.nodes)
        assert graph.notes == (f"There are no gradients, because of b (ExpBackward0). {exp.note}",)

    def test_failing_backward_of_the_user(self) -> None:
        class Broken(torch.autograd.Function):
            @staticmethod
            def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
                return x * 2

            @staticmethod
            def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
                raise KeyError("no such thing")

        graph = trace(lambda x: Broken.apply(x).sum(), leaf(1, 2))
        assert graph.backward_error == "KeyError: 'no such thing'"
        assert graph.notes == ("There are no gradients, because backward failed: KeyError: 'no such thing'",)
        assert data(graph.nodes[1].outputs[0]) == [2.0, 4.0]


class TestOutputs:
    def test_output_that_is_no_number_says_its_cotangent(self) -> None:
        graph = trace_formula("a*2", {"a": [1.0, 2.0]})
        assert graph.notes == ("The output has shape [2]: backward starts from a cotangent of ones, as for its sum.",)
        assert data(graph.outputs[0].cotangent) == [1.0, 1.0]

    def test_single_number_needs_no_note(self) -> None:
        assert trace_formula("a*2", {"a": [1.0]}).notes == ()

    def test_given_cotangent(self) -> None:
        graph = trace(lambda a: a * 2, leaf(1, 2), cotangents=[10.0, 0.5])
        assert data(graph.node("a").gradients[0]) == [20.0, 1.0]
        assert graph.notes == ()
        same = trace(lambda a: a * 2, leaf(1, 2), cotangents=[torch.tensor([10.0, 0.5], dtype=torch.float64)])
        assert same.edges == graph.edges

    def test_several_outputs_by_their_paths(self) -> None:
        def run(a: torch.Tensor) -> dict[str, Any]:
            b = a * 2
            return {"first": b, "more": [b * 3, (a > 0), 4], "again": b}

        graph = trace(run, leaf(1, 2), cotangents=[None, 1.0 * torch.ones(2), torch.tensor([5.0, 5.0])])
        assert [(o.name, o.node) for o in graph.outputs] == [("b", "b"), ("more[0]", "t0"), ("b", "b")]
        assert data(graph.node("b").gradients[0]) == [1 + 3 + 5, 1 + 3 + 5]
        assert "Output more[1] does not require grad and is left out." in graph.notes

    def test_output_inside_another_output(self) -> None:
        graph = trace(lambda a: (b := a * 3, b * 2), leaf(1, 2))
        assert data(graph.nodes[1].gradients[0]) == [3.0, 3.0]
        assert graph.is_fork(graph.nodes[1].id)
        assert graph.notes[-1] == "Backward starts from 2 outputs at once: the gradients are those of their sum."

    def test_complex_output(self) -> None:
        z = torch.tensor([1 + 2j], requires_grad=True)
        graph = trace(lambda z: z * z, z)
        assert data(graph.node("z").gradients[0]) == [(2 - 4j)]
        assert graph.notes == ("The output is complex: backward starts from a cotangent of 1 for every element.",)

    @pytest.mark.parametrize(
        ("cotangents", "words"),
        [
            pytest.param([1.0, 2.0, 3.0], r"has shape \[3\], the output has shape \[2\]", id="shape"),
            pytest.param(["x", "y"], "is no tensor", id="words"),
            pytest.param([1j, 2j], "is complex, the output is not", id="complex"),
        ],
    )
    def test_cotangent_that_does_not_fit(self, cotangents: Any, words: str) -> None:
        with pytest.raises(TraceError, match=words):
            trace(lambda a: a * 2, leaf(1, 2), cotangents=cotangents)

    def test_one_cotangent_for_two_outputs(self) -> None:
        with pytest.raises(TraceError, match="2 outputs that require grad, and 1 cotangents"):
            trace(lambda a: (a * 2, a * 3), leaf(1, 2), cotangents=[torch.ones(2)])


class TestErrors:
    @pytest.mark.parametrize(
        ("source", "inputs", "words"),
        [
            pytest.param("a*2", {"a": torch.ones(2)}, "Switch on requires_grad for one of the inputs: a.", id="off"),
            pytest.param("a*2", {"a": torch.ones(2).long()}, "floating-point input that requires grad", id="integers"),
            pytest.param("a.detach()*2", {"a": [1.0]}, "The output does not depend on a", id="detached"),
            pytest.param(
                "b*2", {"a": [1.0], "b": torch.ones(1)}, "requires_grad for one of the inputs: b", id="unused"
            ),
            pytest.param("a.argmax()", {"a": [1.0, 2.0]}, "The output is int64", id="integer-output"),
            pytest.param("a > 1", {"a": [1.0, 2.0]}, "The output is bool", id="comparison"),
        ],
    )
    def test_no_gradient(self, source: str, inputs: dict[str, Any], words: str) -> None:
        with pytest.raises(NoGradientError, match=words):
            trace_formula(source, inputs)

    def test_switched_off(self) -> None:
        with torch.no_grad(), pytest.raises(NoGradientError, match="switched off here"):
            trace(lambda a: a * 2, leaf(1.0))

    @pytest.mark.parametrize(
        ("output", "words"),
        [
            pytest.param(3.5, "The result is a float with no tensor in it", id="number"),
            pytest.param([], "The result is a list with no tensor in it", id="empty"),
            pytest.param(7, "The result is an int with no tensor in it", id="integer"),
        ],
    )
    def test_no_tensor(self, output: Any, words: str) -> None:
        with pytest.raises(TraceError, match=words):
            trace(lambda a: output, leaf(1.0))

    @pytest.mark.parametrize(
        ("inputs", "options", "words"),
        [
            pytest.param({"a": [[1.0], [1.0, 2.0]]}, {}, "Input a: .*all rows have the same length", id="ragged"),
            pytest.param({"a": "words"}, {}, "Input a: This is no tensor of float32 numbers", id="words"),
            pytest.param({"a": [1, 2]}, {"dtype": torch.int64}, "Input a: int64 numbers have no gradient", id="int"),
            pytest.param(
                {"a": torch.ones(2).bool()}, {"requires_grad": ["a"]}, "Input a: bool numbers have no", id="bool"
            ),
            pytest.param({"a": [1.0]}, {"requires_grad": ["q"]}, "no input called q .* There are a.", id="unknown"),
        ],
    )
    def test_input_that_cannot_be_used(self, inputs: Any, options: Any, words: str) -> None:
        with pytest.raises(InputError, match=words):
            trace_formula("a*2", inputs, **options)

    def test_missing_input(self) -> None:
        with pytest.raises(UnknownNameError) as caught:
            trace_formula("a*q", {"a": [1.0]})
        assert caught.value.can_be_input
        assert caught.value.name == "q"

    @pytest.mark.parametrize("source", ["", "a +", "a @ ones(3, 3)", "a/0*"])
    def test_formula_errors_are_ours(self, source: str) -> None:
        with pytest.raises(GraphvizToolsError):
            trace_formula(source, {"a": [1.0, 2.0]})


def test_warm_up_leaves_nothing_behind() -> None:
    warm_up()
    assert trace_formula("a", {"a": 1.0}).node("a").gradients[0] is not None


def test_saved_tensors_of_a_formula() -> None:
    graph = trace_formula("b = a*2\n(b*b).mean()", {"a": [1.0, 2.0]})
    product = next(n for n in graph.nodes if n.expression == "b*b")
    assert {s.name: data(s.value) for s in product.saved} == {"self": [2.0, 4.0], "other": [2.0, 4.0]}
    mean = graph.nodes[-1]
    assert {s.name: s.text for s in mean.saved} == {"self_sym_sizes": "(2,)", "self_sym_numel": "2"}
