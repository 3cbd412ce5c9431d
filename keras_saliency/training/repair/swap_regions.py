"""Content that gives the class away, exchanged between images so that it no longer does."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_saliency.arguments import real, whole
from keras_saliency.checks.experiment.interventions import around
from keras_saliency.engine.backends.pipelines import on_arrays
from keras_saliency.probes.fields import checked_axis
from keras_saliency.probes.labels import class_indices
from keras_saliency.reports.regions import as_masks, as_rows
from keras_saliency.training.repair.draws import Draws
from keras_saliency.training.repair.exchange import exchanged, with_exchanged_colours
from keras_saliency.training.repair.masks import apart, channel_axis_of, fixed_masks, masks_of_batch, named

COLOURS = "colours"


@keras.saving.register_keras_serializable("keras_saliency")
class SwapRegions(keras.layers.Layer):  # type: ignore[misc]
    """Exchanges the content of marked regions between the images of a batch, so that it stops telling the class.

    A layer for the front of a model, `keras.Sequential([swap, model])`, which does nothing at inference; and the same
    for pipelines, `swap.batch`. The labels stay with the images. Images keep their type, integers too.

    With `probability` an image gets the content of another one, where labels are known (`batch`) of another class. That
    is drawn for each region, regions that overlap as one, and no oftener than other classes are in the batch: at that
    share the content is as frequent in every class, and beyond it would tell which class an image is not. So
    `probability=1.0` is exact for any number of classes, and 0.5 for two of one size. A batch of one class (in the
    layer, of one image) has its regions filled with the mean around them, as the experiment of `ks.Region` does.

    `means=` aims it at the class that a mark stands for: content goes between images of that class and others, as often
    as makes it as frequent in both, and all others keep theirs. What else is in a region goes on telling them apart,
    which costs less accuracy the larger the region is. This needs labels: `batch`, not the layer.

    `SwapRegions("colours", means=3)` is for a cast of the whole image: not content is exchanged, but the mean and the
    deviation of each channel, within the range of the batch. Also `batch` alone.

    Give it images before they are turned or cut. Its random numbers are its own: no global state is read or changed. A
    model that was saved with it is read with `custom_objects={"SwapRegions": ks.SwapRegions}`; the model behind it,
    saved by itself, needs nothing.

    Args:
        regions: masks of the images' size: one `(height, width)`, or several by name, as a `ProbeSet` has them or as a
            report proved them, `report.regions`. None: each `batch` brings its own. `"colours"`: see above.
        probability: of an exchange, above 0 and at most 1.
        seed: of the private generators. None: of the operating system.
        means: the class that the content stands for, as the report names it. None: all classes are alike.
        channel_axis: where images `(n, …)` have their channels: −1 or 1. None: the masks' size tells; for colours, the
            axis of at most four.

    Raises:
        ValueError, TypeError: the masks are empty, whole images, or of other sizes; the probability is none.

    Example:
        >>> swap = ks.SwapRegions(probes.regions)
        >>> tuned = keras.Sequential([swap, model])
        >>> bool((tuned.predict(images, verbose=0) == model.predict(images, verbose=0)).all())
        True
        >>> swapped, same_labels = swap.batch(images, labels)
        >>> swapped.shape == images.shape, same_labels is labels
        (True, True)
    """

    def __init__(
        self,
        regions: Any,
        probability: float = 0.5,
        seed: int | None = 0,
        *,
        means: int | None = None,
        channel_axis: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(autocast=False, **kwargs)
        if isinstance(regions, str) and regions != COLOURS:
            raise ValueError(f'Expected masks, "{COLOURS}" or None. Received: regions={regions!r}')
        self._colours = isinstance(regions, str)
        self._regions = None if regions is None or self._colours else fixed_masks(regions)
        self._apart = apart((self._regions or {}).values())
        self.probability = real("probability", probability, above=0, most=1)
        self.means = None if means is None else whole("means", means, 0)
        self.channel_axis = checked_axis(channel_axis)
        self.seed = secrets.randbits(31) if seed is None else whole("seed", seed, 0)
        self._generator = keras.random.SeedGenerator(self.seed)
        self._draws = Draws(self.seed)
        self.supports_masking = True

    @property
    def _size(self) -> tuple[int | None, int | None]:
        return _known_size(self._regions or {})

    def build(self, input_shape: Any) -> None:
        """Refuse images that the masks do not fit, and what needs labels."""
        if self._colours or self.means is not None:
            raise ValueError(
                "Expected swap.batch(images, labels) in the pipeline: a layer sees no labels. "
                f"Received: a layer with {'colours' if self._colours else f'means={self.means}'}"
            )
        self._refuse_without_regions()
        channel_axis_of(input_shape, self._size, self.channel_axis)
        self.built = True

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """The images, in training with exchanged regions.

        Args:
            inputs: `(n, height, width, channels)`, `(n, channels, height, width)` or `(n, height, width)`.
            training: whether to do anything.
        """
        if not training:
            return inputs
        axis = channel_axis_of(inputs.shape, self._size, self.channel_axis)
        count = ops.shape(inputs)[0]
        drawn = keras.random.uniform((len(self._apart), 2, count), dtype="float32", seed=self._generator)
        images = inputs
        for index, mask in enumerate(self._apart):
            images = self._swapped(images, inputs, mask, axis, drawn[index])
        return images

    def _swapped(self, images: Any, donors: Any, mask: np.ndarray, axis: int | None, drawn: Any) -> Any:
        """As `exchanged` of images whose classes are not known; in operations of Keras, of any framework."""
        count = ops.shape(donors)[0]
        number = ops.cast(count, "float32")
        limit = ops.where(number > 1, ops.minimum(self.probability, 1 - 1 / number), self.probability)
        other = ops.cast(ops.floor(drawn[1] * (number - 1)), "int32")
        other = ops.minimum(other, ops.maximum(count - 2, 0))  # where float32 rounds up
        partners = (ops.arange(count, dtype="int32") + 1 + other) % count
        neutral = _filled(donors, _over(around(mask), axis), axis)
        content = ops.where(number > 1, ops.take(donors, partners, axis=0), neutral)
        chosen = ops.reshape(drawn[0] < limit, (-1, *[1] * (len(donors.shape) - 1)))
        return ops.where(ops.logical_and(chosen, _over(mask, axis)), content, images)

    def compute_output_spec(self, inputs: Any, training: bool | None = None) -> Any:
        """What comes out is what goes in."""
        del training
        return keras.KerasTensor(inputs.shape, inputs.dtype)

    def batch(self, images: Any, labels: Any = None, weights: Any = None, *, masks: Any = None) -> Any:
        """The same for a batch of a pipeline: images in, images out; with what stands beside them, a tuple.

        Works on arrays, on tensors of every framework and in `dataset.batch(32).map(swap.batch)`; numpy does it, on the
        CPU. In workers of a PyTorch `DataLoader` the draws follow the seed of the worker.

        Args:
            images: `(n, height, width, channels)`, `(n, channels, height, width)` or `(n, height, width)`.
            labels: class indices or one-hot rows, `(n,)`, `(n, 1)` or `(n, classes)`. None: partners are any others.
            weights: of the examples, which are handed on.
            masks: the regions of these images, `(n, height, width)` or several such by name, in place of the layer's
                own. An image may have an empty one. Content goes to the image's own region, scaled to its size as the
                experiment does; where it has none, to the place that the content had; and from an image without a
                region comes nothing: the region is filled.

        Example:
            >>> logos = np.zeros((12, 12, 12), bool)
            >>> logos[:, 2:4, 5:8] = True
            >>> ks.SwapRegions(None).batch(images, labels, masks=logos)[0].shape
            (12, 12, 12, 1)
        """
        own = {} if masks is None else named(masks)
        if own and self._colours:
            raise ValueError(
                "Expected no masks= for colours, which an image has as a whole. Received: masks="
            )
        if labels is None and self.means is not None:
            raise ValueError(f"Expected labels, for means={self.means}. Received: labels=None")
        if not own:
            self._refuse_without_regions()
        shape = _known_shape(images)  # no `:=` here: AutoGraph would say that it cannot read it
        if shape is not None:  # also where nothing is computed yet, as in tf.data
            channel_axis_of(shape, _known_size(own) if own else self._size, self.channel_axis)
        given = ([] if labels is None else [labels]) + list(own.values())

        def swapped(pixels: np.ndarray, *others: np.ndarray) -> np.ndarray:
            classes = class_indices(others[0], len(pixels)) if labels is not None else np.arange(len(pixels))
            if self.means is not None:
                classes = (classes == self.means).astype(int)
                if not classes.any():  # so that a share of none is exchanged
                    return pixels
            return self._on_arrays(
                pixels, classes, dict(zip(own, others[len(given) - len(own) :], strict=True))
            )

        result = on_arrays(swapped, images, *given)
        beside = (labels,) if weights is None else (labels, weights)
        return result if labels is None and weights is None else (result, *beside)

    def _on_arrays(
        self, images: np.ndarray, classes: np.ndarray, own: Mapping[str, np.ndarray]
    ) -> np.ndarray:
        axis = channel_axis_of(images.shape, _known_size(own) if own else self._size, self.channel_axis)
        last = images[..., None] if axis is None else np.moveaxis(images, axis, -1)
        masks = apart(masks_of_batch(own, last.shape[:3]).values()) if own else self._apart
        with self._draws.generator() as rng:
            if self._colours:
                result = with_exchanged_colours(last, classes, self.probability, rng)
            else:
                result = exchanged(last, masks, classes, self.probability, rng)
        return result[..., 0] if axis is None else np.ascontiguousarray(np.moveaxis(result, -1, axis))

    def _refuse_without_regions(self) -> None:
        if self._regions is None and not self._colours:
            raise ValueError(
                "This SwapRegions has no regions: give them, ks.SwapRegions(regions), or the masks of each batch, "
                "swap.batch(images, labels, masks=masks)."
            )

    def get_config(self) -> dict[str, Any]:
        """What makes the same layer again; a mask is a text of `0` and `1` for each of its rows."""
        known = self._regions
        regions: Any = None if known is None else {name: as_rows(mask) for name, mask in known.items()}
        own = {name: getattr(self, name) for name in ("probability", "seed", "means", "channel_axis")}
        return {**super().get_config(), "regions": COLOURS if self._colours else regions, **own}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> SwapRegions:
        """The layer of a config."""
        stored = config["regions"]
        is_masks = isinstance(stored, Mapping)
        regions = {name: as_masks(rows) for name, rows in stored.items()} if is_masks else stored
        return cls(**{**config, "regions": regions})


def _over(mask: np.ndarray, axis: int | None) -> np.ndarray:
    """The mask in the shape of a batch, to be broadcast."""
    return mask[None] if axis is None else mask[None, ..., None] if axis == -1 else mask[None, None]


def _filled(images: Any, around: np.ndarray, axis: int | None) -> Any:
    """For each image and channel the mean of these pixels, as `filled` has it; integers are rounded."""
    levels = (2, 3) if axis == 1 else (1, 2)
    pixels = ops.where(around, ops.cast(images, "float32"), 0.0)
    means = ops.sum(pixels, levels, keepdims=True) / float(around.sum())
    is_float = keras.backend.is_float_dtype(keras.backend.standardize_dtype(images.dtype))
    return ops.cast(means if is_float else ops.round(means), images.dtype)


def _known_shape(array: Any) -> tuple[int | None, ...] | None:
    """The shape of an array or a tensor; None where that is not known, as it may be in `tf.data`."""
    shape = getattr(array, "shape", None)
    return None if shape is None or getattr(shape, "rank", 0) is None else tuple(shape)


def _known_size(masks: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """Height and width of masks."""
    shape = _known_shape(next(iter(masks.values()), None)) or ()
    return (shape[-2], shape[-1]) if len(shape) > 1 else (None, None)
