"""One report with everything in it: every status, pictures, numbers that are none, and names that bite."""

from __future__ import annotations

import math

import numpy as np
import pytest

from keras_saliency.reports.report import Report
from keras_saliency.reports.result import CheckResult


def picture(height, width):
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), "uint8")


@pytest.fixture
def results():
    return (
        CheckResult("finite", "passed", "All maps are finite.", evaluations=16, seconds=0.25),
        CheckResult("repeatability", "passed", "The same look twice is the same.", 0.0, 0.001, "at_most"),
        CheckResult("accuracy", "warned", "14 of 16, 88% right.", 0.875, 0.9, "at_least"),
        CheckResult(
            "region_corner",
            "failed",
            "It uses <b>the corner</b> & more:\n8 of 8, 100% | `all`",
            math.nan,
            math.inf,
            "at_most",
            per_probe={"enrichment": np.array([1.5, math.nan, math.inf])},
            pictures={"taken_out": picture(8, 12), "a <picture>": picture(4, 4)},
            details={"classes": [{"class": np.int64(3)}], "low": -math.inf, "mask": np.arange(3)},
            evaluations=40,
            seconds=1.5,
        ),
        CheckResult("golden", "skipped", "There is nothing to compare."),
        CheckResult("mine", "errored", "RuntimeError: \x1b[31mred\x00"),
    )


@pytest.fixture
def report(results):
    return Report(
        results=results,
        model='<img src="http://127.0.0.1:9/x">',
        method="gradient",
        fingerprint="ab" * 32,
        probes=16,
        versions={"keras_saliency": "0.1.0", "numpy": "2"},
        seed=7,
        evaluations=56,
        seconds=2.25,
    )
