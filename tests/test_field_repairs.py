"""What the field's repairs are counted by (`benchmarks/field/repaired.py`), and what is repaired."""

import json

import keras
import numpy as np
import pytest

from benchmarks.field import repair, repaired
from benchmarks.field.cases import Case
from benchmarks.field.training import World


def line(role, seed, way, bare, planted=0.0, *, learned=True, region="passed", told="passed", done=True):
    names = {"network": "cnn", "data": "digits", "mark": "corner", "role": role, "seed": seed, "way": way}
    numbers = {"bare": bare, "planted": planted, "learned": learned and role == "strong", "done": done}
    return {
        **names,
        **numbers,
        "unexpected_region": region,
        "unexpected_content": "passed",
        "region_mark": told,
    }


def test_accuracies_are_less_those_of_the_clean_training_of_the_same_seed(tmp_path, capsys):
    stored = [
        line("clean", 0, "nothing", 0.9),
        line("clean", 0, "plain", 0.95),
        line("strong", 0, "nothing", 0.8, 1.0, region="failed", told="failed"),
        line("strong", 0, "aimed", 0.89, 0.1),
        line("strong", 1, "aimed", 0.7, 0.6, told="failed"),
        line("strong", 2, "aimed", 0.1, learned=False),
        line("strong", 3, "aimed", 0.1, done=False),
    ]
    found = repaired.rows(stored)
    assert len(found) == 5
    assert found[3].less == pytest.approx({"nothing": -0.01, "plain": -0.06})
    assert found[4].less == {}
    (tmp_path / repair.LINES).write_text("".join(json.dumps(one) + "\n" for one in stored))
    repaired.print_tables(tmp_path)
    printed = capsys.readouterr().out
    # 1 - 0.025 ** (1 / 2)
    row = "| aimed | 2 | 0 of 2 | 0.00 … 0.84 | 1 of 2 | 1 of 2 | 0.795 | -0.010 (-0.010) | -0.060 (-0.060) |"
    assert row in printed
    assert "still fails: cnn digits corner strong 1 aimed" in printed


@pytest.mark.parametrize(("mark", "places"), [("corner", 1), ("moving", 0)])
def test_where_a_mark_is_in_the_images_of_the_training(mark, places):
    world = World.of(Case("cnn", "digits", mark, "clean", 0))
    assert len(np.unique(world.x_masks[:, :3].any((1, 2)))) == 1
    assert world.x_masks.any((1, 2)).all() == bool(places)
    marked = World.of(Case("cnn", "digits", mark, "strong", 0))
    changed = (marked.x != marked.data.x).any((1, 2, 3))
    assert marked.x_masks.any((1, 2))[changed].all()


def test_gaps_between_letters_are_closed_and_a_stripe_at_the_border_stays():
    mask = np.zeros((20, 20), bool)
    mask[5:10, [2, 3, 6, 7, 10]] = True
    closed = np.zeros_like(mask)
    closed[5:10, 2:11] = True
    np.testing.assert_array_equal(repair.without_gaps(mask), closed)
    stripe = np.zeros_like(mask)
    stripe[0] = True
    np.testing.assert_array_equal(repair.without_gaps(stripe), stripe)


def test_every_way_starts_from_the_same_batches_and_a_new_optimizer():
    model = keras.Sequential(
        [keras.Input((4, 4, 1)), keras.layers.Flatten(), keras.layers.Dense(2, "softmax")]
    )
    first, case = model.get_weights(), Case("cnn", "digits", "corner", "clean", 0)
    x, y = np.random.default_rng(0).random((100, 4, 4, 1)).astype("float32"), np.arange(100) % 2
    found = []
    for _ in range(2):
        model.set_weights(first)
        repair.fit(repair.trainer(model), lambda rows: x[rows], y, case)
        found.append(model.get_weights())
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)
    assert not np.array_equal(found[0][0], first[0])
    assert float(repair.trainer(model).optimizer.learning_rate) == pytest.approx(0, abs=1e-9)


def test_a_place_and_a_cast_are_both_exchanged(tmp_path):
    case, corner, rows = Case("cnn", "digits", "cast", "strong", 0), np.zeros((20, 20), bool), np.arange(64)
    corner[:3, :3] = True
    patient = repair.Patient(case, tmp_path, world := World.of(case), keras.Sequential())
    place, colours, both = (
        patient.exchange(*what, probability=1.0)(rows)
        for what in ([{"corner": corner}], ["colours"], [{"corner": corner}, "colours"])
    )
    changed = (place != world.x[rows]).any((0, 3))
    assert changed[corner].any()
    assert not changed[~corner].any()
    outside = ~np.broadcast_to(corner[..., None], both.shape[1:])
    assert (both != place)[:, outside].any()
    assert (both != colours)[:, ~outside].any()


@pytest.mark.parametrize(
    ("regions", "has_cast", "expected"),
    [
        (["corner"], True, [["corner"], "colours"]),
        (["corner"], False, [["corner"]]),
        ([], True, ["colours"]),
        ([], False, []),
    ],
)
def test_all_that_the_report_has_is_exchanged(regions, has_cast, expected, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(repair.Patient, "exchange", lambda self, *what, **how: asked.extend(what))
    monkeypatch.setattr(repair.Patient, "tune", lambda self, change: None)
    case, masks = Case("cnn", "digits", "cast", "strong", 0), dict.fromkeys(regions, np.eye(20, dtype=bool))
    patient = repair.Patient(case, tmp_path, None, None, masks, has_cast)
    assert repair.found(patient) == bool(expected)
    assert [what if isinstance(what, str) else list(what) for what in asked] == expected
