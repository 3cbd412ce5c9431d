"""What a user gives to explain, as a probe set: with a model at hand, files and single images can be read too."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import optree

from keras_saliency.arguments import writes_code
from keras_saliency.engine import Layout
from keras_saliency.engine.inputs import declared_inputs
from keras_saliency.engine.pixels import declared_pixels, doubt_about
from keras_saliency.errors import SaliencyWarning
from keras_saliency.probes import ProbeSet
from keras_saliency.probes.arrays import as_batch, is_array
from keras_saliency.probes.pictures import is_path, read_pictures
from keras_saliency.probes.probe_set import all_of, as_probes
from keras_saliency.probes.targets import Label


def probes_to_explain(model: Any, images: Any, target: Any) -> ProbeSet:
    """All the images: of files, arrays, a data set or a generator, see `explain`."""
    if is_path(images):
        return with_classes_of(model, _read_for(model, images), target)
    return all_of(as_one_batch(model, images))


def probes_to_check(model: Any, probes: Any, target: Any, seed: int) -> ProbeSet:
    """The probes: of more than 16 images, 16 are drawn; of files, all are taken."""
    if is_path(probes):
        return with_classes_of(model, _read_for(model, probes), target)
    return as_probes(as_one_batch(model, probes), seed=seed)


def with_classes_of(model: Any, probes: ProbeSet, target: Any) -> ProbeSet:
    """The probes, without the classes of their folders where these are not as many as the model's.

    Raises:
        ValueError: they are not, and the score of the label is to be explained.
    """
    if probes.class_names is None or folders_are_classes(model, probes.class_names, target):
        return probes
    return replace(probes, labels=None, class_names=None)


def folders_are_classes(model: Any, folders: Sequence[str], target: Any) -> bool:
    """Whether there are as many folders as the model has classes, where it tells.

    Raises:
        ValueError: there are not, and the score of the label is to be explained.
    """
    count = _class_count(model)
    if count in (None, len(folders)):
        return True
    if target is None or target == "label" or isinstance(target, Label):
        raise ValueError(
            f"Expected a folder for each of the {count} classes of the model. Received: {len(folders)} "
            f'folders with pictures, {", ".join(folders[:5])}; give target="predicted" or a class index '
            "to explain these pictures without labels."
        )
    return False


def check_class_names(model: Any, names: Sequence[str]) -> None:
    """Raise `ValueError` unless there are as many names as the model has classes, where it tells."""
    if (count := _class_count(model)) not in (None, len(names)):
        raise ValueError(
            f"Expected {count} class names, one for each class of the model in the order of its outputs. "
            f"Received: {len(names)} names, {', '.join(names[:5])}"
        )


def _class_count(model: Any) -> int | None:
    """How many classes a model with one output has; one unit tells two apart. None where it does not tell."""
    outputs = getattr(model, "outputs", None) or []
    count = outputs[0].shape[-1] if len(outputs) == 1 and len(outputs[0].shape) == 2 else None
    return None if count is None else max(2, count)


def _read_for(model: Any, paths: Any) -> ProbeSet:
    """The pictures as the model takes them."""
    return ProbeSet(**read_pictures(paths, **how_to_read(model, paths)))


def how_to_read(
    model: Any, paths: Any, size: tuple[int, int] | None = None, scale: float | None = None
) -> dict[str, Any]:
    """How pictures are read as the model takes them: its size, its channels, the range of its pixels.

    Args:
        model: a Keras model.
        paths: of the pictures, for the sentence.
        size: height and width that are given in place of the model's.
        scale: what pixels from 0 to 255 are multiplied with, given in place of what the model tells.

    Raises:
        ValueError: the model does not tell the range.
    """
    pixels = declared_pixels(model)
    if scale is None and pixels.highest is None:
        sides = f", size={pixels.size}" if pixels.size else ", size=(height, width)"
        code = f"ks.ProbeSet.from_folder({_shown(paths)}{sides}, scale=1/255)"
        raise ValueError(
            "Nothing in this model tells in which range it takes pixels: it declares no image, or begins with no "
            f"Rescaling or Normalization. Give {code if writes_code() else '--scale 1/255'} for pixels from 0 to 1, or "
            f"{'scale=1' if writes_code() else '--scale 1'} for pixels from 0 to 255."
        )
    return {
        "size": size or pixels.size,
        "scale": (pixels.highest or 255) / 255 if scale is None else scale,
        "channels": pixels.channels,
        "channels_first": pixels.channels_first,
    }


def warn_of_range(model: Any, layout: Layout, probes: ProbeSet) -> None:
    """Warn where the images do not have the range of pixels that the model is made for."""
    if doubt := range_in_doubt(model, layout, probes):
        warnings.warn(doubt, SaliencyWarning, stacklevel=3)


def range_in_doubt(model: Any, layout: Layout, probes: ProbeSet) -> str | None:
    """A sentence, where the images do not have the range of pixels that the model is made for; else None."""
    if layout.picture is None:
        return None
    return doubt_about(model, optree.tree_leaves(probes.images)[layout.picture])


def as_one_batch(model: Any, images: Any) -> Any:
    """A list of single images as one array, where the model has one input and declares what it takes."""
    declared = [tuple(tensor.shape) for tensor in declared_inputs(model)]
    if len(declared) != 1:
        return images
    rank = len(declared[0])
    if is_array(images) and len(images.shape) == rank - 1 and _fits(images.shape, declared[0][1:]):
        raise ValueError(
            f"Expected a batch of images, (n, …). Received: one image of shape {tuple(images.shape)}; give image[None]"
        )
    singles = isinstance(images, (list, tuple)) and images and all(map(is_array, images))
    if singles and all(len(image.shape) == rank - 1 for image in images):
        return as_batch(list(images))
    return images


def _fits(shape: Any, declared: tuple[int | None, ...]) -> bool:
    return all(wanted in (None, given) for given, wanted in zip(shape, declared, strict=True))


def _shown(paths: Any) -> str:
    return f"{str(paths)!r}" if not isinstance(paths, (list, tuple)) else "paths"
