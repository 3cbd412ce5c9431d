"""A matplotlib figure of images and their heatmaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO

import numpy as np
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties

from keras_saliency.render import SCALE_RULE, Caption, diverging, normalize, sequential
from keras_saliency.render.text import BOX, font_of, printable
from keras_saliency.terminal import visible


class ShownFigure(Figure):
    """A figure that a notebook shows, without pyplot."""

    def _repr_png_(self) -> bytes:
        file = BytesIO()
        self.savefig(file, format="png")
        return file.getvalue()


def plot(
    pictures: np.ndarray, views: Mapping[str, np.ndarray], captions: Sequence[Caption], title: str
) -> Figure:
    """A row per image: the picture, and its heatmap in each view.

    Args:
        pictures: `(n, height, width, 3)` uint8.
        views: for each view `(n, height, width)` heatmaps.
        captions: what is written beside each row.
        title: of the figure.
    """
    heatmaps = {view: normalize(maps) for view, maps in views.items()}
    colored = {v: diverging(m) if v == "signed" else sequential(m) for v, m in heatmaps.items()}
    shown = {"input": pictures, **colored}
    rows = len(captions)
    figure = ShownFigure(figsize=(2.2 * (len(shown) + 1), 2.2 * rows + 0.8), layout="constrained")
    figure.suptitle(title)
    figure.supxlabel(f"Scale: {SCALE_RULE}", fontsize="small")
    axes = figure.subplots(rows, len(shown), squeeze=False)
    for row, caption in enumerate(captions):
        for axis, (name, images) in zip(axes[row], shown.items(), strict=True):
            axis.imshow(images[row], interpolation="nearest")
            axis.set(xticks=[], yticks=[])
            if row == 0:
                axis.set_title(name)
        # Names are text, also where they hold the `$` that matplotlib takes for mathematics, or TeX.
        axes[row][0].set_ylabel(
            "\n".join(printable(visible(line)).replace(BOX, "?") for line in caption.lines),
            font=_font_for(caption),
            color="firebrick" if caption.wrong else "black",
            parse_math=False,
            usetex=False,
        )
    return figure


def _font_for(caption: Caption) -> FontProperties:
    """The font that has the letters of all lines, where it is a file; else matplotlib's own."""
    file = font_of(" ".join(caption.lines))
    return FontProperties(fname=file) if file else FontProperties()
