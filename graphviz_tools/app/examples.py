"""The presets as data: the sections of the course notebook in their order, then one classic trap or pattern each."""

from __future__ import annotations

from dataclasses import dataclass

DTYPES = ("float32", "float64", "int64")


@dataclass(frozen=True, slots=True)
class InputText:
    """One input as it is typed: its name, its text, its dtype and whether it requires grad."""

    name: str
    text: str
    dtype: str = "float32"
    grad: bool = True


@dataclass(frozen=True, slots=True)
class Example:
    """A preset. `key` stands in addresses and in the message table (`example.<key>`, `try.<key>`): never change it."""

    key: str
    formula: str
    inputs: tuple[InputText, ...]
    select: str = ""
    """Name of the node that the inspector shows while nothing has been clicked."""
    section: int | None = None
    """Its section in the course notebook."""


EXAMPLES: tuple[Example, ...] = (
    Example(
        "requires-grad",
        "y = x * k\nz = y.sum()",
        (InputText("x", "[1, 2, 3]"), InputText("k", "[10, 20, 30]", grad=False)),
        select="x",
        section=1,
    ),
    Example(
        "mean",
        "y = x + 2\nz = y * 3\nout = z.mean()",
        (InputText("x", "ones(2, 3)"),),
        select="x",
        section=2,
    ),
    Example("double", "b = a * 2", (InputText("a", "[1, 2, 3]"),), select="a", section=3),
    Example(
        "calc",
        "b = a*2 + 1\nc = b*b\nd = c/(c + 2)\ne = d.mean()",
        (InputText("a", "[1, 2, 3]"),),
        select="c",
        section=4,
    ),
    Example("fork", "b = a * 3\nc = a ** 2\nd = b + c", (InputText("a", "2"),), select="a"),
    Example("relu", "b = relu(a)\nc = b.sum()", (InputText("a", "[-1, 0, 2]"),), select="a"),
    Example("log0", "b = log(a)\nc = a * b\nd = c.sum()", (InputText("a", "[0, 1, 2]"),), select="b"),
    Example(
        "matmul",
        "C = A @ B\ns = C.sum()",
        (InputText("A", "[[1, 2, 3], [4, 5, 6]]"), InputText("B", "[[1, 0], [0, 1], [1, 1]]")),
        select="A",
    ),
    Example(
        "softmax",
        "e = exp(z)\np = e / e.sum()\nloss = -(y * log(p)).sum()",
        (InputText("z", "[2, 1, -1]"), InputText("y", "[1, 0, 0]", grad=False)),
        select="z",
    ),
    Example(
        "mlp",
        "h = tanh(x @ W1 + b1)\nout = h @ W2 + b2\nloss = ((out - y) ** 2).mean()",
        (
            InputText("x", "[[0, 1], [1, 0], [1, 1]]", grad=False),
            InputText("W1", "randn(2, 4, seed=1)"),
            InputText("b1", "zeros(4)"),
            InputText("W2", "randn(4, 1, seed=2)"),
            InputText("b2", "zeros(1)"),
            InputText("y", "[[1], [1], [0]]", grad=False),
        ),
        select="h",
    ),
)

DEFAULT = "calc"
BY_KEY = {example.key: example for example in EXAMPLES}
