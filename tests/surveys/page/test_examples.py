"""Which examples are drawn, and what is said of them."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from keras_saliency.surveys.examples import Source
from keras_saliency.surveys.page import examples
from keras_saliency.surveys.page.examples import drawn_examples
from keras_saliency.surveys.page.pictures import draw
from keras_saliency.surveys.parts import Parts
from keras_saliency.surveys.sources import OfArrays
from tests.surveys.page.conftest import strategy

LAYOUT = SimpleNamespace(picture=0, picture_axis=-1)
"""Which input is the image, as the engine's layout says it."""


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (40, 8, 8, 3), "uint8")


@pytest.fixture
def source(images):
    return Source(OfArrays(images, np.arange(40) % 2))


@pytest.fixture
def parts(tmp_path):
    """Two parts of twenty examples; the model is wrong about each third, and of the last nothing is known."""
    parts, rng = Parts(tmp_path), np.random.default_rng(1)
    for start in (20, 0):
        rows = np.arange(start, start + 20)
        known = rows < 39
        parts.write(
            {
                "id": np.array([str(row) for row in rows], object),
                "key": np.array([f"{row:016x}" for row in rows], object),
                "label": np.where(known, rows % 2, -1),
                "prediction": np.where(rows % 3 == 0, 7, rows % 2),
                "probability": np.where(known, rows / 40, np.nan),
                "map": rng.random((20, 4, 4)).astype("float32"),
            }
        )
    return parts


def of_ids(typical, extreme=(), *, is_suspect=False):
    own = strategy(0, 0, 20, 1.0, is_suspect=is_suspect)
    return replace(own, typical=tuple(map(str, typical)), extreme=tuple(map(str, extreme)))


def test_what_is_known_of_an_example(parts, source, images):
    drawn = drawn_examples([of_ids([30, 4], [39])], parts, source, LAYOUT)
    assert set(drawn) == {"30", "4", "39"}
    told = {one: (example.label, example.prediction, example.probability) for one, example in drawn.items()}
    assert told == {"30": (0, 7, 0.75), "4": (0, 0, 0.1), "39": (None, 7, None)}
    maps = parts.columns(["map"])["map"]
    for one, example in drawn.items():
        row = [int(one)]
        assert example.picture == draw(maps[row], images[row])[0]


def test_what_is_kept_of_a_part_are_its_rows(parts):
    """A view of one row would keep the maps of a thousand."""
    (row,) = examples._rows(parts, {"30"}).values()
    assert row["map"].base is None


def test_without_images_the_maps_alone(parts):
    drawn = drawn_examples([of_ids([30])], parts, None, LAYOUT)
    assert drawn["30"].picture == draw(parts.columns(["map"])["map"][[30]])[0]


def test_six_of_each_kind_and_of_too_many_the_suspects(parts, source, monkeypatch):
    strategies = [of_ids(range(8), range(10, 18)), of_ids(range(20, 24), is_suspect=True)]
    drawn = drawn_examples(strategies, parts, source, LAYOUT)
    assert set(drawn) == set(map(str, [*range(6), *range(10, 16), *range(20, 24)]))
    monkeypatch.setattr(examples, "_MOST", 5)
    assert set(drawn_examples(strategies, parts, source, LAYOUT)) == {"20", "21", "22", "23", "0"}


def test_groups_change_nothing(parts, source, monkeypatch):
    strategies = [of_ids(range(6), range(20, 26))]
    together = drawn_examples(strategies, parts, source, LAYOUT)
    monkeypatch.setattr(examples, "_AT_ONCE", 5)
    assert drawn_examples(strategies, parts, source, LAYOUT) == together


def test_what_people_should_see_is_shown(parts, source, images):
    shown = 255 - images
    other = Source(replace(source._reader, shown=shown))
    drawn = drawn_examples([of_ids([3])], parts, other, LAYOUT)
    assert drawn["3"].picture == draw(parts.columns(["map"])["map"][[3]], shown[[3]])[0]
