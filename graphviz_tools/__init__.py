"""See and check PyTorch's autograd graph: values, gradients and contributions on every node, drawn by Graphviz.

The names below are the public interface. They load on first use, so that importing this package costs nothing.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graphviz_tools.capture.trace import trace, trace_formula
    from graphviz_tools.errors import (
        EvaluationError,
        FormulaError,
        FormulaSyntaxError,
        GraphvizToolsError,
        InputError,
        LimitError,
        NoGradientError,
        RenderError,
        RenderTimeoutError,
        TraceError,
        UnknownNameError,
    )
    from graphviz_tools.model import Edge, Graph, GraphOutput, Node, SavedTensor, SourceSpan, TensorValue
    from graphviz_tools.numeric.sweep import Sweep, sweep
    from graphviz_tools.render.drawing import Drawing, draw
    from graphviz_tools.render.render import render

_HOME = {
    "trace": "capture.trace",
    "trace_formula": "capture.trace",
    "draw": "render.drawing",
    "Drawing": "render.drawing",
    "render": "render.render",
    "sweep": "numeric.sweep",
    "Sweep": "numeric.sweep",
    **dict.fromkeys(("Edge", "Graph", "GraphOutput", "Node", "SavedTensor", "SourceSpan", "TensorValue"), "model"),
    **dict.fromkeys(
        (
            "EvaluationError",
            "FormulaError",
            "FormulaSyntaxError",
            "GraphvizToolsError",
            "InputError",
            "LimitError",
            "NoGradientError",
            "RenderError",
            "RenderTimeoutError",
            "TraceError",
            "UnknownNameError",
        ),
        "errors",
    ),
}

__all__ = [
    "Drawing",
    "Edge",
    "EvaluationError",
    "FormulaError",
    "FormulaSyntaxError",
    "Graph",
    "GraphOutput",
    "GraphvizToolsError",
    "InputError",
    "LimitError",
    "NoGradientError",
    "Node",
    "RenderError",
    "RenderTimeoutError",
    "SavedTensor",
    "SourceSpan",
    "Sweep",
    "TensorValue",
    "TraceError",
    "UnknownNameError",
    "draw",
    "render",
    "sweep",
    "trace",
    "trace_formula",
]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'graphviz_tools' has no attribute {name!r}")
    value = getattr(import_module(f"graphviz_tools.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Package(ModuleType):
    def __setattr__(self, name: str, value: object) -> None:
        """Importing the rooms `draw` and `render` must not hide the public functions of these names."""
        if not (name in _HOME and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
