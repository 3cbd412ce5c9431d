"""The place for a class activation map, asked of one trace of the model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any

import keras
import numpy as np
import optree

from keras_saliency.engine.anatomy import Anatomy, Traced, forward
from keras_saliency.engine.backends import current_backend
from keras_saliency.engine.flow import Flow
from keras_saliency.engine.interception import FirstFloatTap, Hook
from keras_saliency.engine.isolation import outside_inference_mode, without_a_trace
from keras_saliency.engine.layers import LayerRecord, LayerSite, LayerTap, Sites, feature_map, named_layer
from keras_saliency.engine.outputs import select_output
from keras_saliency.errors import MethodDoesNotApplyError
from keras_saliency.probes.targets import ScoreFunction

EXAMPLES = 2
"""PyTorch computes where the others trace: few examples."""

AT_ONCE = 8
"""Of how many layers of tokens it is asked at once whether the score reads them: behind the last attention are few."""

Tensor = Any


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
        records: list[tuple[LayerRecord, Traced]] = []

        def run(tensors: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
            record = LayerRecord()
            own, offset = tensors[: len(leaves)], tensors[len(leaves) :]
            traced = self._forward(own, *map(FirstFloatTap, offset), record)
            records.append((record, traced))
            return [tensor for _, tensor in record.calls], self._scored(traced)

        leaves = self._few()
        with outside_inference_mode(), without_a_trace():
            flow = current_backend().flow(run, *self._from_the_explained(leaves))
            record, traced = records[-1]
            image = self.anatomy.image
            sites = Sites(
                self.model,
                record.calls,
                examples=len(leaves[0]),
                image=(image.height, image.width) if image else None,
                channel_axis=self.anatomy.channel_axis,
                grid=grid,
            )
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

    def _tokens_matter(self, asked: list[LayerSite]) -> dict[int, bool]:
        """For each layer (by its `id`) whether any score has a gradient for its tokens that lie over the image.

        Computes with few examples, once for all: to compile a gradient costs more than to compute it.
        """
        backend, leaves = current_backend(), self._few()

        def scored(offsets: list[Tensor]) -> tuple[Tensor, None]:
            tensors = [backend.to_tensor(leaf) for leaf in leaves]
            taps = [LayerTap(site.layer, offset) for site, offset in zip(asked, offsets, strict=True)]
            parts = self._scored(self._forward(tensors, *taps))
            return sum(keras.ops.sum(keras.ops.cast(part, "float32") ** 2) for part in parts), None

        def gradients(offsets: list[Tensor]) -> list[Tensor]:
            _, found, _ = backend.vjp(scored, offsets, keras.ops.ones_like)
            pairs = zip(found, offsets, strict=True)
            return [keras.ops.zeros_like(offset) if one is None else one for one, offset in pairs]

        channels_first = self.anatomy.channels_first
        run = backend.compile(gradients, self.model.variables, channels_first=channels_first)
        zeros = [backend.to_tensor(np.zeros((len(leaves[0]), *site.shape), "float32")) for site in asked]
        pairs = zip(asked, run([], zeros), strict=True)
        return {id(site.layer): bool(site.over_image(backend.to_numpy(one)).any()) for site, one in pairs}

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
        activation = traced.record.of(chosen) if self.function is None else None
        leaves = optree.tree_leaves(activation.inputs if activation else chosen)
        return [leaf for leaf in leaves if keras.ops.is_tensor(leaf)]

    @staticmethod
    def _tensors(tree: Any) -> list[Tensor]:
        return [leaf for leaf in optree.tree_leaves(tree) if keras.ops.is_tensor(leaf)]


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
