"""What a check looks at: a model, its probes, and maps that are made once for all checks."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from keras_saliency.engine import ScoredModel, Scores
from keras_saliency.explanation import Explanation, bind_target, explain_scored
from keras_saliency.methods import Method
from keras_saliency.probes import ProbeSet
from keras_saliency.targets import BoundTarget


class Subject:
    """One model under examination. Nothing of it is ever changed.

    Args:
        model: the model as a function with gradients.
        probes: the images that the checks ask about.
        method: whose maps are judged.
        target: what is explained, see `ks.explain`.
        seed: of every private generator.
    """

    def __init__(
        self, model: ScoredModel, probes: ProbeSet, method: Method, *, target: Any = None, seed: int = 0
    ) -> None:
        self.model = model
        self.probes = probes
        self.method = method
        self.target: BoundTarget = bind_target(target, probes)
        self.seed = seed
        self.anatomy = model.inspect(probes.images, self.target)

    @property
    def evaluations(self) -> int:
        """How many images went through the model so far, forward or forward and backward."""
        return self.model.evaluations

    @cached_property
    def explanation(self) -> Explanation:
        """The maps of the probes, made at first use and shared by all checks."""
        return self.explain()

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

    def scores(self, images: Any = None, target: BoundTarget | None = None) -> Scores:
        """The scores and predicted classes of other images; the probes' own by default. One forward pass each."""
        return self.model.scores(self.probes.images if images is None else images, target or self.target)

    def rng(self, name: str) -> np.random.Generator:
        """A private generator for one purpose; the same at every run with this seed."""
        return np.random.default_rng([self.seed, *name.encode()])
