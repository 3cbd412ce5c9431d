"""Regions whose masks are empty for some of the images, and sets of images that are all without a mark."""

import copy
import pickle
from dataclasses import replace

import numpy as np
import pytest

from keras_saliency.checks.gate.config import Config
from keras_saliency.errors import UnreadableFileError
from keras_saliency.probes import ProbeSet, with_channel_axis
from keras_saliency.probes.annotations import with_labels, with_regions
from keras_saliency.records import npz

from .samples import CORNER, IMAGES, LABELS

SOME = np.stack([CORNER, CORNER & False, CORNER, CORNER & False])
NONE = SOME & False


def test_a_mask_may_be_empty_for_some_images():
    probes = ProbeSet(IMAGES, LABELS, regions={"mark": SOME})
    np.testing.assert_array_equal(probes.regions["mark"], SOME)


@pytest.mark.parametrize(
    ("mask", "sentence"),
    [
        (NONE, "one pixel. Received: empty masks for all of 4 images"),
        (NONE[0], "one pixel. Received: an empty mask$"),
    ],
)
def test_a_region_that_no_image_has_is_refused(mask, sentence):
    with pytest.raises(ValueError, match=f"Expected region 'mark' to hold at least {sentence}"):
        ProbeSet(IMAGES, LABELS, regions={"mark": mask})
    with pytest.raises(ValueError, match="Expected region 'mark' to hold at least one pixel"):
        ProbeSet.sample(IMAGES, LABELS, per_class=1, regions={"mark": mask, "corner": CORNER})


def test_one_mask_of_all_drawn_images_is_not_empty():
    with pytest.raises(
        ValueError, match="Expected region 'mark' to hold at least one pixel. Received: an empty mask$"
    ):
        ProbeSet.sample(IMAGES, LABELS, per_class=1, regions={"mark": lambda drawn: NONE[0]})


def drawn_without_a_mark(masks_of_source=True):
    """Three of many images, one of each class, where only an image that is not drawn has the mark."""
    images, labels = np.tile(IMAGES, (5, 1, 1, 1)), np.arange(20) % 3
    bare = ProbeSet.sample(images, labels, per_class=1)
    others = set(range(20)) - {int(name[1:]) for name in bare.names}
    masks = np.zeros((20, 6, 5), bool)
    masks[others.pop()] = CORNER
    given = masks if masks_of_source else (lambda drawn: np.zeros((len(drawn), 6, 5), bool))
    return ProbeSet.sample(images, labels, per_class=1, regions={"mark": given, "corner": CORNER})


@pytest.mark.parametrize("masks_of_source", [True, False], ids=["masks", "a function"])
def test_images_may_be_drawn_that_are_all_without_the_mark(masks_of_source):
    probes = drawn_without_a_mark(masks_of_source)
    assert probes.regions["mark"].shape == (3, 6, 5)
    assert not probes.regions["mark"].any()


def saved(probes, folder):
    probes.save(folder / "probes.npz")
    return ProbeSet.load(folder / "probes.npz")


def labelled(probes, folder):
    np.save(folder / "labels.npy", np.arange(3))
    return with_labels(probes, folder / "labels.npy")


def with_another(probes, folder):
    np.save(folder / "other.npy", CORNER)
    found = with_regions(probes, {"other": folder / "other.npy"})
    assert list(found.regions) == ["mark", "corner", "other"]
    return found


def forbidding_another(probes, folder):
    np.save(folder / "other.npy", CORNER)
    found = Config(forbid=(str(folder / "other.npy"),)).with_masks(probes)
    assert list(found.regions) == ["mark", "corner", "other"]
    return found


@pytest.mark.parametrize(
    "of",
    [
        lambda probes, folder: pickle.loads(pickle.dumps(probes)),
        lambda probes, folder: copy.copy(probes),
        lambda probes, folder: replace(probes, names=None),
        lambda probes, folder: with_channel_axis(probes, -1),
        saved,
        labelled,
        with_another,
        forbidding_another,
    ],
    ids=["pickle", "copy", "replace", "axis", "file", "labels", "with regions", "with masks"],
)
def test_what_is_made_of_such_a_set_has_them_too(of, tmp_path):
    found = of(drawn_without_a_mark(), tmp_path)
    np.testing.assert_array_equal(found.regions["mark"], np.zeros((3, 6, 5), bool))
    np.testing.assert_array_equal(found.regions["corner"], CORNER)


def test_a_further_region_that_no_image_has_is_refused(tmp_path):
    np.save(tmp_path / "other.npy", np.zeros((3, 6, 5), bool))
    with pytest.raises(ValueError, match="Expected region 'other' to hold at least one pixel"):
        with_regions(drawn_without_a_mark(), {"other": tmp_path / "other.npy"})


@pytest.mark.parametrize(("masks", "version"), [(SOME, 2), (np.stack([CORNER] * 4), 1), (CORNER, 1)])
def test_older_versions_are_told_that_a_file_is_newer(masks, version, tmp_path, monkeypatch):
    probes = ProbeSet(IMAGES, LABELS, regions={"mark": masks})
    np.testing.assert_array_equal(saved(probes, tmp_path).regions["mark"], masks)
    monkeypatch.setattr(npz, "VERSION", 1)  # as the versions that refused such a mask
    if version == 1:
        ProbeSet.load(tmp_path / "probes.npz")
    else:
        with pytest.raises(
            UnreadableFileError, match=r"newer keras_saliency \(format 2; this one reads up to 1\)"
        ):
            ProbeSet.load(tmp_path / "probes.npz")
