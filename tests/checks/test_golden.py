import json
from dataclasses import replace

import keras
import numpy as np
import pytest
from keras import layers
from scipy.stats import t as student

import keras_saliency as ks
from keras_saliency.checks.golden import Golden, GoldenFile, add_golden, save_golden
from keras_saliency.checks.shared.golden_file import Training
from keras_saliency.checks.shared.training_numbers import Judgement
from keras_saliency.engine import ScoredModel
from keras_saliency.errors import UnreadableFileError
from keras_saliency.render import diverging, normalize

SIDE = 8
CORNER = np.zeros((SIDE, SIDE), bool)
CORNER[:2, :2] = True
RNG = np.random.default_rng(0)
IMAGES = RNG.random((6, SIDE, SIDE, 1)).astype("float32")
SHAPES = RNG.normal(size=(SIDE * SIDE, 3))


def kernel(seed):
    return SHAPES * np.exp(0.1 * np.random.default_rng(seed).normal(size=SHAPES.shape))


def network(seed, *, corner=1.0, name=None):
    """A linear classifier: as trained with another seed, it has the same weights but for some noise.

    Its map is the column of the class, so how much lies in the corner is known: `corner` scales that part.
    """
    weights = kernel(seed)
    weights[CORNER.ravel()] *= corner
    model = keras.Sequential(
        [keras.Input((SIDE, SIDE, 1)), layers.Flatten(), layers.Dense(3, activation="softmax", name=name)]
    )
    model.layers[-1].set_weights([weights.astype("float32"), np.zeros(3, "float32")])
    return model


LABELS = (IMAGES.reshape(len(IMAGES), -1) @ kernel(0)).argmax(1)
PROBES = ks.ProbeSet(IMAGES, LABELS, regions={"mark": CORNER})


@pytest.fixture
def path(tmp_path):
    return tmp_path / "golden.npz"


def run(path, model, probes=PROBES, **settings):
    options = {name: settings.pop(name) for name in ("method", "target", "seed") if name in settings}
    return ks.check(model, probes, Golden(path, **settings), **options).results[0]


def stored(path, *seeds):
    save_golden(path, network(seeds[0]), PROBES)
    for seed in seeds[1:]:
        add_golden(path, network(seed), PROBES)
    return path


