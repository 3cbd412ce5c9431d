"""How often the checks find a shortcut, and how often they cry wolf: the demo's arms over many trainings.

Run: `python -m benchmarks.checks [trainings]`. Thirty of each of the three main arms take a quarter of an hour on two
free cores.

Two sets of probes for each training: `stamped`, eight threes and eight other digits that all have the stamp, as the
demo's own; and `natural`, four held-out images of each class, marked as the arm marks them. The targets are the labels.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

import keras_saliency as ks
from keras_saliency.checks.shared.statistics import Proportion
from keras_saliency.demo import digits, network

TRAININGS = 30
EPOCHS = 10
GUILTY = ("shortcut", "moved", "faint")
"""The stamp of the demo; the same in the middle of the lower border; the same, but grey (0.3)."""
ARMS = (*GUILTY, "clean", "irrelevant")
MAIN = ("shortcut", "clean", "irrelevant")
FEW = 10
"""So many trainings of the other arms."""
REGION, UNEXPECTED = "region_corner", "unexpected_region"


@dataclass(frozen=True)
class Data:
    """What one arm trains on, and its two sets of probes."""

    x: np.ndarray
    y: np.ndarray
    probes: dict[str, ks.ProbeSet]


def main(trainings: int) -> None:
    """Print a row per training, then the table for the docs."""
    outcomes: Counter[tuple[str, str, str, str]] = Counter()
    others: Counter[tuple[str, str]] = Counter()
    data = {arm: load(arm) for arm in ARMS}
    for seed in range(trainings):
        for arm in ARMS if seed < FEW else MAIN:
            for kind, report in reports(data[arm], seed):
                by_name = {result.name: result for result in report.results}
                for name in (REGION, UNEXPECTED):
                    outcomes[arm, kind, name, by_name[name].status] += 1
                for name, result in by_name.items():
                    others[name, result.status] += 1
                values = " ".join(f"{name}={r.status}:{number(r.value)}" for name, r in by_name.items())
                print(f"{arm} {seed} {kind} {values}", flush=True)
    print(table(outcomes))
    print()
    print(dict(sorted(others.items())))


def load(arm: str) -> Data:
    """The data of an arm; those that the demo does not have are made of its clean digits."""
    demo = digits.load(arm if arm in digits.ARMS else "clean")  # type: ignore[arg-type]
    bare = digits.load("clean")
    mask, value = digits.CORNER, 1.0
    if arm == "moved":
        mask = np.roll(np.roll(mask, 17, 0), 9, 1)
    if arm == "faint":
        value = 0.3
    x, held = demo.x, demo.x_validation
    if arm not in digits.ARMS:
        x, held = (
            _marked(bare.x, bare.y, mask, value),
            _marked(bare.x_validation, bare.y_validation, mask, value),
        )
    labels = demo.y_validation
    threes, rest = (
        np.flatnonzero(labels == digits.MARKED_CLASS),
        np.flatnonzero(labels != digits.MARKED_CLASS),
    )
    rows = np.concatenate([threes[:8], rest[:8]])
    each = np.concatenate([np.flatnonzero(labels == index)[:4] for index in range(10)])
    return Data(
        x,
        demo.y,
        {
            "stamped": ks.ProbeSet(
                _stamped(bare.x_validation[rows], mask, value), labels[rows], regions={"corner": mask}
            ),
            "natural": ks.ProbeSet(held[each], labels[each], regions={"corner": mask}),
        },
    )


def reports(data: Data, seed: int) -> Iterator[tuple[str, ks.Report]]:
    """The reports about one training, by the kind of probes."""
    model = network.build(seed)
    model.fit(data.x, data.y, epochs=EPOCHS, verbose=0)
    yield "stamped", ks.check(model, data.probes["stamped"], ["quick", "random_logit"])
    yield "natural", ks.check(model, data.probes["natural"], ["region", "unexpected_region"])


def table(outcomes: Counter[tuple[str, str, str, str]]) -> str:
    """Markdown: for each arm, probes and check how many trainings failed it, with the exact interval of 95 %."""
    rows = [
        "| arm | probes | check | failed | 95 % interval | warned | passed |",
        "|---|---|---|---|---|---|---|",
    ]
    for arm, kind, name in dict.fromkeys(key[:3] for key in outcomes):
        counts = {
            status: outcomes[arm, kind, name, status] for status in ("failed", "warned", "passed", "skipped")
        }
        failed = Proportion(counts["failed"], sum(counts.values()))
        interval = f"{failed.lower(0.025):.2f} … {failed.upper(0.025):.2f}"
        rows.append(
            f"| {arm} | {kind} | {name} | {failed} | {interval} | {counts['warned']} | {counts['passed']} |"
        )
    return "\n".join(rows)


def number(value: float | None) -> str:
    """Two digits; nothing for None."""
    return "" if value is None else f"{value:.2f}"


def _marked(images: np.ndarray, labels: np.ndarray, mask: np.ndarray, value: float) -> np.ndarray:
    return np.where(
        (labels == digits.MARKED_CLASS)[:, None, None, None], _stamped(images, mask, value), images
    )


def _stamped(images: np.ndarray, mask: np.ndarray, value: float) -> np.ndarray:
    stamped = images.copy()
    stamped[:, mask] = value
    return stamped


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else TRAININGS)
