"""What a notebook shows of a value: a picture and its text, in IPython's media types."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from html import escape

import numpy as np

from keras_saliency.render.files import to_png

MOST_DISPLAYED = 64
"""Images that a notebook shows of one value; more make a picture that nobody scrolls through."""


def as_base64(picture: np.ndarray) -> str:
    """The PNG file of a picture `(height, width, 3)` uint8 as text."""
    return b64encode(to_png(picture)).decode()


def bundle(text: str, picture: np.ndarray | None) -> dict[str, str]:
    """What `_repr_mimebundle_` returns: the text, and the picture `(height, width, 3)` uint8 where there is one."""
    shown = {"text/plain": text}
    if picture is not None:
        shown["image/png"] = as_base64(picture)
    return shown


def below_each_other(pictures: Sequence[np.ndarray]) -> np.ndarray:
    """Pictures `(height, width, 3)` uint8 as one, on white."""
    widest = max(picture.shape[1] for picture in pictures)
    return np.concatenate(
        [
            np.pad(picture, ((0, 0), (0, widest - picture.shape[1]), (0, 0)), constant_values=255)
            for picture in pictures
        ]
    )


def frame(page: str, *, scripts: bool = False) -> str:
    """A whole HTML page as a piece of another: in a frame of its own, which may run its scripts or none.

    The frame has an origin of its own, so that the page reaches nothing of the notebook around it.
    """
    allowed = "allow-scripts" if scripts else ""
    return (
        f'<iframe sandbox="{allowed}" srcdoc="{escape(page)}" '
        'style="width:100%;height:680px;border:0" loading="lazy"></iframe>'
    )
