from dataclasses import dataclass
from typing import Any, ClassVar

import keras
import numpy as np
import pytest
from keras import layers
from scipy.ndimage import correlate1d

import keras_saliency as ks
from keras_saliency import metrics
from keras_saliency.checks.faithfulness import Faithfulness
from keras_saliency.checks.gate.runner import run_checks
from keras_saliency.checks.gate.suites import Chosen
from keras_saliency.checks.shared.exhibits import probe_and_maps
from keras_saliency.checks.shared.subject import Subject
from keras_saliency.methods import MethodResult
from tests.verdicts import verdict

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
    return verdict(model or additive(), probes, check, method, seed=seed)


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


@pytest.fixture
def told(monkeypatch):
    """A function that sets which shares of random orders the maps beat, and which the edges of the images."""

    def tell(deletion, insertion, by_edges=0.0):
        asked = []

        def orders_beaten(values, random, better):
            asked.append(better)
            shares = {"lower": deletion, "higher": insertion}[better]
            return np.array(shares) if asked.count(better) == 1 else np.full(len(shares), by_edges)

        monkeypatch.setattr(metrics, "orders_beaten", orders_beaten)

    return tell


ONCE = Faithfulness(orders=10, steps=1)


def test_every_field_of_a_verdict(told):
    deletion, insertion = np.linspace(0.3, 1.0, 8), np.linspace(0.4, 0.75, 8)
    insertion[1] = np.nan
    told(deletion, insertion, 0.25)
    subject = Subject.of(additive(), PROBES, "input_x_gradient")
    (found,) = run_checks((Chosen(ONCE, True),), subject)
    known = np.arange(8) != 1
    value = (deletion[known].mean() + insertion[known].mean()) / 2
    deviation = np.sqrt(
        (10 + 2) / (12 * 10 * 7)
    )  # of the mean of seven shares, each of 0, 0.1, … 1 as likely
    assert (found.name, found.status, found.direction) == ("faithfulness", "warned", "at_least")
    assert (found.value, found.limit) == pytest.approx((value, 0.5 + 2.33 * deviation))
    assert found.sentence == (
        f"Changing the strong pixels first beats {value:.0%} of the random orders (deletion and insertion), of "
        f"{found.limit:.0%} asked for; maps that know nothing beat 50%."
    )
    assert list(found.per_probe) == ["deletion", "insertion"]
    np.testing.assert_array_equal(list(found.per_probe.values()), [deletion, insertion])
    assert found.details == pytest.approx(
        {
            "standard deviation of maps that know nothing": deviation,
            "deletion": deletion[known].mean(),
            "insertion": insertion[known].mean(),
            "edges of the images, as a control": 0.25,
        }
    )
    # The worst is the one whose mean is lowest, not the one without a number.
    worst = probe_and_maps(subject, 0, subject.explanation.heatmaps("signed")[0])
    np.testing.assert_array_equal(found.pictures["worst_probe"], worst)


@pytest.mark.parametrize(
    ("share", "limit", "status"),
    [
        (0.61, 0.65, "failed"),  # the deviation of eight probes is 0.112
        (0.62, 0.65, "warned"),
        (0.76, 0.65, "warned"),
        (0.761, 0.65, "passed"),  # 2.33 deviations above chance
        (0.89, 0.9, "warned"),
        (0.9, 0.9, "passed"),
    ],
)
def test_from_chance_to_a_pass(told, share, limit, status):
    told([share] * 8, [share] * 8)
    found = run("input_x_gradient", Faithfulness(limit=limit, orders=10, steps=1))
    assert found.status == status
    assert list(found.pictures) == ([] if status == "passed" else ["worst_probe"])


def test_four_maps_with_an_order_are_judged(told):
    told([1.0] * 4, [1.0] * 4)
    assert run("input_x_gradient", ONCE, ks.ProbeSet(IMAGES[:4])).status == "passed"


BUMPS = np.random.default_rng(5).permuted(np.linspace(1, 2, 42)).reshape(1, 6, 7, 1).astype("float32")


@pytest.mark.parametrize("kind", ["channels last", "no channels", "channels first", "two channels"])
def test_edges_stand_where_the_pixels_change(kind):
    """A model that reads each pixel as much as the image changes there is told best by its edges."""
    slopes = [
        np.asarray(correlate1d(correlate1d(BUMPS, [-1, 0, 1], a), [1, 2, 1], b)) for a, b in ((1, 2), (2, 1))
    ]
    weights = np.hypot(*slopes) / BUMPS
    images = np.repeat(BUMPS, 8, axis=0)
    if kind == "two channels":  # the other one is flat, and not read
        images = np.concatenate([images, np.ones_like(images)], -1)
        weights = np.concatenate([weights, np.zeros_like(weights)], -1)
    elif kind == "no channels":
        images = images[..., 0]
    elif kind == "channels first":
        images = np.moveaxis(images, -1, 1)
    model = keras.Sequential(
        [keras.Input(images.shape[1:]), layers.Flatten(), layers.Dense(1, use_bias=False)]
    )
    model.layers[-1].set_weights([weights.reshape(-1, 1)])
    axis = 1 if kind == "channels first" else None
    probes = ks.ProbeSet(images, channel_axis=axis)
    random = Given(np.random.default_rng(0).random(images.shape))
    found = run(random, Faithfulness(orders=5, steps=42, baseline=0.0), probes, model)
    assert found.details["edges of the images, as a control"] == 1.0
    assert found.value < 1


def test_maps_of_another_size_are_not_judged(fake_method):
    small = fake_method(lambda images, rng: images[:, ::2, ::2])
    found = run(small)
    assert found.status == "errored"
    assert "another size" in found.sentence


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
