"""Models of every kind go through `quick`: what does not apply is skipped, nothing breaks."""

import keras
import numpy as np
import pytest
from keras import layers

import keras_saliency as ks

RNG = np.random.default_rng(0)
IMAGES = RNG.random((6, 16, 16, 1)).astype("float32")
LABELS = np.arange(6) % 2
CORNER = np.zeros((16, 16), bool)
CORNER[:3, :3] = True
REGIONS = {"corner": CORNER}


def body(*head):
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [keras.Input((16, 16, 1)), layers.Conv2D(4, 3, activation="relu"), layers.Flatten(), *head]
    )


def sigmoid():
    return body(layers.Dense(1, "sigmoid")), ks.ProbeSet(IMAGES, LABELS, regions=REGIONS), {}


def regression():
    return body(layers.Dense(1)), ks.ProbeSet(IMAGES, regions=REGIONS), {}


def unlabelled():
    return body(layers.Dense(3, "softmax")), ks.ProbeSet(IMAGES, regions=REGIONS), {}


def custom_target():
    return (
        body(layers.Dense(3)),
        ks.ProbeSet(IMAGES, regions=REGIONS),
        {"target": lambda y: y[:, 0] - y[:, 1]},
    )


def output_gradient():
    probes = ks.ProbeSet(IMAGES, regions=REGIONS)
    return body(layers.Dense(3)), probes, {"target": ks.OutputGradient(RNG.normal(size=(6, 3)))}


def several_outputs():
    inputs = keras.Input((16, 16, 1))
    flat = layers.Flatten()(inputs)
    heads = {name: layers.Dense(2, "softmax", name=name)(flat) for name in ("animal", "colour")}
    return keras.Model(inputs, heads), ks.ProbeSet(IMAGES, LABELS, regions=REGIONS), {"output": "colour"}


def all_outputs_at_once():
    model, probes, _ = several_outputs()
    return model, probes, {"target": lambda outputs: outputs["animal"][:, 0] + outputs["colour"][:, 1]}


def several_inputs():
    image, numbers = keras.Input((16, 16, 1)), keras.Input((3,))
    joined = layers.Concatenate()([layers.Flatten()(layers.Conv2D(2, 3)(image)), numbers])
    probes = ks.ProbeSet([IMAGES, RNG.random((6, 3)).astype("float32")], LABELS, regions=REGIONS)
    return keras.Model([image, numbers], layers.Dense(2)(joined)), probes, {}


def tokens():
    inputs = keras.Input((5,), dtype="int32")
    model = keras.Model(inputs, layers.Dense(2)(layers.Flatten()(layers.Embedding(7, 4)(inputs))))
    return model, ks.ProbeSet(RNG.integers(0, 7, (6, 5)), LABELS), {}


def segmentation():
    model = keras.Sequential(
        [keras.Input((16, 16, 1)), layers.Conv2D(3, 3, padding="same", activation="softmax")]
    )
    return model, ks.ProbeSet(IMAGES, regions=REGIONS), {}


def deferred():
    return (
        keras.Sequential([layers.Flatten(), layers.Dense(2)]),
        ks.ProbeSet(IMAGES, LABELS, regions=REGIONS),
        {},
    )


def bfloat16():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = body(layers.Dense(2))
    finally:
        keras.config.set_dtype_policy("float32")
    return model, ks.ProbeSet(IMAGES, LABELS, regions=REGIONS), {}


KINDS = [
    sigmoid,
    regression,
    unlabelled,
    custom_target,
    output_gradient,
    several_outputs,
    all_outputs_at_once,
    several_inputs,
    tokens,
    segmentation,
    deferred,
    bfloat16,
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_quick_breaks_on_no_kind_of_model(kind):
    model, probes, options = kind()
    report = ks.check(model, probes, "quick", **options)
    assert [result for result in report.results if result.status == "errored"] == [], str(report)
    assert any(result.status == "passed" for result in report.results)


def test_two_classes_of_one_unit_have_opposite_maps():
    model, probes, _ = sigmoid()
    found = ks.check(model, probes, "target_dependence").results[0]
    assert found.value == pytest.approx(-1)


@pytest.mark.skipif(keras.backend.backend() == "tensorflow", reason="TensorFlow has no such layers on a CPU")
@pytest.mark.backend
def test_regions_of_images_with_channels_first():
    model = keras.Sequential(
        [
            keras.Input((2, 16, 16)),
            layers.Conv2D(3, 3, data_format="channels_first"),
            layers.Flatten(),
            layers.Dense(2),
        ]
    )
    images = np.repeat(IMAGES.transpose(0, 3, 1, 2), 2, axis=1)
    report = ks.check(model, ks.ProbeSet(images, LABELS, regions=REGIONS), "quick")
    assert [result for result in report.results if result.status == "errored"] == [], str(report)
