"""What a sound model does with content that means nothing, and with small places that it may use.

Run: `python -m benchmarks.places [trainings]`. The limits of `region` and `unexpected_region` rest on this.

Networks of the arm `clean`; 200 held-out digits; every place of a grid and every class. `stamp`: a white patch of
3 × 3 pixels that no training image had, in all images. `content`: what the digits have there, for windows of several
sizes.
"""

from __future__ import annotations

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

import keras_saliency as ks
from keras_saliency.checks.experiment.experiment import Experiment
from keras_saliency.checks.shared.subject import Subject
from keras_saliency.demo import digits, network
from keras_saliency.engine import Question, ScoredModel
from keras_saliency.explanation import bind_target

TRAININGS = 4
EPOCHS = 10
IMAGES = 200
SIDES = (3, 5, 7)


def main(trainings: int) -> None:
    """Print, for each kind of content, the largest shares over all places and classes."""
    data = digits.load("clean")
    print("| content | side | places and classes | share of images: largest, 99 %, median | at least 0.5 |")
    print("|---|---|---|---|---|")
    found: dict[tuple[str, int], list[float]] = {}
    for seed in range(trainings):
        model = network.build(seed)
        model.fit(data.x, data.y, epochs=EPOCHS, verbose=0)
        scored = ScoredModel(model, chunk_size=IMAGES)
        images, labels = data.x_validation[:IMAGES], data.y_validation[:IMAGES]
        for kind, side in [("stamp", SIDES[0]), *(("content", side) for side in SIDES)]:
            for mask in _places(side):
                shown = np.where(mask[..., None], np.float32(1), images) if kind == "stamp" else images
                found.setdefault((kind, side), []).extend(shares(scored, shown, labels, mask))
    for (kind, side), values in found.items():
        largest, high, middle = max(values), np.quantile(values, 0.99), np.median(values)
        reached = sum(value >= 0.5 for value in values)
        print(f"| {kind} | {side} | {len(values)} | {largest:.2f}, {high:.2f}, {middle:.2f} | {reached} |")


def shares(scored: ScoredModel, images: np.ndarray, labels: np.ndarray, mask: np.ndarray) -> list[float]:
    """For each class that the experiment can be made on, the share of images that it moves in both directions."""
    probes = ks.ProbeSet(images, labels)
    subject = Subject(Question(scored, images, bind_target(None, probes)), probes, ks.Gradient())
    experiment = Experiment(subject, np.broadcast_to(mask, images.shape[:3]))
    found = []
    for index in range(10):
        out, put_in = experiment.taken_out(index), experiment.put_in(index)
        if len(out.way) and len(put_in.way):
            found.append(min(out.half.share, put_in.half.share))
    return found


def _places(side: int) -> list[np.ndarray]:
    step = digits.SIDE - side
    starts = np.unique(np.linspace(0, step, 7).round().astype(int))
    masks = []
    for top in starts:
        for left in starts:
            mask = np.zeros((digits.SIDE, digits.SIDE), bool)
            mask[top : top + side, left : left + side] = True
            masks.append(mask)
    return masks


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else TRAININGS)
