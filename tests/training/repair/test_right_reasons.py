"""The penalty against closed forms and finite differences, and what a training with it does."""

import keras
import numpy as np
import pytest
from keras import layers, losses, ops
from scipy.special import expit, softmax

import keras_saliency as ks

pytestmark = pytest.mark.backend

SIDE = 6
CORNER = np.zeros((SIDE, SIDE), bool)
CORNER[:2, :3] = True
RNG = np.random.default_rng(0)
IMAGES = RNG.random((5, SIDE, SIDE, 2)).astype("float32")


def linear(units, activation=None):
    """A dense layer on the pixels, with weights that are not small."""
    model = keras.Sequential(
        [keras.Input((SIDE, SIDE, 2)), layers.Flatten(), layers.Dense(units, activation=activation)]
    )
    rng = np.random.default_rng(1)
    model.set_weights([0.3 * rng.standard_normal(weight.shape) for weight in model.get_weights()])
    return model


def smooth():
    """A network without corners, whose scores bend."""
    keras.utils.set_random_seed(2)
    return keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 2)),
            layers.Conv2D(3, 3, activation="tanh"),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )


def penalty(model, regions=CORNER, loss="sparse_categorical_crossentropy", images=IMAGES):
    """What is added to the loss for a weight of 1."""
    reasons = ks.RightReasons(model, regions, weight=1)
    reasons.compile("sgd", loss)
    units = model.output_shape[-1]
    labels = np.zeros(len(images)) if "parse" in str(loss) else np.zeros((len(images), units), "float32")
    given = ops.convert_to_tensor(images)
    output = reasons(given, training=True)
    with_it, without = (
        float(ops.convert_to_numpy(reasons.compute_loss(given, labels, output, training=training)))
        for training in (True, False)
    )
    return with_it - without


def logits_of(model):
    """The logits of a linear model, and its weights by pixel and channel, `(height, width, channels, units)`."""
    kernel, bias = model.get_weights()
    return IMAGES.reshape(len(IMAGES), -1) @ kernel + bias, kernel.reshape(SIDE, SIDE, 2, -1)


def inside(gradients):
    """The mean over the images of the squared gradients in the corner."""
    return np.square(gradients[:, CORNER]).sum(axis=(1, 2)).mean()


@pytest.mark.parametrize("from_logits", [False, True])
def test_a_softmax_of_a_linear_model_has_the_penalty_of_its_closed_form(from_logits):
    """Σ log pₖ = Σ zₖ − K log Σ exp zₖ."""
    model = linear(4, None if from_logits else "softmax")
    logits, kernel = logits_of(model)
    gradients = np.einsum("hwcu,nu->nhwc", kernel, 1 - 4 * softmax(logits, axis=1))
    loss = losses.SparseCategoricalCrossentropy(from_logits=from_logits)
    assert penalty(model, loss=loss) == pytest.approx(inside(gradients), rel=1e-4)


@pytest.mark.parametrize("from_logits", [False, True])
@pytest.mark.parametrize("units", [1, 3])
def test_units_of_a_sigmoid_have_two_classes_each(units, from_logits):
    """Σ log p + log (1 − p), whose slope is 1 − 2 p for the logit."""
    model = linear(units, None if from_logits else "sigmoid")
    logits, kernel = logits_of(model)
    gradients = np.einsum("hwcu,nu->nhwc", kernel, 1 - 2 * expit(logits))
    loss = losses.BinaryCrossentropy(from_logits=from_logits)
    assert penalty(model, loss=loss) == pytest.approx(inside(gradients), rel=1e-4)


def test_regions_by_name_are_forbidden_together():
    model = smooth()
    left, right = np.zeros((2, SIDE, SIDE), bool)
    left[:, :2], right[:, 4:] = True, True
    together = penalty(model, {"left": left, "right": right})
    assert together == pytest.approx(penalty(model, left) + penalty(model, right), rel=1e-3)


