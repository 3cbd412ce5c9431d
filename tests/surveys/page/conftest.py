"""A survey by hand: three classes, four strategies, one of them proven, and names that bite."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from keras_saliency.reports.report import Report
from keras_saliency.reports.result import CheckResult
from keras_saliency.surveys.page.findings import Example, Findings
from keras_saliency.surveys.page.pictures import draw
from keras_saliency.surveys.strategy import Strategy
from keras_saliency.surveys.survey import Survey

HOSTILE = '<img src="http://127.0.0.1:9/x">\x1b[31m'


def strategy(class_index, number, size, share, *, is_suspect=False, peak=(0.1, 0.1)):
    mean_map = np.full((10, 8), 0.01, "float32")
    mean_map[0, 0] = 0.2
    ids = [f"{class_index}/{number}/{one}.png" for one in range(16)]
    return Strategy(
        class_index=class_index,
        number=number,
        size=size,
        share=share,
        mean_map=mean_map,
        accuracy=0.75,
        typical=tuple(ids[:8]),
        extreme=(f"{number}{HOSTILE}", *ids[8:]),
        peak=peak,
        concentration=9.5,
        distance=0.5,
        is_suspect=is_suspect,
        kind="place",
    )


@pytest.fixture
def survey(tmp_path):
    picture = np.random.default_rng(0).integers(0, 256, (6, 9, 3), "uint8")
    rests = f"It rests on {HOSTILE}."
    results = (
        CheckResult("survey_1_2", "failed", rests, 0.9, 0.5, "at_most", pictures={"put_in": picture}),
        CheckResult("survey_2_3", "passed", "Nothing follows.", 0.1, 0.5, "at_most"),
    )
    return Survey(
        path=tmp_path / "survey",
        strategies=(
            strategy(0, 0, 1000, 1.0),
            strategy(1, 1, 900, 0.9, peak=(0.5, 0.5)),
            strategy(1, 2, 100, 0.1, is_suspect=True),
            strategy(2, 3, 50, 1.0, is_suspect=True, peak=(0.9, 0.5)),
        ),
        report=Report(results, HOSTILE, "gradient", "ab" * 32, 2050, {"keras_saliency": "0.1.0"}),
        settings={},
        examples=2050,
        unreadable=("broken.png", HOSTILE),
        unreadable_count=104,
        class_names=(HOSTILE, "猫", "c"),
    )


@pytest.fixture
def findings(survey):
    rng = np.random.default_rng(0)
    ids = [one for own in survey.strategies for one in (*own.typical, *own.extreme)]
    pictures = draw(rng.random((len(ids), 5, 4)), rng.integers(0, 256, (len(ids), 10, 8, 3), "uint8"))
    examples = {
        one: Example(1, 0.98, 0 if one.startswith("0") else 1, picture)
        for one, picture in zip(ids, pictures, strict=True)
    }
    return Findings(survey, examples)


def without_images(findings):
    return replace(findings, survey=replace(findings.survey, settings={"store_images": False}))
