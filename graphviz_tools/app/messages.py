"""Every sentence of the page in one table, so that a second language is a second table.

`say("key", name=...)` fills the places in braces. Keys are grouped by the panel that shows them.
"""

from __future__ import annotations

ENGLISH: dict[str, str] = {
    "page.title": "graphviz_tools",
    "page.about": "See and check PyTorch's autograd graph: the value and the gradient on every node.",
    "page.no_graph": "Here will be the graph, as soon as the formula in the sidebar can be run.",
    "page.unexpected": "Something went wrong here that should not have. Your text is safe; change it and try again.",
    "formula.label": "Formula",
    "formula.help": "One assignment a line; the last name or expression is the output. Ctrl+Enter runs it.",
    "formula.empty": "The formula is empty.",
    "formula.empty_hint": "Type one, such as b = a * 2, or choose an example.",
    "formula.place": "Line {line}, column {column}:",
    "formula.place_line": "Line {line}:",
    "formula.place_input": "Input {name}:",
    "formula.place_input_column": "Input {name}, column {column}:",
    "formula.offer": "Add {name} as an input",
    "formula.reset": "Back to the example",
    "inputs.title": "Inputs",
    "inputs.text": "Value of {name}",
    "inputs.text_help": "A number, nested lists, or ones(2, 3), zeros, randn(2, 3, seed=0), linspace, arange, eye.",
    "inputs.grad": "grad",
    "inputs.more_help": "dtype, rename or remove {name}",
    "inputs.dtype": "dtype",
    "inputs.rename": "Rename",
    "inputs.remove": "Remove {name}",
    "inputs.add": "Add input",
    "inputs.none": "This formula has no inputs yet.",
    "inputs.unused": "{name} is not used by the formula.",
    "inputs.bad_name": "{name} cannot be the name of an input here.",
    "inputs.bad_name_hint": "Use letters, digits and _, begin with a letter, and take a name that is still free.",
    "inputs.integer": "{name} holds integers, and integers have no gradient.",
    "inputs.integer_hint": "Switch grad off for {name}, or make it float32.",
    "example.label": "Examples",
    "example.requires-grad": "requires_grad",
    "example.mean": "mean",
    "example.double": "b = a·2",
    "example.calc": "calc",
    "example.fork": "fork",
    "example.relu": "ReLU kink",
    "example.log0": "log 0",
    "example.matmul": "matmul",
    "example.softmax": "softmax",
    "example.mlp": "MLP",
    "try.title": "Try this",
    "try.requires-grad": (
        "1. **k** has a dashed border: nobody asked for its gradient.\n"
        "2. Switch **grad** on for **k**. Which numbers appear?\n"
        "3. Switch **grad** off for both. What does the page say?"
    ),
    "try.mean": (
        "1. Every element of **x** gets the same gradient. Where does the ½ come from?\n"
        "2. Change `ones(2, 3)` to `ones(4, 3)`: what happens to it?\n"
        "3. Change `mean` to `sum`."
    ),
    "try.double": (
        "1. **b** is no scalar, so backward needs a cotangent to start from: ones.\n"
        "2. Append `.sum()` with the button: is the gradient of **a** the same?\n"
        "3. Append `.mean()` instead. Why is it divided by 3?"
    ),
    "try.calc": (
        "1. Click **c**. Two orange tags leave it: add them.\n"
        "2. Drag δ left until the error grows again.\n"
        "3. Change `[1, 2, 3]` to `[1]`: the gradient triples. Why?"
    ),
    "try.fork": (
        "1. **a** is used twice, so two gradients come back and add up.\n"
        "2. At which value of **a** do the two cancel?\n"
        "3. Change `b + c` to `b * c`, and check by hand."
    ),
    "try.relu": (
        "1. At 0 the slope is 0 on the left and 1 on the right. Which one does PyTorch take?\n"
        "2. Look at the gradient check of `a[1]`: forward says about 1, autograd 0.\n"
        "3. Choose central. What is in the middle?"
    ),
    "try.log0": (
        "1. Find the first bad node: the graph marks where −inf is born.\n"
        "2. 0 · −inf is nan, and one nan spoils the whole sum.\n"
        "3. Change 0 to `1e-6`. Then take 0 and `c = xlogy(a, a)`: is the gradient as good as the value?"
    ),
    "try.matmul": (
        "1. The gradient of **A** repeats the row sums of **B**. Why?\n"
        "2. Change `s = C.sum()` to `s = (C * C).sum()`.\n"
        "3. Take one row of **B** away and read the error."
    ),
    "try.softmax": (
        "1. The gradient of **z** is **p** − **y**. Check it.\n"
        "2. Move the 1 in **y**: which signs change?\n"
        "3. Make the first number of **z** 100. What breaks, and why does `logsumexp` not?"
    ),
    "try.mlp": (
        "1. Click **W1**: its gradient came all the way back from **loss**.\n"
        "2. Choose **W1** in the gradient check.\n"
        "3. Change `tanh` to `relu`: a gradient of **W1** is exactly 0 now. Why?"
    ),
    "try.source": "Section {section} of the course notebook",
    "style.label": "Style",
    "style.auto": "Auto",
    "style.cards": "Cards",
    "style.compact": "Compact",
    "style.circuit": "Circuit",
    "export.label": "Export",
    "export.svg": "SVG",
    "export.png": "PNG",
    "export.png2": "PNG, double size",
    "export.pdf": "PDF",
    "export.dot": "DOT, the text for Graphviz",
    "export.json": "JSON, all the numbers",
    "export.csv": "CSV of the gradients",
    "graph.graph": "Autograd graph",
    "graph.keys": (
        "Arrow keys walk along the edges, Enter selects, Escape clears the selection, "
        "plus and minus zoom, 0 shows the actual size, F fits the graph."
    ),
    "graph.stale": "The last graph that worked",
    "graph.broken": "This picture cannot be shown.",
    "graph.zoom_in": "Zoom in",
    "graph.zoom_out": "Zoom out",
    "graph.reset": "Actual size",
    "graph.fit": "Fit",
    "legend.value": "value",
    "legend.value_note": "flows down",
    "legend.grad": "grad",
    "legend.grad_note": "comes back up",
    "legend.tag": "↑",
    "legend.tag_note": "one path's share of a gradient",
    "legend.click": "Click a node or use the arrow keys.",
    "notes.no_backward": "Backward could not run, so there are no gradients: {error}",
    "cotangent.sum": "Append .sum()",
    "cotangent.mean": "Append .mean()",
    "inspector.hint": "Click a node to see its numbers, and how its gradient adds up.",
    "inspector.leaf": "leaf",
    "inspector.constant": "constant, no gradient",
    "inspector.line": "line {line}",
    "inspector.order": "backward step {order}",
    "inspector.view_of": "view of {name}",
    "inspector.version": "version {version}",
    "inspector.output": "output {index}",
    "inspector.choose_output": "Output",
    "inspector.element": "Element",
    "inspector.through": "through {name}",
    "inspector.through_slot": "through {name}, argument {slot}",
    "inspector.others": "{count} more paths",
    "inspector.start": "backward starts here",
    "inspector.paths": "{count} paths leave {name}, so {count} gradients come back and add up.",
    "inspector.one_path": "One path leaves {name}: its gradient is what comes back along it.",
    "inspector.root": "Backward starts at {name}.",
    "inspector.undefined": "No gradient reaches this output: it is undefined, which is not zero.",
    "inspector.not_kept": "No gradient is kept here: nothing above it requires grad.",
    "inspector.value": "value",
    "inspector.grad": "grad",
    "inspector.index": "element",
    "inspector.large": "{count} elements: too many to list, so this is a summary.",
    "inspector.pooled": "{name}, means over blocks",
    "inspector.statistic": "statistic",
    "inspector.minimum": "min",
    "inspector.mean": "mean",
    "inspector.maximum": "max",
    "inspector.norm": "L2 norm",
    "inspector.nan": "nan",
    "inspector.inf": "inf",
    "inspector.empty": "This tensor has no elements.",
    "inspector.saved": "Saved for backward",
    "inspector.saved_name": "saved",
    "inspector.saved_freed": "freed",
    "inspector.saved_overwritten": "overwritten since",
    "inspector.saved_packed": "packed by a hook",
    "check.title": "Gradient check at",
    "check.input": "Input",
    "check.method": "Method",
    "check.forward": "Forward",
    "check.central": "Central",
    "check.evaluation": "Evaluated in",
    "check.element": "",
    "check.autograd": "autograd",
    "check.numeric": "numeric, δ = {delta}",
    "check.difference": "diff",
    "check.best": "Best δ here: {delta}, where the largest difference is {error}.",
    "check.best_none": "No δ comes near: a gradient here is nan or infinite.",
    "check.empty": "{name} has no elements, so there is nothing to check.",
    "chart.slider": "log₁₀ δ",
    "chart.about": "Numeric gradients beside autograd's, and their difference for every step size δ.",
    "chart.autograd": "autograd",
    "chart.numeric": "numeric",
    "chart.difference": "difference",
    "chart.delta_is": "δ = {delta}",
    "chart.worst_is": "largest error {error}",
    "chart.best_is": "best δ {delta}",
    "chart.errors": "error |numeric − autograd|",
    "chart.delta": "step size δ",
    "chart.zero": "exactly 0",
    "chart.lost": "difference rounded to 0",
    "chart.bad": "nan",
    "chart.hidden": "{shown} of {count} elements",
    "check.nothing": "No input with a gradient reaches the output, so there is nothing to check.",
}


def say(key: str, **values: object) -> str:
    """The sentence `key` with its places filled.

    Raises:
        KeyError: the table has no such sentence, or a place stays empty.
    """
    return ENGLISH[key].format(**values)


def group(name: str) -> dict[str, str]:
    """The sentences of one group, with their places unfilled: what a chart or a component fills by itself."""
    return {key.removeprefix(f"{name}."): text for key, text in ENGLISH.items() if key.startswith(f"{name}.")}
