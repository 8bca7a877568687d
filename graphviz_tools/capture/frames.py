"""Names and places of plain Python code, read from its frames while it runs. No tracer, so debuggers still work.

At every operation the frame that asked for it is looked at: which of its variables hold a tensor that they did not
hold before. A frame that has ended is looked at once more, for its last assignments.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any

import torch

from graphviz_tools.capture.names import Names
from graphviz_tools.capture.places import CodePlace, Place

_STANDARD_LIBRARY = os.path.dirname(os.__file__) + os.sep
_LIBRARIES = (os.path.dirname(torch.__file__) + os.sep, os.path.dirname(__file__) + os.sep, "<frozen ")
_APPLY: CodeType = torch.autograd.Function.apply.__code__


@dataclass(slots=True)
class _Watched:
    """A frame and what its variables held when it was looked at last."""

    frame: FrameType
    seen: dict[str, object] = field(default_factory=dict)
    writes: int = 0


class FrameNames:
    """Watches plain Python code that is called by the function with the code object `boundary`."""

    def __init__(self, names: Names, boundary: CodeType) -> None:
        self.modules: list[tuple[int, str, torch.nn.Module]] = []
        """Variables that hold a module, with their depth."""
        self._names = names
        self._boundary = boundary
        self._chain: list[_Watched] = []
        self._function: FrameType | None = None
        self._positions: dict[int, int] = {}
        self._places: dict[tuple[int, int], CodePlace] = {}
        self._writes = 0

    def at_operation(self) -> Place | None:
        """See `Watcher`."""
        frame = self._user_frame(sys._getframe(1))
        if frame is None:
            self._leave(0)
            return None
        if self._chain and self._chain[-1].frame is frame:
            self._look(len(self._chain) - 1)
        else:
            self._follow(frame)
        self._function = None if torch.is_grad_enabled() else self._function_frame(frame)
        if self._function is not None:  # the node is made by the expression that applied the function
            frame = self._user_frame(self._function) or frame
        return self._place(frame)

    def wrote(self) -> None:
        """See `Watcher`: variables that hold the same tensor as before now name its new version."""
        self._writes += 1

    def function_arguments(self) -> Sequence[torch.Tensor]:
        """See `Watcher`."""
        arguments = () if self._function is None else self._function.f_locals["args"]
        return [argument for argument in arguments if isinstance(argument, torch.Tensor)]

    def finish(self) -> None:
        """The code has ended: read the last assignments."""
        self._function = None
        self._leave(0)

    def _user_frame(self, frame: FrameType | None) -> FrameType | None:
        while frame is not None:
            if frame.f_code is self._boundary:
                return None
            if _is_users(frame.f_code.co_filename):
                return frame
            frame = frame.f_back
        return None

    def _follow(self, frame: FrameType) -> None:
        """The code has entered or left functions: look at what has ended, at the caller, and at what is new."""
        entered: list[FrameType] = []
        above: FrameType | None = frame
        while above is not None and id(above) not in self._positions:
            entered.append(above)
            above = self._user_frame(above.f_back)
        kept = 0 if above is None else self._positions[id(above)] + 1
        self._leave(kept)
        if kept:
            self._look(kept - 1)
        for new in reversed(entered):
            self._positions[id(new)] = len(self._chain)
            self._chain.append(_Watched(new, writes=self._writes))
            self._enter(len(self._chain) - 1)

    def _leave(self, kept: int) -> None:
        while len(self._chain) > kept:
            self._look(len(self._chain) - 1)
            del self._positions[id(self._chain.pop().frame)]

    def _enter(self, depth: int) -> None:
        watched = self._chain[depth]
        code, variables = watched.frame.f_code, watched.frame.f_locals
        for name in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]:
            # An argument is the caller's tensor under another name.
            watched.seen[name] = value = variables.get(name)
            self._note(name, value, depth, only_if_unnamed=True)
        if variables is not watched.frame.f_globals:
            for name in code.co_names:
                value = watched.frame.f_globals.get(name)
                if isinstance(value, torch.Tensor | torch.nn.Module):
                    self._note(name, value, depth)
        self._look(depth)

    def _look(self, depth: int) -> None:
        watched = self._chain[depth]
        unchanged = watched.writes == self._writes
        watched.writes = self._writes
        seen = watched.seen
        for name, value in _variables(watched.frame):
            if unchanged and seen.get(name) is value and type(value) is not list:
                continue
            seen[name] = value
            if isinstance(value, torch.Tensor | list | tuple | torch.nn.Module):
                self._note(name, value, depth)

    def _note(self, name: str, value: object, depth: int, *, only_if_unnamed: bool = False) -> None:
        if isinstance(value, torch.nn.Module):
            self.modules.append((depth, name, value))
        else:
            self._names.give(name, value, depth, only_if_unnamed=only_if_unnamed)

    def _function_frame(self, frame: FrameType | None) -> FrameType | None:
        """The outermost `autograd.Function.apply` above this frame."""
        found = None
        while frame is not None and frame.f_code is not self._boundary:
            if frame.f_code is _APPLY:
                found = frame
            frame = frame.f_back
        return found

    def _place(self, frame: FrameType) -> Place:
        key = (id(frame.f_code), frame.f_lasti)
        place = self._places.get(key)
        if place is None:
            place = self._places[key] = CodePlace(frame.f_code, frame.f_lasti)
        return place


def _variables(frame: FrameType) -> Iterator[tuple[str, Any]]:
    variables = frame.f_locals
    if variables is not frame.f_globals:
        return iter(list(variables.items()))
    # Code at module level: only the names that it mentions, not everything that is there.
    return ((name, variables[name]) for name in frame.f_code.co_names if name in variables)


_users_files: dict[str, bool] = {}


def _is_users(filename: str) -> bool:
    known = _users_files.get(filename)
    if known is None:
        standard = filename.startswith(_STANDARD_LIBRARY) and "site-packages" not in filename
        known = _users_files[filename] = not (standard or filename.startswith(_LIBRARIES))
    return known
