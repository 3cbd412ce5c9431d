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
REQUIREMENTS = [
    requirement
    for text in chain(PROJECT["dependencies"], *PROJECT["optional-dependencies"].values())
    if (requirement := Requirement(text)).name != PROJECT["name"]
]
OLDEST = dict(
    line.split("==")
    for line in (ROOT / "tests/constraints-oldest.txt").read_text().splitlines()
    if "==" in line
)


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda requirement: requirement.name)
def test_the_lowest_version_allowed_is_tested(requirement):
    (lowest,) = (clause.version for clause in requirement.specifier if clause.operator == ">=")
    assert Version(OLDEST[canonicalize_name(requirement.name)]) == Version(lowest)


def test_every_python_that_is_promised_is_tested():
    tested = (ROOT / "noxfile.py").read_text()
    promised = [text.rpartition(" ")[2] for text in PROJECT["classifiers"] if "Python :: 3." in text]
    assert [version for version in promised if f'"{version}"' not in tested] == []
    assert len(promised) > 1