def test_weights_learn_from_the_gradient_of_the_penalty():
    """A step of gradient descent moves each weight by the slope of the whole loss, as finite differences measure it."""
    model, labels = smooth(), np.array([0, 1, 2, 1, 0])
    reasons = ks.RightReasons(model, CORNER, weight=20)
    reasons.compile(keras.optimizers.SGD(1.0), "sparse_categorical_crossentropy")
    before = model.get_weights()

    def whole(kernel):
        model.set_weights([kernel, *before[1:]])
        given = ops.convert_to_tensor(IMAGES)
        return float(
            ops.convert_to_numpy(
                reasons.compute_loss(given, labels, reasons(given, training=True), training=True)
            )
        )

    places = [(0, 0, 0, 0), (1, 2, 1, 1), (2, 1, 0, 2)]
    slopes = []
    for place in places:
        nudge = np.zeros_like(before[0])
        nudge[place] = 0.02
        slopes.append((whole(before[0] + nudge) - whole(before[0] - nudge)) / 0.04)
    model.set_weights(before)
    reasons.train_on_batch(IMAGES, labels)
    moved = before[0] - model.get_weights()[0]
    np.testing.assert_allclose([moved[place] for place in places], slopes, rtol=0.02)


@pytest.fixture(scope="module")
def shortcut():
    """Images whose corner tells the class plainly, and whose middle tells it too, and the same without the corner."""
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 2, 200)
    images = 0.2 * rng.random((200, SIDE, SIDE, 2)).astype("float32")
    images[:, 3:, 3:] += 0.2 * labels[:, None, None, None]
    plain = images.copy()
    images[:, :2, :3] += labels[:, None, None, None]
    return images, plain, labels


