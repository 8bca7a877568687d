"""What a value of the language is called in a sentence."""

from __future__ import annotations

from typing import Any

import torch

from graphviz_tools.formatting import format_shape

_TYPES = {
    "Tensor": "a tensor",
    "int": "a whole number",
    "float": "a number",
    "bool": "True or False",
    "str": "text",
    "NoneType": "None",
    "list": "a list",
    "tuple": "a tuple",
    "Size": "a shape",
    "complex": "a complex number",
    "dtype": "a dtype",
    "range": "a range",
}


def kind_of(value: Any) -> str:
    """What a value is, for a sentence: "a tensor", "a whole number", "text", ..."""
    return _TYPES.get(type(value).__name__, "a tensor" if isinstance(value, torch.Tensor) else type(value).__name__)


def capital(sentence: str) -> str:
    """A sentence's first letter in upper case, unless it starts with a name or an expression of the user's."""
    phrases = ("the ", "this ", "its ", *_TYPES.values())
    return sentence[:1].upper() + sentence[1:] if sentence.startswith(phrases) else sentence


def shape_of(tensor: torch.Tensor) -> str:
    """`has shape [2, 3]` or `is a single number`."""
    return f"has shape {format_shape(tuple(tensor.shape))}" if tensor.dim() else "is a single number"
