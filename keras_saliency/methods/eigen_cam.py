"""The main thing that a layer answers to."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import numpy as np
from typing_extensions import override

from keras_saliency.engine import Question
from keras_saliency.methods.base import MethodResult
from keras_saliency.methods.shared.layer_map import LayerMethod, as_map


@dataclass(frozen=True)
class EigenCAM(LayerMethod):
    """A layer's activations along their main direction (Muhammad and Yeasin 2020, arXiv:2008.00299).

    For each image the activations, one row a place, are projected on their first right singular vector; nothing is
    centred, as in the paper. A singular vector has no sign of its own: it is turned so that the map's sum is not
    negative, and what is negative then is set to zero. It shows what the layer answers to most, the same for every
    target, not what the score depends on.

    Maps are `(n, height, width)`, resized from the layer to the image. `diagnostics["layer"]` names the layer. Costs
    one forward pass, and a singular value decomposition for each image.

    Attributes:
        layer: a name, a dotted path into nested models, a layer, or `"auto"`, see `Question.layer`.
        grid: rows and columns of a layer of tokens; `"auto"` finds them.
        name: empty: `eigen_cam`, and the layer where it is not `"auto"`.

    Example:
        >>> explanation = ks.explain(model, images, ks.EigenCAM("conv"))
        >>> explanation.maps.shape
        (12, 12, 12)
    """

    _: KW_ONLY
    name: str = ""

    registered: ClassVar[str] = "eigen_cam"
    cost: ClassVar[str] = "1 forward pass"
    uses_target: ClassVar[bool] = False
    has_sign: ClassVar[bool] = False

    @override
    def explain(self, question: Question, rng: np.random.Generator) -> MethodResult:
        image, found = question.image, question.layer_output(self.layer, self.grid)
        return as_map(found, np.stack([_projected(one) for one in found.activations]), image)


def _projected(activations: np.ndarray) -> np.ndarray:
    """`(h, w)` of one image, from `(h, w, channels)`."""
    places = activations.reshape(-1, activations.shape[-1]).astype("float64")
    left, sizes, _ = np.linalg.svd(places, full_matrices=False)
    along = left[:, 0] * sizes[0]
    turned = -along if along.sum() < 0 else along
    return np.asarray(np.maximum(turned, 0).reshape(activations.shape[:2]))
