"""What is measured of each example: what the model says, its map at a small side, and the numbers of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

import numpy as np
import optree

from keras_saliency import metrics
from keras_saliency.checks.proposals.windows import window_enrichment, window_of
from keras_saliency.engine import Anatomy, Question, ScoredModel
from keras_saliency.engine.chunks import rows_of
from keras_saliency.engine.layout import Layout, way_out
from keras_saliency.methods import Method
from keras_saliency.methods.base import run_method
from keras_saliency.metrics import NUMBERS
from keras_saliency.probes.targets import BoundTarget, ClassIndex, Label, PerImage, Predicted, as_target, bind
from keras_saliency.render import shrink
from keras_saliency.render.heatmaps import heatmap
from keras_saliency.render.resize import resample
from keras_saliency.surveys.examples import Chunk
from keras_saliency.surveys.parts import Rows

SIDE = 28
"""The longest side of the maps that are kept."""

THUMBNAIL = 8
"""The sides of the small pictures."""

FEATURES = 64
"""So many numbers stand for what the last layer reads."""

DESCRIBING = tuple(name for name, metric in NUMBERS.items() if not metric.compares)
"""The numbers of a map that need no other look."""

_AT_ONCE = 2**17
"""Values that numbers are computed of at once: what the caches of a processor hold is several times faster."""

_ALIKE = 1e-4
"""Windows whose heat differs by no more than this share are equally hot: the first of them is taken, so that the last
bits of a map do not choose."""


@dataclass(frozen=True, eq=False)
class Measurer:
    """Measures examples, chunk by chunk. It can be sent to other processes as far as its model can.

    Args:
        model: a Keras model.
        method: makes the maps.
        target: whose score is explained, see `ks.explain`; the same for all examples.
        output: the name or position of the output, for models with several.
        logits: see `ks.explain`.
        channel_axis: where images have their channels; None: the model tells.
        regions: masks `(height, width)` by name.
        pictures: whether small pictures of the images are wanted.
        seed: of the private generator of methods that draw random numbers.
        side: the longest side of the small maps.
    """

    model: Any
    method: Method
    target: Any = None
    output: str | int | None = None
    logits: str = "auto"
    channel_axis: int | None = None
    regions: Mapping[str, np.ndarray] = field(default_factory=dict)
    pictures: bool = True
    seed: int = 0
    side: int = SIDE

    @cached_property
    def scored(self) -> ScoredModel:
        """The model as a function with gradients; its traces are kept, whatever the number of chunks."""
        return ScoredModel(self.model, output=self.output, logits=self.logits, channel_axis=self.channel_axis)

    def question(self, chunk: Chunk) -> Question:
        """The question about a chunk."""
        return Question(self.scored, chunk.images, self._bind(chunk), with_features=True)

    def inspect(self, chunk: Chunk) -> Anatomy:
        """The anatomy of the model with examples like these; refuses what cannot work, before anything is computed.

        Raises:
            ValueError: no input is an image, or a region or the target does not fit.
            LogitsNotFoundError, ModelRejectedInputsError, NoGradientError: see `ks.explain`.
        """
        anatomy = self.question(chunk).anatomy
        image = anatomy.image
        if image is None or anatomy.layout.picture is None:
            raise ValueError(
                "None of the inputs is an image, so there are no maps to compare. Received: "
                f"{', '.join(anatomy.explained)} of shape {', '.join(map(str, anatomy.shapes))}."
                f"{way_out(anatomy.shapes)}"
            )
        for name, mask in self.regions.items():
            if mask.shape != (image.height, image.width):
                raise ValueError(
                    f"Expected the mask of region {name!r} to have the size of the maps, "
                    f"{(image.height, image.width)}, the same for all images. Received: shape={mask.shape}"
                )
        return anatomy

    def rows(self, chunk: Chunk) -> Rows:
        """A row for each example, as columns of numpy.

        `id`, `key`; `label` (−1: none), `target_class`, `prediction` (−1: none), `probability` of the prediction,
        `score`; the numbers of a map; `<region>_enrichment`; `map` `(n, height, width)`, the magnitude with a sum of 1
        at the small side, zero where it has no content and NaN where it is not finite; `top` and `left`, the centre of
        the hottest window as shares of height and width; `features`, at most 64 sums of
        `Question.features` where it has any; with pictures `thumbnail` `(n, 8, 8, channels)`.

        Raises:
            ValueError: a label is none of the model's classes.
        """
        return self.ask(chunk)()

    def ask(self, chunk: Chunk) -> Callable[[], Rows]:
        """Ask the model, and return what makes the rows of the answer without it: another thread may call that."""
        count, question = len(chunk), self._whole(self.question(chunk))
        result, scores = run_method(self.method, question, self.seed), question.scores
        self._check_labels(chunk, scores.table)
        layout = question.anatomy.layout
        leaves = optree.tree_leaves(result.maps)
        maps = leaves[0 if len(leaves) == 1 else layout.image or 0][:count]
        said = {
            "id": np.array(chunk.ids, object),
            "key": np.array(chunk.keys, object),
            "label": np.full(count, -1) if chunk.labels is None else chunk.labels,
            "target_class": scores.target_classes[:count],
            "prediction": scores.predicted_classes[:count],
            "probability": scores.probabilities[:count],
            "score": np.asarray(scores.values[:count], "float32"),
        }
        if question.features is not None:
            said["features"] = self._projected(question.features[:count])
        image = optree.tree_leaves(chunk.images)[layout.picture or 0] if self.pictures else None
        return lambda: said | self._described(maps, image, layout)

    def chunk_size(self, chunk: Chunk, most: int) -> int:
        """About `most` examples, or fewer: as many as go through the model without padding."""
        rows = self.question(chunk).rows_at_once
        return max(1, most // rows) * rows

    def _whole(self, question: Question) -> Question:
        """The question with its last example again until the model's own chunks are full: it is traced for one size."""
        count, rows = len(question), question.rows_at_once
        if count % rows == 0:
            return question
        return question.take(np.asarray(rows_of(0, -(-count // rows) * rows, count)))

    def _bind(self, chunk: Chunk) -> BoundTarget:
        target = self.target
        if target is None:
            target = Predicted() if chunk.labels is None else Label()
        target = as_target(target)
        if isinstance(target, PerImage) or (isinstance(target, ClassIndex) and np.ndim(target.index)):
            raise ValueError(
                'Expected a target that is the same for all examples: "predicted", "label", a class index or a '
                f"function of the outputs. Received: target={target!r:.100}"
            )
        return bind(target, len(chunk), chunk.labels)

    def _check_labels(self, chunk: Chunk, table: np.ndarray | None) -> None:
        if chunk.labels is None or table is None or table.shape[1] < 2:
            return
        wrong = np.flatnonzero(chunk.labels >= table.shape[1])
        if wrong.size:
            raise ValueError(
                f"Expected labels below {table.shape[1]}, the number of classes of the model. Received: label "
                f"{chunk.labels[wrong[0]]} of {chunk.ids[wrong[0]]}"
            )

    def _described(
        self, maps: np.ndarray, images: np.ndarray | None, layout: Layout
    ) -> dict[str, np.ndarray]:
        """What the maps say, and the images where they are hot; a few at a time."""
        step = max(1, _AT_ONCE // maps[0].size)
        parts = []
        for start in range(0, len(maps), step):
            rows = slice(start, start + step)
            part = self._of_few(maps[rows], layout.channel_axis)
            part["top"], part["left"] = _hottest(part["map"])
            if images is not None:
                part["thumbnail"] = _thumbnails(images[rows], layout.picture_axis)
            parts.append(part)
        return {name: np.concatenate([part[name] for part in parts]).astype("float32") for name in parts[0]}

    def _projected(self, features: np.ndarray) -> np.ndarray:
        """Sums of features with random weights, the same for all examples: distances stay nearly the same
        (Johnson and Lindenstrauss 1984)."""
        count = features.shape[1]
        if count <= FEATURES:
            return features
        return np.asarray(features @ _weights(count))

    def _of_few(self, maps: np.ndarray, channel_axis: int) -> dict[str, np.ndarray]:
        magnitude = heatmap(maps, "magnitude", channel_axis)
        given = {"maps": maps, "magnitude": magnitude}
        return {
            **{
                name: NUMBERS[name].function(*(given[need] for need in NUMBERS[name].needs))
                for name in DESCRIBING
            },
            **{
                f"{name}_enrichment": metrics.enrichment(magnitude, mask)
                for name, mask in self.regions.items()
            },
            "map": _normalised(shrink(magnitude, self.side)),
        }


def _hottest(small: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The centres of the hottest windows of normalised maps, from the top and from the left as shares of the sides.

    Windows have 15 % of the sides; those of images that are too small to have places are the whole.
    """
    count, height, width = small.shape
    window = window_of(height, width) or (height, width)
    heat = np.nan_to_num(window_enrichment(small, window).reshape(count, -1))
    first = (heat >= heat.max(1, keepdims=True) * (1 - _ALIKE)).argmax(1)
    tops, lefts = np.divmod(first, width - window[1] + 1)
    return (tops + window[0] / 2) / height, (lefts + window[1] / 2) / width


@cache
def _weights(count: int) -> np.ndarray:
    """Of so many features in each sum, drawn once."""
    weights = np.random.default_rng(0).normal(scale=FEATURES**-0.5, size=(count, FEATURES))
    return weights.astype("float32")


def _thumbnails(images: np.ndarray, axis: int) -> np.ndarray:
    images = images[..., None] if images.ndim == 3 else np.moveaxis(images, axis, -1)
    return resample(images, THUMBNAIL, THUMBNAIL)


def _normalised(small: np.ndarray) -> np.ndarray:
    """Each map with a sum of 1; all zero stays so, and what is not finite is NaN throughout."""
    maps = np.asarray(small, "float32")
    peak = maps.max((1, 2), keepdims=True)
    finite = np.isfinite(maps).all((1, 2), keepdims=True)
    scaled = maps / np.where(finite & (peak > 0), peak, 1)  # the sum of large values could overflow
    total = scaled.sum((1, 2), keepdims=True, dtype="float64")
    shares = scaled / np.where(finite & (total > 0), total, 1)
    return np.where(finite, shares, np.nan).astype("float32")
