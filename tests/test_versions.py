"""The versions that `pyproject.toml` promises are those that `noxfile.py` tests."""

import tomllib
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
TRACKERS = ("mlflow", "trackio", "wandb")
WITHOUT_THE_ZOO = [
    requirements for extra, requirements in EXTRAS.items() if extra not in ("zoo", "docs", "ray", *TRACKERS)
]
REQUIREMENTS = [
    requirement
    for text in chain(PROJECT["dependencies"], *WITHOUT_THE_ZOO)
    if (requirement := Requirement(text)).name != PROJECT["name"]
]


def pinned(name):
    lines = (ROOT / "tests" / name).read_text().splitlines()
    pairs = (line.split("==") for line in lines if "==" in line)
    return {canonicalize_name(package): version for package, version in pairs}


OLDEST = pinned("constraints-oldest.txt")


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda requirement: requirement.name)
def test_the_lowest_version_allowed_is_tested(requirement):
    (lowest,) = (clause.version for clause in requirement.specifier if clause.operator == ">=")
    assert Version(OLDEST[canonicalize_name(requirement.name)]) == Version(lowest)


@pytest.mark.parametrize("tracker", TRACKERS)
def test_the_lowest_version_of_a_tracker_is_tested_in_an_environment_of_its_own(tracker):
    (requirement,) = EXTRAS[tracker]
    assert f'"{requirement.replace(">=", "==")}"' in (ROOT / "noxfile.py").read_text()


def test_the_zoo_and_the_site_take_one_version():
    """On the oldest versions the tests of the zoo are skipped: KerasHub needs a newer Keras."""
    newest = pinned("constraints.txt")
    for requirement in map(Requirement, EXTRAS["zoo"] + EXTRAS["docs"]):
        assert requirement.specifier.contains(newest[canonicalize_name(requirement.name)])


def test_every_python_that_is_promised_is_tested():
    tested = (ROOT / "noxfile.py").read_text()
    promised = [text.rpartition(" ")[2] for text in PROJECT["classifiers"] if "Python :: 3." in text]
    assert [version for version in promised if f'"{version}"' not in tested] == []
    assert len(promised) > 1
