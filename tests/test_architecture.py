"""What `docs/architecture.md` says of the house is so."""

import re
import tomllib
from pkgutil import resolve_name

import pytest

import keras_saliency as ks
from tests.pages import ROOT, blocks, text
from tests.test_house import NO_ROOM, PACKAGE

PAGE = text("architecture.md")
(PICTURE,) = blocks("architecture.md", "text")
STOREYS = [re.split(r"\s{2,}", line)[0] for line in PICTURE.splitlines()]
PLACES = sorted(set(re.findall(r"`([\w/]+)\.py`\s`([\w.]+)`", PAGE)))


def test_the_picture_is_the_import_contract():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (house,) = (
        contract for contract in project["tool"]["importlinter"]["contracts"] if contract["type"] == "layers"
    )
    assert house["layers"] == STOREYS


def test_the_rooms_in_the_picture_are_those_of_the_package():
    drawn = sorted(room for storey in STOREYS for room in storey.split(" | "))
    there = sorted(path.stem for path in PACKAGE.iterdir() if path.name not in NO_ROOM)
    assert drawn == ["__main__", *there]


@pytest.mark.parametrize(("file", "name"), PLACES)
def test_what_the_walks_pass_is_there(file, name):
    module = resolve_name(f"{ks.__name__}.{file.replace('/', '.')}")
    assert resolve_name(f"{module.__name__}:{name}") is not None


def test_there_are_two_walks():
    assert len(PLACES) >= 20
    steps = re.findall(r"^(\d+)\. ", PAGE, re.MULTILINE)
    assert steps == [str(step) for count in (8, 10) for step in range(1, count + 1)]


def test_every_file_on_the_page_is_there():
    files = set(re.findall(r"`([\w/]+\.(?:py|pyi|md|txt))`", PAGE))
    places = (PACKAGE, PACKAGE / "tensorboard_plugin", ROOT)
    assert [file for file in files if not any((place / file).exists() for place in places)] == []
