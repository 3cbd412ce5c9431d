"""The page of `keras-saliency diff`: one file, without scripts and requests."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from keras_saliency.probes.captions import captions
from keras_saliency.render import SCALE_RULE, as_base64
from keras_saliency.reports.html_page import page, start_of
from keras_saliency.terminal import html_text

if TYPE_CHECKING:
    from keras_saliency.explanation.difference import Difference

START = start_of("diff")
"""How the page begins."""

_MOST = 200
_STYLE = """
main { max-width: 70rem; }
td, th { padding: .3rem .8rem .3rem 0; text-align: left; vertical-align: top; }
td img { image-rendering: pixelated; display: block; }
.flipped { color: var(--failed); font-weight: 600; }
"""


def page_of(found: Difference, models: Sequence[Path], lines: Sequence[str]) -> str:
    """The page: what differs in words, then a row an image, those whose maps changed most first."""
    order = np.argsort(np.where(np.isfinite(found.correlation), found.correlation, -2), kind="stable")
    cells = found.cells() if found.before.has_image else {}
    title = f"{models[0].name} → {models[1].name}"
    columns = list(cells) or ["input", "before", "after"]
    heads = "".join(f"<th>{name}</th>" for name in (*columns, "rank correlation"))
    said = [captions(one.probes, one.model_scores, one.diagnostics) for one in (found.before, found.after)]
    rows = []
    for probe in order[:_MOST]:
        then, now = (caption[probe].lines for caption in said)
        mark = ' class="flipped"' if found.flipped[probe] else ""
        own = {
            "input": [line for line in then if line in now],
            "before": [line for line in then if line not in now],
            "after": [line for line in now if line not in then],
        }
        row = (
            f"<td>{_picture(cells[name].pictures[probe]) if name in cells else ''}"
            f"<span{mark if name == 'after' else ''}>{'<br>'.join(map(html_text, own.get(name, ())))}</span></td>"
            for name in columns
        )
        value = found.correlation[probe]
        rows.append(f"<tr>{''.join(row)}<td>{'–' if math.isnan(value) else f'{value:.2f}'}</td></tr>")
    more = f"<p>… and {len(order) - _MOST} more images</p>" if len(order) > _MOST else ""
    body = [
        f"<h1>{html_text(title)}</h1>",
        f"<p>{len(order)} images, maps by <b>{html_text(found.after.method)}</b>.</p>",
        f"<ul>{''.join(f'<li>{html_text(line)}</li>' for line in lines)}</ul>",
        f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>{more}",
        f"<p>Scale: {SCALE_RULE}. Change: signed map after minus the one before, halved. Rank correlation: that of "
        "Spearman, of the signed maps; 1 is the same order of all pixels, 0 none in common.</p>",
    ]
    return page("diff", title, "\n".join(body), _STYLE)


def _picture(pixels: np.ndarray) -> str:
    height, width = pixels.shape[:2]
    return f'<img src="data:image/png;base64,{as_base64(pixels)}" width="{width}" height="{height}" alt="">'
