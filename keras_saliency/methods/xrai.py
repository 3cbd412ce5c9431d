"""One value for each region of an image."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from typing import ClassVar

import numpy as np
import optree
from typing_extensions import override

from keras_saliency.engine import Question
from keras_saliency.methods.base import Method, MethodResult, make_method
from keras_saliency.methods.integrated_gradients import IntegratedGradients
from keras_saliency.methods.shared.segments import segment_masks, smallest_gain
from keras_saliency.render.heatmaps import heatmap


def _default_method() -> IntegratedGradients:
    return IntegratedGradients(baseline=("min", "max"))


@dataclass(frozen=True)
class XRAI(Method):
    """The mean of a map over the regions of an image, the strongest region first (Kapishnikov et al. 2019,
    arXiv:1906.02825).

    The image is cut into overlapping segments of several scales. Again and again the segment joins whose pixels that
    are not covered yet have the highest mean in the wrapped map, and that mean is the value of those pixels. The
    wrapped map is that of integrated gradients from the image's smallest and from its largest value, as in the paper,
    summed over the channels; the authors' program takes their maximum. Maps are `(n, height, width)` and keep the unit
    of the wrapped method.

    Needs scikit-image: `pip install keras_saliency[regions]`. Costs the wrapped method, and once per image its
    segmentation, about a second.

    Args:
        method: whose map is averaged, by its name or itself; None: see above.
        name: of this variant; empty: `xrai`, and the wrapped method's name where it was chosen.

    Example:
        >>> explanation = ks.explain(model, images[:2], ks.XRAI())
        >>> explanation.maps.shape
        (2, 12, 12)
    """

    _: KW_ONLY
    method: str | Method = field(default_factory=_default_method)
    name: str = ""

    registered: ClassVar[str] = "xrai"
    cost: ClassVar[str] = (
        "the wrapped method (18 or more forward and backward passes, and 1 forward pass), and a segmentation"
    )
    is_gradient: ClassVar[bool] = False

    def __post_init__(self) -> None:
        method = make_method(self.method)
        suffix = "" if method == _default_method() else f"_{method.name}"
        object.__setattr__(self, "method", method)
        object.__setattr__(self, "name", self.name or self.registered + suffix)

    @property
    def uses_target(self) -> bool:
        """Whether the wrapped method does."""
        return make_method(self.method).uses_target

    @property
    def has_sign(self) -> bool:
        """Whether the wrapped method has."""
        return make_method(self.method).has_sign

    @override
    def explain(self, question: Question, rng: np.random.Generator) -> MethodResult:
        image = question.image
        pictures = question.values[image.position]
        found = make_method(self.method).explain(question, rng)
        maps = optree.tree_leaves(found.maps)[image.position]
        signed = heatmap(maps, "signed", image.channel_axis or -1)
        if image.channel_axis == 1:
            pictures = np.moveaxis(pictures, 1, -1)
        maps = np.stack(
            [
                _by_region(signed_map, segment_masks(picture))
                for signed_map, picture in zip(signed, pictures, strict=True)
            ]
        )
        return MethodResult(maps, found.diagnostics)


def _by_region(signed_map: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """`(height, width)`: the map `(height, width)` averaged over what each of the masks `(m, …)` adds."""
    values = signed_map.reshape(-1).astype("float64")
    masks = masks.reshape(len(masks), -1)
    areas, sums = masks.sum(1), masks @ values
    found, uncovered = np.empty(len(values)), np.ones(len(values), bool)
    smallest = smallest_gain(*signed_map.shape)
    while (areas >= smallest).any():
        gains = np.divide(sums, areas, out=np.full(len(masks), -np.inf), where=areas >= smallest)
        best = int(gains.argmax())
        added = masks[best] & uncovered
        found[added] = gains[best]
        uncovered &= ~added
        areas = areas - masks[:, added].sum(1)
        sums = sums - masks[:, added] @ values[added]
    if uncovered.any():
        found[uncovered] = values[uncovered].mean()
    return found.reshape(signed_map.shape).astype("float32")
