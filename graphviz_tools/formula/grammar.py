"""The allow-list over Python's syntax tree: what is part of the language, and why the rest is not."""

from __future__ import annotations

import ast

from graphviz_tools.errors import FormulaError, FormulaSyntaxError, LimitError
from graphviz_tools.formula.constructs import CHECKS, Place
from graphviz_tools.formula.limits import Limits
from graphviz_tools.formula.text import locate

_ALLOWED = frozenset(
    {
        *(ast.Module, ast.Assign, ast.AugAssign, ast.Expr, ast.Pass, ast.Assert, ast.Import, ast.ImportFrom, ast.alias),
        *(ast.If, ast.For, ast.Break, ast.Continue, ast.With, ast.withitem),
        *(ast.FunctionDef, ast.arguments, ast.arg, ast.Return),
        *(ast.Name, ast.Constant, ast.Tuple, ast.List, ast.ListComp, ast.GeneratorExp, ast.comprehension),
        *(ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp),
        *(ast.Call, ast.keyword, ast.Starred, ast.Attribute, ast.Subscript, ast.Slice),
        *(ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.MatMult),
        *(ast.BitAnd, ast.BitOr, ast.BitXor, ast.Invert, ast.UAdd, ast.USub, ast.Not, ast.And, ast.Or),
        *(ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Is, ast.IsNot, ast.In, ast.NotIn),
    }
)

_REASONS: dict[str, tuple[str, str]] = {
    "While": ("while is not part of the language.", "Write for i in range(n):"),
    "Lambda": ("lambda is not part of the language.", "Write def f(x): return ..."),
    "JoinedStr": ("f-strings are not part of the language.", "Write numbers and names only."),
    "NamedExpr": (":= is not part of the language.", "Give the value its name on a line of its own."),
    "AnnAssign": ("Type annotations are not part of the language.", "Write name = value"),
    "ClassDef": ("Classes are not part of the language.", "Write the calculation itself, line by line."),
    "Dict": ("Dictionaries are not part of the language.", "Give each value a name of its own."),
    "Set": ("Sets are not part of the language.", "Write a list: [a, b]"),
    "DictComp": ("Dictionaries are not part of the language.", "Write a list: [f(x) for x in xs]"),
    "SetComp": ("Sets are not part of the language.", "Write a list: [f(x) for x in xs]"),
    "Delete": ("del is not part of the language.", "Remove the line; names cost nothing."),
    "Global": ("global is not part of the language.", "Return the value from the function."),
    "Nonlocal": ("nonlocal is not part of the language.", "Return the value from the function."),
    "Raise": ("raise is not part of the language.", "Remove the line."),
    "LShift": ("<< is not part of the language.", "Multiply by a power of two."),
    "RShift": (">> is not part of the language.", "Divide by a power of two with //"),
    **dict.fromkeys(("Try", "TryStar"), ("try is not part of the language.", "Write the calculation without it.")),
    **dict.fromkeys(("Yield", "YieldFrom"), ("yield is not part of the language.", "Use return.")),
    **dict.fromkeys(
        ("AsyncFunctionDef", "AsyncFor", "AsyncWith", "Await"), ("async is not part of the language.", "Remove it.")
    ),
    "Match": ("match is not part of the language.", "Write if and elif."),
}


def check_tree(tree: ast.Module, lines: tuple[str, ...], limits: Limits) -> bool:
    """Walk the tree in text order, without recursion, and refuse the first construct that is not in the language.

    Returns whether anything is changed in place: `b += a`, `b[0] = a`, or a method whose name ends with an underscore.

    Raises:
        FormulaSyntaxError: a construct, a keyword argument, a name or a constant that is not part of the language.
        LimitError: too many nodes, too deep, or a number too large.
    """
    stack: list[tuple[ast.AST, ast.AST, int, bool, bool]] = [(tree, tree, 0, False, False)]
    count = 0
    writes = False
    while stack:
        node, parent, depth, in_function, in_loop = stack.pop()
        kind = type(node)
        count += 1
        error: FormulaError | None = None
        if count > limits.nodes:
            error = LimitError(f"The formula has more than {limits.nodes:,} parts.", hint="Shorten it.")
        elif depth > limits.nesting:
            hint = "Give parts of it a name on lines of their own."
            error = LimitError("This expression is nested too deeply.", hint=hint)
        elif kind not in _ALLOWED:
            error = _refused(kind)
        elif kind in CHECKS:
            error = CHECKS[kind](Place(node, parent, depth, in_function, in_loop))
        if error is not None:
            raise locate(error, lines, node if hasattr(node, "lineno") else parent)
        if kind in _WRITERS and not writes:
            writes = _changes_in_place(node)
        if kind is ast.FunctionDef:
            in_function, in_loop = True, False
        elif kind is ast.For:
            in_loop = True
        stack.extend([(child, node, depth + 1, in_function, in_loop) for child in reversed(_children(node))])
    return writes


_WRITERS = frozenset({ast.AugAssign, ast.Subscript, ast.Attribute})


def _changes_in_place(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr.endswith("_")
    return not isinstance(node, ast.Subscript) or isinstance(node.ctx, ast.Store)


def _children(node: ast.AST) -> list[ast.AST]:
    """What `ast.iter_child_nodes` gives, without the contexts, which say nothing about the text."""
    children: list[ast.AST] = []
    for name in node._fields:
        value = getattr(node, name)
        if isinstance(value, list):
            children.extend(item for item in value if isinstance(item, ast.AST))
        elif isinstance(value, ast.AST) and name != "ctx":
            children.append(value)
    return children


def _refused(kind: type[ast.AST]) -> FormulaSyntaxError:
    message, hint = _REASONS.get(kind.__name__, (f"{kind.__name__} is not part of the language.", ""))
    return FormulaSyntaxError(message, hint=hint)
