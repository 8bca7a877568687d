"""Hand-written graphs for the drawing tests, and a reader of DOT that is independent of what writes it.

Values and gradients are worked out here by hand (the derivatives are written down as formulas), so that no torch is
needed and a drawing can be judged on numbers that are known.
"""

from __future__ import annotations

import cmath
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from graphviz_tools.model import Edge, Graph, GraphOutput, Node, Number, SavedTensor, TensorValue

NASTY = '<&"> ]]> \\N \\" --> <B>&amp;</B> \x00\x1b'

NOTE = "A hook of the user works on this gradient, so its contributions need not add up to it."


def tensor(numbers: Number | Sequence[Number], *shape: int, dtype: str = "float32") -> TensorValue:
    """A tensor with its statistics; a number is a scalar, a sequence a vector unless a shape follows."""
    data = tuple(numbers) if isinstance(numbers, Sequence) else (numbers,)
    sizes = shape or ((len(data),) if isinstance(numbers, Sequence) else ())
    moduli = [abs(v) if isinstance(v, complex) else float(v) for v in data if cmath.isfinite(v)]
    return TensorValue(
        sizes,
        dtype,
        data=data,
        minimum=min(moduli, default=None),
        maximum=max(moduli, default=None),
        mean=sum(moduli) / len(moduli) if moduli else None,
        norm=math.hypot(*moduli) if moduli else None,
        nan_count=sum(cmath.isnan(v) for v in data),
        inf_count=sum(cmath.isinf(v) and not cmath.isnan(v) for v in data),
    )


def node(name: str, op: str, value: TensorValue, grad: TensorValue | None, *, names: str = "", **more: object) -> Node:
    kind = more.pop("kind", "leaf" if op == "AccumulateGrad" else "op")
    given = tuple(names.split()) if names != "-" else ()
    return Node(name, op, kind, names=given or (() if names else (name,)), outputs=(value,), gradients=(grad,), **more)


def leaf(name: str, value: TensorValue, grad: TensorValue | None, **more: object) -> Node:
    return node(name, "AccumulateGrad", value, grad, **more)


def calc() -> Graph:
    """b = a*2 + 1, c = b*b, d = c/(c + 2), e = d.mean() at a = 1, 2, 3."""
    a = (1.0, 2.0, 3.0)
    b = [2 * x + 1 for x in a]
    c = [x * x for x in b]
    d = [x / (x + 2) for x in c]
    gd = [1 / 3] * 3
    direct = [g / (x + 2) for g, x in zip(gd, c, strict=True)]
    through = [-g * x / (x + 2) ** 2 for g, x in zip(gd, c, strict=True)]
    gc = [p + q for p, q in zip(direct, through, strict=True)]
    half = [g * x for g, x in zip(gc, b, strict=True)]
    gb = [2 * h for h in half]
    ga = [2 * g for g in gb]
    return Graph(
        nodes=(
            leaf("a", tensor(a), tensor(ga), backward_order=7),
            node("t0", "MulBackward0", tensor([2 * x for x in a]), tensor(gb), names="-", expression="a * 2"),
            node("b", "AddBackward0", tensor(b), tensor(gb), expression="a * 2 + 1"),
            node("c", "MulBackward0", tensor(c), tensor(gc), expression="b * b"),
            node("t1", "AddBackward0", tensor([x + 2 for x in c]), tensor(through), names="-", expression="c + 2"),
            node("d", "DivBackward0", tensor(d), tensor(gd), expression="c / (c + 2)"),
            node("e", "MeanBackward0", tensor(sum(d) / 3), tensor(1.0), expression="d.mean()"),
        ),
        edges=(
            Edge("a", 0, "t0", 0, tensor(ga)),
            Edge("t0", 0, "b", 0, tensor(gb)),
            Edge("b", 0, "c", 0, tensor(half)),
            Edge("b", 0, "c", 1, tensor(half)),
            Edge("c", 0, "t1", 0, tensor(through)),
            Edge("c", 0, "d", 0, tensor(direct)),
            Edge("t1", 0, "d", 1, tensor(through)),
            Edge("d", 0, "e", 0, tensor(gd)),
        ),
        outputs=(GraphOutput("e", 0, tensor(1.0), "e"),),
        formula="b = a * 2 + 1\nc = b * b\nd = c / (c + 2)\ne = d.mean()",
    )


