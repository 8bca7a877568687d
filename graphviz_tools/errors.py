"""Every error that this package raises on purpose. Each carries its data, so that the page can point at the place."""

from __future__ import annotations


class GraphvizToolsError(Exception):
    """Base class. `message` is one sentence a student understands; `hint` says what to try."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()


class FormulaError(GraphvizToolsError):
    """The formula cannot be read or run. `line` counts from 1, `column` from 1; both `None` for the text as a whole."""

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        line: int | None = None,
        column: int | None = None,
        end_column: int | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.line = line
        self.column = column
        self.end_column = end_column

    def __str__(self) -> str:
        place = "" if self.line is None else f"Line {self.line}, column {self.column or 1}: "
        return f"{place}{super().__str__()}"


class FormulaSyntaxError(FormulaError):
    """The text is not a formula: a typing error, or a construct that the language leaves out."""


class UnknownNameError(FormulaError):
    """A name that is no input, no assigned name and no function. `suggestion` is the nearest known name."""

    def __init__(
        self,
        name: str,
        message: str,
        *,
        suggestion: str = "",
        can_be_input: bool = False,
        hint: str = "",
        line: int | None = None,
        column: int | None = None,
        end_column: int | None = None,
    ) -> None:
        super().__init__(message, hint=hint, line=line, column=column, end_column=end_column)
        self.name = name
        self.suggestion = suggestion
        self.can_be_input = can_be_input


class EvaluationError(FormulaError):
    """torch refused an operation: wrong shapes, dtypes or arguments."""


class LimitError(FormulaError):
    """The formula asks for more than its budget: length, nesting, operations, elements or time."""


class InputError(GraphvizToolsError):
    """An input tensor's text cannot be read. `name` is the input's name, `column` counts from 1 in its field."""

    def __init__(self, message: str, *, hint: str = "", name: str = "", column: int | None = None) -> None:
        super().__init__(message, hint=hint)
        self.name = name
        self.column = column

    def __str__(self) -> str:
        place = f"Input {self.name}: " if self.name else ""
        return f"{place}{super().__str__()}"


class TraceError(GraphvizToolsError):
    """There is no graph to show."""


class NoGradientError(TraceError):
    """Nothing requires grad, or the output does not depend on anything that does."""


class RenderError(GraphvizToolsError):
    """Graphviz could not draw the DOT text. `dot` is that text."""

    def __init__(self, message: str, *, hint: str = "", dot: str = "") -> None:
        super().__init__(message, hint=hint)
        self.dot = dot


class RenderTimeoutError(RenderError):
    """The layout took longer than its limit and was stopped."""
