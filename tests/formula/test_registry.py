"""The table of names: complete, described, and nothing in it reaches further than its result."""

from __future__ import annotations

import inspect
import math

import pytest
import torch
import torch.nn.functional

from graphviz_tools.errors import FormulaError
from graphviz_tools.formula import catalogue
from graphviz_tools.formula.evaluate import evaluate
from graphviz_tools.formula.language import parse
from graphviz_tools.formula.registry import (
    BUILTINS,
    FUNCTIONS,
    KEYWORDS,
    METHODS,
    PROPERTIES,
    dotted,
    resolve,
    suggest,
    suggest_function,
)

ENTRIES = {**FUNCTIONS, **{f"x.{name}": entry for name, entry in METHODS.items()}}
HOMES = {
    "torch": torch,
    "F": torch.nn.functional,
    "torch.special": torch.special,
    "torch.linalg": torch.linalg,
    "math": math,
}


def test_there_are_enough_names():
    assert len({name.rpartition(".")[2] for name in FUNCTIONS}) >= 330
    assert len(METHODS) >= 230


def test_every_name_has_one_line_of_help():
    for entry in ENTRIES.values():
        assert 5 < len(entry.help) < 110
        assert "\n" not in entry.help
        assert not entry.help.endswith(".")
    assert all({**PROPERTIES, **BUILTINS}.values())


def test_every_row_of_the_catalogue_exists_in_this_torch():
    for table in catalogue.SECTIONS.values():
        for line in table.strip().splitlines():
            name, where, _ = line.split(None, 2)
            for code, prefix in (("t", "torch."), ("f", "F."), ("s", "torch.special."), ("l", "torch.linalg.")):
                assert (code not in where) or prefix + name in FUNCTIONS, line
            assert ("m" not in where) or name in METHODS, line


def test_every_spelling_is_a_name_that_pytorch_has():
    for path in FUNCTIONS:
        home, _, name = path.rpartition(".")
        assert not home or hasattr(HOMES[home], name), path
    assert all(hasattr(torch.Tensor, name) for name in (*METHODS, *PROPERTIES))


def test_all_spellings_of_a_function_are_one_entry():
    spellings = ["relu", "torch.relu", "F.relu", "torch.nn.functional.relu", "nn.functional.relu"]
    assert len({id(resolve(path)) for path in spellings}) == 1
    assert resolve("math.sqrt") is not resolve("sqrt")
    assert resolve("torch.nn.relu") is None


LEFT_OUT = [
    *("empty", "empty_like", "empty_strided", "new_empty", "as_strided", "set_", "resize_", "put", "put_", "data"),
    *("pdist", "ctc_loss", "eig", "eigvals", "lstsq", "stft", "fft", "histc", "bincount", "nonzero", "from_numpy"),
    *("load", "save", "from_file", "numpy", "compile", "apply_", "map_", "storage", "untyped_storage", "share_memory_"),
    *("manual_seed", "seed", "set_default_dtype", "set_num_threads", "normal_", "uniform_", "bernoulli_", "cuda"),
    *("backward", "register_hook", "retain_grad", "type"),
]


@pytest.mark.parametrize("name", LEFT_OUT)
def test_what_must_stay_out_is_out(name):
    assert not any(path.rpartition(".")[2] == name for path in (*FUNCTIONS, *METHODS, *PROPERTIES))


def test_no_argument_name_is_an_escape():
    dangerous = (
        "out generator layout pin_memory memory_format names inplace max_norm sparse scale_grad_by_freq _stacklevel"
    )
    assert not KEYWORDS & set(dangerous.split())


def test_every_argument_that_can_be_given_by_position_is_an_allowed_name():
    for path, entry in ENTRIES.items():
        try:
            parameters = list(inspect.signature(entry.call).parameters)
        except (TypeError, ValueError):
            continue
        if entry.cost not in ("local", "number") and entry.positional < len(parameters):
            assert set(parameters[: entry.positional]) <= KEYWORDS | {"self"}, path


