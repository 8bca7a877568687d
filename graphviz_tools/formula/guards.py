"""Arguments that a few functions must not get: they end the process, never return, write elsewhere, or only warn.

Each guard gets the call's arguments and answers with a sentence, or "" when there is nothing to say; torch checks
the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import torch

Arguments = tuple[Any, ...]
Keywords = Mapping[str, Any]
Guard = Callable[[Arguments, Keywords], str]

_PIECES = 1_000
_EXPONENT = 64
_POLYGAMMA_ORDER = 8
_DIFFERENCES = 100
_ROWS = 2_000


def _argument(args: Arguments, kwargs: Keywords, position: int, *names: str, default: Any = None) -> Any:
    for name in names:
        if name in kwargs:
            return kwargs[name]
    return args[position] if len(args) > position else default


def _rounding_mode(args: Arguments, kwargs: Keywords) -> str:
    """Smallest integer / -1 with a rounding mode is a processor exception."""
    whole = any(isinstance(arg, torch.Tensor) and not arg.is_floating_point() for arg in (*args, *kwargs.values()))
    return (
        "rounding_mode needs decimal numbers; for whole numbers write //" if "rounding_mode" in kwargs and whole else ""
    )


def _exponent(args: Arguments, kwargs: Keywords) -> str:
    n = _argument(args, kwargs, 1, "n", default=0)
    return (
        "" if type(n) is int and abs(n) <= _EXPONENT else f"The exponent must lie between -{_EXPONENT} and {_EXPONENT}."
    )


def _pieces(args: Arguments, kwargs: Keywords) -> str:
    """A million empty pieces take 15 s and more than 1 GB."""
    pieces = _argument(args, kwargs, 1, "chunks", "sections", "indices_or_sections", default=1)
    return f"At most {_PIECES} pieces are allowed." if isinstance(pieces, int) and pieces > _PIECES else ""


def _split(args: Arguments, kwargs: Keywords) -> str:
    size = _argument(args, kwargs, 1, "split_size", "split_size_or_sections", default=1)
    length = _length(args, _argument(args, kwargs, 2, "dim", default=0))
    return f"At most {_PIECES} pieces are allowed." if isinstance(size, int) and length > size * _PIECES > 0 else ""


def _unbind(args: Arguments, kwargs: Keywords) -> str:
    too_many = _length(args, _argument(args, kwargs, 1, "dim", default=0)) > _ROWS
    return f"At most {_ROWS} slices are allowed." if too_many else ""


def _length(args: Arguments, dim: Any) -> int:
    tensor = args[0] if args else None
    inside = isinstance(tensor, torch.Tensor) and type(dim) is int and -tensor.dim() <= dim < tensor.dim()
    return tensor.shape[dim] if inside and tensor is not None else 0


def _order(args: Arguments, kwargs: Keywords) -> str:
    n = _argument(args, kwargs, 0, "n", default=0)
    fine = type(n) is int and 0 <= n <= _POLYGAMMA_ORDER
    return "" if fine else f"The order must be a whole number from 0 to {_POLYGAMMA_ORDER}."


def _differences(args: Arguments, kwargs: Keywords) -> str:
    n = _argument(args, kwargs, 1, "n", default=1)
    return (
        f"At most {_DIFFERENCES} differences in a row are allowed." if isinstance(n, int) and n > _DIFFERENCES else ""
    )


def _running_statistics(args: Arguments, kwargs: Keywords) -> str:
    given = [*args[1:3], kwargs.get("running_mean"), kwargs.get("running_var")]
    return (
        "Running statistics would be changed by the call: write None for both."
        if any(v is not None for v in given)
        else ""
    )


def _attention_dropout(args: Arguments, kwargs: Keywords) -> str:
    p = _argument(args, kwargs, 4, "dropout_p", default=0)
    return "dropout_p is not available here: apply dropout to the result." if p else ""


def _conversion(args: Arguments, kwargs: Keywords) -> str:
    targets = (*args[1:], *kwargs.values())
    fine = all(isinstance(target, torch.dtype | torch.Tensor | bool) or target == "cpu" for target in targets)
    return "" if fine else "Only a dtype such as torch.float64 can be given: everything runs on the CPU."


def _needs_dim(position: int) -> Guard:
    def guard(args: Arguments, kwargs: Keywords) -> str:
        return (
            "" if _argument(args, kwargs, position, "dim") is not None else "Say along which dimension: dim=0 or dim=-1"
        )

    return guard


def _needs(name: str, example: str) -> Guard:
    def guard(_args: Arguments, kwargs: Keywords) -> str:
        return "" if name in kwargs else f"Write {example}"

    return guard


def _divergence(_args: Arguments, kwargs: Keywords) -> str:
    """torch's default divides by the number of elements, which is not the divergence, and warns about it."""
    fine = kwargs.get("reduction") in ("batchmean", "sum", "none")
    return "" if fine else 'Write reduction="batchmean" (or "sum"): the default mean is not the divergence.'


def _square(args: Arguments, _kwargs: Keywords) -> str:
    tensor = args[0] if args else None
    return f"At most {_ROWS} rows are allowed." if isinstance(tensor, torch.Tensor) and _length(args, 0) > _ROWS else ""


GUARDS: Mapping[str, Guard] = MappingProxyType(
    {
        **dict.fromkeys(("div", "divide", "true_divide", "div_"), _rounding_mode),
        **dict.fromkeys(("chunk", "tensor_split", "hsplit", "vsplit"), _pieces),
        **dict.fromkeys(("cov", "corrcoef"), _square),
        **dict.fromkeys(("batch_norm", "instance_norm"), _running_statistics),
        **dict.fromkeys(("to", "type_as"), _conversion),
        "split": _split,
        "unbind": _unbind,
        "matrix_power": _exponent,
        "polygamma": _order,
        "diff": _differences,
        "scaled_dot_product_attention": _attention_dropout,
        "softmin": _needs_dim(1),
        "cross": _needs_dim(2),
        "meshgrid": _needs("indexing", 'meshgrid(x, y, indexing="ij")'),
        "kl_div": _divergence,
    }
)
