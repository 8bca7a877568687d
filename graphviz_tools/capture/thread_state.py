"""What torch keeps per thread and a forward pass depends on: taken in one thread, entered in another."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

import torch
from torch.overrides import TorchFunctionMode, _get_current_function_mode_stack
from torch.utils._python_dispatch import TorchDispatchMode, _get_current_dispatch_mode_stack

AUTOCAST_DEVICES = ("cpu", "cuda", "mps", "xpu")


@dataclass(frozen=True)
class ThreadState:
    """Gradient modes, autocast, the modes of the default device and others, and the current CUDA device."""

    grad: bool
    inference: bool
    autocast: tuple[tuple[str, torch.dtype], ...]
    """The devices with autocast on, and its dtype."""
    autocast_cache: bool
    function_modes: tuple[TorchFunctionMode, ...]
    dispatch_modes: tuple[TorchDispatchMode, ...]
    cuda_device: int | None

    @classmethod
    def of_this_thread(cls) -> ThreadState:
        """The state of the thread that calls this."""
        return cls(
            torch.is_grad_enabled(),
            torch.is_inference_mode_enabled(),
            tuple(
                (name, torch.get_autocast_dtype(name)) for name in AUTOCAST_DEVICES if torch.is_autocast_enabled(name)
            ),
            torch.is_autocast_cache_enabled(),
            tuple(_get_current_function_mode_stack()),  # type: ignore[no-untyped-call]
            tuple(_get_current_dispatch_mode_stack()),
            torch.cuda.current_device() if torch.cuda.is_initialized() else None,  # type: ignore[no-untyped-call]
        )

    def enter(self, stack: ExitStack) -> None:
        """Set this state in a thread with the state of a fresh one, until the stack is closed."""
        stack.enter_context(torch.set_grad_enabled(self.grad))
        if self.inference:
            stack.enter_context(torch.inference_mode())
        if self.cuda_device is not None:
            stack.enter_context(torch.cuda.device(self.cuda_device))
        if self.autocast:
            self._enter_autocast(stack)
        for function_mode in self.function_modes:
            torch._C._push_on_torch_function_stack(function_mode)
            stack.callback(torch._C._pop_torch_function_stack)
        for dispatch_mode in self.dispatch_modes:
            stack.enter_context(dispatch_mode)

    def _enter_autocast(self, stack: ExitStack) -> None:
        # The cache of cast parameters belongs to the process: a node of one graph must not turn up in another.
        torch.clear_autocast_cache()
        stack.callback(torch.clear_autocast_cache)
        stack.callback(torch.set_autocast_cache_enabled, torch.is_autocast_cache_enabled())
        torch.set_autocast_cache_enabled(self.autocast_cache)
        for name, dtype in self.autocast:
            stack.callback(torch.set_autocast_dtype, name, torch.get_autocast_dtype(name))
            stack.callback(torch.set_autocast_enabled, name, False)
            torch.set_autocast_enabled(name, True)
            torch.set_autocast_dtype(name, dtype)
