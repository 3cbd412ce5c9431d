"""What a model said of some examples, as one value that explanations and looks hold and records encode."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True, eq=False)
class Scores:
    """The scores of `n` examples, and what the model predicts for them.

    Attributes:
        values: `(n,)` float32, the explained score.
        kind: `"logit"`, `"output"`, `"centred_log_probability"` or `"custom"`.
        target_classes: `(n,)` int64 class of the score, −1 where it has none.
        predicted_classes: `(n,)` int64, −1 where the model predicts no class.
        probabilities: `(n,)` float32 probability of the predicted class, NaN where the model gives none.
        table: `(n, classes)` float32, the scores of all classes; None where the score belongs to no class, and in
            what was read back from a file.
    """

    values: np.ndarray
    kind: str
    target_classes: np.ndarray
    predicted_classes: np.ndarray
    probabilities: np.ndarray = field(repr=False)
    table: np.ndarray | None = field(default=None, repr=False)


class HasScores:
    """Something that holds `Scores` as `model_scores`, read under the names that users know."""

    model_scores: Scores

    @property
    def scores(self) -> np.ndarray:
        """`(n,)` float32, the explained scores."""
        return self.model_scores.values

    @property
    def score_kind(self) -> str:
        """`"logit"`, `"output"`, `"centred_log_probability"` or `"custom"`."""
        return self.model_scores.kind

    @property
    def target_classes(self) -> np.ndarray:
        """`(n,)` int64, −1 where the score belongs to no class."""
        return self.model_scores.target_classes

    @property
    def predicted_classes(self) -> np.ndarray:
        """`(n,)` int64, −1 where the model predicts no class."""
        return self.model_scores.predicted_classes

    @property
    def probabilities(self) -> np.ndarray:
        """`(n,)` float32 of the predicted class, NaN where the model gives none."""
        return self.model_scores.probabilities
