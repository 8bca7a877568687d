"""What torch refuses, one rule each: a pattern of torch's own text, and the sentence that a student reads."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch

from graphviz_tools.formula.values import capital, kind_of, shape_of


class Failure(NamedTuple):
    """An operation that torch refused: the user's name for it, its tensor operands by their text, its arguments."""

    name: str
    operands: tuple[tuple[str, torch.Tensor], ...]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]


Sentence = tuple[str, str]
Rule = Callable[[Failure, re.Match[str]], Sentence]


def shapes_of(failure: Failure) -> str:
    """`a has shape [2, 3] and b has shape [4]`."""
    ordinals = ("the first operand", "the second operand", "the third operand")
    parts = []
    for position, (text, tensor) in enumerate(failure.operands[:3]):
        parts.append(f"{text or ordinals[position]} {shape_of(tensor)}")
    sentence = " and ".join(parts) if len(parts) < 3 else f"{', '.join(parts[:-1])} and {parts[-1]}"
    return capital(sentence)


def _first(failure: Failure) -> tuple[str, torch.Tensor]:
    text, tensor = failure.operands[0] if failure.operands else ("", torch.zeros(()))
    return text or "the tensor", tensor


def _no_broadcast(failure: Failure, _found: re.Match[str]) -> Sentence:
    hint = "Sizes are compared from the right: they must be equal, or one of them 1."
    if len(failure.operands) == 2:
        (_, left), (_, right) = failure.operands
        if left.dim() == right.dim() == 1:
            hint = f"Both must have the same length: {left.shape[0]} is not {right.shape[0]}."
    return f"{shapes_of(failure)}: their sizes do not match for {failure.name}.", hint


def _no_product(failure: Failure, _found: re.Match[str]) -> Sentence:
    hint = "The columns of the first must equal the rows of the second."
    if len(failure.operands) >= 2:
        (left_text, left), (right_text, right) = failure.operands[-2:]
        if left.dim() == 0 or right.dim() == 0:
            return (
                f"{shapes_of(failure)}: {failure.name} needs vectors or matrices.",
                "Write * to multiply with a number.",
            )
        if left.dim() and right.dim() > 1:
            hint = (
                f"The last size of the first ({left.shape[-1]}) must equal the rows of the second ({right.shape[-2]})."
            )
            if left.shape[-1] == right.shape[-1] and left_text and right_text.isidentifier():
                hint = f"Write {left_text} @ {right_text}.T"
    return f"{shapes_of(failure)}: they do not fit for {failure.name}.", hint


def _no_dimension(failure: Failure, found: re.Match[str]) -> Sentence:
    text, tensor = _first(failure)
    if tensor.dim() == 0:
        return f"{capital(text)} is a single number: it has no dimensions.", "Leave dim out."
    count = f"{tensor.dim()} dimension{'s' if tensor.dim() > 1 else ''}"
    given = re.search(r"but got (-?\d+)", found.string)
    missing = f": there is no dimension {given[1]}" if given else ""
    return (
        f"{capital(text)} has {count}{missing}.",
        f"Dimensions are numbered from 0 to {tensor.dim() - 1}; -1 is the last.",
    )


def _out_of_bounds(failure: Failure, found: re.Match[str]) -> Sentence:
    text, _ = _first(failure)
    index, dimension, size = (int(number) for number in found.groups())
    allowed = f"It has {size} elements there: 0 to {size - 1}, or -{size} to -1." if size else "It is empty there."
    return f"{capital(text)} has no element {index} in dimension {dimension}.", allowed


def _select(failure: Failure, found: re.Match[str]) -> Sentence:
    text, tensor = _first(failure)
    return (
        f"{capital(text)} {shape_of(tensor)}: position {found[1]} does not exist.",
        "Positions start at 0; -1 is the last.",
    )


def _too_many_indices(failure: Failure, _found: re.Match[str]) -> Sentence:
    text, tensor = _first(failure)
    return (
        f"{capital(text)} {shape_of(tensor)}: there are more indices than dimensions.",
        "Use one index for each dimension.",
    )