class TestTheSameWeights:
    def test_pass_whatever_the_layers_are_called(self, path):
        stored(path, 0)
        found = run(path, network(0, name="renamed"))
        assert (found.status, found.value, found.limit) == ("passed", 1.0, 0.99)
        assert found.sentence.startswith("The weights are those of a stored training, and so are the maps")

    def test_pass_as_any_of_several_trainings(self, path):
        stored(path, 0, 1, 2)
        assert [run(path, network(seed)).value for seed in (0, 1, 2)] == [1.0, 1.0, 1.0]

    def test_fail_with_other_maps(self, path):
        method = ks.SmoothGradSquared("input_x_gradient", samples=4, noise=0.5)
        save_golden(path, network(0), PROBES, method)
        same = run(path, network(0), method=method)
        assert (same.status, dict(same.pictures)) == ("passed", {})
        found = run(path, network(0), method=replace(method, samples=2), seed=1)
        assert found.status == "failed"
        assert found.value < 0.99
        assert "but the maps are not" in found.sentence
        assert list(found.pictures) == ["probe_stored_and_now"]

    def test_show_the_worst_probe_its_stored_map_and_its_map_now(self, path):
        golden = GoldenFile.read(stored(path, 0))
        (training,) = golden.trainings
        maps = training.maps.copy()
        maps[1], maps[4] = maps[1][::-1], -maps[4]
        replace(golden, trainings=(replace(training, maps=maps),)).write(path)
        found = run(path, network(0))
        assert (found.status, found.direction, found.limit) == ("failed", "at_least", 0.9)
        assert found.value == found.per_probe["top overlap"].min() == found.per_probe["top overlap"][1] < 0.9
        assert list(found.per_probe) == ["correlation", "top overlap"]
        np.testing.assert_allclose(found.per_probe["correlation"][[0, 2, 3, 4, 5]], [1, 1, 1, -1, 1])
        assert found.sentence == (
            "The weights are those of a stored training, but the maps are not (rank correlation at least -1.000, top "
            f"overlap at least {found.value:.2f}): the method, its settings or the software have changed."
        )
        shown = found.pictures["probe_stored_and_now"]
        # Each 12 times enlarged, two pixels apart.
        assert shown.shape == (96, 3 * 96 + 2 * 2, 3)
        for start, row in ((98, maps[1]), (196, training.maps[1])):
            drawn = diverging(normalize(row.reshape(1, SIDE, SIDE)))[0]
            np.testing.assert_array_equal(shown[::12, start : start + 96 : 12], drawn)
        # Where the strongest pixels agree, the probe with the lowest correlation is shown.
        loose = run(path, network(0), overlap=found.value).pictures["probe_stored_and_now"]
        turned = diverging(normalize(maps[4].reshape(1, SIDE, SIDE)))[0]
        np.testing.assert_array_equal(loose[::12, 98:194:12], turned)
        exact = run(path, network(0), overlap=found.value, correlation=found.per_probe["correlation"].min())
        assert (exact.status, dict(exact.pictures)) == ("passed", {})
        assert exact.value == exact.limit

    def test_of_several_inputs_have_no_picture(self, path):
        image, numbers = keras.Input((4, 4, 1)), keras.Input((3,))
        joined = layers.Concatenate()([layers.Flatten()(image), numbers])
        model = keras.Model([image, numbers], layers.Dense(2)(joined))
        probes = ks.ProbeSet([IMAGES[:2, :4, :4], np.ones((2, 3), "float32")])
        save_golden(path, model, probes)
        golden = GoldenFile.read(path)
        (training,) = golden.trainings
        replace(golden, trainings=(replace(training, maps=-training.maps),)).write(path)
        found = run(path, model, probes)
        assert (found.status, dict(found.pictures)) == ("failed", {})

    def test_other_settings_are_an_error(self, path):
        golden = GoldenFile.read(stored(path, 0))
        (training,) = golden.trainings
        replace(golden, trainings=(replace(training, maps=training.maps[:, 1:]),)).write(path)
        found = run(path, network(0))
        assert found.sentence == (
            "ValueError: Expected maps as stored, (6, 63). Received: shape=(6, 64): other settings"
        )

    def test_fail_where_only_the_strongest_pixels_move(self, path):
        golden = GoldenFile.read(stored(path, 0))
        (training,) = golden.trainings
        maps = training.maps.copy()
        strongest, second = np.argsort(np.abs(maps[2]))[[-1, -5]]
        maps[2, second] = np.sign(maps[2, second]) * 10 * abs(maps[2, strongest])
        replace(golden, trainings=(replace(training, maps=maps),)).write(path)
        found = run(path, network(0), correlation=0.8)
        assert found.status == "failed"
        assert found.limit == 0.9
        assert found.value < 0.9
        assert "but the maps are not" in found.sentence
        assert list(found.pictures) == ["probe_stored_and_now"]
        assert found.per_probe["correlation"].min() > 0.8
        assert run(path, network(0), correlation=0.8, overlap=0.1).status == "passed"

    def test_constant_maps_are_the_same_only_if_they_are_identical(self, path):
        golden = GoldenFile.read(stored(path, 0))
        (training,) = golden.trainings
        maps = training.maps.copy()
        maps[0] = 0
        replace(golden, trainings=(replace(training, maps=maps),)).write(path)
        found = run(path, network(0))
        assert found.status == "failed"
        assert found.per_probe["correlation"].tolist() == [0.0] + 5 * [1.0]

    def test_another_target_is_an_error(self, path):
        found = run(stored(path, 0), network(0), target=(LABELS + 1) % 3)
        assert found.status == "errored"
        assert "those of other classes" in found.sentence


