"""The place for a class activation map, asked of one trace of the model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol

import keras
import numpy as np
import optree

from keras_saliency.engine.anatomy import Anatomy, Traced, forward
from keras_saliency.engine.backends import current_backend
from keras_saliency.engine.first_float import FirstFloatTap
from keras_saliency.engine.flow import Flow
from keras_saliency.engine.interception import Hook
from keras_saliency.engine.isolation import outside_inference_mode, without_a_trace
from keras_saliency.engine.layers import LayerRecord, LayerSite, Sites, feature_map, named_layer
from keras_saliency.engine.outputs import select_output
from keras_saliency.errors import MethodDoesNotApplyError
from keras_saliency.probes.targets import ScoreFunction

EXAMPLES = 2
"""PyTorch computes where the others trace: few examples."""

AT_ONCE = 8
"""Of how many layers of tokens it is asked at once whether the score reads them: behind the last attention are few."""

Tensor = Any


class Site(Protocol):
    """Tensors inside a model that a gradient is taken for."""

    @property
    def shapes(self) -> Sequence[tuple[int, ...]]:
        """Their shapes, without the batch."""

    def tap(self, offsets: Sequence[Tensor]) -> Hook:
        """Adds these offsets to them."""


@dataclass(frozen=True)
class SiteFinder:
    """Finds layers of one model, as it is called on inputs like these.

    Attributes:
        model: a built Keras model.
        anatomy: of it with these inputs.
        inputs: a tree of arrays, batch first.
        output: the name or position of the output.
        function: the target, where it is a function of the outputs.
    """

    model: Any
    anatomy: Anatomy
    inputs: Any
    output: str | int | None
    function: ScoreFunction | None

    def find(
        self,
        layer: Any,
        grid: tuple[int, int] | None,
        over_image: Callable[[LayerSite], LayerSite | None],
    ) -> LayerSite:
        """The site of a layer, see `named_layer`, or for `"auto"` the feature map, see `feature_map`.

        Args:
            layer: a name, a dotted path, a layer or operation, or `"auto"`.
            grid: rows and columns of tokens; None: found.
            over_image: the site as it lies over the image; None where it does not.
        """
        traced, flow, (record,) = self.traced(lambda: [LayerRecord()], _outputs)
        sites = self.sites(record.calls, grid)
        if not (isinstance(layer, str) and layer == "auto"):
            site = named_layer(sites, self.model, layer)
            if lying := over_image(site):
                return lying
            raise MethodDoesNotApplyError(_not_over_image(site))
        outputs = {id(leaf) for leaf in optree.tree_leaves(traced.outputs)}
        own = {position for position, (_, tensor) in enumerate(record.calls) if id(tensor) in outputs}
        known: dict[int, bool] = {}

        def hides(position: int) -> bool:
            is_passed = flow.is_cut(position) or flow.marked[position] in flow.ends
            return is_passed and id(record.calls[position][0]) in record.opaque

        def matters(site: LayerSite) -> bool:
            if id(site.layer) not in known:
                known.update(self._tokens_matter(_behind_each_other(sites, flow, site)))
            return known[id(site.layer)]

        return feature_map(
            self.model,
            sites,
            is_cut=flow.is_cut,
            is_output=own.__contains__,
            matters=matters,
            over_image=over_image,
            hides=hides,
        )

    def traced(
        self, make_hooks: Callable[[], list[Any]], marks: Callable[[list[Any]], list[Tensor]]
    ) -> tuple[Traced, Flow, list[Any]]:
        """One trace of the model, the flow of the tensors that `marks(hooks)` names, and the hooks of this trace."""
        found: list[tuple[Traced, list[Any]]] = []

        def run(tensors: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
            hooks = make_hooks()
            own, offset = tensors[: len(leaves)], tensors[len(leaves) :]
            traced = self._forward(own, *map(FirstFloatTap, offset), *hooks)
            found.append((traced, hooks))
            return marks(hooks), self._scored(traced)

        leaves = self._few()
        with outside_inference_mode(), without_a_trace():
            flow = current_backend().flow(run, *self._from_the_explained(leaves))
        traced, hooks = found[-1]
        return traced, flow, hooks

    def sites(self, calls: Sequence[tuple[Any, Tensor]], grid: tuple[int, int] | None) -> Sites:
        """The calls of such a trace, as places over the image."""
        image = self.anatomy.image
        return Sites(
            self.model,
            calls,
            examples=len(self._few()[0]),
            image=(image.height, image.width) if image else None,
            channel_axis=self.anatomy.channel_axis,
            grid=grid,
        )

    def gradients(self, asked: Sequence[Site]) -> list[list[np.ndarray]]:
        """For each site the gradients of the summed squares of all scores. Computes with few examples.

        Once for all sites: to compile a gradient costs more than to compute it. A head that begins at zero, as that of
        a network before its training, lets no gradient through: then weights that are all zero are taken for others.
        """
        found = self._gradients(asked, [])
        if not any(one.any() for gradients in found for one in gradients):
            return self._gradients(asked, self._instead_of_zeros())
        return found

    def _gradients(self, asked: Sequence[Site], values: list[Tensor]) -> list[list[np.ndarray]]:
        backend, leaves = current_backend(), self._few()

        def scored(offsets: list[Tensor]) -> tuple[Tensor, None]:
            tensors = [backend.to_tensor(leaf) for leaf in leaves]
            rest = iter(offsets)
            taps = [site.tap(list(islice(rest, len(site.shapes)))) for site in asked]
            parts = self._scored(self._forward(tensors, *taps))
            return sum(keras.ops.sum(keras.ops.cast(part, "float32") ** 2) for part in parts), None

        def gradients(offsets: list[Tensor]) -> list[Tensor]:
            _, found, _ = backend.vjp(scored, offsets, keras.ops.ones_like)
            pairs = zip(found, offsets, strict=True)
            return [keras.ops.zeros_like(offset) if one is None else one for one, offset in pairs]

        channels_first = self.anatomy.channels_first
        run = backend.compile(gradients, self.model.variables, channels_first=channels_first)
        zeros = [np.zeros((len(leaves[0]), *shape), "float32") for site in asked for shape in site.shapes]
        with outside_inference_mode(), without_a_trace():
            found = map(backend.to_numpy, run(values, [backend.to_tensor(zero) for zero in zeros]))
            return [list(islice(found, len(site.shapes))) for site in asked]

    def _instead_of_zeros(self) -> list[Tensor | None]:
        """Random values in the place of every weight that is all zero; None: its own."""
        rng, to_numpy = np.random.default_rng(0), keras.ops.convert_to_numpy

        def value(variable: Any) -> Tensor | None:
            if not keras.backend.is_float_dtype(variable.dtype) or to_numpy(variable.value).any():
                return None
            return keras.ops.convert_to_tensor(rng.normal(size=tuple(variable.shape)), variable.dtype)

        with without_a_trace():
            return list(map(value, self.model.variables))

    def _tokens_matter(self, asked: list[LayerSite]) -> dict[int, bool]:
        """For each layer (by its `id`) whether any score has a gradient for its tokens that lie over the image."""
        pairs = zip(asked, self.gradients(asked), strict=True)
        return {id(site.layer): bool(site.over_image(gradient).any()) for site, (gradient,) in pairs}

    def _few(self) -> list[np.ndarray]:
        plan = self.anatomy.plan
        leaves = plan.leaves(self.inputs)
        rows = np.arange(plan.examples or EXAMPLES).clip(max=len(leaves[0]) - 1)
        return [leaf[rows] for leaf in leaves]

    def _from_the_explained(self, leaves: list[np.ndarray]) -> tuple[list[np.ndarray], int]:
        """The inputs, and which of them is explained; behind integers it is an offset of the tensor behind them."""
        if self.anatomy.tapped_shape is not None:
            offset = np.zeros((len(leaves[0]), *self.anatomy.tapped_shape), "float32")
            return [*leaves, offset], len(leaves)
        return leaves, self.anatomy.plan.floating[self.anatomy.layout.image or 0]

    def _forward(self, tensors: list[Tensor], *hooks: Hook) -> Traced:
        return forward(self.model, self.anatomy.plan, tensors, hooks)

    def _chosen(self, traced: Traced) -> Any:
        """What the score is made of: the selected output, or what the target function makes of the outputs."""
        whole = self.function is not None
        chosen = select_output(self.model, traced.outputs, self.output, leave_whole=whole)
        return chosen if self.function is None else self.function(chosen)

    def _scored(self, traced: Traced) -> list[Tensor]:
        """What is chosen, before its softmax or sigmoid: these may saturate."""
        chosen = self._chosen(traced)
        activation = traced.record.of(chosen)
        leaves = optree.tree_leaves(activation.inputs if activation else chosen)
        return [leaf for leaf in leaves if keras.ops.is_tensor(leaf)]


def _not_over_image(site: LayerSite) -> str:
    return (
        f"The output of layer {site.name!r}, {site.shape}, does not lie over the image: on the way rows and columns "
        "are mixed, cut off or turned, as by a Flatten or a crop, or the grid of tokens is another. Name a layer "
        'before that, or take layer="auto".'
    )


def _behind_each_other(sites: Sites, flow: Flow, last: LayerSite) -> list[LayerSite]:
    """This site of tokens and those before it that could be taken in its place."""
    end = next(position for position, call in enumerate(sites.calls) if call.layer is last.layer)
    before = (sites.at(position) for position in reversed(range(end)) if flow.is_cut(position))
    tokens = (site for site in before if site is not None and site.tokens and sites.count(site.layer) == 1)
    return [last, *islice(tokens, AT_ONCE - 1)]


def _outputs(hooks: list[Any]) -> list[Tensor]:
    return [tensor for _, tensor in hooks[0].calls]