def _wrong_size(failure: Failure, found: re.Match[str]) -> Sentence:
    text, tensor = _first(failure)
    return f"{capital(text)} has {tensor.numel()} elements: they do not fill shape {found[1]}.", "One size can be -1."


def _needs_reshape(failure: Failure, _found: re.Match[str]) -> Sentence:
    return f"{capital(_first(failure)[0])} is not in row-major order, so view cannot reshape it.", "Write .reshape(...)"


def _unequal(failure: Failure, _found: re.Match[str]) -> Sentence:
    return f"{shapes_of(failure)}: {failure.name} needs equal sizes in all other dimensions.", "Check the shapes."


def _input_in_place(failure: Failure, _found: re.Match[str]) -> Sentence:
    text = _first(failure)[0]
    name = text if text.isidentifier() else "x"
    return (
        f"{capital(text)} requires grad and was made by no operation: it cannot be changed in place.",
        f"Write y = {name}.clone() first and change y.",
    )


def _does_not_fit(failure: Failure, _found: re.Match[str]) -> Sentence:
    return (
        f"{shapes_of(failure)}: the result does not fit into the tensor that is changed in place.",
        "Write b = b + a instead.",
    )


def _dtypes(failure: Failure, _found: re.Match[str]) -> Sentence:
    known = [f"{text or 'an operand'} is {str(t.dtype)[6:]}" for text, t in failure.operands[:3]]
    return (
        f"{failure.name} needs one dtype for all: {', '.join(known)}.",
        "Convert one of them, for example with x.to(y.dtype).",
    )


def _needs_decimals(failure: Failure, _found: re.Match[str]) -> Sentence:
    whole = next(((x, t) for x, t in failure.operands if not t.is_floating_point()), _first(failure))
    return (
        f"{failure.name} needs decimal numbers, and {whole[0] or 'its operand'} holds {str(whole[1].dtype)[6:]}.",
        "Write .float() after it.",
    )


def _needs_bits(failure: Failure, _found: re.Match[str]) -> Sentence:
    hint = "Write ** for a power." if failure.name == "^" else "Put comparisons in brackets: (a > 1) & (a < 3)"
    return f"{failure.name} works on True/False and whole numbers, not on decimal numbers.", hint


def _missing_argument(failure: Failure, found: re.Match[str]) -> Sentence:
    return f"{failure.name} needs one more argument: {found[1]}.", ""


def _unknown_argument(failure: Failure, found: re.Match[str]) -> Sentence:
    return f"{failure.name} has no argument {found[1]}=.", "Leave it out."


def _wrong_arguments(failure: Failure, _found: re.Match[str]) -> Sentence:
    args = failure.args[1:] if failure.name.startswith(".") else failure.args
    given = ", ".join([*map(kind_of, args), *(f"{k}={kind_of(v)}" for k, v in failure.kwargs.items())])
    return f"{failure.name} does not take these arguments: {given or 'none'}.", ""


def _target_class(failure: Failure, found: re.Match[str]) -> Sentence:
    return (
        f"The target class {found[1]} does not exist.",
        "Classes are numbered from 0 to the number of columns minus 1.",
    )


def _said(message: str, hint: str = "") -> Rule:
    return lambda failure, _found: (message.format(name=failure.name, shapes=shapes_of(failure)), hint)


