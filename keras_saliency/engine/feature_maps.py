"""The place for a class activation map, asked of one trace of the model."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import optree

from keras_saliency.engine.anatomy import Anatomy, forward, select_output
from keras_saliency.engine.backends import current_backend
from keras_saliency.engine.isolation import outside_inference_mode, without_a_trace
from keras_saliency.engine.layers import LayerRecord, LayerSite, LayerTap, Sites, feature_map, named_layer
from keras_saliency.probes.targets import ScoreFunction

EXAMPLES = 2
"""PyTorch computes where the others trace: few examples."""


def find_site(
    model: Any,
    anatomy: Anatomy,
    inputs: Any,
    layer: Any,
    grid: tuple[int, int] | None,
    *,
    output: str | int | None,
    function: ScoreFunction | None,
) -> LayerSite:
    """The site of a layer, or the feature map for `"auto"`, see `feature_map` and `named_layer`.

    Args:
        model: a built Keras model.
        anatomy: of it with these inputs.
        inputs: a tree of arrays, batch first.
        layer: a name, a dotted path, a layer or operation, or `"auto"`.
        grid: rows and columns of tokens; None: found.
        output: the name or position of the output.
        function: the target, where it is a function of the outputs.
    """
    leaves = [leaf[:EXAMPLES] for leaf in anatomy.plan.leaves(inputs)]
    seen: list[tuple[LayerRecord, list[Any]]] = []

    def run(tensors: list[Any]) -> tuple[list[Any], list[Any]]:
        traced = forward(model, anatomy.plan, tensors, [record := LayerRecord()])
        chosen = select_output(model, traced.outputs, output, leave_whole=function is not None)
        end = chosen if function is None else function(chosen)
        ends = [leaf for leaf in optree.tree_leaves(end) if keras.ops.is_tensor(leaf)]
        seen.append((record, optree.tree_leaves(traced.outputs)))
        return [tensor for _, tensor in record.calls], ends

    with outside_inference_mode(), without_a_trace():
        flow = current_backend().flow(run, leaves, _source(anatomy, leaves))
    record, outputs = seen[-1]
    image = anatomy.image
    sites = Sites(
        model,
        record.calls,
        examples=len(leaves[0]),
        image=(image.height, image.width) if image else None,
        channel_axis=anatomy.channel_axis,
        grid=grid,
    )
    if not (isinstance(layer, str) and layer == "auto"):
        return named_layer(sites, model, layer)

    def is_output(position: int) -> bool:
        return any(record.calls[position][1] is leaf for leaf in outputs)

    def matters(site: LayerSite) -> bool:
        return _image_tokens_matter(model, anatomy, leaves, site, output, function)

    with outside_inference_mode(), without_a_trace():
        return feature_map(sites, flow.is_cut, is_output, matters)


def _image_tokens_matter(
    model: Any,
    anatomy: Anatomy,
    leaves: list[np.ndarray],
    site: LayerSite,
    output: str | int | None,
    function: ScoreFunction | None,
) -> bool:
    """Whether any score has a gradient for the tokens that lie over the image. Computes with few examples."""
    backend = current_backend()

    def scored(offset: list[Any]) -> tuple[Any, None]:
        tensors = [backend.to_tensor(leaf) for leaf in leaves]
        traced = forward(model, anatomy.plan, tensors, [LayerTap(site.layer, offset[0])])
        chosen = select_output(model, traced.outputs, output, leave_whole=function is not None)
        activation = None if function else traced.record.of(chosen)
        end = activation.inputs if activation else chosen if function is None else function(chosen)
        parts = [leaf for leaf in optree.tree_leaves(end) if keras.ops.is_tensor(leaf)]
        return sum(keras.ops.sum(keras.ops.cast(part, "float32") ** 2) for part in parts), None

    zeros = backend.to_tensor(np.zeros((len(leaves[0]), *site.shape), "float32"))
    _, (gradient,), _ = backend.vjp(scored, [zeros], keras.ops.ones_like)
    return gradient is not None and bool(site.over_image(backend.to_numpy(gradient)).any())


def _source(anatomy: Anatomy, leaves: list[np.ndarray]) -> int:
    """The position of the input that is explained, the image where there is one."""
    layout, floating = anatomy.layout, anatomy.plan.floating
    if anatomy.tapped_shape is not None:
        return layout.picture or 0
    return floating[layout.image or 0]
