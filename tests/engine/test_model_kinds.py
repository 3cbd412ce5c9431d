"""The engine's gradients equal the framework's own on the logits, for every kind of model."""

from functools import partial

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_saliency.engine import ScoredModel
from keras_saliency.probes.targets import as_target, bind
from tests import answers

from . import networks, reference
from .networks import images, pixels

CLASSES = np.array([2, 0, 1])

ONE_INPUT = {
    "sequential": (networks.sequential, images(8, 8, 1)),
    "functional": (networks.functional, images(8, 8, 3)),
    "subclassed": (networks.Subclassed, images(8, 8, 1)),
    "nested": (networks.nested, images(8, 8, 1)),
    "deferred sequential": (networks.deferred, images(8, 8, 1)),
    "channels first": (networks.channels_first, images(3, 8, 8)),
    "13 channels": (partial(networks.sequential, shape=(8, 8, 13)), images(8, 8, 13)),
    "unknown size": (networks.unknown_size, images(9, 7, 3)),
    "segmentation": (networks.segmentation, images(6, 6, 2)),
    "images without channels": (networks.sequential, images(8, 8)),
}
SEVERAL_INPUTS = {
    "list": (networks.two_inputs, [images(8, 8, 1), images(2)]),
    "dict": (
        partial(networks.two_inputs, by_name=True),
        {"image": images(8, 8, 1), "extra": images(2)},
    ),
    "dict for a list": (
        partial(networks.two_inputs, by_name=False),
        {"image": images(8, 8, 1), "extra": images(2)},
    ),
    "with an integer input": (
        partial(networks.two_inputs, second="int32"),
        [images(8, 8, 1), np.array([[1, 2], [0, 4], [3, 3]])],
    ),
    "with an integer input, by name": (
        partial(networks.two_inputs, by_name=True, second="int32"),
        {"image": images(8, 8, 1), "extra": np.array([[1, 2], [0, 4], [3, 3]])},
    ),
}


def explain(model, inputs, classes=CLASSES, **options):
    return answers.gradients(
        ScoredModel(model, **options), inputs, bind(as_target(classes), len(classes), None)
    )


@pytest.mark.parametrize(("build", "inputs"), ONE_INPUT.values(), ids=ONE_INPUT)
def test_gradients_equal_the_frameworks_own(build, inputs):
    model = build("softmax")
    found = explain(model, inputs)

    twin = networks.twin_of(model, build, inputs)
    score = reference.scores_of(CLASSES)
    reference.assert_close(found.maps, reference.gradients(lambda x: score(twin(x)), inputs))
    np.testing.assert_allclose(
        found.scores.values, ops.convert_to_numpy(score(twin(inputs))), rtol=1e-4, atol=1e-5
    )
    assert found.maps.dtype == "float32"
    assert found.scores.kind == "logit"


@pytest.mark.parametrize(("build", "inputs"), SEVERAL_INPUTS.values(), ids=SEVERAL_INPUTS)
def test_maps_have_the_structure_of_the_inputs(build, inputs):
    model = build("softmax")
    found = explain(model, inputs)

    twin, score = networks.twin_of(model, build, inputs), reference.scores_of(CLASSES)
    expected = reference.gradients(lambda x: score(twin(x)), inputs)
    assert type(found.maps) is type(inputs)
    for key in inputs if isinstance(inputs, dict) else range(2):
        if expected[key] is None:
            assert found.maps[key] is None
        else:
            reference.assert_close(found.maps[key], expected[key])


