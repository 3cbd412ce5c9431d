"""What a subject is made of, and the questions that it asks of the model."""

import keras
import numpy as np
import pytest
from keras import layers, ops

import keras_saliency as ks
from keras_saliency.checks.shared.subject import Subject
from keras_saliency.engine import Question, ScoredModel
from keras_saliency.explanation import bind_target

RNG = np.random.default_rng(0)
IMAGES = RNG.random((4, 5, 6, 2)).astype("float32")
LABELS = np.array([2, 0, 1, 1])


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input((5, 6, 2)), layers.Flatten(), layers.Dense(3, activation="softmax")])


@pytest.fixture(scope="module")
def heads():
    """Two inputs, numbers and an image, and two outputs."""
    keras.utils.set_random_seed(0)
    numbers, image = keras.Input((3,), name="numbers"), keras.Input((5, 6, 2), name="image")
    joined = layers.Concatenate()([numbers, layers.Flatten()(image)])
    outputs = {name: layers.Dense(3, activation="softmax", name=name)(joined) for name in ("one", "two")}
    return keras.Model([numbers, image], outputs)


def test_what_nobody_says(model):
    subject = Subject.of(model, ks.ProbeSet(IMAGES))
    assert (subject.method.name, subject.seed, subject.probes.labels) == ("gradient", 0, None)
    assert subject.explanation.score_kind == "logit"
    assert Subject(subject.question, subject.probes, subject.method).seed == 0
    # The first call counts, and what was asked before is remembered.
    spent = subject.evaluations
    assert subject.explanation is subject.explanation
    assert subject.evaluations == spent == 4
    np.testing.assert_array_equal(subject.classes, model.predict(IMAGES, verbose=0).argmax(1))


def test_what_is_asked_for_reaches_the_model(heads):
    method = ks.SmoothGrad(samples=2)
    probes = ks.ProbeSet([np.ones((4, 3), "float32"), IMAGES], LABELS)
    asked = {"target": 1, "output": "two", "logits": "output", "seed": 5}
    subject = Subject.of(heads, probes, method, chunk_size=3, **asked)
    explained = ks.explain(heads, probes, method, **asked)
    np.testing.assert_allclose(
        subject.explanation.scores, heads.predict(probes.images, verbose=0)["two"][:, 1], rtol=1e-5
    )
    assert subject.explanation.score_kind == "output"
    rows = subject.rows()
    assert (rows.shape, rows.dtype) == ((4, 3 + 60), "float32")
    np.testing.assert_allclose(rows[:, :3], explained.maps[0], rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(rows[:, 3:], explained.maps[1].reshape(4, -1), rtol=1e-4, atol=1e-7)
    np.testing.assert_array_equal(subject.rows(subject.again), rows)  # the same random numbers
    np.testing.assert_array_equal(subject.classes, LABELS)
    np.testing.assert_array_equal(subject.ranks.argmax(1), rows.argmax(1))
    with pytest.raises(ValueError, match="chunk_size=0"):
        Subject.of(heads, probes, chunk_size=0)


def test_maps_that_are_made_already_are_not_made_again(model):
    first = Subject.of(model, ks.ProbeSet(IMAGES))
    again = Subject(first.question, first.probes, first.method, explanation=first.explanation)
    assert again.explanation is first.explanation


def test_predictions_do_not_depend_on_the_target(model, heads):
    kernel, bias = model.get_weights()
    expected = IMAGES.reshape(4, -1) @ kernel + bias
    probes = ks.ProbeSet(IMAGES)
    for target, classes in ((None, True), (0, True), (lambda y: y[:, 0] * y[:, 1], False)):
        subject = Subject.of(model, probes, target=target)
        np.testing.assert_allclose(subject.predictions().table, expected, rtol=1e-4, atol=1e-5)
        assert subject.targets_classes is classes
        spent = subject.evaluations
        assert subject.predictions() is subject.predictions()
        assert subject.evaluations == spent
        dark = subject.question.about(subject.question.target, 0 * IMAGES)
        np.testing.assert_allclose(subject.predictions(dark).table, np.tile(bias, (4, 1)), atol=1e-6)
    given = ks.ProbeSet([np.ones((4, 3), "float32"), IMAGES])
    both = Subject.of(heads, given, target=lambda y: ops.sum(y["one"] * y["two"], axis=1))
    assert both.predictions().table is None
    assert not both.targets_classes


def test_other_classes_can_be_asked_about(model):
    subject = Subject.of(model, ks.ProbeSet(IMAGES))
    question = subject.about_classes(LABELS)
    table = subject.predictions().table
    np.testing.assert_allclose(question.scores.values, table[np.arange(4), LABELS], rtol=1e-5)
    kernel, _ = model.get_weights()  # the map of a class is its column
    np.testing.assert_allclose(subject.rows(question), kernel[:, LABELS].T, rtol=1e-5)


def test_pictures_are_what_people_should_see(model):
    shown = RNG.integers(0, 256, (4, 5, 6, 3)).astype("uint8")
    np.testing.assert_array_equal(
        Subject.of(model, ks.ProbeSet(IMAGES, display_images=shown)).pictures, shown
    )
    assert Subject.of(model, ks.ProbeSet(IMAGES)).pictures.shape == (4, 5, 6, 3)
    vectors = keras.Sequential([keras.Input((7,)), layers.Dense(2)])
    of_vectors = Subject.of(vectors, ks.ProbeSet(np.ones((4, 7), "float32")))
    assert of_vectors.pictures is None
    assert not of_vectors.has_image
    with pytest.raises(ValueError, match="None of the inputs is an image, so it has no regions"):
        of_vectors.image  # noqa: B018
    described = ks.ProbeSet(np.ones((4, 7), "float32"), display_images=shown)
    np.testing.assert_array_equal(Subject.of(vectors, described).pictures, shown)


def network(shape, dtype="float32", *before):
    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input(shape, dtype=dtype), *before, layers.Flatten(), layers.Dense(2)])


