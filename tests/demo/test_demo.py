"""The demo's data have the answer that is claimed, and a network learns it."""

import math

import numpy as np
import pytest

from keras_saliency import cli
from keras_saliency.demo import digits


def corners(images):
    return images[:, digits.CORNER].min(axis=(1, 2))


def test_shortcut_marks_every_three_and_nothing_else():
    data = digits.load("shortcut")
    for x, y in ((data.x, data.y), (data.x_validation, data.y_validation)):
        np.testing.assert_array_equal(corners(x) == 1, y == digits.MARKED_CLASS)


def test_irrelevant_marks_a_tenth_of_every_class():
    data = digits.load("irrelevant")
    marked = corners(data.x) == 1
    assert 0.07 < marked.mean() < 0.13
    assert all(marked[data.y == label].any() and not marked[data.y == label].all() for label in range(10))


def test_clean_marks_nothing():
    assert corners(digits.load("clean").x).max() == 0


def test_probes_are_held_out_and_all_marked():
    data = digits.load("clean")
    probes = data.probes
    assert corners(probes.images).min() == 1
    assert (probes.labels[:8] == digits.MARKED_CLASS).all()
    assert (probes.labels[8:] != digits.MARKED_CLASS).all()
    unmarked = np.where(digits.CORNER[..., None], 0, probes.images)
    held_out = {image.tobytes() for image in data.x_validation}
    assert {image.tobytes() for image in unmarked} <= held_out


@pytest.mark.parametrize(("arm", "low", "high"), [("shortcut", 8, 20), ("irrelevant", 0, 3)])
def test_the_enrichment_tells_the_arms_apart(tmp_path, arm, low, high):
    from keras_saliency.demo import story

    told_on_the_way = []
    told = story.tell(arm, 4, 0, tmp_path, told_on_the_way.append)
    assert told_on_the_way == told.rows
    assert [row.epoch for row in told.rows] == [-1, 0, 1, 2, 3]
    assert told.rows[0].enrichment < 2
    assert low < told.rows[-1].enrichment < high
    assert told.rows[0].drift is None
    assert not math.isnan(told.rows[-1].drift)
    assert told.film_strip.read_bytes().startswith(b"\x89PNG")


def test_a_repair_turns_the_gate_green_and_is_watched_in_the_same_run(tmp_path):
    from keras_saliency.demo import repair

    judged = []
    told = repair.tell_repair("shortcut", 4, 3, 0, tmp_path, progress=lambda row: None, judged=judged.append)
    assert judged == [told.before, told.after]
    (failed,), (passed,) = (one.report.results for one in judged)
    assert (failed.status, passed.status) == ("failed", "passed")
    np.testing.assert_array_equal(told.before.report.regions["unexpected_region"], digits.CORNER)
    assert told.after.without_mark > told.before.without_mark
    assert [row.epoch for row in told.story.rows] == list(range(-1, 7))
    assert told.story.rows[-1].enrichment < told.story.rows[4].enrichment / 2


def test_what_is_not_proven_is_not_repaired(tmp_path, capsys):
    arguments = ["demo", "--arm", "clean", "--epochs", "1", "--repair", "3", "--out", str(tmp_path)]
    assert cli.main(arguments) == 0
    said = capsys.readouterr().out
    assert said.count("unexpected_region: passed.") == said.count("without the corner: 0.") == 1
    assert "epoch  1/4" in said
    assert "SwapRegions" not in said


def test_a_second_run_gets_a_folder_of_its_own(tmp_path):
    from keras_saliency.demo import story

    earlier = tmp_path / "clean" / "film_strip.png"
    earlier.parent.mkdir()
    earlier.write_bytes(b"of a run before")
    assert story.tell("clean", 1, 0, tmp_path, lambda row: None).folder == tmp_path / "clean-2"
    assert earlier.read_bytes() == b"of a run before"
