"""What one formula may cost; every number is checked where it is spent, before the work is done."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The budget of one formula; the defaults suit a page that many people share."""

    characters: int = 10_000
    lines: int = 400
    brackets: int = 40
    """Brackets inside brackets."""
    chain: int = 200
    """Operators that could nest in one statement; Python's parser recurses in C and needs this before it sees them."""
    nodes: int = 4_000
    """Nodes of the syntax tree."""
    nesting: int = 64
    """Depth of the syntax tree."""
    steps: int = 200_000
    """Expressions and statements evaluated."""
    operations: int = 3_000
    """Tensor operations."""
    turns: int = 2_000
    """Turns of all loops together, and pieces that one tensor is taken apart into."""
    calls: int = 16
    """User functions inside user functions."""
    items: int = 10_000
    """Items of one list, and numbers written or nested in one argument."""
    elements: int = 4_000_000
    """Elements of one tensor, counted as its shape says: an expanded view stores one number and costs as many."""
    dimensions: int = 12
    memory: int = 512 * 2**20
    """Bytes of all results together (autograd keeps them)."""
    flops: float = 4e9
    """Multiplications and additions of everything that is more than one pass over its operands."""
    argument: int = 10**7
    """Largest whole number in an argument that is a size, a position or a count."""
    seconds: float = 5.0
    """Wall-clock time, checked between operations."""


LIMITS = Limits()
