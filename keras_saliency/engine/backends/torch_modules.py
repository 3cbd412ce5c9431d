"""PyTorch modules inside a Keras model: called without a trace, with the weights that Keras is given for them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

import keras
import torch
from typing_extensions import override

from keras_saliency.engine.backends.torch_functions import Functions
from keras_saliency.engine.interception import Hook, are_hooked, hooked
from keras_saliency.engine.seams import layers_throughout

T = TypeVar("T")


def call(model: Any, function: Callable[[], T]) -> T:
    """See `Backend.call`. Values for parameters go in by PyTorch's own functional call."""
    wrappers = _wrappers(model)
    modules = _Together(wrapper.module for wrapper in wrappers)
    watched = Functions() if wrappers or are_hooked("rectifier") or are_hooked("product") else nullcontext()
    with hooked(state := _State()), watched, _uncompiled():
        try:
            state.begin(wrappers)
            values = _given(modules, wrappers)
            return torch.func.functional_call(modules, values, (function,), tie_weights=False)  # type: ignore[no-any-return]
        finally:
            state.restore()


def fixed(model: Any) -> list[Any]:
    """See `Backend.fixed`: modules that got parameters after they were wrapped, or hold layers of Keras."""
    return [wrapper for wrapper in _wrappers(model) if _is_fixed(wrapper)]


def _is_fixed(wrapper: Any) -> bool:
    holds_layers = any(isinstance(part, keras.layers.Layer) for part in wrapper.module.modules())
    return holds_layers or not _parameters(wrapper) <= _own([wrapper]).keys()


def is_closed(layer: Any) -> bool:
    """See `Backend.is_closed`. A scripted module is no Python."""
    return _is_wrapper(layer) and any(isinstance(part, torch.jit.ScriptModule) for part in layer.modules())


def _wrappers(model: Any) -> list[Any]:
    return [layer for layer in layers_throughout(model) if _is_wrapper(layer)]


def _is_wrapper(layer: Any) -> bool:
    return isinstance(layer, keras.layers.TorchModuleWrapper)


def _parameters(wrapper: Any) -> set[int]:
    return {id(parameter) for parameter in wrapper.module.parameters()}


def _own(wrappers: Iterable[Any]) -> dict[int, Any]:
    """The variable that Keras has for each parameter."""
    with keras.StatelessScope():  # no other values
        return {id(variable.value): variable for wrapper in wrappers for variable in wrapper.variables}


def _uncompiled() -> AbstractContextManager[Any]:
    """Hooks that act while code is compiled would act for good."""
    return torch.compiler.set_stance("force_eager") if "torch._dynamo" in sys.modules else nullcontext()


class _Together(torch.nn.Module):  # type: ignore[misc]
    """Several modules as one that calls a function, which calls them."""

    def __init__(self, modules: Iterable[torch.nn.Module]) -> None:
        super().__init__()
        self.parts = torch.nn.ModuleList(modules)

    @override
    def forward(self, function: Callable[[], T]) -> T:
        return function()


def _given(modules: _Together, wrappers: Iterable[Any]) -> dict[str, torch.Tensor]:
    """By name, the values that Keras' variables have in this scope in place of the modules' parameters."""
    own, values = _own(wrappers), {}
    for path, part in modules.named_modules():  # each once: PyTorch would put a tied one back wrongly
        for name, parameter in part.named_parameters(recurse=False, remove_duplicate=False):
            value = own[id(parameter)].value if id(parameter) in own else parameter
            if value is not parameter:
                values[f"{path}.{name}"] = value
    return values


class _State(Hook):
    """What PyTorch modules change when they are called, as it was when each was first met: `training`, buffers.

    BatchNorm counts batches and averages in its buffers. Modules that are made while the model is built are met at
    their call.
    """

    def __init__(self) -> None:
        self._met: dict[int, tuple[Any, bool, list[tuple[str, torch.Tensor, torch.Tensor]]]] = {}

    def begin(self, wrappers: Iterable[Any]) -> None:
        """Remember these wrappers, and put them into inference mode: parts of a module may be called without it."""
        for wrapper in wrappers:
            self._meet(wrapper)
            wrapper.eval()

    def restore(self) -> None:
        """Put all back."""
        for part, training, buffers in self._met.values():
            part.training = training
            for name, buffer, values in buffers:
                setattr(part, name, buffer)
                if not torch.equal(buffer, values):
                    buffer.copy_(values)

    @override
    def layer_inputs(self, layer: Any, inputs: Any) -> Any:
        if _is_wrapper(layer):
            self._meet(layer)
        return inputs

    def _meet(self, wrapper: Any) -> None:
        for part in wrapper.modules():
            if id(part) not in self._met:
                buffers = part.named_buffers(recurse=False)
                saved = [(name, buffer, buffer.detach().clone()) for name, buffer in buffers]
                self._met[id(part)] = (part, part.training, saved)
