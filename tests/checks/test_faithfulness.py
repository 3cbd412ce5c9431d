from dataclasses import dataclass
from typing import Any, ClassVar

import keras
import numpy as np
import pytest
from keras import layers

import keras_saliency as ks
from keras_saliency.checks.faithfulness import Faithfulness
from keras_saliency.methods import MethodResult

RNG = np.random.default_rng(0)
SHAPE = (8, 6, 7)
IMAGES = RNG.random((*SHAPE, 1)).astype("float32")
PROBES = ks.ProbeSet(IMAGES)
WEIGHTS = RNG.exponential(size=42).astype("float32")
FAST = Faithfulness(orders=10, steps=6, baseline=0.0)


def additive(weights=WEIGHTS):
    """f(x) = Σ w x, so that each pixel's part in the score is known."""
    model = keras.Sequential([keras.Input((6, 7, 1)), layers.Flatten(), layers.Dense(1, use_bias=False)])
    model.layers[-1].set_weights([weights[:, None]])
    return model


@dataclass(frozen=True)
class Given:
    """The same maps whatever is asked."""

    maps: Any
    name: str = "given"

    registered: ClassVar[str] = "given"
    cost: ClassVar[str] = "1 forward pass"
    uses_target: ClassVar[bool] = False
    has_sign: ClassVar[bool] = True
    is_gradient: ClassVar[bool] = False

    def explain(self, question, rng):
        return MethodResult(np.asarray(self.maps, "float32"))


def run(method, check=FAST, probes=PROBES, model=None, seed=0):
    report = ks.check(model or additive(), probes, check, method=method, seed=seed)
    return report.results[0]


PARTS = IMAGES * WEIGHTS.reshape(6, 7, 1)
NOISY = PARTS + np.random.default_rng(3).exponential(2.0, PARTS.shape)


def test_the_true_parts_beat_every_random_order():
    found = run("input_x_gradient")
    assert (found.status, found.value) == ("passed", 1.0)
    assert found.sentence == (
        "Changing the strong pixels first beats 100% of the random orders (deletion and insertion)."
    )
    np.testing.assert_array_equal(found.per_probe["deletion"], np.ones(8))
    assert dict(found.pictures) == {}


def test_the_reverse_order_beats_none():
    found = run(Given(1 / (PARTS + 0.01)))
    assert (found.status, found.value) == ("failed", 0.0)
    assert "maps that know nothing beat 50%" in found.sentence
    assert list(found.pictures) == ["worst_probe"]


def test_random_maps_never_pass_and_mostly_fail():
    verdicts = [
        run(Given(np.random.default_rng(100 + s).random((*SHAPE, 1))), seed=s).status for s in range(12)
    ]
    assert verdicts.count("failed") >= 9
    assert "passed" not in verdicts


def test_between_chance_and_the_limit_is_a_warning():
    value = run(Given(NOISY)).value
    assert 0.77 < value < 0.99
    strict = run(Given(NOISY), Faithfulness(limit=0.99, orders=10, steps=6, baseline=0.0))
    assert strict.status == "warned"
    assert "of 99% asked for" in strict.sentence
    assert list(strict.pictures) == ["worst_probe"]


def test_few_probes_need_a_higher_share_to_be_told_from_chance():
    few = run("input_x_gradient", probes=ks.ProbeSet(IMAGES[:4]))
    assert few.status == "passed"
    assert few.limit > 0.84 > run("input_x_gradient").limit > 0.74


def test_fewer_than_four_maps_with_an_order_are_not_judged():
    maps = np.array(PARTS)
    maps[:5] = 1.0
    found = run(Given(maps))
    assert found.status == "errored"
    assert found.sentence.startswith("3 probes have a map with an order; fewer than 4")


def test_a_constant_map_spoils_no_other():
    maps = np.array(PARTS)
    maps[0], maps[1, 0, 0] = 0.0, np.nan
    found = run(Given(maps))
    assert found.value == 1.0
    assert np.isnan(found.per_probe["insertion"]).tolist() == [True, True] + 6 * [False]


def test_edges_stand_beside_as_a_control():
    steps = np.zeros((8, 6, 7, 1), "float32")
    steps[:, :, 3:] = 1.0
    edges = run("input_x_gradient", probes=ks.ProbeSet(steps)).details["edges of the images, as a control"]
    assert 0 < edges < 1


@pytest.mark.parametrize(
    "check",
    [
        Faithfulness(orders=11, steps=6, baseline=0.0),
        Faithfulness(orders=10, steps=3, baseline=0.0),
        Faithfulness(orders=10, steps=6, baseline="mean"),
        Faithfulness(orders=10, steps=6, baseline="blur"),
    ],
)
def test_every_option_changes_the_result(check):
    maps = Given(np.random.default_rng(100).random((*SHAPE, 1)))  # neither all beaten nor none
    changed, plain = (np.array(list(run(maps, c).per_probe.values())) for c in (check, FAST))
    assert (changed != plain).any()


def test_the_same_seed_gives_the_same_value():
    assert run(Given(NOISY)).value == run(Given(NOISY)).value
    assert run(Given(NOISY)).value != run(Given(NOISY), seed=1).value


def test_the_evaluations_are_as_documented():
    found = run("input_x_gradient")
    maps = 8
    assert found.evaluations == 2 * (10 + 2) * (6 + 1) * 8 + maps


def test_integer_images_work():
    integers = (255 * IMAGES).astype("uint8")
    model = keras.Sequential([keras.Input((6, 7, 1), dtype="uint8"), layers.Rescaling(1 / 255), additive()])
    assert run("input_x_gradient", probes=ks.ProbeSet(integers), model=model).value == 1.0


def test_vectors_cannot_be_judged():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
    found = run("gradient", probes=ks.ProbeSet(np.ones((5, 4), "float32")), model=model)
    assert found.status == "errored"
    assert found.sentence.startswith("None of the inputs is an image whose pixels could be taken out.")


@pytest.mark.parametrize("limit", [0.5, 1.1])
def test_limits_out_of_range_are_refused(limit):
    with pytest.raises(ValueError, match=r"above 0\.5, which is chance"):
        Faithfulness(limit=limit)
