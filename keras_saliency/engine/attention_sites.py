"""Which attention of a model is among tokens that lie over the image, and on the way from it to the score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import keras
import numpy as np
import optree

from keras_saliency.engine.anatomy import Traced, calling
from keras_saliency.engine.attention import AttentionCall, AttentionHook, AttentionPlace, AttentionSite
from keras_saliency.engine.axes import cut_picture
from keras_saliency.engine.feature_maps import EXAMPLES, SiteFinder
from keras_saliency.engine.layers import LayerRecord, Sites
from keras_saliency.engine.token_grid import TokenGrid
from keras_saliency.errors import MethodDoesNotApplyError

Grid = tuple[int, int] | None


@dataclass(frozen=True)
class AttentionFinder:
    """Finds the attention of one model, as it is called on inputs like these.

    Attributes:
        finder: of the model's layers.
        grid: rows and columns of tokens; None: found.
        places: attention among tokens of the image, in the order of the calls.
        passed_over: other attention on the way from the image to the score, with the reason, by the name of the layer.
    """

    finder: SiteFinder
    grid: Grid
    places: tuple[AttentionPlace, ...] = field(init=False)
    passed_over: dict[str, str] = field(init=False)
    _read: dict[int, tuple[int, ...]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        places, passed_over = _classified(self.finder, self.grid)
        object.__setattr__(self, "places", tuple(places))
        object.__setattr__(self, "passed_over", passed_over)

    def all(self) -> AttentionSite:
        """The weights of all attention that leads from the image to the score.

        Raises:
            MethodDoesNotApplyError: there is none, some of it is not among the tokens of the image, or their number
                changes on the way.
        """
        self._refuse_none()
        if self.passed_over:
            name, reason = next(iter(self.passed_over.items()))
            raise MethodDoesNotApplyError(
                f"This method follows the attention from layer to layer, and that of layer {name!r} is not among the "
                f"tokens of the image: {reason}. AttentionMap(layer=...) shows one layer: "
                f"{', '.join(place.name for place in self.places)}."
            )
        if len({(place.tokens, place.grid) for place in self.places}) > 1:
            found = ", ".join(f"{place.name} ({place.tokens})" for place in self.places)
            raise MethodDoesNotApplyError(
                "This method follows the attention from layer to layer, and the number of tokens changes on the way: "
                f"{found}. AttentionMap(layer=...) shows one layer."
            )
        return self._site(self.places)

    def one(self, layer: Any) -> AttentionSite:
        """The weights of one layer: its name, its dotted path, itself, or `"auto"` for the last one.

        Raises:
            MethodDoesNotApplyError: there is none, or the layer's attention is not among the tokens of the image.
            ValueError: no such layer.
        """
        self._refuse_none()
        if isinstance(layer, str) and layer == "auto":
            return self._site(self.places[-1:])
        name = (
            layer if isinstance(layer, str) else self.finder.sites([], None).names.get(id(layer), layer.name)
        )
        named = [place for place in self.places if name == place.name]
        chosen = named or [place for place in self.places if name == place.name.split(".")[-1]]
        if len(chosen) == 1:
            return self._site(tuple(chosen))
        for other, reason in self.passed_over.items():
            if name in (other, other.split(".")[-1]):
                raise MethodDoesNotApplyError(
                    f"The attention of layer {other!r} is not among the tokens of the image: {reason}."
                )
        raise ValueError(
            f"Expected one layer with attention among the tokens of the image: "
            f"{', '.join(place.name for place in self.places)}. Received: layer={name!r}"
        )

    def _refuse_none(self) -> None:
        if self.places:
            return
        others = "; ".join(f"layer {name!r}: {reason}" for name, reason in self.passed_over.items())
        raise MethodDoesNotApplyError(
            f"The model {self.finder.model.name!r} has no attention among tokens of the image on the way to the score. "
            "Seen are MultiHeadAttention, GroupQueryAttention, Attention, and layers that call keras.ops.softmax or "
            f"dot_product_attention. Other attention: {others or 'none'}."
        )

    def _site(self, places: tuple[AttentionPlace, ...]) -> AttentionSite:
        alike = [
            place
            for place in self.places
            if (place.tokens, place.grid) == (places[-1].tokens, places[-1].grid)
        ]
        if not self._lies_over_image(alike[0]):  # attention mixes them from layer to layer
            raise MethodDoesNotApplyError(
                f"The {places[-1].tokens} tokens of layer {places[-1].name!r} do not lie over the image row by row: on "
                "the way rows and columns are turned, mixed or cut off, or the grid is another."
            )
        passed_over = tuple(f"{name}: {reason}" for name, reason in self.passed_over.items())
        return AttentionSite(places, self._read_behind(alike[-1]), passed_over)

    def _lies_over_image(self, place: AttentionPlace) -> bool:
        """Whether a change of some rows, or columns, of the image shows at those of the tokens."""
        plan, layout = self.finder.anatomy.plan, self.finder.anatomy.layout
        picture = cut_picture(layout, [leaf[:EXAMPLES] for leaf in plan.leaves(self.finder.inputs)])
        if picture is None:
            return True
        cut, given = picture
        call = calling(self.finder.model, plan, self.finder.output)
        size = plan.examples or len(given[0])
        queries: list[np.ndarray] = []
        for start in range(0, len(given[0]), size):
            rows, hook = np.arange(start, start + size).clip(max=len(given[0]) - 1), AttentionHook()
            call([leaf[rows] for leaf in given], [hook])
            if len(hook.calls) <= place.position:
                raise MethodDoesNotApplyError(
                    f"Whether the tokens of layer {place.name!r} lie over the image row by row could not be asked: the "
                    f"model cannot be called on {size} examples by itself."
                )
            queries.append(keras.ops.convert_to_numpy(hook.calls[place.position].queries))
        values = np.concatenate(queries)[: len(given[0])]
        tokens = values.reshape(len(values), place.tokens, -1)
        return cut.sides(place.grid.over_image(tokens), (1, 2)) == (1, 2)

    def _read_behind(self, place: AttentionPlace) -> tuple[int, ...]:
        """The tokens behind the last attention that the score reads: those whose row of weights has a gradient."""
        if place.position not in self._read:
            ((gradient,),) = self.finder.gradients([AttentionSite((place,), (), ())])
            by_image = (place.among_tokens(gradient) != 0).any(axis=(1, 3))
            rows = by_image.any(axis=0)
            if (by_image != rows).any() and by_image.any(axis=1).all():
                raise MethodDoesNotApplyError(
                    f"Which tokens behind layer {place.name!r} the score reads depends on the image, as behind a "
                    "maximum over tokens: there is no attention that it reads of all images."
                )
            if not rows.any():
                raise MethodDoesNotApplyError(
                    f"The score does not depend on the attention of layer {place.name!r}: no gradient reaches it."
                )
            self._read[place.position] = tuple(np.flatnonzero(rows).tolist())
        return self._read[place.position]


def _classified(finder: SiteFinder, grid: Grid) -> tuple[list[AttentionPlace], dict[str, str]]:
    """The attention on the way from the image to the score: among its tokens, and other, with the reason."""
    traced, flow, (record, hook) = finder.traced(lambda: [LayerRecord(), AttentionHook()], _marks)
    calls: list[AttentionCall] = hook.calls
    sites, outputs = finder.sites(record.calls, grid), _outputs(traced)
    places: list[AttentionPlace] = []
    passed_over: dict[str, str] = {}
    windows = latent = False
    for position, (call, name) in enumerate(zip(calls, _numbered(sites, calls), strict=True)):
        if not flow.is_on_a_path(position) or id(call.weights) in outputs or not _may_be_attention(call):
            continue
        windows = windows or not _has_the_batch(sites, call)
        latent = latent or not flow.is_on_a_path(len(calls) + position)
        found = _read(sites, call, latent)
        if isinstance(found, str):
            passed_over[name] = found
        else:
            shape = tuple(call.weights.shape[1:])
            places.append(AttentionPlace(position, name, shape, prod(shape[-call.axes :]), found))
    if windows:  # one that is as large as the map may be shifted still
        others = dict.fromkeys((place.name for place in places), "other attention of the model is in windows")
        return [], passed_over | others
    return places, passed_over


def _marks(hooks: list[Any]) -> list[Any]:
    """What the flow is asked about: the weights of each call, then the queries of each."""
    calls = hooks[1].calls
    return [call.queries if call.weights is None else call.weights for call in calls] + [
        c.queries for c in calls
    ]


def _outputs(traced: Traced) -> set[int]:
    """The identities of the outputs, and of those of a softmax that are cast to an output."""
    leaves = optree.tree_leaves(traced.outputs)
    activations = filter(None, map(traced.record.of, leaves))
    return {*map(id, leaves), *(id(activation.output) for activation in activations)}


def _may_be_attention(call: AttentionCall) -> bool:
    """Whether it is attention or looks like it; a softmax over experts, or over the channels of one place, does not."""
    if call.certain:
        return True
    shape = tuple(call.weights.shape[1:])
    return shape[:-1] != (1, 1) if len(shape) > 2 else shape[0] == shape[1]


def _has_the_batch(sites: Sites, call: AttentionCall) -> bool:
    return call.weights is None or call.weights.shape[0] in (sites.examples, None)


def _read(sites: Sites, call: AttentionCall, latent: bool) -> TokenGrid | str:
    """The grid of the tokens, or why a call is not attention among tokens of the image."""
    if call.weights is None:
        return "it is computed in a way in which there are no weights"
    shape = call.weights.shape[1:]
    asking, keys = shape[-2 * call.axes : -call.axes], shape[-call.axes :]
    if not _has_the_batch(sites, call):
        return "its first axis is not the batch but windows, or heads"
    if not call.certain and not _is_over_tokens(call, shape):
        return "whether its softmax is over tokens is not clear"
    if latent:
        return "its queries do not come from the image, or are behind such queries"
    if asking != keys:
        return f"{_size(asking)} queries look at {_size(keys)} keys"
    grid = TokenGrid(0, *keys) if len(keys) == 2 else sites.grid_of(prod(keys), call.before)
    return grid or f"how its {_size(keys)} tokens lie over the image is not clear; give grid=(rows, columns)"


def _is_over_tokens(call: AttentionCall, shape: Sequence[int]) -> bool:
    """Whether a softmax `(n, heads, queries, keys)` is over places of what the layer takes, not over its channels."""
    given = tuple(call.queries.shape[1:])
    is_whole = len(given) > 1 and len(shape) == 3
    return is_whole and shape[-2] == prod(given[:-1]) and shape[0] * shape[-2] != given[-1]


def _numbered(sites: Sites, calls: list[AttentionCall]) -> list[str]:
    """The names of the layers, with the number of the call behind those that are called several times."""
    names = [sites.names.get(id(call.layer), call.layer.name) for call in calls]
    return [
        f"{name} (call {names[:position].count(name) + 1})" if names.count(name) > 1 else name
        for position, name in enumerate(names)
    ]


def _size(axes: Sequence[int]) -> str:
    return " × ".join(map(str, axes))
