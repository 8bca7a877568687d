"""Records every operation below autograd while code runs: values, constants, places.

A dispatch mode sees the very tensor objects that get their `grad_fn` afterwards. So the outputs of an operation are
bound to (node, output) when the next operation arrives, and its inputs when they are used: the only sight of a node
that autograd makes late, as for a view whose base was changed.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

import torch
from torch.autograd.graph import Node
from torch.utils._python_dispatch import TorchDispatchMode

from graphviz_tools.capture.names import Watcher
from graphviz_tools.capture.places import Place
from graphviz_tools.capture.signatures import Signature, signature, tensors_of
from graphviz_tools.capture.values import Snapshot, Snapshots, unnoticed
from graphviz_tools.capture.walk import GradientEdge, edge_of

ModuleCall = tuple[torch.nn.Module, int]
"""A module and the number of its call, from 1."""


class Slot(Enum):
    """Operands that are no constants."""

    GRADIENT = "a tensor that requires grad"
    DIFFERENTIABLE = "no tensor where one could be, or a number in its place"
    OTHER = "a tensor that the user never sees, of a type without gradient"


@dataclass(frozen=True, slots=True, eq=False)
class Constant:
    """A tensor without gradient that an operation uses, as it was then. The tensor is kept so that its id stays its."""

    tensor: torch.Tensor
    snapshot: Snapshot
    version: int
    place: Place | None

    @property
    def is_differentiable(self) -> bool:
        """True when it could have required grad."""
        return self.snapshot.dtype.is_floating_point or self.snapshot.dtype.is_complex


class Call(NamedTuple):
    """One operation: who asked for it, and (if it makes a node) its tensor operands in the order of the schema."""

    place: Place | None
    module: ModuleCall | None
    operands: tuple[Constant | Slot, ...] = ()


class Output(NamedTuple):
    """One output of a node as it was made. `base` is what a view shares its memory with."""

    snapshot: Snapshot
    version: int
    base: GradientEdge | torch.Tensor | None


class Leaf(NamedTuple):
    """A leaf as it was when it was first used."""

    tensor: torch.Tensor
    snapshot: Snapshot
    version: int


class Recorder(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Use as a context manager around the code; afterwards its attributes are complete."""

    supports_higher_order_operators = True

    def __init__(self, watcher: Watcher) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.outputs: dict[GradientEdge, Output] = {}
        self.calls: dict[Node, Call] = {}
        self.leaves: dict[int, Leaf] = {}
        self.in_place: set[Node] = set()
        self.renewed: set[Node] = set()
        """Nodes of views that autograd has made anew because their base was changed; no operation made them."""
        self._references: list[weakref.ref[torch.Tensor]] = []
        self.module: ModuleCall | None = None
        self.snapshots = Snapshots()
        self._watcher = watcher
        self._constants: dict[tuple[int, int], Constant] = {}
        self._made: dict[int, tuple[weakref.ref[torch.Tensor], Call]] = {}
        self._pending: tuple[Call, Sequence[torch.Tensor], Sequence[torch.Tensor]] | None = None

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        # The guard costs time in every call and imports the compiler, most of a second, for code that never compiles.
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run the operation unchanged, and note what it uses and gives."""
        kwargs = kwargs or {}
        with unnoticed():
            self._bind_pending()
            place = self._watcher.at_operation()
            known = signature(func)
            call = Call(place, self.module, self._use_operands(known.operands(args, kwargs), place))
            written = self._before_write(known, args, kwargs)
        out = func(*args, **kwargs)
        self._pending = call, tensors_of(out), written
        return out

    def __exit__(self, *details: Any) -> None:
        """Stop recording, and bind what got its node last."""
        super().__exit__(*details)  # type: ignore[no-untyped-call]
        with torch.no_grad(), unnoticed():
            self._bind_pending()
            for reference, call in self._made.values():
                tensor = reference()
                edge = None if tensor is None else edge_of(tensor)
                if tensor is not None and edge is not None:
                    self._bind(tensor, edge, call)

    def living(self) -> Iterator[torch.Tensor]:
        """The tensors with a node that somebody still holds."""
        for reference in self._references:
            tensor = reference()
            if tensor is not None:
                yield tensor

    def called_modules(self) -> list[torch.nn.Module]:
        """The innermost modules of all calls, in order."""
        modules = (call.module[0] for call in self.calls.values() if call.module is not None)
        return list(dict.fromkeys(modules))

    def _before_write(self, known: Signature, args: Any, kwargs: Any) -> Sequence[torch.Tensor]:
        written = known.written_tensors(args, kwargs)
        if written:
            self._watcher.wrote()
            for tensor in written:
                self.snapshots.before_write(tensor)
        return written

    def _bind_pending(self) -> None:
        if self._pending is None:
            return
        (call, outputs, written), self._pending = self._pending, None
        for tensor in written:
            base = tensor._base
            for changed in (tensor,) if base is None else (base, tensor):
                edge = edge_of(changed)
                if edge is not None and self._bind(changed, edge, call) and changed._base is None:
                    self.in_place.add(edge[0])
        for tensor in outputs:
            edge = edge_of(tensor)
            if edge is not None:
                self._bind(tensor, edge, call)
            elif self._maker(tensor) is None and id(tensor) not in self.leaves:
                self._made[id(tensor)] = weakref.ref(tensor), call

    def _bind(self, tensor: torch.Tensor, edge: GradientEdge, call: Call | None) -> bool:
        """Keep the output that this tensor is; true when it had not been seen before."""
        if call is not None and edge[0] not in self.calls:
            self.calls[edge[0]] = call
        if edge in self.outputs:
            return False
        base = tensor._base
        shared = None if base is None else edge_of(base) or base
        if call is None and isinstance(shared, tuple) and shared[0] in self.calls:
            self.renewed.add(edge[0])
        self.outputs[edge] = Output(self.snapshots.take(tensor), _version(tensor), shared)
        self._references.append(weakref.ref(tensor))
        return True

    def _use(self, tensor: torch.Tensor) -> None:
        edge = edge_of(tensor)
        if edge is not None:
            if edge not in self.outputs:
                self._bind(tensor, edge, self._maker(tensor))
        elif id(tensor) not in self.leaves:
            self.leaves[id(tensor)] = Leaf(tensor, self.snapshots.take(tensor), _version(tensor))

    def _use_operands(self, tensors: Sequence[torch.Tensor | None], place: Place | None) -> tuple[Constant | Slot, ...]:
        differentiable = False
        for tensor in tensors:
            if tensor is not None and tensor.requires_grad:
                differentiable = True
                self._use(tensor)
        if not torch.is_grad_enabled():
            # Inside a custom Function: its node takes what the function was applied to.
            tensors = self._watcher.function_arguments()
        elif not differentiable:
            return ()
        return tuple(self._operand(tensor, place) for tensor in tensors)

    def _operand(self, tensor: torch.Tensor | None, place: Place | None) -> Constant | Slot:
        if tensor is None:
            return Slot.DIFFERENTIABLE
        if tensor.requires_grad:
            return Slot.GRADIENT
        if not self._is_temporary(tensor, place):
            return self._constant(tensor)
        base = tensor._base
        if base is not None and not base.requires_grad and not self._is_temporary(base, place):
            return self._constant(base)
        return Slot.DIFFERENTIABLE if tensor.is_floating_point() or tensor.is_complex() else Slot.OTHER

    def _is_temporary(self, tensor: torch.Tensor, place: Place | None) -> bool:
        """True for a tensor that the same call of the user has made: nobody but torch ever sees it."""
        maker = self._maker(tensor)
        return maker is not None and maker.place is place

    def _maker(self, tensor: torch.Tensor) -> Call | None:
        reference, call = self._made.get(id(tensor), (None, None))
        return call if reference is not None and reference() is tensor else None

    def _constant(self, tensor: torch.Tensor) -> Constant:
        key = id(tensor), _version(tensor)
        constant = self._constants.get(key)
        if constant is None:
            maker = self._maker(tensor)
            snapshot = self.snapshots.take(tensor)
            constant = self._constants[key] = Constant(tensor, snapshot, key[1], maker and maker.place)
        return constant


class GuardedRecorder(Recorder):  # type: ignore[no-untyped-call]
    """The same for code that may hold parts made by `torch.compile`: keeps the compiler out of the recording."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return True

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """See `Recorder`."""
        return super().__torch_dispatch__(func, types, args, kwargs)


def recorder_for(watcher: Watcher) -> Recorder:
    """The recorder for arbitrary code; nothing can be compiled before the compiler is loaded."""
    return GuardedRecorder(watcher) if "torch._dynamo" in sys.modules else Recorder(watcher)


def _version(tensor: torch.Tensor) -> int:
    return 0 if tensor.is_inference() else tensor._version
