"""What a check looks at: a model, its probes, and maps that are made once for all checks."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import optree

from keras_saliency import metrics
from keras_saliency.engine import Anatomy, ScoredModel, Scores
from keras_saliency.explanation import Explanation, bind_target, explain_scored, pictures_of
from keras_saliency.methods import Method
from keras_saliency.probes import ProbeSet
from keras_saliency.probes.targets import PREDICTED, BoundTarget, ClassIndex, bind
from keras_saliency.render.heatmaps import is_image


class Subject:
    """One model under examination. Nothing of it is ever changed.

    Args:
        model: the model as a function with gradients.
        probes: the images that the checks ask about.
        method: whose maps are judged.
        target: what is explained, see `ks.explain`.
        seed: of every private generator.
        explanation: the maps of the probes, where they are made already.
    """

    def __init__(
        self,
        model: ScoredModel,
        probes: ProbeSet,
        method: Method,
        *,
        target: Any = None,
        seed: int = 0,
        explanation: Explanation | None = None,
    ) -> None:
        self.model = model
        self.probes = probes
        self.method = method
        self.target: BoundTarget = bind_target(target, probes)
        self.seed = seed
        self._given = explanation
        self.anatomy: Anatomy = model.inspect(probes.images, self.target)

    @property
    def evaluations(self) -> int:
        """How many images went through the model so far, forward or forward and backward."""
        return self.model.evaluations

    @cached_property
    def explanation(self) -> Explanation:
        """The maps of the probes, made at first use and shared by all checks."""
        return self._given or self.explain()

    def explain(
        self,
        images: Any = None,
        target: BoundTarget | None = None,
        *,
        method: Method | None = None,
        model: ScoredModel | None = None,
    ) -> Explanation:
        """Maps of other images, for another target, by another method or with other weights; the same seed."""
        probes = self.probes if images is None else ProbeSet(images)
        return explain_scored(
            model or self.model, probes, method or self.method, target or self.target, self.seed
        )

    def scores(
        self, images: Any = None, target: BoundTarget | None = None, *, model: ScoredModel | None = None
    ) -> Scores:
        """The scores and predicted classes of the probes or of other images. One forward pass each."""
        images = self.probes.images if images is None else images
        return (model or self.model).scores(images, self.target if target is None else target)

    @cached_property
    def own_predictions(self) -> Scores:
        """`predictions` of the probes, made at first use and shared by all checks."""
        return self.predictions()

    def predictions(self, images: Any = None, *, model: ScoredModel | None = None) -> Scores:
        """The scores of all classes, as `table`, and what is predicted, whatever the target. One forward pass each.

        `table` is None where the target takes several outputs at once.
        """
        if self.anatomy.output is None:
            return self.scores(images, model=model)
        count = len(self.probes) if images is None else self.model.count(images)
        return self.scores(images, self.class_target(np.full(count, PREDICTED)), model=model)

    @property
    def targets_classes(self) -> bool:
        """Whether the explained score is that of a class (which class may depend on the image)."""
        return self.target.classes is not None and bool((self.explanation.target_classes >= 0).all())

    @staticmethod
    def class_target(classes: np.ndarray) -> BoundTarget:
        """The target that is one class per image; `PREDICTED` leaves it to the model."""
        return BoundTarget(classes=np.asarray(classes, "int32"))

    @property
    def fixed_target(self) -> BoundTarget:
        """The target with the predicted classes as they are now, so that they do not change with the image."""
        if not self.targets_classes:
            return self.target
        return bind(ClassIndex(self.explanation.target_classes), len(self.probes), None)

    def rows(self, explanation: Explanation | None = None) -> np.ndarray:
        """All maps of an explanation, one row per probe, `(n, values)` float32."""
        maps = optree.tree_leaves((explanation or self.explanation).maps)
        return np.concatenate([leaf.reshape(len(leaf), -1) for leaf in maps], axis=1)

    @cached_property
    def ranks(self) -> np.ndarray:
        """The ranks of `rows`, made at first use: ranking costs more than correlating."""
        return metrics.ranks(self.rows())

    @cached_property
    def pictures(self) -> np.ndarray | None:
        """What people should see of the probes, `(n, height, width, 3)` uint8; None where nothing is an image."""
        has_image = any(map(is_image, optree.tree_leaves(self.probes.images)))
        if self.probes.display_images is None and not has_image:
            return None
        return pictures_of(self.probes, self.anatomy.channel_axis)

    @property
    def has_image(self) -> bool:
        """Whether an input is an image, of the size of the maps."""
        image = next(filter(is_image, self._leaves), None)
        if image is None or not is_image(self.explanation.image_maps):
            return False
        return self.image.shape[1:3] == self.explanation.heatmaps().shape[1:]

    @cached_property
    def image(self) -> np.ndarray:
        """The first input that is an image, `(n, height, width, channels)` float64.

        Raises:
            ValueError: no input is an image.
        """
        array = np.asarray(self._leaves[self._image_position], "float64")
        return array[..., None] if array.ndim == 3 else np.moveaxis(array, self.anatomy.channel_axis, -1)

    @cached_property
    def deviation(self) -> float:
        """The standard deviation of all values of `image`."""
        return float(self.image.std())

    def with_images(self, images: np.ndarray, rows: np.ndarray) -> Any:
        """The inputs of these probes with other images, `(m, height, width, channels)`, in the place of theirs.

        Integer inputs get rounded values, within the range of their type.
        """
        position = self._image_position
        own = self._leaves[position]
        there = images[..., 0] if own.ndim == 3 else np.moveaxis(images, -1, self.anatomy.channel_axis)
        there = _as_dtype(there, own.dtype)
        leaves = [there if i == position else leaf[rows] for i, leaf in enumerate(self._leaves)]
        return optree.tree_unflatten(optree.tree_structure(self.probes.images), leaves)

    def take(self, rows: np.ndarray) -> tuple[Any, BoundTarget]:
        """Some of the probes' inputs, in this order, and their targets."""
        return optree.tree_map(lambda leaf: leaf[rows], self.probes.images), self.target.take(rows)

    @property
    def _leaves(self) -> list[np.ndarray]:
        leaves: list[np.ndarray] = optree.tree_leaves(self.probes.images)
        return leaves

    @property
    def _image_position(self) -> int:
        position = next((i for i, leaf in enumerate(self._leaves) if is_image(leaf)), None)
        if position is None:
            raise ValueError("None of the inputs is an image, so it has no regions.")
        return position

    def rng(self, name: str) -> np.random.Generator:
        """A private generator for one purpose; the same at every run with this seed."""
        return np.random.default_rng([self.seed, *name.encode()])


def _as_dtype(values: np.ndarray, dtype: np.dtype[Any]) -> np.ndarray:
    if dtype.kind not in "iu":
        return np.asarray(values, dtype)
    bounds = np.iinfo(dtype)
    return np.asarray(np.clip(np.rint(values), bounds.min, bounds.max), dtype)
