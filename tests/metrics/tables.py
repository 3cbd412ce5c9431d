"""The tables of numbers in the docs, made from the metrics. As a script it writes them: `make matrix`."""

import re
import sys
from pathlib import Path

import numpy as np

from keras_saliency.looks.numbers import enrichments
from keras_saliency.metrics import METRICS, NUMBERS, Metric, ranks

DOCS = Path(__file__).parents[2] / "docs"
SHAPE = (3, 12, 13)


def measure(metric: Metric, maps: np.ndarray, reference: np.ndarray, rows: slice = slice(None)) -> np.ndarray:
    """The metric of some rows, with everything that it needs."""
    prepare = ranks if metric.needs[0] == "ranked" else np.asarray
    chosen, other = prepare(maps[rows]), prepare(reference[rows])
    region = np.zeros(maps.shape[1:], bool)
    region[:3, :3] = True
    given = {
        "reference": other,
        "first": other,
        "region": region,
        "images": np.random.default_rng(99).random(maps.shape)[rows],
        "scores": lambda asked: asked.sum(axis=(1, 2)),
        "explain": lambda asked: chosen * (1 + asked),
        "rng": np.random.default_rng(0),
    }
    return metric.function(chosen, *(given[need] for need in metric.needs[1:]))


def of_constant_maps(metric, *values):
    """What such maps have, as a cell: none, always the same whole number, or some."""
    reference = np.random.default_rng(1).random(SHAPE)
    found = np.concatenate([measure(metric, np.full(SHAPE, value), reference) for value in values])
    if np.isnan(found).all():
        return "none"
    return f"{found[0]:.0f}" if np.allclose(found, round(found[0]), atol=1e-12) else "some"


def lines(header, rows):
    first, *others = (f"| {' | '.join(row)} |\n" for row in (header, *rows))
    return "".join([first, f"|{'---|' * len(header)}\n", *others])


def table(chosen):
    header = ("metric", "what it is", "better", "constant", "zero", "source", "cost")
    rows = (
        (
            f"`{metric.name}`",
            metric.description,
            metric.better.replace("none", "–"),
            of_constant_maps(metric, 0.5, 1.0, 2.5),
            of_constant_maps(metric, 0.0),
            metric.source,
            metric.cost,
        )
        for metric in METRICS.values()
        if chosen(metric)
    )
    return lines(header, rows)


def numbers():
    shown = (*NUMBERS.values(), *enrichments(["<region>"]).values())
    return lines(("number", "what it is"), ((f"`{metric.name}`", metric.description) for metric in shown))


def asks_the_model(metric):
    return "images" in metric.needs


METRIC_TABLES = {
    ("metrics.md", "of one map"): lambda: table(lambda metric: len(metric.needs) == 1),
    ("metrics.md", "of a map and a region"): lambda: table(lambda metric: "region" in metric.needs),
    ("metrics.md", "of two maps"): lambda: table(lambda metric: metric.compares),
    ("metrics.md", "of a map and a model"): lambda: table(asks_the_model),
}
TABLES = {**METRIC_TABLES, ("callback.md", "of a look"): numbers}


def place(title):
    """Where the table of this title stands in a page."""
    return re.compile(f"(?<=<!-- numbers {title} -->\n).*?(?=<!-- end of the numbers {title} -->)", re.DOTALL)


def written(page, title):
    """What the page says."""
    return place(title).search((DOCS / page).read_text(encoding="utf-8"))[0]


if __name__ == "__main__":
    for (page, title), make in TABLES.items():
        path = DOCS / page
        text = path.read_text(encoding="utf-8")
        path.write_text(place(title).sub(lambda _, make=make: make(), text), encoding="utf-8")
        sys.stdout.write(f"{path}: numbers {title}\n")
