"""Which pixels of each training example its map has most of, or least: a bit for each pixel of a small mask."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from keras_saliency.render import shrink

What = Literal["hot", "cold"]


@dataclass(frozen=True)
class SalientMasks:
    """A mask for each example, kept small.

    Attributes:
        bits: `(n, bytes)` uint8, eight pixels of a small mask in a byte.
        small: height and width of the small masks.
        size: height and width of the images.
        known: `(n,)` whether the example has a mask; its map was constant or not finite where not.
    """

    bits: np.ndarray
    small: tuple[int, int]
    size: tuple[int, int]
    known: np.ndarray

    @classmethod
    def of_maps(
        cls, blocks: Iterable[np.ndarray], what: What, share: float, side: int, rng: np.random.Generator
    ) -> SalientMasks:
        """The masks of the share of pixels where the maps are highest (`"hot"`) or lowest (`"cold"`).

        Args:
            blocks: maps `(some, height, width)`, at least 0, block by block: only their bits are kept.
            what: see there.
            share: of the small mask's pixels, rounded to whole ones.
            side: the longest side of a small mask, of which each pixel is the mean of those that it covers.
            rng: draws among pixels of one value.
        """
        bits, known = [], []
        for maps in blocks:
            small = shrink(maps, side)
            of_one = small.reshape(len(small), -1)
            with np.errstate(invalid="ignore"):  # infinite ones
                known.append(np.isfinite(of_one).all(1) & (np.ptp(of_one, axis=1) > 0))
            bits.append(_bits(of_one, known[-1], what, share, rng))
        return cls(np.concatenate(bits), small.shape[1:], maps.shape[1:], np.concatenate(known))

    def of(self, rows: np.ndarray) -> np.ndarray:
        """The masks of these examples, `(rows, height, width)` booleans in the size of the images."""
        pixels = np.unpackbits(self.bits[rows], axis=1, count=self.small[0] * self.small[1]).astype(bool)
        places = [np.arange(size) * small // size for size, small in zip(self.size, self.small, strict=True)]
        return np.asarray(pixels.reshape(-1, *self.small)[:, places[0]][:, :, places[1]])


def _bits(
    of_one: np.ndarray, known: np.ndarray, what: What, share: float, rng: np.random.Generator
) -> np.ndarray:
    pixels = of_one.shape[1]
    count = min(max(round(share * pixels), 1), pixels - 1)
    sign = -1 if what == "hot" else 1
    values = np.where(known[:, None], sign * of_one, 0)
    first = np.lexsort((rng.random(of_one.shape), values), axis=1)[:, :count]
    chosen = np.zeros(of_one.shape, bool)
    np.put_along_axis(chosen, first, known[:, None], axis=1)
    return np.packbits(chosen, axis=1)
