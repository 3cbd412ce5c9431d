"""The weights of attention, seen and tapped while a model is traced.

Attention is a softmax over keys, inside a layer; Keras' layers take `dot_product_attention` where they can, which
gives no weights, so while this hook is there it is computed the plain way, with the same result.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import keras
import numpy as np
from keras import ops
from typing_extensions import override

from keras_saliency.engine.interception import Hook, unhooked
from keras_saliency.engine.token_grid import TokenGrid

Tensor = Any

ATTENTION = (keras.layers.MultiHeadAttention, keras.layers.GroupQueryAttention, keras.layers.Attention)
SOFTMAX = (keras.layers.Softmax, keras.layers.Activation)
FAR_BELOW = -1e30
"""What is added to a logit that a mask hides: its weight is 0, and rows that are hidden as a whole stay finite."""


@dataclass(frozen=True)
class AttentionCall:
    """One call of what may be attention.

    Attributes:
        layer: the innermost layer or operation that called it.
        certain: whether it is attention for sure, rather than a softmax of that form.
        weights: `(n, heads, queries, keys)`, with one or several axes of each; without heads, `(n, queries, keys)`;
            None where a layer of attention computes in a way in which there are no weights.
        axes: how many axes the keys have.
        queries: what the queries are made of; the layer's output where there are no weights.
        before: how many layers and operations had returned a tensor before.
    """

    layer: Any
    certain: bool
    weights: Tensor
    axes: int
    queries: Tensor
    before: int


class AttentionHook(Hook):
    """Remembers every call of what may be attention, and adds offsets to the weights of some.

    With an offset of zeros nothing changes, and the gradient for the offset is the gradient for the weights.

    Args:
        offsets: by the position of the call, in the order of the calls.
        wanted: the positions whose weights `tensor` lists.
    """

    def __init__(self, offsets: Mapping[int, Tensor] | None = None, wanted: Sequence[int] = ()) -> None:
        self.calls: list[AttentionCall] = []
        self._offsets, self._wanted = offsets or {}, wanted
        self._returned = 0
        self._callers: list[tuple[Any, Tensor, int]] = []

    @property
    def tensor(self) -> list[Tensor]:
        """The weights that are wanted."""
        return [self.calls[position].weights for position in self._wanted]

    @override
    def entering(self, layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        given = [args[0] if args else kwargs.get("query"), *args, *kwargs.values()]
        tensors = [one[0] if isinstance(one, (list, tuple)) and one else one for one in given]
        self._callers.append((layer, next(filter(ops.is_tensor, tensors), None), len(self.calls)))

    @override
    def leaving(self, layer: Any, output: Any) -> None:
        _, _, before = self._callers.pop()
        if isinstance(layer, ATTENTION) and len(self.calls) == before:
            output = output[0] if isinstance(output, (list, tuple)) else output
            self.calls.append(AttentionCall(layer, True, None, 0, output, self._returned))

    @override
    def layer_output(self, layer: Any, output: Tensor) -> Tensor:
        self._returned += 1
        axis = layer.axis if isinstance(layer, keras.layers.Softmax) else None
        if isinstance(axis, (tuple, list)) and len(axis) > 1:  # several axes do not go through Keras' softmax
            return self._seen(output, axes=len(axis))
        return output

    @override
    def operation_output(self, operation: Any, output: Tensor) -> Tensor:
        self._returned += 1
        return output

    @override
    def activation(self, name: str, axis: int, inputs: Tensor, output: Tensor) -> Tensor | None:
        rank = len(output.shape)
        return self._seen(output) if name == "softmax" and rank > 2 and axis in (-1, rank - 1) else None

    @override
    def dot_product_attention(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        bias: Tensor | None = None,
        mask: Tensor | None = None,
        scale: float | None = None,
        is_causal: bool = False,
        flash_attention: bool | None = None,
        attn_logits_soft_cap: float | None = None,
    ) -> Tensor:
        del flash_attention
        with unhooked():
            groups = query.shape[2] // key.shape[2]
            if groups > 1:
                key, value = ops.repeat(key, groups, axis=2), ops.repeat(value, groups, axis=2)
            scale = key.shape[-1] ** -0.5 if scale is None else scale
            logits = ops.cast(ops.einsum("bqhd,bkhd->bhqk", query, key), "float32") * scale
            if bias is not None:
                logits += ops.cast(bias, "float32")
            if attn_logits_soft_cap is not None:
                logits /= 1 + ops.abs(logits) / attn_logits_soft_cap
            if is_causal:
                causal = ops.tril(ops.ones(logits.shape[-2:], "bool"))
                mask = causal if mask is None else ops.logical_and(ops.cast(mask, "bool"), causal)
            if mask is not None:
                logits = ops.where(ops.cast(mask, "bool"), logits, FAR_BELOW)
            weights = ops.cast(ops.softmax(logits), value.dtype)
        weights = self._seen(weights, queries=query)
        return ops.einsum("bhqk,bkhd->bqhd", weights, value)

    def _seen(self, weights: Tensor, *, axes: int = 1, queries: Tensor | None = None) -> Tensor:
        callers = [caller for caller in self._callers if not isinstance(caller[0], SOFTMAX)]
        layer, given, _ = (callers or self._callers or [(None, None, 0)])[-1]
        certain = queries is not None or isinstance(layer, ATTENTION)
        offset = self._offsets.get(len(self.calls))
        if queries is None or isinstance(layer, ATTENTION):
            queries = weights if given is None else given
        self.calls.append(AttentionCall(layer, certain, weights, axes, queries, self._returned))
        return weights if offset is None else weights + ops.cast(offset, weights.dtype)


@dataclass(frozen=True)
class AttentionPlace:
    """The weights of one call of self-attention among tokens that lie over the image.

    Attributes:
        position: of the call, among those that the hook sees.
        name: of its layer, behind those of the models that it is nested in; with the number of the call behind it where
            there are several.
        shape: of the weights, without the batch.
        tokens: how many there are.
        grid: where they lie.
    """

    position: int
    name: str
    shape: tuple[int, ...]
    tokens: int
    grid: TokenGrid

    def among_tokens(self, weights: np.ndarray) -> np.ndarray:
        """`(n, heads, tokens, tokens)`, from the weights or a gradient for them."""
        heads = prod(self.shape) // self.tokens**2
        return weights.reshape(len(weights), heads, self.tokens, self.tokens)


@dataclass(frozen=True)
class AttentionSite:
    """The weights of attention that are asked for.

    Attributes:
        places: in the order of the calls.
        read: the tokens behind the last of them that the score reads: the class token, or those that are pooled.
        passed_over: other attention of the model, with the reason, each in words.
    """

    places: tuple[AttentionPlace, ...]
    read: tuple[int, ...]
    passed_over: tuple[str, ...]

    @property
    def name(self) -> str:
        """The names of the layers."""
        return ", ".join(place.name for place in self.places)

    @property
    def shapes(self) -> Sequence[tuple[int, ...]]:
        """The shapes of the weights, without the batch."""
        return [place.shape for place in self.places]

    def tap(self, offsets: Sequence[Tensor] = ()) -> AttentionHook:
        """The hook that finds the weights, and adds offsets where there are some."""
        positions = [place.position for place in self.places]
        return AttentionHook(dict(zip(positions, offsets, strict=False)), positions)
