"""Integrated gradients from many references at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from typing_extensions import override

from keras_saliency.arguments import keep_whole
from keras_saliency.engine import Points, Question
from keras_saliency.errors import MethodDoesNotApplyError
from keras_saliency.methods.base import Method, MethodResult
from keras_saliency.methods.shared.averaging import Arrays, shifts
from keras_saliency.methods.shared.path import Walk
from keras_saliency.methods.shared.stratified import latin_hypercube


@dataclass(frozen=True, eq=False)
class ExpectedGradients(Method):
    """Each value's share in the difference of the score to what it is on average over references (Erion et al. 2021,
    arXiv:1906.10670).

    The mean over references, and over places on the straight line from each to the image, of the gradient times (image
    minus reference), in units of the score. Other than in the paper, references are taken in turn, in a random order,
    and the places are spread evenly over the line, in a random order too: the mean is the same, its error smaller.

    Args:
        references: where the lines begin: an array `(m, …)` of images like the explained ones (for several inputs a
            list of arrays), such as images of the training data. None: the explained images themselves, whose maps
            then depend on each other.
        samples: how many gradients are taken for each image.
        name: of this variant.

    `diagnostics["completeness_delta"]` has, for each image, the sum of its map minus the mean change of the score from
    the references, and `"completeness_error"` which share of that change it is; images that miss more than 5 % are
    warned of: take more samples.

    Costs `samples` forward and backward passes, and 1 forward pass for each reference that is taken, and 1 more.

    Example:
        >>> explanation = ks.explain(model, images, ks.ExpectedGradients(references=images[:4], samples=8))
        >>> explanation.maps.shape
        (12, 12, 12, 1)
    """

    references: Any = None
    samples: int = 50
    name: str = "expected_gradients"

    registered: ClassVar[str] = "expected_gradients"
    cost: ClassVar[str] = "samples forward and backward passes, and up to as many forward passes, and 1"
    uses_target: ClassVar[bool] = True
    has_sign: ClassVar[bool] = True
    is_gradient: ClassVar[bool] = False

    def __post_init__(self) -> None:
        keep_whole(self, "samples")
        if self.references is not None:
            object.__setattr__(self, "references", _checked(self.references))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ExpectedGradients) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @property
    def _key(self) -> tuple[Any, ...]:
        references = [(array.shape, array.tobytes()) for array in self.references or ()]
        return (tuple(references), self.samples, self.name)

    @override
    def explain(self, question: Question, rng: np.random.Generator) -> MethodResult:
        walk = Walk(question, rng)
        references = self._fitting(walk.ends)
        count = len(references[0])
        order = np.concatenate([rng.permutation(count) for _ in range(-(-self.samples // count))])
        chosen = order[: self.samples]
        places = latin_hypercube(self.samples, (), rng)

        def each() -> Iterator[tuple[Arrays, Arrays]]:
            for reference, place in zip(chosen, places, strict=True):
                yield [array[reference][None] for array in references], shifts(place, references)

        maps = walk.averages(Points(_between, walk.ends, each, np.ones(self.samples))).means
        return walk.result(maps, self._changes(walk, references, chosen), self.samples, references=count)

    def _fitting(self, ends: Arrays) -> Arrays:
        if self.references is None:
            if len(ends[0]) == 1:
                raise MethodDoesNotApplyError(
                    "A single image has no other to be compared with: give ExpectedGradients references=, such as "
                    "images of the training data."
                )
            return ends
        expected, given = [end.shape[1:] for end in ends], [array.shape[1:] for array in self.references]
        if expected != given:
            raise ValueError(
                f"Expected references of the shape of what is explained, {_shapes(expected)}. "
                f"Received: {_shapes(given)}"
            )
        return list(self.references)

    @staticmethod
    def _changes(walk: Walk, references: Arrays, chosen: np.ndarray) -> np.ndarray:
        """`(samples, n)`: the change of the score from each reference that was taken to each image."""
        taken, position = np.unique(chosen, return_inverse=True)
        starts = (
            [np.broadcast_to(array[one], end.shape) for array, end in zip(references, walk.ends, strict=True)]
            for one in taken
        )
        return np.stack([walk.scores - walk.scores_at(start) for start in starts])[position]


def _between(ends: Any, each: Any) -> tuple[list[Any], list[Any]]:
    """Places on the lines from references to examples, and these lines; see `Points.place`."""
    lines = [end - start for end, start in zip(ends, each[0], strict=True)]
    pairs = zip(each[0], each[1], lines, strict=True)
    return [start + place * line for start, place, line in pairs], lines


def _checked(references: Any) -> tuple[np.ndarray, ...]:
    arrays = references if isinstance(references, (list, tuple)) else [references]
    if not arrays or not all(_is_filled(array) for array in arrays):
        raise ValueError(
            "Expected references to be a numpy array (m, …) of finite numbers, or a list of these, one per input. "
            f"Received: references={references!r:.200}"
        )
    if len({len(array) for array in arrays}) > 1:
        raise ValueError(
            f"Expected as many references for every input. Received: {', '.join(str(len(a)) for a in arrays)}"
        )
    copies = tuple(array.astype("float32") for array in arrays)
    for copy in copies:
        copy.flags.writeable = False
    return copies


def _is_filled(array: Any) -> bool:
    return (
        isinstance(array, np.ndarray)
        and array.ndim > 1
        and len(array) > 0
        and array.dtype.kind in "fiu"
        and bool(np.isfinite(array).all())
    )


def _shapes(shapes: list[tuple[int, ...]]) -> str:
    return ", ".join(f"(m, {', '.join(map(str, shape))})" for shape in shapes)
