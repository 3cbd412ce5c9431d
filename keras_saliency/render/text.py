"""Text as pixels: measured, shortened and wrapped to the room there is.

The font that comes with Pillow has ASCII and some punctuation only; sheets look the same everywhere in it. A text with
other letters is drawn in the font that is given (`using_font`), else in DejaVu, which matplotlib brings where it is
installed. What no font has is spelled with what there is, or a box.
"""

import unicodedata
from bisect import bisect_right
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, features

from keras_saliency.render.fonts import BUILT_IN, Font, further_fonts, opened_font

BOX = "□"
"""What stands for a letter that no font has."""

_LACKED = "\uffff"
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


def printable(text: str) -> str:
    """The text on one line as it is drawn: what no font has is spelled with other letters, or is a box."""
    return _laid(text, further_fonts())[0]


def font_of(text: str) -> Font:
    """The font in which the text is drawn."""
    return _laid(text, further_fonts())[1]


def is_legible(text: str) -> bool:
    """Whether there is a font for every letter of the text, or a spelling."""
    return BOX not in printable(text.replace(BOX, ""))


def text_width(text: str, size: int) -> int:
    """Pixels from the left to the right end of the printed text."""
    return _width(*_laid(text, further_fonts()), size)


@lru_cache(maxsize=16)
def line_height(size: int) -> int:
    """Pixels from the top of one line to the top of the next."""
    return sum(opened_font(BUILT_IN, size).getmetrics())


def shorten(text: str, width: int, size: int) -> str:
    """The text, or as much of its start as fits into `width` pixels with an ellipsis; maybe nothing."""
    text = printable(text)
    if text_width(text, size) <= width:
        return text
    fitting = bisect_right(range(len(text)), width, key=lambda end: text_width(_cut(text, end), size))
    return _cut(text, fitting - 1) if fitting else ""


def _cut(text: str, end: int) -> str:
    return text[:end].rstrip() + "…"


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


def text_mask(text: str, size: int) -> NDArray[np.float32]:
    """How much ink each pixel of the printed text gets, `(line_height, text_width, 1)` in [0, 1]."""
    return _mask(*_laid(text, further_fonts()), size)


@lru_cache(maxsize=4096)
def _laid(text: str, fonts: tuple[Font, ...]) -> tuple[str, Font]:
    """What is drawn of a text, and in which font: the first that has all of it, else that which lacks least."""
    line = " ".join(text.split())
    if _KNOWN.issuperset(line):
        return line, BUILT_IN
    in_each = [*((_with_boxes(line, font), font) for font in fonts), (_spelled(line), BUILT_IN)]
    return min(in_each, key=lambda one: one[0].count(BOX))


def _with_boxes(line: str, font: Font) -> str:
    return "".join(letter if _has(font, letter) else BOX for letter in line)


def _spelled(line: str) -> str:
    """In the characters of the built-in font: accents are dropped, unknown characters become boxes."""
    spelled = unicodedata.normalize("NFKD", line.replace("…", "\0").translate(_SPELLED))
    bare = (character for character in spelled if not unicodedata.combining(character))
    return "".join("…" if c == "\0" else c if c in _KNOWN else BOX for c in bare)


@lru_cache(maxsize=4096)
def _has(font: Font, letter: str) -> bool:
    """Whether a font draws this letter otherwise than one that it lacks."""
    if letter.isspace() or letter == BOX:
        return True
    if unicodedata.bidirectional(letter) in ("R", "AL") and not features.check("raqm"):
        return False  # it would stand from the left to the right, each letter by itself
    face = opened_font(font, 16)
    try:
        return bytes(face.getmask(letter)) != bytes(face.getmask(_LACKED))
    except OSError:  # the outline of this letter is damaged
        return False


@lru_cache(maxsize=4096)
def _width(shown: str, font: Font, size: int) -> int:
    return int(np.ceil(opened_font(font, size).getlength(_drawn(shown))))


@lru_cache(maxsize=512)
def _mask(shown: str, font: Font, size: int) -> NDArray[np.float32]:
    image = Image.new("L", (max(1, _width(shown, font, size)), line_height(size)))
    baseline = opened_font(BUILT_IN, size).getmetrics()[0]
    face = opened_font(font, size)
    ImageDraw.Draw(image).text((0, baseline), _drawn(shown), fill=255, font=face, anchor="ls")
    mask = np.asarray(image, np.float32)[..., np.newaxis] / np.float32(255)
    mask.flags.writeable = False
    return mask


def _drawn(shown: str) -> str:
    """The text with the font's own sign for what it lacks in the place of boxes."""
    return shown.replace(BOX, _LACKED)