def matrix() -> Graph:
    """x = ones(2, 3), y = x + 2, z = y * 3, out = z.mean()."""

    def full(value: float) -> TensorValue:
        return tensor([value] * 6, 2, 3)

    return Graph(
        nodes=(
            leaf("x", full(1.0), full(0.5)),
            node("y", "AddBackward0", full(3.0), full(0.5), expression="x + 2"),
            node("z", "MulBackward0", full(9.0), full(1 / 6), expression="y * 3"),
            node("out", "MeanBackward0", tensor(9.0), tensor(1.0), expression="z.mean()"),
        ),
        edges=(
            Edge("x", 0, "y", 0, full(0.5)),
            Edge("y", 0, "z", 0, full(0.5)),
            Edge("z", 0, "out", 0, full(1 / 6)),
        ),
        outputs=(GraphOutput("out", 0, tensor(1.0)),),
    )


def gallery() -> Graph:
    """m = x*k, v = m.view(2, 1), r = relu(v), z = log(r), y = z.sum() at x = 0.5, -1.2 and k = 3: log meets 0."""
    inf = math.inf
    two = (2 / 3, 0.0)
    nodes = (
        leaf("x", tensor((0.5, -1.2)), tensor((2.0, 0.0))),
        node("k", "", tensor((3.0, 3.0)), None, kind="constant"),
        node("m", "MulBackward0", tensor((1.5, -3.6)), tensor(two), expression="x * k"),
        node(
            "v", "ViewBackward0", tensor((1.5, -3.6), 2, 1), tensor(two, 2, 1), kind="view", view_of="m",
            expression="m.view(2, 1)",
        ),
        node(
            "r", "ReluBackward0", tensor((1.5, 0.0), 2, 1), tensor((2 / 3, inf), 2, 1), expression="relu(v)",
            saved=(SavedTensor("result", tensor((1.5, 0.0), 2, 1)), SavedTensor("alpha", text="1.0", state="freed")),
        ),
        node(
            "z", "LogBackward0", tensor((math.log(1.5), -inf), 2, 1), tensor((1.0, 1.0), 2, 1), expression="log(r)"
        ),
        node("y", "SumBackward0", tensor(-inf), tensor(1.0), expression="z.sum()"),
    )  # fmt: skip
    edges = (
        Edge("x", 0, "m", 0, tensor((2.0, 0.0))),
        Edge("k", 0, "m", 1),
        Edge("m", 0, "v", 0, tensor(two)),
        Edge("v", 0, "r", 0, tensor(two, 2, 1)),
        Edge("r", 0, "z", 0, tensor((2 / 3, inf), 2, 1)),
        Edge("z", 0, "y", 0, tensor((1.0, 1.0), 2, 1)),
    )
    return Graph(nodes, edges, (GraphOutput("y", 0, tensor(1.0)),))


def unbind() -> Graph:
    """p, q, s = x.unbind(); w = p * q, written in place once; s is not used, so that its gradient is undefined."""
    x, p, q, s = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0), (1.0, 2.0), (3.0, 4.0), (5.0, 6.0)
    rows = Node(
        "p", "UnbindBackward0", "op", names=("p", "q", "s"), expression="x.unbind()",
        outputs=(tensor(p), tensor(q), tensor(s)), gradients=(tensor(q), tensor(p), None), output_names=("p", "q", "s"),
    )  # fmt: skip
    product = tensor((3.0, 8.0))
    return Graph(
        nodes=(
            leaf("x", tensor(x, 3, 2), tensor((3.0, 4.0, 1.0, 2.0, 0.0, 0.0), 3, 2)),
            rows,
            node("w", "MulBackward0", product, tensor((1.0, 1.0)), kind="in-place", version=1, expression="p *= q"),
            node("y", "SumBackward0", tensor(11.0), tensor(1.0), expression="w.sum()"),
        ),
        edges=(
            Edge("x", 0, "p", 0, tensor((3.0, 4.0, 1.0, 2.0, 0.0, 0.0), 3, 2)),
            Edge("p", 0, "w", 0, tensor(q)),
            Edge("p", 1, "w", 1, tensor(p)),
            Edge("w", 0, "y", 0, tensor((1.0, 1.0))),
        ),
        outputs=(GraphOutput("y", 0, tensor(1.0)),),
    )


