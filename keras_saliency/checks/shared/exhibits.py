"""Pictures that show why: one probe beside its maps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from keras_saliency.render import diverging, normalize

if TYPE_CHECKING:
    from keras_saliency.checks.shared.subject import Subject

_GAP = 2
_LEAST = 96


def probe_and_maps(subject: Subject, probe: int, *maps: np.ndarray) -> np.ndarray:
    """One picture: the probe, if it has the size of its maps, and the maps, each on its own scale.

    Small pictures are enlarged by a whole number. A map is red where it is above zero and blue where below.

    Args:
        subject: what is examined.
        probe: which probe.
        maps: `(height, width)` signed.
    """
    drawn = list(diverging(normalize(np.stack(maps))))
    pictures = subject.pictures
    if pictures is not None and pictures.shape[1:3] == maps[0].shape:
        drawn.insert(0, pictures[probe])
    factor = max(1, _LEAST // min(maps[0].shape))
    large = [picture.repeat(factor, 0).repeat(factor, 1) for picture in drawn]
    framed = [np.pad(picture, ((0, 0), (0, _GAP), (0, 0)), constant_values=255) for picture in large]
    return np.concatenate(framed, axis=1)[:, :-_GAP]


def worst_probe(subject: Subject, goodness: np.ndarray) -> dict[str, np.ndarray]:
    """The probe with the lowest value and its map, as the pictures of a result; nothing where maps are not images.

    Args:
        subject: what is examined.
        goodness: `(n,)`, NaN for probes that are not to be shown.
    """
    if not subject.explanation.has_image or np.isnan(goodness).all():
        return {}
    probe = int(np.nanargmin(goodness))
    return {"worst_probe": probe_and_maps(subject, probe, subject.explanation.heatmaps("signed")[probe])}
