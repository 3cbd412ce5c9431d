"""The axis of the channels is said once, at any door; a planted corner is found whatever was turned."""

import keras
import numpy as np
import pytest
from keras import layers

import keras_saliency as ks
from keras_saliency.checks.gate.config import Config
from keras_saliency.checks.golden import save_golden
from keras_saliency.cli import main

FIRST = (3, 6, 9)
RNG = np.random.default_rng(0)
IMAGES, LABELS = RNG.random((12, *FIRST), "float32"), np.arange(12) % 2
CORNER = np.zeros((6, 9), bool)
CORNER[:2, :2] = True
IMAGES[LABELS == 1, :, :2, :2] = 1
IMAGES[LABELS == 0, :, :2, :2] = 0


def reading_the_corner(*before, shape=FIRST):
    """A network whose classes are told by the corner alone; channels come last behind any layers before."""
    model = keras.Sequential(
        [keras.Input(shape), *before, layers.Flatten(), layers.Dense(2, activation="softmax")]
    )
    mask = np.broadcast_to(CORNER, FIRST)
    mask = np.moveaxis(mask, 0, -1) if before else mask
    kernel = np.outer(mask.ravel(), [-1, 1]).astype("float32")
    model.layers[-1].set_weights([kernel, np.array([6, -6], "float32")])
    return model


def turned():
    return reading_the_corner(layers.Permute((2, 3, 1)), layers.AveragePooling2D(1))


def test_a_planted_corner_behind_a_permute_is_found_as_it_is_without():
    """The verdicts are those on the same network of images whose channels are last."""
    regions = {"corner": CORNER}
    twin = reading_the_corner(layers.AveragePooling2D(1), shape=(6, 9, 3))
    report = ks.check(turned(), ks.ProbeSet(IMAGES, LABELS, regions=regions), "full", method="occlusion")
    expected = ks.check(
        twin, ks.ProbeSet(np.moveaxis(IMAGES, 1, -1), LABELS, regions=regions), "full", method="occlusion"
    )
    found = {result.name: (result.status, result.sentence) for result in report.results}
    assert found["region_corner"][0] == "failed"
    assert found == {result.name: (result.status, result.sentence) for result in expected.results}


def test_a_mask_for_turned_images_is_refused(tmp_path):
    probes = ks.ProbeSet(IMAGES, LABELS, regions={"corner": np.ones((3, 6), bool)})
    with pytest.raises(ValueError, match=r"mask of region 'corner' .* the size of the maps, \(6, 9\)"):
        ks.SaliencyCallback(probes, tmp_path).look(turned(), 0)
    with pytest.raises(ValueError, match=r"'corner' to have the shape \(6, 9\)"):
        ks.ProbeSet(IMAGES, LABELS, regions={"corner": np.ones((3, 6), bool)}, channel_axis=1)


UNCLEAR = "It is not clear where the channels"


def test_it_is_refused_at_every_door_and_settled_there(tmp_path):
    """Explain, check, the callback and golden files; nothing in this network tells."""
    model, probes, golden = reading_the_corner(), ks.ProbeSet(IMAGES, LABELS), tmp_path / "golden.npz"
    with pytest.raises(ValueError, match=UNCLEAR):
        ks.explain(model, probes)
    assert ks.explain(model, probes, channel_axis=1).heatmaps().shape == (12, 6, 9)
    with pytest.raises(ValueError, match=UNCLEAR):
        ks.check(model, probes, "finite")
    assert ks.check(model, probes, "finite", channel_axis=1).passed
    with pytest.raises(ValueError, match=UNCLEAR):
        ks.SaliencyCallback((IMAGES, LABELS), tmp_path / "logs").look(model, 0)
    saliency = ks.SaliencyCallback((IMAGES, LABELS), tmp_path / "logs", channel_axis=1)
    assert saliency.look(model, 0).heatmaps("gradient").shape == (12, 6, 9)
    with pytest.raises(ValueError, match=UNCLEAR):
        save_golden(golden, model, probes)
    save_golden(golden, model, ks.ProbeSet(IMAGES, LABELS, channel_axis=1))


def test_the_command_line_settles_it(tmp_path, capsys):
    model, probes = tmp_path / "model.keras", tmp_path / "probes.npz"
    reading_the_corner().save(model)
    ks.ProbeSet(IMAGES, LABELS, regions={"corner": CORNER}).save(probes)
    for command in (
        ["explain", model, probes, "--out", tmp_path / "out"],
        ["check", model, probes, "--checks", "finite"],
        ["golden", model, probes, "--out", tmp_path / "golden.npz"],
    ):
        assert main([*map(str, command)]) == 2
        assert UNCLEAR in capsys.readouterr().err
        assert main([*map(str, command), "--channel-axis", "1"]) == 0
    assert ks.Explanation.load(tmp_path / "out").channel_axis == 1


def test_a_config_settles_it():
    probes = Config.of({"channel_axis": 1}).with_masks(ks.ProbeSet(IMAGES))
    assert probes.channel_axis == 1
    with pytest.raises(ValueError, match=r"channel_axis to be 1 .* Received: channel_axis='1'"):
        Config.of({"channel_axis": "1"})


def test_a_probe_set_keeps_it(tmp_path):
    probes = ks.ProbeSet(IMAGES, LABELS, channel_axis=1)
    probes.save(tmp_path / "probes.npz")
    assert ks.ProbeSet.load(tmp_path / "probes.npz").channel_axis == 1
    assert probes.fingerprint == ks.ProbeSet(IMAGES, LABELS).fingerprint
    assert ks.ProbeSet.sample(IMAGES, LABELS, channel_axis=1).channel_axis == 1
    with pytest.raises(ValueError, match=r"the probe set says, 1, or None\. Received: channel_axis=-1"):
        ks.explain(reading_the_corner(), probes, channel_axis=-1)


@pytest.mark.parametrize("axis", [0, 2, 3, True, 1.0, "first"])
def test_no_other_axis_is_one(axis):
    with pytest.raises(ValueError, match=r"channel_axis to be 1 for images .* Received: channel_axis="):
        ks.ProbeSet(IMAGES, channel_axis=axis)


def test_pictures_for_people_have_their_channels_last():
    with pytest.raises(ValueError, match=r"display_images with their channels last, .*np\.moveaxis"):
        ks.ProbeSet(IMAGES, display_images=IMAGES)


def test_a_series_has_no_regions(tmp_path):
    model = keras.Sequential(
        [keras.Input((64, 8)), layers.Conv1D(3, 5), layers.Flatten(), layers.Dense(2, activation="softmax")]
    )
    series = RNG.random((8, 64, 8), "float32")
    with pytest.raises(ValueError, match=r"nothing to watch\. .* channel_axis=1 says that they are"):
        ks.SaliencyCallback(series, tmp_path / "logs").look(model, 0)
    report = ks.check(model, ks.ProbeSet(series, regions={"middle": np.ones((64, 8), bool)}), "quick")
    found = {result.name: result.status for result in report.results if "region" in result.name}
    assert found == {"region_middle": "errored", "unexpected_region": "skipped"}, report
