"""What the mean square and the variance over noisy copies share: their options, and the run over the copies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from keras_saliency.arguments import keep_whole
from keras_saliency.engine import Question
from keras_saliency.methods.base import Method, make_method
from keras_saliency.methods.shared.noise import NoisyMaps, name_around
from keras_saliency.methods.shared.options import check_noise


@dataclass(frozen=True)
class NoisyStatistic(Method):
    """The options of a statistic over noisy copies; it has no sign, and the unit of a squared map."""

    method: str | Method = "gradient"
    samples: int = 24
    noise: float = 0.15
    name: str = ""

    registered: ClassVar[str]
    cost: ClassVar[str] = "samples × the wrapped method, and 1 forward pass"
    has_sign: ClassVar[bool] = False
    is_gradient: ClassVar[bool] = False

    def __post_init__(self) -> None:
        keep_whole(self, "samples")
        check_noise(self.noise)
        method = make_method(self.method)
        object.__setattr__(self, "method", method)
        object.__setattr__(self, "name", self.name or name_around(self.registered, method))

    @property
    def uses_target(self) -> bool:
        """Whether the wrapped method does."""
        return make_method(self.method).uses_target

    def _moments(self, question: Question, rng: np.random.Generator) -> tuple[Any, Any]:
        """Mean and variance over the copies."""
        noisy = NoisyMaps(question.settled, self.method, noise=self.noise, rng=rng)
        return noisy.moments(self.samples)