@pytest.mark.parametrize(
    ("images", "options", "last"),
    [
        (IMAGES, {}, IMAGES),
        (IMAGES[..., 0], {}, IMAGES[..., :1]),
        (np.moveaxis(IMAGES, -1, 1), {"channel_axis": 1}, IMAGES),
    ],
    ids=["channels last", "no channels", "channels first"],
)
def test_an_image_has_its_channels_last_and_others_take_its_place(images, options, last):
    labels = [1, 0, 1, 0]
    probes = ks.ProbeSet(images, labels, **options)
    subject = Subject.of(network(images.shape[1:]), probes)
    assert subject.has_image
    assert subject.image.dtype == "float32"
    np.testing.assert_array_equal(subject.image, last)
    assert subject.deviation == pytest.approx(last.std())
    rows = np.array([3, 0, 1])
    other = subject.with_images(2 * last[rows] - 1, rows)
    np.testing.assert_array_equal(np.asarray(other.inputs), 2 * images[rows] - 1)
    assert np.asarray(other.inputs).dtype == "float32"
    # The target is the predicted class, whatever the labels are.
    np.testing.assert_array_equal(other.scores.target_classes, other.scores.table.argmax(1))


def test_integers_stay_within_their_type():
    pixels = (255 * IMAGES).astype("uint8")
    subject = Subject.of(network((5, 6, 2), "uint8", layers.Rescaling(1 / 255)), ks.ProbeSet(pixels))
    wanted = np.full((2, 5, 6, 2), 7.6)
    wanted[0, 0], wanted[1, 0] = -3.0, 300.0
    other = np.asarray(subject.with_images(wanted, np.array([0, 1])).inputs)
    assert other.dtype == "uint8"
    assert (other[0, 0] == 0).all()
    assert (other[1, 0] == 255).all()
    assert (other[:, 1:] == 8).all()


def test_the_other_inputs_stay_with_their_probe(heads):
    numbers = RNG.random((4, 3)).astype("float32")
    probes = ks.ProbeSet([numbers, IMAGES])
    subject = Subject.of(heads, probes, output="one")
    rows = np.array([2, 2, 0])
    question = subject.with_images(np.zeros((3, 5, 6, 2)), rows)
    given, image = question.inputs
    np.testing.assert_array_equal(given, numbers[rows])
    np.testing.assert_array_equal(image, np.zeros((3, 5, 6, 2)))
    np.testing.assert_array_equal(subject.image, IMAGES)


def test_each_purpose_has_random_numbers_of_its_own(model):
    probes = ks.ProbeSet(IMAGES)
    question = Question(ScoredModel(model), IMAGES, bind_target(None, probes))
    drawn = {
        (seed, name): Subject(question, probes, ks.SmoothGrad(), seed=seed).rng(name).integers(2**60)
        for seed in (0, 1)
        for name in ("untrained", "stability")
    }
    assert len(set(drawn.values())) == 4
    assert (
        Subject(question, probes, ks.SmoothGrad(), seed=1).rng("stability").integers(2**60)
        == drawn[1, "stability"]
    )
