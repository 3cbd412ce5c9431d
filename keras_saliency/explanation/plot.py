"""An explanation as a matplotlib figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_saliency.render import SCALE_RULE, diverging, normalize, sequential
from keras_saliency.render.probe_captions import captions

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from keras_saliency.explanation import Explanation


def plot(explanation: Explanation, columns: tuple[str, ...]) -> Figure:
    """See `Explanation.plot`."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError("Plotting needs matplotlib: pip install keras_saliency[plot]") from error
    heatmaps = {view: normalize(explanation.heatmaps(view)) for view in columns}
    colored = {v: diverging(m) if v == "signed" else sequential(m) for v, m in heatmaps.items()}
    shown = {"input": explanation.pictures(), **colored}
    rows = len(explanation.scores)
    figure = Figure(figsize=(2.2 * (len(shown) + 1), 2.2 * rows + 0.8), layout="constrained")
    figure.suptitle(f"{explanation.method} ({explanation.score_kind.replace('_', ' ')})")
    figure.supxlabel(f"Scale: {SCALE_RULE}", fontsize="small")
    axes = figure.subplots(rows, len(shown), squeeze=False)
    for row, caption in enumerate(captions(explanation.probes, explanation)):
        for axis, (title, pictures) in zip(axes[row], shown.items(), strict=True):
            axis.imshow(pictures[row], interpolation="nearest")
            axis.set(xticks=[], yticks=[])
            if row == 0:
                axis.set_title(title)
        axes[row][0].set_ylabel("\n".join(caption.lines), color="firebrick" if caption.wrong else "black")
    return figure