X, M = torch.tensor([-1.5, -0.2, 0.0, 0.7, 4.0]), torch.randn(3, 4, generator=torch.Generator().manual_seed(0))
BORROWED = {
    "relu": (X,),
    "selu": (X,),
    "celu": (X, 1.5),
    "hardshrink": (X, 0.3),
    "threshold": (X, 0.1, 20.0),
    "sigmoid": (X,),
    "tanh": (X,),
    "prelu": (X, torch.tensor([0.25])),
    "softmax": (M, -1),
    "log_softmax": (M, 0),
    "cosine_similarity": (M, M + 1, 1),
    "pairwise_distance": (M, M + 1, 3.0),
}


@pytest.mark.parametrize(("name", "args"), BORROWED.items(), ids=BORROWED.keys())
def test_where_torchs_version_serves_for_both_it_gives_the_same(name, args):
    assert FUNCTIONS[f"F.{name}"].call is getattr(torch, name)
    torch.testing.assert_close(
        FUNCTIONS[f"F.{name}"].call(*args), getattr(torch.nn.functional, name)(*args), rtol=0, atol=0
    )


def test_f_functions_are_pytorchs_own_or_checked_above():
    for path, entry in FUNCTIONS.items():
        name = path.removeprefix("F.")
        if path.startswith("F.") and entry.cost != "local":
            assert entry.call is getattr(torch.nn.functional, name) or name in BORROWED, path


ARGUMENTS = (
    *("", "x", "m", "0.5", "2, 2", "x, x", "m, m", "i, i", "m, x", "m, 1", "x, 0.5", "x, x, x"),
    *("[x, x]", "c, c", "p, (1, 1)", "p, p", "m, None, None, True"),
)
EXAMPLES = {
    **dict.fromkeys(("masked_fill", "masked_fill_"), "x, x > 1, 0.5"),
    "gather": "m, 0, i[None]",
    **dict.fromkeys(("scatter", "scatter_add", "scatter_", "scatter_add_"), "m*1, 0, i[None], m"),
    **dict.fromkeys(("index_fill", "index_fill_"), "m*1, 0, i, 2.5"),
    **dict.fromkeys(("index_add_", "index_add"), "m*1, 0, i, m"),
    **dict.fromkeys(("transpose", "swapaxes", "swapdims", "movedim", "moveaxis", "select"), "m, 0, 1"),
    **dict.fromkeys(("reshape", "view"), "c, (2, 1, 6)"),
    **dict.fromkeys(("expand", "broadcast_to"), "c, (3, 2, 6)"),
    **dict.fromkeys(("addmv",), "x, m, x"),
    **dict.fromkeys(("bmm",), "m[None], m[None]"),
    **dict.fromkeys(("addbmm",), "m, m[None], m[None]"),
    **dict.fromkeys(("baddbmm",), "m[None], m[None], m[None]"),
    **dict.fromkeys(("batch_norm", "instance_norm"), "p, None, None"),
    **dict.fromkeys(("layer_norm", "rms_norm"), "x, (3,)"),
    "batch_norm": "m, None, None, training=True",
    "polygamma": "1, x",
    "bitwise_not": "i",
    "prelu": "x, x[:1]",
    "take_along_dim": "m, i[None], 1",
    "take": "m, i",
    "soft_margin_loss": "x, i - 1",
    "nll_loss": "m, i",
    "multi_margin_loss": "m, i",
    "glu": "c",
    "permute": "c, (2, 0, 1)",
    "addmm": "m, m, m",
    "index_select": "m, 0, i",
    "local_response_norm": "c, 2",
    "scaled_dot_product_attention": "c, c, c",
    "tensor": "[1., 2.]",
    "repeat": "x, 2",
    "pow_": "x, 2",
    "clamp_": "x, 0, 1",
    "fill_": "x, 2",
    "threshold": "x, 1.0, 0.0",
    "kl_div": "x, x, reduction='sum'",
    "cosine_embedding_loss": "m, m, i - 1",
    "cross": "x, x, dim=0",
    "flip": "m, (0,)",
    "pixel_shuffle": "ones(1, 4, 2, 2), 2",
    "pixel_unshuffle": "p, 2",
    "view_as_real": "torch.complex(x, x)",
    "imag": "torch.complex(x, x)",
    "unflatten": "c, 2, (2, 3)",
    "narrow": "m, 0, 1, 2",
    "meshgrid": "x, x, indexing='ij'",
    "bilinear": "x, x, m[None]",
    "conv3d": "p[None], p[None]",
    "conv_transpose1d": "c, ones(2, 1, 3)",
    "fold": "ones(1, 4, 4), (3, 3), 2",
    "embedding": "i, m",
    "one_hot": "i",
    "solve_triangular": "m, m, upper=True",
    "randperm": "4",
    "bernoulli": "x/9",
    "where": "x, x > 1, x",
    "unfold": "x, 0, 2, 1",
    "item": "x[0]",
    "einsum": "'ij,jk->ik', m, m",
    "tensordot": "m, m, 1",
    "linspace": "0, 1, 5",
    "logspace": "0, 1, 5",
    "eye": "3, 2",
    "full": "(2, 3), 4",
    "new_full": "x, (2, 3), 4",
    "copy_": "x*1, x",
}
UNIQUE = {id(entry): (name, entry) for name, entry in ENTRIES.items()}.values()