@pytest.mark.parametrize("classes", [[1, 1, 1], [0, 1, 0]])
def test_one_sigmoid_unit_has_two_classes(classes):
    """Class 1 is the logit and class 0 its negative."""
    model, inputs = networks.units(1, "sigmoid"), images(8, 8, 1)
    found = explain(model, inputs, np.array(classes))

    twin, sign = networks.twin_of(model, partial(networks.units, 1), inputs), 2.0 * np.array(classes) - 1
    expected = reference.gradients(lambda x: twin(x)[:, 0], inputs) * sign[:, None, None, None]
    reference.assert_close(found.maps, expected)
    np.testing.assert_allclose(
        found.scores.values, ops.convert_to_numpy(twin(inputs))[:, 0] * sign, rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize(
    ("count", "activation", "kind"), [(4, "sigmoid", "logit"), (1, None, "output"), (4, None, "output")]
)
def test_units_without_softmax(count, activation, kind):
    """Multi-label sigmoid, and regression with one and with several units."""
    model, inputs = networks.units(count, activation), images(8, 8, 1)
    classes = np.array([0, 3, 1]) % count
    found = explain(model, inputs, classes)

    twin = networks.twin_of(model, partial(networks.units, count), inputs)
    score = reference.scores_of(classes)
    reference.assert_close(found.maps, reference.gradients(lambda x: score(twin(x)), inputs))
    assert found.scores.kind == kind


@pytest.mark.parametrize(("by_name", "output"), [(False, "animal"), (False, 0), (True, "animal")])
def test_one_of_several_outputs(by_name, output):
    build, inputs = partial(networks.two_outputs, by_name=by_name), images(8, 8, 1)
    model = build("softmax")
    found = explain(model, inputs, output=output)

    twin, score = networks.twin_of(model, build, inputs), reference.scores_of(CLASSES)
    reference.assert_close(
        found.maps, reference.gradients(lambda x: score(twin(x)[output if by_name else 0]), inputs)
    )


class TupleOfOutputs(networks.Subclassed):
    def call(self, inputs):
        logits = super().call(inputs)
        return ops.mean(logits, -1, keepdims=True), logits


def test_outputs_of_a_subclassed_model_are_known_by_position():
    model, inputs = TupleOfOutputs("softmax"), images(8, 8, 1)
    found = explain(model, inputs, output=1)
    twin, score = networks.twin_of(model, TupleOfOutputs, inputs), reference.scores_of(CLASSES)
    reference.assert_close(found.maps, reference.gradients(lambda x: score(twin(x)[1]), inputs))


@pytest.mark.parametrize(
    ("by_name", "output"), [(False, None), (False, "colour"), (False, 2), (False, -1), (True, 0)]
)
def test_outputs_must_be_named(by_name, output):
    model = networks.two_outputs("softmax", by_name)
    with pytest.raises(
        ValueError, match=r"has 2 outputs; name one .* Outputs: 'a\w+', 'a\w+'\. Received: output="
    ):
        explain(model, images(8, 8, 1), output=output)


def test_bytes_are_explained_behind_the_rescaling():
    """Nothing flows back through integers: the first floating tensor is explained, in its own units."""
    inputs = pixels(8, 8, 1)
    body = networks.sequential("softmax")
    scaling = layers.Rescaling(1 / 255, name="scale")
    model = keras.Sequential([layers.Input((8, 8, 1), dtype="uint8"), scaling, body])
    scored, target = ScoredModel(model), bind(as_target(CLASSES), 3, None)
    found = answers.gradients(scored, inputs, target)

    assert scored.inspect(inputs, target).explained == ("the output of layer 'scale'",)
    twin = networks.twin_of(body, networks.sequential, inputs)
    score = reference.scores_of(CLASSES)
    as_floats = reference.gradients(lambda x: score(twin(x / 255)), inputs.astype("float32"))
    reference.assert_close(found.maps, as_floats * 255)


def test_bytes_are_explained_behind_a_cast():
    model, inputs = networks.SubclassedOfBytes("softmax"), pixels(8, 8, 1)
    scored, target = ScoredModel(model), bind(as_target(CLASSES), 3, None)
    found = answers.gradients(scored, inputs, target)

    assert scored.inspect(inputs, target).explained == (f"the input of layer {model.conv.name!r}",)
    twin = networks.twin_of(model, networks.SubclassedOfBytes, inputs)
    score = reference.scores_of(CLASSES)
    as_floats = reference.gradients(
        lambda x: score(networks.Subclassed.call(twin, x)), inputs / np.float32(255)
    )
    reference.assert_close(found.maps, as_floats)


@pytest.mark.parametrize("declared", ["int32", "float32", None])
def test_tokens_are_explained_behind_their_embedding(declared):
    """Token models are declared with integers, with Keras' default of floats, or not at all; masks are kept."""
    tokens = np.array([[1, 2, 3, 0, 0], [4, 0, 0, 0, 0], [5, 1, 5, 2, 6]])
    embedding, lstm = layers.Embedding(7, 4, mask_zero=True, name="words"), layers.LSTM(3)
    dense = layers.Dense(networks.CLASSES, activation="softmax")
    start = [] if declared is None else [layers.Input((5,), dtype=declared)]
    model = keras.Sequential([*start, embedding, lstm, dense])
    target = bind(as_target(CLASSES), 3, None)
    first = answers.gradients(ScoredModel(model), tokens, target)
    scored = ScoredModel(model)  # meets a built model
    second = answers.gradients(scored, tokens, target)

    assert scored.inspect(tokens, target).explained == ("the output of layer 'words'",)
    score = reference.scores_of(CLASSES)

    def logits(vectors):
        return ops.matmul(lstm(vectors, mask=ops.convert_to_tensor(tokens != 0)), dense.kernel) + dense.bias

    vectors = ops.convert_to_numpy(embedding.embeddings)[tokens]
    expected = reference.gradients(lambda x: score(logits(x)), vectors)
    assert (expected[1, 1:] == 0).all()  # masked
    reference.assert_close(first.maps, expected)
    reference.assert_close(second.maps, expected)


def test_a_deferred_model_given_bytes_means_the_same_before_and_after_it_is_built():
    model, inputs = networks.deferred("softmax"), pixels(8, 8, 1)
    target = bind(as_target(CLASSES), 3, None)
    before, after = ScoredModel(model), ScoredModel(model)
    first = answers.gradients(before, inputs, target)
    second = answers.gradients(after, inputs, target)
    assert before.inspect(inputs, target).explained == after.inspect(inputs, target).explained == ("input",)
    np.testing.assert_array_equal(first.maps, second.maps)


def test_a_layer_that_is_never_called_and_so_never_built_is_no_matter():
    class Spare(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.spare = keras.layers.Dense(2)

        def build(self, shape):
            pass

        def call(self, inputs):
            return inputs

    model = keras.Sequential([keras.Input((8, 8, 1)), Spare(), keras.layers.Flatten(), keras.layers.Dense(3)])
    made, inputs = model.outputs, images(8, 8, 1)
    found = answers.gradients(ScoredModel(model), inputs, bind(as_target(0), 3, None)).maps
    kernel = ops.convert_to_numpy(model.layers[-1].kernel)[:, 0]
    np.testing.assert_allclose(found, np.broadcast_to(kernel.reshape(8, 8, 1), found.shape), rtol=1e-6)
    assert model.outputs[0] is made[0]  # not made again


@pytest.mark.parametrize(
    ("build", "shape", "axis"),
    [
        (networks.channels_first, (3, 8, 8), 1),
        (networks.sequential, (8, 8, 1), -1),
    ],
)
def test_the_channel_axis_follows_the_model(build, shape, axis):
    inputs = images(*shape)
    assert ScoredModel(build("softmax")).inspect(inputs, bind(as_target(0), 3, None)).channel_axis == axis


class TwoOfOneLayer(keras.layers.Layer):
    """A layer that returns two tensors: Keras gives both outputs its name."""

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], 5), initializer="glorot_uniform", name="kernel")

    def call(self, x):
        both = ops.matmul(x, self.kernel)
        return both[:, :3], both[:, 3:]


