"""What stands beside a row of pictures."""

from collections.abc import Sequence
from dataclasses import dataclass

from keras_saliency.render.canvas import ALARM, INK, QUIET, Box, Canvas
from keras_saliency.render.text import line_height, shorten, text_width

SIZE = 12
_MARK = 9
_INDENT = 14
_MOST_LINES = 7


@dataclass(frozen=True)
class Caption:
    """Short lines beside one probe, the first one its name.

    `wrong` says that the prediction is: the lines are red behind a cross, whatever their words.
    """

    lines: tuple[str, ...]
    wrong: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.lines, str):
            raise TypeError(f"Expected a tuple of lines. Received: lines={self.lines!r}")


def captions_height(captions: Sequence[Caption]) -> int:
    """Pixels that the longest caption needs; beyond seven lines a caption is cut."""
    longest = max((len(caption.lines) for caption in captions), default=0)
    return min(longest, _MOST_LINES) * line_height(SIZE)


def captions_width(captions: Sequence[Caption], most: int) -> int:
    """Pixels that the widest line needs, at most `most`; 0 where nothing is to be written."""
    lines = [line for caption in captions for line in caption.lines]
    widest = max((text_width(line, SIZE) for line in lines), default=0)
    return min(most, widest + _INDENT) if lines else 0


def draw_caption(canvas: Canvas, caption: Caption, box: Box) -> None:
    """Writes the caption into the box; what does not fit ends with an ellipsis."""
    top, left, height, width = box
    room = min(_MOST_LINES, height // line_height(SIZE))
    lines = _cut(caption.lines, room)
    if caption.wrong and lines:
        canvas.cross(top + 3, left, _MARK, ALARM)
        canvas.fill(Box(top + line_height(SIZE), left + 3, (len(lines) - 1) * line_height(SIZE), 2), ALARM)
    for number, line in enumerate(lines):
        ink = ALARM if caption.wrong else INK if number == 0 else QUIET
        shown = _fitted(line, width - _INDENT)
        canvas.text(shown, top + number * line_height(SIZE), left + _INDENT, SIZE, ink)


def _fitted(line: str, width: int) -> str:
    """The line, shortened before what ends it in parentheses: a long name does not push its probability away."""
    name, opening, rest = line.rpartition(" (")
    end = text_width(opening + rest, SIZE)
    if not opening or text_width(line, SIZE) <= width or end > width // 2:
        return shorten(line, width, SIZE)
    return shorten(name, width - end, SIZE) + opening + rest


def _cut(lines: tuple[str, ...], room: int) -> tuple[str, ...]:
    if len(lines) <= room:
        return lines
    return (*lines[: room - 1], lines[room - 1] + " …") if room else ()