def used_output() -> Graph:
    """y = x * 2 is an output (cotangent 1) and feeds z = y * y (cotangent 1) as well, at x = 3."""
    return Graph(
        nodes=(
            leaf("x", tensor(3.0), tensor(26.0)),
            node("y", "MulBackward0", tensor(6.0), tensor(13.0), expression="x * 2"),
            node("z", "MulBackward0", tensor(36.0), tensor(1.0), expression="y * y"),
        ),
        edges=(
            Edge("x", 0, "y", 0, tensor(26.0)),
            Edge("y", 0, "z", 0, tensor(6.0)),
            Edge("y", 0, "z", 1, tensor(6.0)),
        ),
        outputs=(GraphOutput("y", 0, tensor(1.0), "y"), GraphOutput("z", 0, tensor(1.0), "z")),
    )


def heat() -> Graph:
    """Tensors too large to write out: pooled, 3-D, a fork of them, one without numbers, and one with nan inside."""
    wave = [math.sin(1 + i * i / 7) * (1 + i % 5) for i in range(24)]
    slope = [math.cos(i / 3) / 50 for i in range(24)]
    holed = [math.nan if i == 5 else math.inf if i == 17 else v for i, v in enumerate(wave)]
    pooled = tuple(tuple(math.sin(3 * r + c * c / 5) * 0.3 for c in range(12)) for r in range(4))
    weight = TensorValue((64, 128), "float32", pooled=pooled, minimum=-0.31, maximum=0.29, mean=0.0012, norm=15.2)
    nodes = (
        leaf("W", weight, TensorValue((64, 128), "float32", missing="a meta tensor has no numbers")),
        leaf("X", tensor(wave, 2, 3, 4), tensor([2 * v for v in slope], 2, 3, 4)),
        node("s", "AddBackward0", tensor(wave, 2, 3, 4), tensor([2 * v for v in slope], 2, 3, 4), expression="X + W"),
        node("h", "HoleBackward", tensor(holed, 2, 3, 4), tensor(slope, 2, 3, 4), expression="hole(s, s)"),
        node("n", "NormBackward0", tensor([float(i) for i in range(7)]), tensor([0.0] * 7), note=NOTE),
    )  # fmt: skip
    edges = (
        Edge("W", 0, "s", 1),
        Edge("X", 0, "s", 0, tensor([2 * v for v in slope], 2, 3, 4)),
        Edge("s", 0, "h", 0, tensor(slope, 2, 3, 4)),
        Edge("s", 0, "h", 1, tensor(slope, 2, 3, 4)),
        Edge("h", 0, "n", 0, tensor([0.0] * 24, 2, 3, 4)),
    )
    return Graph(nodes, edges, (GraphOutput("n", 0, tensor([0.0] * 7)),))


def imaginary() -> Graph:
    """A custom operation on complex numbers whose backward makes a nan, and a float64 output."""
    x, z = (1 + 2j, -0.5j), (-3 + 4j, -0.25 + 0j)
    return Graph(
        nodes=(
            leaf("x", tensor(x, dtype="complex64"), tensor((2 - 4j, complex(0, math.nan)), dtype="complex64")),
            node("z", "CustomBackward", tensor(z, dtype="complex64"), tensor((1 + 0j, 0j), dtype="complex64")),
            node("y", "SumBackward0", tensor((4.75,), 1, dtype="float64"), tensor((1.0,), 1, dtype="float64")),
        ),
        edges=(
            Edge("x", 0, "z", 0, tensor((1 - 2j, complex(0, math.nan)), dtype="complex64")),
            Edge("x", 0, "z", 1, tensor((1 - 2j, 0j), dtype="complex64")),
            Edge("z", 0, "y", 0, tensor((1 + 0j, 0j), dtype="complex64")),
        ),
        outputs=(GraphOutput("y", 0, tensor((1.0,), 1, dtype="float64")),),
    )


