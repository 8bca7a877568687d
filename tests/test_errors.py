from __future__ import annotations

from graphviz_tools import errors


def test_errors_carry_their_data_and_read_as_sentences():
    error = errors.UnknownNameError(
        "meen", "There is no function meen.", suggestion="mean", hint="Did you mean mean?", line=2, column=5
    )
    assert (error.name, error.suggestion, error.line, error.column) == ("meen", "mean", 2, 5)
    assert str(error) == "Line 2, column 5: There is no function meen. Did you mean mean?"
    assert str(errors.FormulaError("The formula is empty.")) == "The formula is empty."
    assert (
        str(errors.InputError("This is not a number.", name="a", hint="Try 1.5."))
        == "Input a: This is not a number. Try 1.5."
    )


def test_one_tree():
    tree = [v for v in vars(errors).values() if isinstance(v, type) and issubclass(v, Exception)]
    assert len(tree) > 8
    assert all(issubclass(error, errors.GraphvizToolsError) for error in tree)
