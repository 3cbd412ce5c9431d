"""`quick` and `full` on EfficientNet-Lite0 as trained on ImageNet, with photographs that nobody tuned to."""

from __future__ import annotations

import numpy as np

import keras_saliency as ks
from benchmarks.field.data import PHOTOGRAPHS
from keras_saliency.reports.report import Report

EACH = 4


def main() -> None:
    """Print what each check says."""
    from examples.photographs.lite0 import efficientnet_lite0

    model, probes = efficientnet_lite0(), photographs()
    for suite in ("quick", "full"):
        print_report(suite, ks.check(model, probes, suite))


def photographs(side: int = 224) -> ks.ProbeSet:
    """Square crops of scikit-image's photographs, 70 to 100 % of the shorter side, from 0 to 255; without labels."""
    from skimage import data, transform

    rng, crops, names = np.random.default_rng(0), [], []
    for name in PHOTOGRAPHS:
        found = getattr(data, name)()
        picture = (found[0] if isinstance(found, tuple) else found)[..., :3]
        for number in range(EACH):
            window = int(min(picture.shape[:2]) * rng.uniform(0.7, 1))
            top, left = (int(rng.integers(0, length - window + 1)) for length in picture.shape[:2])
            crop = picture[top : top + window, left : left + window]
            crops.append(255 * transform.resize(crop, (side, side), anti_aliasing=True))
            names.append(f"{name} {number}")
    return ks.ProbeSet(np.stack(crops).astype("float32"), names=names)


def print_report(suite: str, report: Report) -> None:
    """One row a check, and the whole."""
    print(f"| `{suite}` | status | value | limit | evaluations | seconds | sentence |")
    print("|---|---|---|---|---|---|---|")
    for one in report.results:
        numbers = ["" if number is None else f"{number:.3g}" for number in (one.value, one.limit)]
        cells = [f"`{one.name}`", one.status, *numbers, one.evaluations, f"{one.seconds:.1f}", one.sentence]
        print(f"| {' | '.join(map(str, cells))} |")
    verdict = "passed" if report.passed else "failed"
    print(
        f"\n{report.advice}\n{suite} {verdict}: {report.evaluations} evaluations, {report.seconds:.0f} s\n",
        flush=True,
    )


if __name__ == "__main__":
    main()
