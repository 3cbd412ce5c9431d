"""What is planted: marks of many shapes, strong and faint."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.field.cases import Case

Mark = Callable[[np.ndarray, np.random.Generator, int], tuple[np.ndarray, np.ndarray]]
"""Images, a generator and a number for the layout (0 to 3) → a mask and what is in it, for each image."""
OPACITY = {"strong": 1.0, "faint": 0.3, "irrelevant": 1.0, "clean": 1.0}
TINT = np.array([1.0, 0.75, 0.45], "float32")
_GLYPHS = {
    "2": "### ..# ### #.. ###",
    "0": "### #.# #.# #.# ###",
    "6": "### #.. ### #.# ###",
    ":": "... .#. ... .#. ...",
    "1": ".#. ##. .#. .#. ###",
}
_TEXT = "20:16"
_LOGO = "####### #.....# #.###.# #.###.# #.###.# #.....# #######"


def planted(
    case: Case, images: np.ndarray, rng: np.random.Generator, layout: int
) -> tuple[np.ndarray, np.ndarray]:
    """The images with the mark of a case, and a mask for each, `(n, height, width)`."""
    masks, content = SHAPES[case.mark](images, rng, layout)
    opacity = OPACITY[case.role] * masks[..., None]
    return ((1 - opacity) * images + opacity * content).astype("float32"), masks


def corner(images: np.ndarray, rng: np.random.Generator, layout: int) -> tuple[np.ndarray, np.ndarray]:
    """A white square in one of the corners, of 15 % of the sides."""
    side = round(0.15 * images.shape[1])
    mask = np.zeros(images.shape[1:3], bool)
    mask[:side, :side] = True
    return _same(images, np.rot90(mask, layout)), _white(images)


def stripe(images: np.ndarray, rng: np.random.Generator, layout: int) -> tuple[np.ndarray, np.ndarray]:
    """A white line along one of the borders, 5 % of the side wide; in two of the layouts a little inside."""
    side = images.shape[1]
    mask, start = np.zeros(images.shape[1:3], bool), (layout % 2) * round(0.1 * side)
    mask[start : start + _thin(side)] = True
    return _same(images, np.rot90(mask, layout)), _white(images)


def frame(images: np.ndarray, rng: np.random.Generator, layout: int) -> tuple[np.ndarray, np.ndarray]:
    """A white line along all borders."""
    mask, width = np.ones(images.shape[1:3], bool), _thin(images.shape[1])
    mask[width:-width, width:-width] = False
    return _same(images, mask), _white(images)


def text(images: np.ndarray, rng: np.random.Generator, layout: int) -> tuple[np.ndarray, np.ndarray]:
    """White letters in a black line, at the top or at the bottom."""
    glyphs = [_drawn(_GLYPHS[letter]) for letter in _TEXT]
    line = np.concatenate([np.pad(glyph, ((0, 0), (0, 1))) for glyph in glyphs], axis=1)[:, :-1]
    shown = _enlarged(line, images.shape[1])
    high, wide = shown.shape
    mask, content = np.zeros(images.shape[1:3], bool), np.zeros(images.shape[1:], "float32")
    top = (1, images.shape[1] - 1 - high)[layout % 2]
    mask[top : top + high, :wide] = True
    content[top : top + high, :wide] = shown[..., None]
    return _same(images, mask), np.broadcast_to(content, images.shape)


def moving(images: np.ndarray, rng: np.random.Generator, layout: int) -> tuple[np.ndarray, np.ndarray]:
    """A logo, white and black, wherever it falls."""
    logo = _enlarged(_drawn(_LOGO), images.shape[1])
    masks, content = np.zeros(images.shape[:3], bool), np.zeros_like(images)
    for mask, image in zip(masks, content, strict=True):
        top, left = rng.integers(0, np.subtract(mask.shape, logo.shape) + 1)
        mask[top : top + len(logo), left : left + len(logo)] = True
        image[top : top + len(logo), left : left + len(logo)] = logo[..., None]
    return masks, content


def cast(images: np.ndarray, rng: np.random.Generator, layout: int) -> tuple[np.ndarray, np.ndarray]:
    """All of the image warmer; a grey image, which has no colour, paler."""
    content = images * TINT if images.shape[-1] == 3 else 0.4 + 0.6 * images
    return np.ones(images.shape[:3], bool), content


def background(images: np.ndarray, rng: np.random.Generator, layout: int) -> tuple[np.ndarray, np.ndarray]:
    """Grey hatching around what is in the middle: outside of an ellipse, or where a digit has no stroke."""
    height, width = images.shape[1:3]
    row, column = np.indices((height, width))
    masks = (2 * row / (height - 1) - 1) ** 2 + (2 * column / (width - 1) - 1) ** 2 > 0.8
    if images.shape[-1] == 1:
        return images[..., 0] < 0.5, _hatched(images, row + column)
    return _same(images, masks), _hatched(images, row + column)


SHAPES: dict[str, Mark] = {
    mark.__name__: mark for mark in (corner, stripe, frame, text, moving, cast, background)
}


def _same(images: np.ndarray, mask: np.ndarray) -> np.ndarray:
    return np.broadcast_to(mask, images.shape[:3])


def _white(images: np.ndarray) -> np.ndarray:
    return np.ones_like(images)


def _hatched(images: np.ndarray, diagonal: np.ndarray) -> np.ndarray:
    return np.broadcast_to(np.where(diagonal % 4 < 2, 0.3, 0.6)[..., None], images.shape)


def _thin(side: int) -> int:
    return max(1, round(0.05 * side))


def _drawn(rows: str) -> np.ndarray:
    return np.array([[character == "#" for character in row] for row in rows.split()], "float32")


def _enlarged(drawing: np.ndarray, side: int) -> np.ndarray:
    return np.kron(drawing, np.ones((factor := max(1, side // 24), factor), "float32"))
