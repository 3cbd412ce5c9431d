"""What sets the classes of sound networks apart, and those with marks and casts: the limits of what is proposed.

Run: `python -m benchmarks.proposals`, after `python -m benchmarks.field train`, whose trainings it looks at.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import json

import numpy as np

import keras_saliency as ks
from benchmarks import checks as arms
from benchmarks.field.cases import FOLDER, Case, plan
from benchmarks.field.data import photographs
from benchmarks.field.judging import stored_model
from benchmarks.field.marks import TINT
from benchmarks.field.training import LEARNED
from keras_saliency.checks.experiment.experiment import Experiment
from keras_saliency.checks.proposals.casts import cast_of, whole_numbers
from keras_saliency.checks.proposals.recurring import likest
from keras_saliency.checks.shared.subject import Subject
from keras_saliency.checks.unexpected_region import proposed
from keras_saliency.demo import network

DRAWS, EACH = 300, 6
SEEDS = 3


def main() -> None:
    """Print the numbers of docs/checks.md, each in a sentence."""
    print_casts()
    print_marks()
    print_arrivals()


def print_casts() -> None:
    """How often crops of a photograph are set apart as a whole, as they are and with a cast."""
    images, rng = photographs("cnn"), np.random.default_rng(0)
    classes = np.unique(images.y_held)
    found = {"as they are": 0, "with a cast": 0}
    for _ in range(DRAWS):
        rows = np.concatenate([
            rng.choice(np.flatnonzero(images.y_held == index), EACH, replace=False) for index in classes
        ])  # fmt: skip
        x, y = images.x_held[rows], images.y_held[rows]
        for index in classes:
            tinted = np.where((y == index)[:, None, None, None], x * TINT, x)
            for name, pixels in (("as they are", x), ("with a cast", tinted)):
                found[name] += cast_of(whole_numbers(pixels), y, int(index)) is not None
    for name, count in found.items():
        print(f"casts: {count / DRAWS / len(classes):.1%} of classes of {EACH} crops are set apart {name}")


def print_marks() -> None:
    """How alike the hottest windows of a class are on sound networks, and where a mark was planted and learned."""
    sound, marked = [], []
    for case in plan():
        if case.network == "lite0" or not (case.is_sound or (case.mark, case.role) == ("moving", "strong")):
            continue
        record = json.loads((FOLDER / case.name / "record.json").read_text())
        by_class = dict(likenesses(case))
        if case.is_sound:
            sound += by_class.values()
        elif record["planted"] > LEARNED:
            marked.append(by_class[record["meant"]])
    print(f"marks: on sound networks at most {max(sound):.1f} times as far ({len(sound)} classes)")
    print(f"marks: where a logo was learned {', '.join(f'{ratio:.1f}' for ratio in sorted(marked))}")


def likenesses(case: Case) -> Iterator[tuple[int, float]]:
    """For each class how much farther other images are from its commonest hot window."""
    folder = FOLDER / case.name
    probes = ks.ProbeSet.load(folder / "bare.npz")
    subject = Subject.of(stored_model(case, folder), probes, "gradient")
    heat, labels = subject.explanation.heatmaps("magnitude"), np.asarray(probes.labels)
    for index in np.unique(labels):
        found = likest(subject.image.astype("float32"), heat, labels, int(index))
        if found is not None:
            yield int(index), found[0]


def print_arrivals() -> None:
    """What the place that a class of plain digits has in common does to other digits, on sound networks."""
    half, arrived = [], []
    for arm in ("clean", "irrelevant"):
        data = arms.load(arm)
        for seed in range(SEEDS):
            model = network.build(seed)
            model.fit(data.x, data.y, epochs=arms.EPOCHS, verbose=0)
            for probes in data.probes.values():
                subject = Subject.of(model, probes, "gradient")
                for place in proposed(subject) or ():
                    if place.class_index is not None:
                        masks = np.broadcast_to(place.mask, subject.image.shape[:3])
                        put_in = Experiment(subject, masks, fill=place.fill).put_in(place.class_index)
                        half.append(put_in.half.share)
                        arrived.append(put_in.flipped.share)
    print(
        f"places: {len(half)} proposed on {2 * SEEDS} sound networks of digits; put in, at most {max(half):.0%} of "
        f"images go half of the way, and at most {max(arrived):.0%} arrive"
    )


if __name__ == "__main__":
    main()