def nasty() -> Graph:
    """Names, expressions, reasons and ids that try to break out of DOT, HTML and XML."""
    long = "n" * 100 + NASTY + "m" * 100
    gone = TensorValue((2,), "<dtype>", missing=f"because {NASTY}")
    nodes = (
        leaf("x:y", gone, tensor((1.0, 2.0)), names="- "),
        Node(
            "a:b:c", NASTY, "op", names=(NASTY, long), expression="\n\n" + long, outputs=(tensor(1.0), gone),
            gradients=(None, None), output_names=("\n", NASTY), note=long, module=NASTY,
            saved=(SavedTensor(NASTY, text=NASTY), SavedTensor("b", gone, state="overwritten")),
        ),
        Node("<i>", "", "view", outputs=(gone,), gradients=(None,), view_of="a:b:c"),
        Node("node", "\\", "op", names=(" ",), expression="\t", outputs=(), gradients=()),
    )  # fmt: skip
    edges = (
        Edge("x:y", 0, "a:b:c", 0, tensor((1.0, 2.0))),
        Edge("a:b:c", 1, "<i>", 0),
        Edge("a:b:c", 1, "node", 0, gone),
    )
    return Graph(nodes, edges, (GraphOutput("node", 0), GraphOutput("<i>", 0)))


def chain(layers: int = 12) -> Graph:
    """A chain of linear layers and relus, in the way modules are traced: no user's names but the parameters'."""
    nodes, edges, last = [], [], ""
    for layer in range(layers):
        size = 10.0 ** (-0.4 * (layers - layer))
        grad = tensor([size, -size])
        nodes.append(leaf(f"{layer}.weight", tensor([1.0, 0.0, 0.0, 1.0], 2, 2), tensor([size] * 4, 2, 2)))
        nodes.append(leaf(f"{layer}.bias", tensor([0.0, 0.0]), grad))
        line = node(f"t{2 * layer}", "AddmmBackward0", tensor([0.5, -0.5]), grad, names="-", module=str(layer))
        nodes += [line, node(f"t{2 * layer + 1}", "ReluBackward0", tensor([0.5, 0.0]), grad, names="-")]
        edges += [
            Edge(f"{layer}.bias", 0, line.id, 0, grad),
            *([Edge(last, 0, line.id, 1, grad)] if last else []),
            Edge(f"{layer}.weight", 0, line.id, 2, tensor([size] * 4, 2, 2)),
            Edge(line.id, 0, f"t{2 * layer + 1}", 0, grad),
        ]
        last = f"t{2 * layer + 1}"
    nodes.append(node("loss", "MeanBackward0", tensor(0.25), tensor(1.0)))
    return Graph(
        tuple(nodes), (*edges, Edge(last, 0, "loss", 0, tensor([0.5, 0.5]))), (GraphOutput("loss", 0, tensor(1.0)),)
    )


def scalars() -> Graph:
    """q = x + y, f = q * z at x = -2, y = 5, z = -4, the example of every course."""
    return Graph(
        nodes=(
            leaf("x", tensor(-2.0), tensor(-4.0)),
            leaf("y", tensor(5.0), tensor(-4.0)),
            leaf("z", tensor(-4.0), tensor(3.0)),
            node("q", "AddBackward0", tensor(3.0), tensor(-4.0), expression="x + y"),
            node("f", "MulBackward0", tensor(-12.0), tensor(1.0), expression="q * z"),
        ),
        edges=(
            Edge("x", 0, "q", 0, tensor(-4.0)),
            Edge("y", 0, "q", 1, tensor(-4.0)),
            Edge("q", 0, "f", 0, tensor(-4.0)),
            Edge("z", 0, "f", 1, tensor(3.0)),
        ),
        outputs=(GraphOutput("f", 0, tensor(1.0)),),
    )


