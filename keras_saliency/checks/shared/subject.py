"""What a check looks at: a model, its probes, and maps that are made once for all checks."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import optree

from keras_saliency import metrics
from keras_saliency.engine import Question, ScoredModel
from keras_saliency.explanation import Explanation, bind_target, explain_question, pictures_of
from keras_saliency.methods import Method, make_method
from keras_saliency.methods.base import run_method
from keras_saliency.probes import ProbeSet
from keras_saliency.probes.targets import PREDICTED, BoundTarget
from keras_saliency.records.scores import Scores


class Subject:
    """One model under examination. Nothing of it is ever changed.

    Args:
        question: about the probes; its answers are shared by all checks.
        probes: the images that the checks ask about.
        method: whose maps are judged.
        seed: of every private generator.
        explanation: the maps of the probes, where they are made already.
    """

    def __init__(
        self,
        question: Question,
        probes: ProbeSet,
        method: Method,
        *,
        seed: int = 0,
        explanation: Explanation | None = None,
    ) -> None:
        self.question = question
        self.probes = probes
        self.method = method
        self.seed = seed
        self._given = explanation

    @classmethod
    def of(
        cls,
        model: Any,
        probes: ProbeSet,
        method: str | Method = "gradient",
        *,
        target: Any = None,
        output: str | int | None = None,
        logits: str = "auto",
        chunk_size: int | None = None,
        seed: int = 0,
    ) -> Subject:
        """A Keras model under examination; arguments and errors as `ks.explain`."""
        scored = ScoredModel(
            model, output=output, logits=logits, chunk_size=chunk_size, channel_axis=probes.channel_axis
        )
        question = Question(scored, probes.images, bind_target(target, probes))
        return cls(question, probes, make_method(method), seed=seed)

    @property
    def evaluations(self) -> int:
        """How many images went through the model so far, forward or forward and backward."""
        return self.question.model.evaluations

    @cached_property
    def explanation(self) -> Explanation:
        """The maps of the probes, made at first use and shared by all checks."""
        return self._given or explain_question(self.question, self.probes, self.method, self.seed)

    def rows(self, question: Question | None = None) -> np.ndarray:
        """All maps, one row per example, `(n, values)` float32.

        Args:
            question: what they answer, with the same random numbers; None: the question about the probes.
        """
        asked = self.explanation if question is None else run_method(self.method, question, self.seed)
        leaves = optree.tree_leaves(asked.maps)
        return np.concatenate([leaf.reshape(len(leaf), -1) for leaf in leaves], axis=1)

    @property
    def again(self) -> Question:
        """The question about the probes, to be answered anew."""
        return self.question.about(self.question.target)

    def predictions(self, question: Question | None = None) -> Scores:
        """The scores of all classes, as `table`, and what is predicted. One forward pass; of the probes once for all.

        `table` is None where the target takes several outputs at once. Nothing else depends on the target.

        Args:
            question: another one; None: that about the probes.
        """
        asked = question or self.question
        if asked.target.classes is None and asked.anatomy.output is not None:
            return self._about_predicted.scores if question is None else _about_predicted(asked).scores
        return asked.scores

    @cached_property
    def _about_predicted(self) -> Question:
        return _about_predicted(self.question)

    @cached_property
    def classes(self) -> np.ndarray:
        """The class of each probe: its label, else what is predicted."""
        labels = self.probes.labels
        return np.asarray(self.predictions().predicted_classes if labels is None else labels)

    @property
    def targets_classes(self) -> bool:
        """Whether the explained score is that of a class (which class may depend on the image)."""
        is_class = self.question.target.classes is not None
        return is_class and bool((self.explanation.target_classes >= 0).all())

    def about_classes(self, classes: np.ndarray) -> Question:
        """The question about one class per probe."""
        return self.question.about(self.question.target.of_classes(classes))

    @cached_property
    def ranks(self) -> np.ndarray:
        """The ranks of `rows`, made at first use: ranking costs more than correlating."""
        return metrics.ranks(self.rows())

    @cached_property
    def pictures(self) -> np.ndarray | None:
        """What people should see of the probes, `(n, height, width, 3)` uint8; None where nothing is an image."""
        if self.probes.display_images is None and self.question.anatomy.layout.picture is None:
            return None
        return pictures_of(self.probes, self.question.anatomy.layout)

    @property
    def has_image(self) -> bool:
        """Whether an input is an image, of the size of the maps."""
        if self.question.anatomy.layout.picture is None or not self.explanation.has_image:
            return False
        return self.image.shape[1:3] == self.explanation.heatmaps().shape[1:]

    @cached_property
    def image(self) -> np.ndarray:
        """The input that is an image, `(n, height, width, channels)`: float32, or float64 where that holds less.

        Raises:
            ValueError: no input is an image.
        """
        array = self._leaves[self._picture]
        array = np.asarray(array, np.result_type(array, "float32"))
        return array[..., None] if array.ndim == 3 else np.moveaxis(array, self._channel_axis, -1)

    @cached_property
    def deviation(self) -> float:
        """The standard deviation of all values of `image`."""
        return float(self.image.std(dtype="float64"))

    def with_images(self, images: np.ndarray, rows: np.ndarray) -> Question:
        """The question about these probes with other images, `(m, height, width, channels)`, in place of their own.

        Integer inputs get rounded values, within the range of their type. The target is the predicted class.
        """
        own = self._leaves[self._picture]
        there = images[..., 0] if own.ndim == 3 else np.moveaxis(images, -1, self._channel_axis)
        there = as_dtype(there, own.dtype)
        leaves = [there if i == self._picture else leaf[rows] for i, leaf in enumerate(self._leaves)]
        inputs = optree.tree_unflatten(optree.tree_structure(self.probes.images), leaves)
        return self.question.about(_predicted(self.question.target.take(rows), len(rows)), inputs)

    @property
    def _leaves(self) -> list[np.ndarray]:
        leaves: list[np.ndarray] = optree.tree_leaves(self.probes.images)
        return leaves

    @property
    def _channel_axis(self) -> int:
        return self.question.anatomy.layout.picture_axis

    @property
    def _picture(self) -> int:
        position = self.question.anatomy.layout.picture
        if position is None:
            raise ValueError("None of the inputs is an image, so it has no regions.")
        return position

    def rng(self, name: str) -> np.random.Generator:
        """A private generator for one purpose; the same at every run with this seed."""
        return np.random.default_rng([self.seed, *name.encode()])


def _predicted(target: BoundTarget, count: int) -> BoundTarget:
    return target.of_classes(np.full(count, PREDICTED))


def _about_predicted(question: Question) -> Question:
    return question.about(_predicted(question.target, len(question)))


def as_dtype(values: np.ndarray, dtype: np.dtype[Any]) -> np.ndarray:
    """Pixels in the type of images: integers are rounded, and stay in the range of their type."""
    if dtype.kind not in "iu":
        return np.asarray(values, dtype)
    bounds = np.iinfo(dtype)
    return np.asarray(np.clip(np.rint(values), bounds.min, bounds.max), dtype)
