"""The fonts that texts are drawn in: Pillow's own, one that is given, and DejaVu where matplotlib is installed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from importlib.util import find_spec
from os import PathLike
from pathlib import Path
from typing import TypeAlias

from PIL import ImageFont

from keras_saliency.arguments import local_path
from keras_saliency.errors import UnreadableFileError

Font: TypeAlias = str
"""The path of a font file; `BUILT_IN` is the font that comes with Pillow."""

BUILT_IN: Font = ""

_CHOSEN: ContextVar[Font] = ContextVar("font", default=BUILT_IN)


def further_fonts() -> tuple[Font, ...]:
    """The fonts for letters that the built-in one lacks: the one that is given, and DejaVu, where there are any."""
    return tuple(font for font in (_CHOSEN.get(), dejavu()) if font != BUILT_IN)


@contextmanager
def using_font(path: str | PathLike[str] | None) -> Iterator[None]:
    """Within the block, draw texts with letters that the built-in font lacks in this font.

    Args:
        path: a .ttf, .otf or .ttc file; None changes nothing.

    Raises:
        FileNotFoundError: there is no such file.
        UnreadableFileError: it is no font that can be drawn in any size.
    """
    before = _CHOSEN.set(_CHOSEN.get() if path is None else checked_font(path))
    try:
        yield
    finally:
        _CHOSEN.reset(before)


def checked_font(path: str | PathLike[str]) -> Font:
    """The font in a file; raises as `using_font`."""
    file = local_path("font", path, "the path of a font file, such as NotoSansSC-Regular.otf")
    if not file.is_file():
        raise FileNotFoundError(f"No such font: {file}")
    font = str(file.resolve())
    try:
        opened_font(font, 12).getmask("a")
    except Exception as error:  # FreeType and Pillow raise several kinds
        raise UnreadableFileError(
            f"{file} cannot be drawn as a font: {error}. Expected a .ttf, .otf or .ttc file with outlines."
        ) from error
    return font


@lru_cache(maxsize=32)
def opened_font(font: Font, size: int) -> ImageFont.FreeTypeFont:
    """A font in a size."""
    opened = ImageFont.truetype(font, size) if font else ImageFont.load_default(size)
    if not isinstance(opened, ImageFont.FreeTypeFont):
        raise RuntimeError(
            "Pillow was built without FreeType, so no text can be drawn. Install Pillow's own wheel."
        )
    return opened


@cache
def dejavu() -> Font:
    """DejaVu Sans (Latin, Greek, Cyrillic, Arabic, Hebrew, …) where matplotlib, which brings it, is installed."""
    found = find_spec("matplotlib")
    file = Path(found.origin or "").parent / "mpl-data/fonts/ttf/DejaVuSans.ttf" if found else Path()
    return str(file) if file.is_file() else BUILT_IN