def trained(weight, images, labels, epochs=15):
    model = smooth()
    reasons = ks.RightReasons(model, CORNER, weight)
    reasons.compile(keras.optimizers.Adam(0.02), "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = reasons.fit(images, labels, batch_size=50, epochs=epochs, verbose=0, shuffle=False)
    return model, history.history


def test_a_shortcut_is_not_learned(shortcut):
    images, plain, labels = shortcut
    accuracies, penalties = [], []
    for weight in (0, 30):
        model, logs = trained(weight, images, labels)
        accuracies.append((model.predict(plain, verbose=0).argmax(1) == labels).mean())
        penalties.append(logs["reasons_penalty"][-1])
        assert logs["accuracy"][-1] > 0.95
    assert accuracies[0] < 0.8
    assert accuracies[1] > 0.9
    assert penalties[1] < penalties[0] / 1000


def test_a_weight_of_zero_trains_as_the_network_alone(shortcut):
    images, _, labels = shortcut
    model, _ = trained(0, images, labels, epochs=2)
    alone = smooth()
    alone.compile(keras.optimizers.Adam(0.02), "sparse_categorical_crossentropy")
    alone.fit(images, labels, batch_size=50, epochs=2, verbose=0, shuffle=False)
    for ours, theirs in zip(model.get_weights(), alone.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_evaluation_is_the_networks_own(shortcut):
    images, _, labels = shortcut
    model = smooth()
    reasons = ks.RightReasons(model, CORNER, weight=100)
    for one in (model, reasons):
        one.compile("sgd", "sparse_categorical_crossentropy")
    found = reasons.evaluate(images, labels, verbose=0, return_dict=True)
    assert found["loss"] == pytest.approx(model.evaluate(images, labels, verbose=0), rel=1e-6)
    assert found["reasons_penalty"] > 0
    np.testing.assert_array_equal(reasons.predict(images, verbose=0), model.predict(images, verbose=0))


def test_it_is_saved_with_its_network_and_its_regions(tmp_path):
    reasons = ks.RightReasons(smooth(), CORNER, weight=2)
    reasons.compile("sgd", "sparse_categorical_crossentropy")
    reasons.save(tmp_path / "reasons.keras")
    loaded = keras.models.load_model(tmp_path / "reasons.keras")
    np.testing.assert_array_equal(loaded.forbidden, CORNER)
    labels = np.arange(5) % 3
    assert loaded.weight == 2
    assert loaded.train_on_batch(IMAGES, labels) == pytest.approx(reasons.train_on_batch(IMAGES, labels))


def test_the_callback_watches_the_network_in_it(tmp_path, shortcut):
    images, _, labels = shortcut
    reasons = ks.RightReasons(smooth(), CORNER, weight=1)
    reasons.compile("adam", "sparse_categorical_crossentropy")
    probes = ks.ProbeSet(images[:4], labels[:4], regions={"corner": CORNER})
    saliency = ks.SaliencyCallback(probes, str(tmp_path))
    reasons.fit(images, labels, epochs=1, verbose=0, callbacks=[saliency])
    last = ks.load_looks(tmp_path)[-1]
    expected = ks.explain(reasons.model, probes)
    np.testing.assert_allclose(last.methods["gradient"].scores, expected.scores, rtol=1e-4)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision(policy, shortcut):
    images, plain, labels = shortcut
    keras.config.set_dtype_policy(policy)
    try:
        model, logs = trained(30, images, labels)
    finally:
        keras.config.set_dtype_policy("float32")
    assert np.isfinite(logs["loss"]).all()
    assert (model.predict(plain, verbose=0).argmax(1) == labels).mean() > 0.9


@pytest.mark.skipif(
    keras.backend.backend() == "tensorflow", reason="its convolutions on a CPU take channels last"
)
def test_channels_first():
    last, first = (
        smooth(),
        keras.Sequential(
            [
                keras.Input((2, SIDE, SIDE)),
                layers.Conv2D(3, 3, activation="tanh", data_format="channels_first"),
                layers.Permute((2, 3, 1)),
                layers.Flatten(),
                layers.Dense(3, activation="softmax"),
            ]
        ),
    )
    first.set_weights(last.get_weights())
    assert penalty(first, images=np.moveaxis(IMAGES, -1, 1)) == pytest.approx(penalty(last), rel=1e-4)


def segmenter():
    return keras.Sequential([keras.Input((SIDE, SIDE, 2)), layers.Conv2D(3, 1, activation="softmax")])


@pytest.mark.parametrize("model", [linear(3), segmenter()], ids=["logits without a word", "segmentation"])
def test_what_gives_no_probabilities_is_refused_before_the_first_update(model):
    reasons = ks.RightReasons(model, CORNER)
    reasons.compile("sgd", "mse")
    with pytest.raises(ValueError, match="classifier that gives one prediction"):
        reasons.fit(IMAGES, np.zeros((5, *model.output_shape[1:])), verbose=0)


def of_integers():
    inputs = keras.Input((SIDE, SIDE, 2), dtype="uint8")
    return keras.Model(inputs, layers.Dense(2)(layers.Flatten()(layers.Rescaling(1 / 255)(inputs))))


def of_two():
    inputs = [keras.Input((SIDE, SIDE, 2)) for _ in range(2)]
    return keras.Model(inputs, layers.Dense(2)(layers.Flatten()(layers.Add()(inputs))))


@pytest.mark.parametrize(
    ("make", "regions", "weight", "told"),
    [
        (of_integers, CORNER, 1, "floating data type"),
        (of_two, CORNER, 1, "built model of one input"),
        (lambda: keras.Sequential([layers.Dense(2)]), CORNER, 1, "built model of one input"),
        (smooth, CORNER[:4], 1, "of the size of the images"),
        (smooth, ~np.ones_like(CORNER), 1, "at least one pixel"),
        (smooth, {}, 1, "at least one region"),
        (smooth, CORNER, -1, "weight"),
        (smooth, CORNER, float("nan"), "weight"),
    ],
)
def test_what_does_not_belong_together_is_refused(make, regions, weight, told):
    with pytest.raises(ValueError, match=told):
        ks.RightReasons(make(), regions, weight)
