"""Text as pixels: one embedded font, measured, shortened and wrapped to the room there is.

The font that comes with Pillow has ASCII and some punctuation only. Using the machine's fonts would make the
same sheet look different elsewhere, so what the font lacks is spelled with what it has.
"""

import unicodedata
from bisect import bisect_right
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

_KNOWN = frozenset(map(chr, range(32, 127))) | frozenset("…·±°«»‘’“”‹›|")
_SPELLED = str.maketrans(
    {"ß": "ss", "ø": "o", "Ø": "O", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ł": "l", "Ł": "L", "đ": "d"}
    | {
        "×": "x",
        "÷": "/",
        "−": "-",
        "–": "-",
        "—": "-",
        "→": "->",
        "←": "<-",
        "≤": "<=",
        "≥": ">=",
        "≠": "!=",
    }
)


@lru_cache(maxsize=4096)
def printable(text: str) -> str:
    """The text on one line in the font's characters: accents are dropped, unknown characters become `?`."""
    spelled = unicodedata.normalize("NFKD", " ".join(text.replace("…", "\0").split()).translate(_SPELLED))
    bare = (character for character in spelled if not unicodedata.combining(character))
    return "".join("…" if c == "\0" else c if c in _KNOWN else "?" for c in bare)


@lru_cache(maxsize=4096)
def text_width(text: str, size: int) -> int:
    """Pixels from the left to the right end of the printed text."""
    return int(np.ceil(_font(size).getlength(printable(text))))


@lru_cache(maxsize=16)
def line_height(size: int) -> int:
    """Pixels from the top of one line to the top of the next."""
    return sum(_font(size).getmetrics())


@lru_cache(maxsize=4096)
def shorten(text: str, width: int, size: int) -> str:
    """The text, or as much of its start as fits into `width` pixels with an ellipsis; maybe nothing."""
    text = printable(text)
    if text_width(text, size) <= width:
        return text
    fitting = bisect_right(range(len(text)), width, key=lambda end: text_width(_cut(text, end), size))
    return _cut(text, fitting - 1) if fitting else ""


def _cut(text: str, end: int) -> str:
    return text[:end].rstrip() + "…"


@lru_cache(maxsize=256)
def wrap(text: str, width: int, size: int) -> tuple[str, ...]:
    """The text broken between words into lines of at most `width` pixels; a longer word is shortened."""
    lines: list[str] = []
    for word in printable(text).split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size) <= width:
            lines[-1] = longer
        else:
            lines.append(shorten(word, width, size))
    return tuple(lines)


@lru_cache(maxsize=512)
def text_mask(text: str, size: int) -> NDArray[np.float32]:
    """How much ink each pixel of the printed text gets, `(line_height, text_width, 1)` in [0, 1]."""
    image = Image.new("L", (max(1, text_width(text, size)), line_height(size)))
    ImageDraw.Draw(image).text((0, 0), printable(text), fill=255, font=_font(size))
    mask = np.asarray(image, np.float32)[..., np.newaxis] / np.float32(255)
    mask.flags.writeable = False
    return mask


@lru_cache(maxsize=16)
def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise RuntimeError(
            "Pillow was built without FreeType, so no text can be drawn. Install Pillow's own wheel."
        )
    return font
