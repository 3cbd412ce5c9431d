"""The functions of PyTorch that code calls past Keras, as a wrapped module or `F.relu(x)` does, with the same hooks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from typing_extensions import override

from keras_saliency.engine.interception import ACTIVATIONS, activated, rectified, zero_maximum

RECTIFIERS = {"relu", "relu6", "hardtanh", "threshold", "leaky_relu"}
"""These are ReLUs where they send what is negative to zero, and leave small numbers above zero as they are."""

CLAMPS = {"clamp", "clamp_min", "clip"}


class Functions(TorchFunctionMode):
    """Within the block, these functions of PyTorch call the hooks of those of Keras."""

    @override
    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "").strip("_")
        if name in RECTIFIERS and args and _rectifies(func, *args[1:], **kwargs):
            return _rectified(func, name, *args, **kwargs)
        if name in CLAMPS and any(isinstance(x, (int, float)) and x == 0 for x in (*args[1:2], kwargs.get("min"))):
            zero_maximum()
        output = func(*args, **kwargs)
        axis = -1 if name == "sigmoid" else kwargs.get("dim", args[1] if len(args) > 1 else None)
        if name in ACTIVATIONS and args and isinstance(axis, int):
            activated(name, axis, args[0], output)
        return output


def _rectifies(func: Callable[..., Any], *args: Any, **kwargs: Any) -> bool:
    found: bool = torch.equal(func(torch.tensor([-1.0, 0.001]), *args, **kwargs), torch.tensor([0.0, 0.001]))
    return found


def _rectified(func: Callable[..., Any], name: str, inputs: Any, *args: Any, **kwargs: Any) -> Any:
    in_place = func.__name__.endswith("_") or kwargs.get("inplace", False)

    def original(inputs: Any) -> Any:
        return func(inputs.clone() if in_place else inputs, *args, **kwargs)

    output = rectified(original, name, inputs.clone() if in_place else inputs)
    return inputs.copy_(output) if in_place else output