SAMPLES: dict[str, Callable[[], Graph]] = {
    sample.__name__: sample
    for sample in (calc, matrix, gallery, unbind, used_output, heat, imaginary, nasty, chain, scalars)
}


@pytest.fixture(scope="session")
def graphs() -> dict[str, Graph]:
    return {name: sample() for name, sample in SAMPLES.items()}


@pytest.fixture(scope="session")
def make() -> SimpleNamespace:
    """Builders of small records: `make.tensor((1.0, 2.0))`, `make.node("b", "AddBackward0", value, grad)`."""
    return SimpleNamespace(tensor=tensor, node=node, leaf=leaf)


@dataclass
class Dot:
    """What a DOT text holds: attributes of nodes by name, edges as (tail, head, attributes), members of ranks."""

    nodes: dict[str, dict[str, str]] = field(default_factory=dict)
    edges: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    ranks: list[list[str]] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        attributes = [*self.nodes.values(), *(attributes for _, _, attributes in self.edges)]
        return [a["id"] for a in attributes if "id" in a]


def _tokens(text: str) -> Iterator[str]:
    """The tokens of DOT; an HTML-like label is one token, with the angle brackets around it."""
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
        elif text[at] == "<":
            end, depth = at + 1, 1
            while depth:
                depth += {"<": 1, ">": -1}.get(text[end], 0)
                end += 1
            yield text[at:end]
            at = end
        else:
            match = re.compile(r'"(?:\\.|[^"\\])*"|->|[\w.]+|[][{}=;]').match(text, at)
            assert match, f"no DOT: {text[at : at + 40]!r}"
            yield match[0]
            at = match.end()


def _plain(token: str) -> str:
    if not token.startswith('"'):
        return token
    return re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], token[1:-1]).replace("&amp;", "&")


def _attributes(tokens: list[str]) -> dict[str, str]:
    """Read `[a=b c="d"]` off the front of the tokens."""
    attributes: dict[str, str] = {}
    if tokens[0] == "[":
        tokens.pop(0)
        while tokens[0] != "]":
            name, equals, value = (tokens.pop(0) for _ in range(3))
            assert equals == "="
            assert name not in attributes
            assert not value.startswith("<") or name == "label", "only labels are HTML-like"
            attributes[name] = _plain(value)
            if name == "tooltip":  # Graphviz expands escapes in it twice
                attributes[name] = attributes[name].replace("\\\\", "\\")
        tokens.pop(0)
    return attributes


def _read_dot(source: str) -> Dot:
    dot, tokens = Dot(), list(_tokens(source))
    assert [*tokens[:3], tokens[-1]] == ["digraph", "autograd", "{", "}"]
    tokens = tokens[3:]
    while tokens[0] != "}":
        token = tokens.pop(0)
        if token == "{":
            end = tokens.index("}")
            assert tokens[:4] == ["rank", "=", "same", ";"]
            dot.ranks.append([_plain(t) for t in tokens[4:end] if t != ";"])
            tokens = tokens[end + 1 :]
        elif tokens[0] == "->":
            head = _plain(tokens.pop(1))
            tokens.pop(0)
            dot.edges.append((_plain(token), head, _attributes(tokens)))
        else:
            attributes = _attributes(tokens)
            if token not in ("graph", "node", "edge"):
                assert _plain(token) not in dot.nodes, "one statement for each node"
                dot.nodes[_plain(token)] = attributes
    assert {end for edge in dot.edges for end in edge[:2]} <= dot.nodes.keys(), "Graphviz would invent a node"
    return dot


@pytest.fixture(scope="session")
def read_dot() -> Callable[[str], Dot]:
    return _read_dot
