"""The place for a class activation map, asked of one trace of the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import optree

from keras_saliency.engine.anatomy import Anatomy, Traced, forward, select_output
from keras_saliency.engine.backends import current_backend
from keras_saliency.engine.interception import FirstFloatTap, Hook
from keras_saliency.engine.isolation import outside_inference_mode, without_a_trace
from keras_saliency.engine.layers import LayerRecord, LayerSite, LayerTap, Sites, feature_map, named_layer
from keras_saliency.probes.targets import ScoreFunction

EXAMPLES = 2
"""PyTorch computes where the others trace: few examples."""

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

    def find(self, layer: Any, grid: tuple[int, int] | None) -> LayerSite:
        """The site of a layer, see `named_layer`, or for `"auto"` the feature map, see `feature_map`.

        Args:
            layer: a name, a dotted path, a layer or operation, or `"auto"`.
            grid: rows and columns of tokens; None: found.
        """
        records: list[tuple[LayerRecord, Traced]] = []

        def run(tensors: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
            record = LayerRecord()
            own, offset = tensors[: len(leaves)], tensors[len(leaves) :]
            traced = self._forward(own, *map(FirstFloatTap, offset), record)
            records.append((record, traced))
            return [tensor for _, tensor in record.calls], self._tensors(self._chosen(traced))

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
                return named_layer(sites, self.model, layer)
            outputs = {id(leaf) for leaf in optree.tree_leaves(traced.outputs)}
            own = {position for position, (_, tensor) in enumerate(record.calls) if id(tensor) in outputs}
            return feature_map(self.model, sites, flow.is_cut, own.__contains__, self._tokens_matter)

    def _tokens_matter(self, site: LayerSite) -> bool:
        """Whether any score has a gradient for the tokens that lie over the image. Computes with few examples."""
        backend, leaves = current_backend(), self._few()

        def scored(offset: list[Tensor]) -> tuple[Tensor, None]:
            tensors = [backend.to_tensor(leaf) for leaf in leaves]
            traced = self._forward(tensors, LayerTap(site.layer, offset[0]))
            chosen = self._chosen(traced)
            activation = traced.record.of(chosen) if self.function is None else None  # a softmax may saturate
            parts = self._tensors(activation.inputs if activation else chosen)
            return sum(keras.ops.sum(keras.ops.cast(part, "float32") ** 2) for part in parts), None

        def gradient(offset: Tensor) -> Tensor:
            _, (found,), _ = backend.vjp(scored, [offset], keras.ops.ones_like)
            return keras.ops.zeros_like(offset) if found is None else found

        channels_first = self.anatomy.channel_axis == 1
        run = backend.compile(gradient, self.model.variables, channels_first=channels_first)
        zeros = backend.to_tensor(np.zeros((len(leaves[0]), *site.shape), "float32"))
        return bool(site.over_image(backend.to_numpy(run([], zeros))).any())

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

    @staticmethod
    def _tensors(tree: Any) -> list[Tensor]:
        return [leaf for leaf in optree.tree_leaves(tree) if keras.ops.is_tensor(leaf)]
