"""The functions of PyTorch that code calls past Keras, as a wrapped module or `F.relu(x)` does, with the same hooks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from typing_extensions import override

from keras_saliency.engine.interception import (
    ACTIVATIONS,
    activated,
    are_hooked,
    product,
    rectified,
    window,
    zero_maximum,
)

RECTIFIERS = {"relu", "relu6", "hardtanh", "threshold", "leaky_relu"}
"""These are ReLUs where they send what is negative to zero, and leave small numbers above zero as they are."""

CLAMPS = {"clamp", "clamp_min", "clip"}
WINDOWS = ("conv", "conv_transpose", "_pool")


class Functions(TorchFunctionMode):  # type: ignore[misc]
    """Within the block, these functions of PyTorch call the hooks of those of Keras."""

    @override
    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        inputs, *settings = args or [None]
        named = dict(kwargs or {})
        if not args and "input" in named:
            inputs = named.pop("input")
        name = getattr(func, "__name__", "").strip("_")
        if name in RECTIFIERS and are_hooked("rectifier") and _rectifies(func, *settings, **named):
            return _rectified(func, name, inputs, *settings, **named)
        setting = settings[0] if settings else named.get("min", named.get("dim"))
        if name in CLAMPS and type(setting) in (int, float) and setting == 0:
            zero_maximum()
        if name.rstrip("123d").endswith(WINDOWS):
            window(inputs, "channels_first")
        elif name == "linear":
            product(inputs)
        output = func(*args, **(kwargs or {}))
        axis = -1 if name == "sigmoid" else setting
        if name in ACTIVATIONS and isinstance(axis, int) and output is not inputs:
            return activated(name, axis, inputs, output)
        return output


def _rectifies(func: Callable[..., Any], *settings: Any, **named: Any) -> bool:
    found: bool = torch.equal(
        func(torch.tensor([-1.0, 0.001]), *settings, **named), torch.tensor([0.0, 0.001])
    )
    return found


def _rectified(func: Callable[..., Any], name: str, inputs: Any, *settings: Any, **named: Any) -> Any:
    in_place = func.__name__.endswith("_") or named.get("inplace", False)

    def original(inputs: Any) -> Any:
        return func(inputs.clone() if in_place else inputs, *settings, **named)

    output = rectified(original, name, inputs.clone() if in_place else inputs)
    return inputs.copy_(output) if in_place else output