@pytest.mark.parametrize(("path", "entry"), UNIQUE, ids=[name for name, _ in UNIQUE])
def test_no_call_changes_its_operands_or_global_state(path, entry):
    tensors = {
        "x": torch.tensor([0.5, 2.0, 3.0], requires_grad=True),
        "m": torch.tensor([[3.0, 0.5, 0.2], [0.5, 2.0, 0.1], [0.2, 0.1, 1.0]], requires_grad=True),
        "i": torch.tensor([0, 2, 1]),
        "c": torch.ones(1, 2, 6, requires_grad=True),
        "p": torch.ones(1, 1, 4, 4, requires_grad=True),
    }
    kept = {name: tensor.detach().clone() for name, tensor in tensors.items()}
    random_state = torch.get_rng_state()
    name = entry.name.rpartition(".")[2]
    worked = 0
    for arguments in dict.fromkeys((*ARGUMENTS, EXAMPLES.get(name, ""))):
        owner, _, rest = arguments.partition(", ")
        owner = f"({owner or 'x'}{'*1' if entry.cost == 'in-place' else ''})"
        source = f"{owner}.{name}({rest})" if path.startswith("x.") else f"{path}({arguments})"
        worked += evaluates(source, tensors)
    assert worked, f"{path} worked with none of the arguments"
    assert torch.equal(torch.get_rng_state(), random_state)
    assert all(torch.equal(tensors[name], kept[name]) and tensors[name]._version == 0 for name in tensors)


def evaluates(source, tensors):
    """True when a call runs, whatever kind of value it gives."""
    try:
        evaluate(parse(source), tensors)
    except FormulaError as error:
        return error.message.startswith("The result ")
    return True


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("sofmax", "softmax"),
        ("Relu", "relu"),
        ("crossentropy", "cross_entropy"),
        ("logsumxep", "logsumexp"),
        ("qqq", ""),
    ],
)
def test_the_nearest_name(typed, meant):
    assert suggest(typed, METHODS | {"cross_entropy": None}) == meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("torch.relu6", "F.relu6"),
        ("F.sin", "torch.sin"),
        ("nn.ReLU", "F.relu"),
        ("nn.CrossEntropyLoss", "F.cross_entropy"),
        ("torch.nn.functional.sofmax", "F.softmax"),
        ("torch.inv", "torch.linalg.inv"),
        ("sgmoid", "sigmoid"),
        ("torch.os.system", ""),
        ("enumrate", "enumerate"),
    ],
)
def test_the_nearest_function(typed, meant):
    assert suggest_function(typed) == meant


def test_dotted_paths_start_at_a_module():
    import ast

    paths = {
        source: dotted(ast.parse(source, mode="eval").body)
        for source in ("torch.nn.functional.relu", "x.sum", "F", "x[0].T")
    }
    assert paths == {"torch.nn.functional.relu": "torch.nn.functional.relu", "x.sum": "", "F": "", "x[0].T": ""}
