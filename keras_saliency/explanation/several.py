"""Several explanations of the same images: side by side on one sheet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from keras_saliency.explanation.explanation import Explanation
from keras_saliency.probes.captions import captions
from keras_saliency.render import comparison_sheet, using_font


def methods_sheet(explanations: Sequence[Explanation], *, font: str | Path | None = None) -> np.ndarray:
    """One picture `(height, width, 3)` uint8: a row per image, the image and what each method shows of it.

    Args:
        explanations: of the same images and targets, by methods of different names.
        font: as in `Explanation.save`.

    Raises:
        ValueError: the inputs are no images.
        FileNotFoundError, UnreadableFileError: the font cannot be read.
    """
    first = explanations[0]
    with using_font(font):
        return comparison_sheet(
            first.pictures(),
            {one.method: one.heatmaps("magnitude") for one in explanations},
            captions(first.probes, first.model_scores),
            title=", ".join(one.method for one in explanations),
            subtitle=f"score: {first.score_kind.replace('_', ' ')}",
        )
