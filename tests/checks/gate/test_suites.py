import subprocess
import sys

import pytest

from keras_saliency.checks import Accuracy, Region, make_checks
from keras_saliency.checks.gate.suites import STRUCTURE


def names(*arguments, **options):
    return [check.name for check in make_checks(*arguments, **options)]


def test_the_structure_suite():
    assert names("structure") == list(STRUCTURE)


def test_quick_checks_every_region_and_leaves_out_what_needs_a_setting():
    assert names("quick", regions=["corner", "frame"]) == [
        *STRUCTURE,
        "region_corner",
        "region_frame",
        "unexpected_region",
        "parameter_randomization",
    ]


def test_a_given_check_takes_the_place_of_its_name():
    checks = make_checks(
        ["quick", Accuracy(0.9), Region("corner", require=True)], regions=["corner", "frame"]
    )
    by_name = {check.name: check for check in checks}
    assert by_name["region_corner"].require
    assert "region_frame" not in by_name
    assert by_name["accuracy"].limit == 0.9
    assert [check.name for check in checks].index("accuracy") == len(STRUCTURE)


def test_names_may_repeat_and_stay_in_order():
    assert names(["untrained", "structure", "finite"])[:2] == ["untrained", "finite"]
    assert len(names(["untrained", "structure", "finite"])) == len(STRUCTURE)


def test_what_cannot_be_made_is_refused():
    with pytest.raises(ValueError, match=r"No check 'quik'. Did you mean 'quick'\?"):
        make_checks("quik")
    with pytest.raises(ValueError, match=r"The check 'accuracy' needs a setting: give ks.Accuracy\(0.9\)"):
        make_checks("accuracy")
    with pytest.raises(ValueError, match='The check "region" needs a region'):
        make_checks("region")
    with pytest.raises(ValueError, match="Expected at least one check"):
        make_checks([])
    with pytest.raises(ValueError, match="Two checks have the name 'accuracy'"):
        make_checks([Accuracy(0.5), Accuracy(0.6)])
    with pytest.raises(TypeError, match="Received: 7"):
        make_checks(["quick", 7])


def test_names_are_known_without_keras():
    code = (
        "import sys; from keras_saliency.checks.gate.suites import make_checks; make_checks('quick', regions=['a']); "
        "sys.exit(bool({'keras', 'tensorflow', 'jax', 'torch'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