def flat_inputs():
    keras.utils.set_random_seed(0)
    inputs = keras.Input((4, 4, 1))
    return inputs, keras.layers.Flatten()(inputs)


def test_two_outputs_of_one_layer_are_told_apart_by_position():
    inputs, x = flat_inputs()
    model = keras.Model(inputs, TwoOfOneLayer(name="both")(x))
    kernel = ops.convert_to_numpy(model.get_layer("both").kernel)
    pictures, target = networks.images(4, 4, 1), bind(as_target(1), 3, None)
    for position, column in ((0, 1), (1, 4)):
        maps = answers.gradients(ScoredModel(model, output=position), pictures, target).maps
        np.testing.assert_allclose(
            maps, np.broadcast_to(kernel[:, column].reshape(4, 4, 1), maps.shape), rtol=1e-5
        )
    for output in (None, "both", 2, True):
        with pytest.raises(
            ValueError, match="2 outputs of one name; name one of them by its position. Outputs: 0, 1"
        ):
            answers.gradients(ScoredModel(model, output=output), pictures, target)


def test_outputs_inside_others_are_named_by_their_path():
    inputs, x = flat_inputs()
    scores, sizes = keras.layers.Dense(3, name="scores")(x), keras.layers.Dense(2, name="sizes")(x)
    model = keras.Model(inputs, {"boxes": {"scores": scores, "sizes": sizes}, "raw": x})
    pictures, target = networks.images(4, 4, 1), bind(as_target(1), 3, None)
    maps = answers.gradients(ScoredModel(model, output="boxes/sizes"), pictures, target).maps
    kernel = ops.convert_to_numpy(model.get_layer("sizes").kernel)[:, 1]
    np.testing.assert_allclose(maps, np.broadcast_to(kernel.reshape(4, 4, 1), maps.shape), rtol=1e-5)
    for output in (None, "boxes", 0):
        with pytest.raises(ValueError, match="3 outputs; .* Outputs: 'boxes/scores', 'boxes/sizes', 'raw'"):
            answers.gradients(ScoredModel(model, output=output), pictures, target)