_NO_PRODUCT = (
    r"mat1 and mat2 shapes|inconsistent tensor size|both arguments to matmul|size mismatch, got|vector \+ matrix"
    r"|batch1|batch2|self must be a matrix|must be a matrix|must be a vector|1D tensors expected|mat2 must be"
    r"|unsupported operand type\(s\) for @"
)
_NO_BROADCAST = (
    r"must match the size of tensor|not broadcastable|must match the existing size|shape mismatch|incompatible shapes"
    r"|cannot be broadcast|Attempting to broadcast"
)
_NEEDS_BITS = (
    r"bitwise\w* .*not implemented|bitwise.*only supported|bitwise_(?:not|and|or|xor)_cpu|only implemented on integer"
)
_NEEDS_DECIMALS = (
    r"could not infer output dtype|only Tensors of floating point|must be a floating point|floating point or complex"
    r"|not implemented for '(?:Long|Int|Bool|Short|Byte|Char)|can only calculate the mean|result type .* integral"
    r"|expected a floating|should be floating"
)
_DTYPES = r"(?:have|should have) (?:the )?same dtype|expected scalar type|expected .* type .* but got|but found \w+$"
_WRONG_ARGUMENTS = (
    r"received an invalid combination|must be (?:Tensor|tuple|int|float|bool|a number|Number|real)|argument '\w+'"
    r"|argument \w+ must|takes (?:from )?\d+ .*positional arguments?|positional arguments? but|multiple values for"
)
_MISSING_ARGUMENT = (
    r"missing \d+ required (?:positional|keyword-only) arguments?: '(\w+)'",
    r"missing required argument '(\w+)'",
    r"missing \d+ required positional arguments?: \"?(\w+)",
)
_ONE_ELEMENT = r"only one element tensors can be converted|a Tensor with \d+ elements cannot be converted"

RULES: tuple[tuple[str, Rule], ...] = (
    (r"leaf Variable that requires grad", _input_in_place),
    (r"doesn't match the broadcast shape|can't be cast to the desired output", _does_not_fit),
    (_NO_PRODUCT, _no_product),
    (_NO_BROADCAST, _no_broadcast),
    (r"index (-?\d+) is out of bounds for dimension (\d+) with size (\d+)", _out_of_bounds),
    (r"select\(\): index (-?\d+) out of range", _select),
    (r"step must be greater", _said("A tensor cannot be sliced backwards.", "Write flip(x, (0,))")),
    (r"index out of range in self", _said("{shapes}: an index does not exist there.", "Positions start at 0.")),
    (r"Dimension out of range|no dimension|has no dim", _no_dimension),
    (r"too many indices|invalid index of a 0-dim", _too_many_indices),
    (r"shape '(\[.*?\])' is invalid for input of size", _wrong_size),
    (r"view size is not compatible", _needs_reshape),
    (r"Sizes of tensors must match|stack expects each tensor", _unequal),
    (
        r"zero-dimensional tensor.*cannot be concat",
        _said("{name} needs tensors with a dimension.", "Write stack([...])"),
    ),
    (r"Target (-?\d+) is out of bounds", _target_class),
    (_NEEDS_BITS, _needs_bits),
    (_NEEDS_DECIMALS, _needs_decimals),
    (_DTYPES, _dtypes),
    (r"must be batches of square matrices|square", _said("{shapes}: {name} needs a square matrix.")),
    (r"singular|diagonal element \d+ is zero", _said("{name}: this matrix is singular.", "Its determinant is 0.")),
    (r"positive.definite", _said("{name} needs a positive definite matrix.", "For example A @ A.T + eye(n)")),
    (r"failed to converge", _said("{name} found no answer for this matrix.", "Check it for nan and inf.")),
    (r"Integers to negative integer", _said("A whole number has no negative power.", "Write 2.0 instead of 2.")),
    (r"ZeroDivisionError|division by zero", _said("Whole numbers cannot be divided by 0.", "Write decimals.")),
    (r"Subtraction, the `-` operator, with", _said("Minus is not defined for True/False.", "Write .float() first.")),
    *((pattern, _missing_argument) for pattern in _MISSING_ARGUMENT),
    (r"unexpected keyword argument '(\w+)'", _unknown_argument),
    (
        r"not differentiable with respect|derivative .* not implemented",
        _said("{name} has no derivative for one of its operands.", "Write .detach()"),
    ),
    (_WRONG_ARGUMENTS, _wrong_arguments),
    (_ONE_ELEMENT, _said("{shapes}: a single number is needed here.", "Use .sum(), .mean() or an index.")),
    (r"vmap", _said("{name} depends on the data here and cannot run on a batch.")),
)
