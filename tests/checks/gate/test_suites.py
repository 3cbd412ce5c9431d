import subprocess
import sys
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency import Accuracy, Region
from keras_saliency.checks.gate.suites import STRUCTURE, make_checks
from keras_saliency.errors import NeedsSettingError

IMAGES = np.zeros((2, 4, 4, 1), "float32")
MASK = np.eye(4, dtype=bool)
PLAIN = ks.ProbeSet(IMAGES)
MARKED = ks.ProbeSet(IMAGES, regions={"corner": MASK, "frame": MASK})


def names(checks, probes=PLAIN):
    return [one.name for one in make_checks(checks, probes)]


def test_the_structure_suite():
    assert names("structure") == list(STRUCTURE)


def test_quick_checks_every_region_and_leaves_out_what_needs_a_setting():
    assert names("quick", MARKED) == [
        *STRUCTURE,
        "region_corner",
        "region_frame",
        "unexpected_region",
        "unexpected_content",
        "parameter_randomization",
    ]


def test_a_given_check_takes_the_place_of_its_name():
    chosen = make_checks(["quick", Accuracy(0.9), Region("corner", require=True)], MARKED)
    checks = [one.check for one in chosen]
    by_name = {check.name: check for check in checks}
    assert by_name["region_corner"].require
    assert "region_frame" not in by_name
    assert by_name["accuracy"].limit == 0.9
    assert [check.name for check in checks].index("accuracy") == len(STRUCTURE)


def test_names_may_repeat_and_stay_in_order():
    assert names(["untrained", "structure", "finite"])[:2] == ["untrained", "finite"]
    assert len(names(["untrained", "structure", "finite"])) == len(STRUCTURE)


def test_a_bare_name_stands_for_what_the_check_says():
    assert names("region", MARKED) == ["region_corner", "region_frame"]
    assert names("finite", MARKED) == ["finite"]
    assert all(one.check.forbid for one in make_checks("region", MARKED))


@pytest.mark.parametrize(
    ("checks", "asked"),
    [
        ("quick", set()),
        (["quick", "finite"], {"finite"}),
        (["finite", "quick"], {"finite"}),
        ("region", {"region_corner", "region_frame"}),
        (["quick", Region("corner", content=np.ones((4, 4)))], {"region_corner"}),
        (["full", Accuracy(0.9)], {"accuracy"}),
    ],
)
def test_what_was_asked_for_is_told_from_what_a_suite_brings(checks, asked):
    assert {one.name for one in make_checks(checks, MARKED) if one.asked} == asked


def test_what_cannot_be_made_is_refused():
    for wrong, error, sentence in [
        (
            "quik",
            ValueError,
            r"No check 'quik'. Did you mean 'quick'\? Checks and suites: accuracy, .* full, .*",
        ),
        ("accuracy", NeedsSettingError, r"The check 'accuracy' needs a setting: give Accuracy\(limit=…\)"),
        ("golden", NeedsSettingError, r"The check 'golden' needs a setting: give Golden\(path=…\)"),
        ("region", NeedsSettingError, 'The check "region" needs a region: mark one with ProbeSet'),
        (["quick", "region"], NeedsSettingError, 'The check "region" needs a region'),
        ([], ValueError, "Expected at least one check"),
        ([Accuracy(0.5), Accuracy(0.6)], ValueError, "Two checks have the name 'accuracy'"),
        (["quick", 7], TypeError, "Received: 7"),
    ]:
        with pytest.raises(error, match=sentence):
            make_checks(wrong, PLAIN)


def test_what_counts_where_a_suite_brought_it_along():
    chosen = make_checks("full", MARKED)
    assert {one.name for one in chosen if one.about == "model"} == {
        "finite",
        "untrained",
        "region_corner",
        "region_frame",
        "unexpected_region",
        "unexpected_content",
    }
    assert {one.name for one in chosen if one.about == "maps" and one.counts} == {
        "nonzero",
        "input_dependence",
        "repeatability",
        "finite_difference",
    }
    assert all(one.counts for one in make_checks(["stability", "random_logit"], MARKED))


@dataclass(frozen=True)
class Brighter:
    """A check of another package, which needs a setting and says nothing of probes."""

    limit: float
    name: str = "brighter"
    registered: ClassVar[str] = "brighter"
    cheap: ClassVar[bool] = True

    def run(self, subject):
        raise NotImplementedError


@dataclass(frozen=True)
class PerProbe(Brighter):
    """A check of another package whose name stands for one check per probe."""

    @classmethod
    def for_probes(cls, probes):
        return [cls(0.5, f"brighter_{row}") for row in range(len(probes))]


@dataclass(frozen=True)
class OfNothing(Brighter):
    about: ClassVar[str] = "nothing"


@dataclass(frozen=True)
class Misnamed(Brighter):
    @classmethod
    def for_probes(cls, probes):
        return [cls(0.5, "No Name")]


def test_checks_of_other_packages(offer):
    offer("keras_saliency.checks", brighter=Brighter, per_probe=PerProbe, misnamed=Misnamed)
    assert names(["per_probe", "finite"]) == ["brighter_0", "brighter_1", "finite"]
    assert names([Brighter(0.5), "brighter"]) == ["brighter"]
    with pytest.raises(
        NeedsSettingError, match=r"'brighter' needs a setting: give Brighter\(limit=…\) in its place"
    ):
        make_checks("brighter", PLAIN)
    (one,) = make_checks(Brighter(0.5), PLAIN)
    assert (one.about, one.counts) == ("model", True)
    with pytest.raises(ValueError, match='Expected brighter.about to be "model" or "maps"'):
        make_checks(OfNothing(0.5), PLAIN)
    with pytest.raises(ValueError, match="Expected the name of a check to be lower-case words"):
        make_checks("misnamed", PLAIN)
    with pytest.raises(ValueError, match=r"Did you mean 'brighter'\? Checks and suites: .*per_probe"):
        make_checks("brightr", PLAIN)


def test_names_are_known_without_keras():
    code = (
        "import sys; import numpy as np; from keras_saliency import ProbeSet; "
        "from keras_saliency.checks.gate.suites import make_checks; make_checks('full', ProbeSet(np.ones((1, 2, 2)))); "
        "sys.exit(bool({'keras', 'tensorflow', 'jax', 'torch'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
