"""What the methods that look at attention share: a weight for each token, as a map at the image's size."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

import numpy as np

from keras_saliency.engine import Attention, Question
from keras_saliency.engine.token_grid import asked_grid
from keras_saliency.methods.base import Method, MethodResult
from keras_saliency.render.resize import bilinear


@dataclass(frozen=True)
class AllAttention(Method):
    """The options of a method that follows the attention of all layers; its map has no sign, and is no gradient."""

    _: KW_ONLY
    grid: Any = "auto"

    has_sign: ClassVar[bool] = False
    is_gradient: ClassVar[bool] = False

    def __post_init__(self) -> None:
        asked_grid(self.grid)


def attention_map(
    question: Question,
    grid: Any,
    combine: Callable[[Attention], np.ndarray],
    *,
    layer: Any = None,
    gradients: bool = False,
) -> MethodResult:
    """The map of tokens, resized to the explained image: bilinear between the centres of the tokens' places.

    Args:
        question: about `n` examples.
        grid: see `Question.attention`.
        combine: from weights, and gradients where they are wanted, to `(n, tokens)`.
        layer: see `Question.attention`.
        gradients: see there.
    """
    image, parts = question.image, []
    for part in _blocks(question):
        found = part.attention(layer, grid, gradients=gradients)
        parts.append(found.grid.over_image(combine(found)[..., None])[..., 0])
    maps = bilinear(np.concatenate(parts), image.height, image.width)
    told = {
        "layer": ", ".join(found.layers),
        "grid": [found.grid.rows, found.grid.columns],
        "tokens_read": _in_words(found),
    }
    passed_over = {"passed_over": list(found.passed_over)} if found.passed_over else {}
    return MethodResult(maps.astype("float32", copy=False), told | passed_over)


def rows_read(found: Attention) -> np.ndarray:
    """`(tokens,)`: 1 ÷ their number for the tokens that the score reads, and 0 for the others."""
    rows = np.zeros(found.weights[-1].shape[-1], "float32")
    rows[list(found.read)] = 1 / len(found.read)
    return rows


def _blocks(question: Question) -> Iterator[Question]:
    """The question, in parts that go through the model at once: the weights of many images need much memory."""
    count, size = len(question), question.rows_at_once
    if count <= size:
        yield question
        return
    for start in range(0, count, size):
        yield question.take(np.arange(start, min(start + size, count)))


def _in_words(found: Attention) -> str:
    tokens, read = found.weights[-1].shape[-1], found.read
    if len(read) == tokens:
        return f"all {tokens}"
    several = len(read) > 3 and read[-1] - read[0] == len(read) - 1
    which = f"{read[0]} to {read[-1]}" if several else ", ".join(map(str, read))
    return f"{which} of {tokens}"
