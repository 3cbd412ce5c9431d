"""docs/installation.md says what pyproject.toml and the constraints say."""

import re

from packaging.requirements import Requirement

from tests.pages import blocks, text
from tests.test_versions import PROJECT, pinned

PAGE = text("installation.md")


def table(after):
    """The rows of the table below a heading, in words."""
    rows = re.findall(r"^\| (.+) \|$", PAGE.partition(after)[2].partition("\n## ")[0], re.MULTILINE)
    return [[cell.strip(" |`") for cell in row.split("|")] for row in rows]


def test_without_tensorflow_all_the_rest_is_installed():
    itself, rest = blocks("installation.md", "sh")[-1].splitlines()
    assert itself == "pip install --no-deps ."
    required = {Requirement(line).name for line in PROJECT["dependencies"]}
    assert {*rest.split()[2:]} == required - {"tensorflow"} | {"jax"}


def test_the_versions_are_those_of_the_constraints():
    names = ("tensorflow", "jax", "torch", "keras", "tensorboard", "numpy")
    rows = {row[0]: row[2:] for row in table("## Which versions were run")}
    assert rows["newest"] == [pinned("constraints.txt")[name] for name in names]
    assert rows["oldest"] == [pinned("constraints-oldest.txt")[name] for name in names]


def test_every_extra_for_users_has_its_weight():
    shown = {row[0] for row in table("## What it weighs")}
    extras = PROJECT["optional-dependencies"].keys() - {"test", "tools", "zoo", "docs"}
    assert {f"keras_saliency[{extra}]" for extra in extras} <= shown


def test_the_addresses_are_the_projects():
    addresses = re.findall(r"git\+(https\S+?)[\"\s]", PAGE)
    assert {*addresses} == {PROJECT["urls"]["Repository"]}