class TestOtherWeights:
    def test_pass_where_the_statistics_agree(self, path):
        found = run(stored(path, 0, 1), network(7))
        assert found.status == "passed"
        assert 0 < found.value < 1 == found.limit
        assert found.sentence == (
            "The weights are new; accuracy and statistics of the maps are as in 2 stored trainings."
        )
        assert set(found.details) == {
            "accuracy",
            "entropy",
            "enrichment at the border",
            "enrichment in the corners",
            "enrichment in region mark",
        }

    def test_fail_where_a_region_is_used_more(self, path):
        found = run(stored(path, 0, 1, 2), network(7, corner=8.0))
        assert found.status == "failed"
        assert found.value > 1
        assert "enrichment in region mark is" in found.sentence

    def test_fail_where_a_region_is_used_less(self, path):
        found = run(stored(path, 0, 1, 2), network(7, corner=0.1))
        assert found.status == "failed"
        assert "enrichment in region mark is 0." in found.sentence

    def test_with_one_training_the_tolerance_is_a_guess_and_leaving_it_a_warning(self, path):
        found = run(stored(path, 0), network(7, corner=30.0))
        assert found.status == "warned"
        assert "unlike in 1 stored training:" in found.sentence
        assert "it takes 2 stored trainings, better three" in found.sentence

    def test_one_training_does_not_pass_another(self, path):
        found = run(stored(path, 0), network(7))
        assert (found.status, found.value < 1) == ("warned", True)
        assert found.sentence == (
            "The weights are new; accuracy and statistics of the maps are as in 1 stored training. One training does "
            "not tell how far equal trainings differ, so this is no verdict: it takes 2 stored trainings, better "
            "three (`keras-saliency golden … --add`)."
        )

    def test_a_lower_accuracy_fails_and_a_higher_one_does_not(self, path):
        golden = GoldenFile.read(stored(path, 0, 1))

        def with_accuracy(value):
            trainings = (replace(t, numbers={**t.numbers, "accuracy": value}) for t in golden.trainings)
            replace(golden, trainings=tuple(trainings)).write(path)
            return run(path, network(7))

        assert with_accuracy(0.1).status == "passed"
        assert with_accuracy(1.0).details["accuracy"]["high"] is None
        golden.write(path)
        one_sided = network(7)
        one_sided.layers[-1].bias.assign(np.eye(3)[(LABELS[0] + 1) % 3] * 50)
        found = run(path, one_sided)
        assert found.status == "failed"
        assert "accuracy is" in found.sentence
        assert "expected at least" in found.sentence

    def test_the_interval_is_students_with_our_spread_as_four_trainings(self, path):
        golden = GoldenFile.read(stored(path, 0, 1, 2))
        found = run(path, network(7)).details["enrichment in region mark"]
        logs = np.log([training.numbers["enrichment in region mark"] for training in golden.trainings])
        variance = (4 * 0.185**2 + np.square(logs - logs.mean()).sum()) / 6
        half = student.ppf(1 - 0.01 / 5 / 2, 6) * np.sqrt(variance * (1 + 1 / 3))
        np.testing.assert_allclose(
            [found["low"], found["high"]], np.exp(logs.mean() + np.array([-half, half]))
        )
        np.testing.assert_allclose(found["distance"], abs(np.log(found["value"]) - logs.mean()) / half)

    def test_trainings_that_spread_more_allow_for_more(self, path):
        golden = GoldenFile.read(stored(path, 0, 1))
        far = {**golden.trainings[1].numbers, "enrichment in region mark": 40.0}
        narrow = run(path, network(7)).details["enrichment in region mark"]
        replace(golden, trainings=(golden.trainings[0], replace(golden.trainings[1], numbers=far))).write(
            path
        )
        wide = run(path, network(7)).details["enrichment in region mark"]
        assert wide["high"] / wide["low"] > 3 * narrow["high"] / narrow["low"]

    def test_the_error_sets_the_width(self, path):
        stored(path, 0, 1)
        name = "enrichment in region mark"
        wide, narrow = (run(path, network(7), error=e).details[name]["high"] for e in (0.01, 0.5))
        assert wide > narrow

    def test_what_all_stored_trainings_tell_is_judged(self, path):
        golden = GoldenFile.read(stored(path, 0, 1))
        first, second = golden.trainings
        known = replace(first, numbers={"entropy": first.numbers["entropy"]})
        replace(golden, trainings=(known, second)).write(path)
        found = run(path, network(7))
        here = Judgement.of(
            "entropy",
            found.details["entropy"]["value"],
            np.array([training.numbers["entropy"] for training in (first, second)]),
            0.01,  # no other number shares the error
        )
        assert found.details == {"entropy": here.as_json()}
        assert (found.value, found.limit, found.direction) == (here.distance, 1.0, "at_most")

    def test_equal_trainings_rarely_leave_it(self, path):
        stored(path, 0, 1)
        verdicts = [run(path, network(seed)).status for seed in range(10, 22)]
        assert verdicts.count("passed") == 12

    def test_without_statistics_it_cannot_be_judged(self, path):
        def vectors(seed):
            keras.utils.set_random_seed(seed)
            return keras.Sequential([keras.Input((4,)), layers.Dense(1)])

        probes = ks.ProbeSet(np.ones((3, 4), "float32"))
        save_golden(path, vectors(0), probes)
        assert run(path, vectors(0), probes=probes).status == "passed"
        found = run(path, vectors(1), probes=probes)
        assert (found.name, found.status, found.sentence[:19]) == ("golden", "errored", "The weights are new")


