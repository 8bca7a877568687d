"""Which module call an operation belongs to."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook

from graphviz_tools.capture.recorder import ModuleCall, Recorder


@contextmanager
def module_calls(recorder: Recorder) -> Iterator[None]:
    """Keep `recorder.module` at the innermost module call of this thread."""
    thread = threading.get_ident()  # the hooks see the module calls of every thread
    calls: Counter[int] = Counter()
    open_calls: list[ModuleCall | None] = []

    def enter(module: torch.nn.Module, inputs: Any) -> None:
        if threading.get_ident() == thread:
            calls[id(module)] += 1
            open_calls.append(recorder.module)
            recorder.module = module, calls[id(module)]

    def leave(module: torch.nn.Module, inputs: Any, output: Any) -> None:
        if threading.get_ident() == thread and open_calls:
            recorder.module = open_calls.pop()

    handles = register_module_forward_pre_hook(enter), register_module_forward_hook(leave, always_call=True)
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


class ModuleNames:
    """Paths of modules, parameters and buffers: below the traced module, below a user's variable, or by class name."""

    def __init__(
        self,
        root: object = None,
        variables: Iterable[tuple[int, str, torch.nn.Module]] = (),
        called: Iterable[torch.nn.Module] = (),
    ) -> None:
        self._paths: dict[int, str] = {}
        self._tensors: dict[int, list[str]] = {}
        named = [("", root)] if isinstance(root, torch.nn.Module) else []
        by_depth = sorted(variables, key=lambda item: (item[1] == "self", item[0]))
        named += [(name, module) for _, name, module in by_depth]
        for name, module in (*named, *((type(module).__name__, module) for module in called)):
            self._add(name, module)

    def _add(self, name: str, module: torch.nn.Module) -> None:
        for path, part in module.named_modules(prefix=name):
            if id(part) in self._paths:
                continue
            self._paths[id(part)] = path
            prefix = f"{path}." if path else ""
            for own in (part._parameters, part._buffers):
                for last, tensor in own.items():
                    if tensor is not None:
                        self._tensors.setdefault(id(tensor), []).append(prefix + last)

    def of_module(self, module: torch.nn.Module) -> str:
        """The module's path; "" for the traced module itself, the class for one that nobody has named."""
        return self._paths.get(id(module), type(module).__name__)

    def of_tensor(self, tensor: torch.Tensor) -> tuple[str, ...]:
        """The paths of a parameter or buffer; a shared one has several."""
        return tuple(self._tensors.get(id(tensor), ()))