class TestTheFile:
    def test_is_read_back_as_written(self, path):
        golden = GoldenFile.read(stored(path, 0, 1))
        assert golden.fingerprint == PROBES.fingerprint
        assert golden.method == "gradient"
        explanation = ks.explain(network(1), PROBES)
        np.testing.assert_array_equal(golden.trainings[1].maps, explanation.maps.reshape(6, -1))
        np.testing.assert_array_equal(golden.trainings[1].target_classes, LABELS)
        inside = explanation.heatmaps()[:, CORNER].sum(1)
        share = (inside / explanation.heatmaps().sum((1, 2))).mean() / CORNER.mean()
        assert golden.trainings[1].numbers["enrichment in region mark"] == pytest.approx(share, rel=1e-5)

    def test_holds_no_pickles_and_no_images(self, path):
        with np.load(stored(path, 0), allow_pickle=False) as file:
            assert {name: file[name].dtype.kind for name in file.files} == {
                "maps_0": "f",
                "target_classes_0": "i",
                "about": "u",
            }
            about = json.loads(file["about"].tobytes())
        assert about["kind"] == "golden"
        assert about["trainings"][0]["weights"] == ScoredModel(network(0)).weights_fingerprint()

    def test_of_other_probes_is_an_error(self, path):
        other = ks.ProbeSet(IMAGES[:3], LABELS[:3])
        found = run(stored(path, 0), network(0), probes=other)
        prints = f"Received: probes {other.fingerprint[:12]}, in the file {PROBES.fingerprint[:12]}"
        assert (found.status, found.sentence.endswith(prints)) == ("errored", True)

    def test_by_another_method_is_an_error(self, path):
        found = run(stored(path, 0), network(0), method="input_x_gradient")
        assert (
            "give method='gradient', or make it anew. Received: method='input_x_gradient'" in found.sentence
        )

    def test_that_is_missing_or_another_kind_is_an_error(self, path, tmp_path):
        assert run(path, network(0)).sentence.startswith("FileNotFoundError")
        PROBES.save(tmp_path / "probes.npz")
        found = run(tmp_path / "probes.npz", network(0))
        assert "is no golden file of keras_saliency but a" in found.sentence

    def test_without_its_trainings_is_damaged(self, path):
        GoldenFile(PROBES.fingerprint, "gradient", ()).write(path)
        with pytest.raises(UnreadableFileError, match=r"is damaged: KeyError\('trainings'\)"):
            GoldenFile.read(path)

    @pytest.mark.parametrize(
        "changes",
        [
            {"maps": np.ones((8, 3), "int64")},
            {"maps": np.ones((8, 3, 1), "float32")},
            {"target_classes": np.zeros(7, int)},
            {"target_classes": np.zeros(8)},
            {"numbers": {"entropy": 10**400}},
        ],
    )
    def test_of_numbers_that_none_can_have_is_damaged(self, path, changes):
        training = Training("ab12", np.ones((8, 3), "float32"), np.zeros(8, int), {"entropy": 0.5})
        file = GoldenFile(PROBES.fingerprint, "gradient", (training,))
        assert repr(training) == "Training(weights='ab12', numbers={'entropy': 0.5})"
        file.write(path)
        assert GoldenFile.read(path).trainings[0].numbers == {"entropy": 0.5}
        replace(file, trainings=(replace(training, **changes),)).write(path)
        with pytest.raises(UnreadableFileError, match="golden.npz is damaged"):
            GoldenFile.read(path)

    def test_holds_what_was_asked_for(self, path):
        inputs = keras.Input((SIDE, SIDE, 1))
        heads = {
            name: layers.Dense(3, "softmax", name=name)(layers.Flatten()(inputs)) for name in ("one", "two")
        }
        model, method = keras.Model(inputs, heads), ks.SmoothGrad(samples=2)
        asked = {"target": 1, "output": "two", "logits": "output", "seed": 3}
        save_golden(path, network(0), PROBES, method)
        plain = ks.explain(network(0), PROBES, method).maps
        add_golden(path, network(1), PROBES, method)
        more = ks.explain(network(1), PROBES, method).maps
        add_golden(path, model, PROBES, method, **asked)
        save_golden(path.with_name("other.npz"), model, PROBES, method, **asked)
        wanted = ks.explain(model, PROBES, method, **asked).maps
        files = GoldenFile.read(path), GoldenFile.read(path.with_name("other.npz"))
        found = [training.maps for file in files for training in file.trainings]
        for maps, explained in zip(found, (plain, more, wanted, wanted), strict=True):
            np.testing.assert_array_equal(maps, explained.reshape(len(PROBES), -1))

    @pytest.mark.parametrize("make", [save_golden, add_golden])
    @pytest.mark.parametrize("seed", [-1, 1.5])
    def test_of_a_seed_that_is_none_is_refused(self, path, make, seed):
        with pytest.raises(ValueError, match=f"Expected seed to be a whole number of at least 0.*{seed}"):
            make(stored(path, 0), network(1), PROBES, seed=seed)

    def test_is_there_and_does_not_take_the_same_weights_twice(self, path):
        with pytest.raises(FileNotFoundError):
            add_golden(path, network(0), PROBES)
        stored(path, 0)
        before = path.read_bytes()
        with pytest.raises(ValueError, match="holds these very weights already"):
            add_golden(path, network(0), PROBES)
        with pytest.raises(ValueError, match="holds maps of other probes"):
            add_golden(path, network(1), ks.ProbeSet(IMAGES[:3]))
        with pytest.raises(ValueError, match="holds maps by gradient"):
            add_golden(path, network(1), PROBES, "input_x_gradient")
        assert path.read_bytes() == before


def test_the_fingerprint_of_weights_sees_every_value_and_no_name():
    model, same = network(0), network(0, name="other")
    prints = [ScoredModel(m).weights_fingerprint() for m in (model, same)]
    assert prints[0] == prints[1]
    kernel, bias = same.layers[-1].get_weights()
    kernel[5, 1] = np.nextafter(kernel[5, 1], np.float32(9))
    same.layers[-1].set_weights([kernel, bias])
    assert ScoredModel(same).weights_fingerprint() != prints[0]
