"""Targets, chunks, compiled functions, and what is refused."""

from functools import partial

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_saliency.engine import Question, ScoredModel
from keras_saliency.errors import ModelRejectedInputsError
from keras_saliency.probes.targets import OutputGradient, as_target, bind
from tests import answers

from . import networks, reference
from .networks import images

COMPILES = keras.backend.backend() != "torch"


def explain(model, inputs, target, labels=None, **options):
    scored = model if isinstance(model, ScoredModel) else ScoredModel(model, **options)
    return answers.gradients(scored, inputs, bind(as_target(target), len(inputs), labels))


def classes_of(model, inputs):
    """The columns of the model's own outputs in which the maximum is, by numpy."""
    return ops.convert_to_numpy(model(inputs)).argmax(-1)


# Targets


def test_the_predicted_class_is_chosen_image_by_image():
    model, inputs = networks.sequential("softmax"), images(8, 8, 1, count=20)
    predicted = classes_of(model, inputs)
    assert len(set(predicted)) > 1
    found, named = explain(model, inputs, "predicted"), explain(model, inputs, predicted)
    np.testing.assert_array_equal(found.scores.predicted_classes, predicted)
    np.testing.assert_array_equal(found.scores.target_classes, predicted)
    np.testing.assert_array_equal(found.maps, named.maps)
    np.testing.assert_array_equal(found.scores.values, named.scores.values)


def test_labels_and_class_indices_name_the_same_scores():
    model, inputs, labels = networks.sequential("softmax"), images(8, 8, 1), np.array([2, 0, 2])
    scored = ScoredModel(model)
    by_label, by_index = explain(scored, inputs, "label", labels), explain(scored, inputs, labels)
    one = explain(scored, inputs, 2)
    np.testing.assert_array_equal(by_label.maps, by_index.maps)
    np.testing.assert_array_equal(by_label.scores.target_classes, labels)
    np.testing.assert_array_equal(one.maps[[0, 2]], by_index.maps[[0, 2]])
    np.testing.assert_array_equal(one.scores.target_classes, [2, 2, 2])
    assert not np.array_equal(one.maps[1], by_index.maps[1])


@pytest.mark.parametrize("batched", [True, False])
@pytest.mark.parametrize(
    ("build", "shape", "output"),
    [(networks.sequential, (8, 8, 1), (3,)), (networks.segmentation, (6, 6, 2), (6, 6, 3))],
    ids=["rank 2", "rank 4"],
)
def test_output_gradients_are_led_back(build, shape, output, batched):
    """The output is taken as the model gives it, after the softmax."""
    model, inputs = build("softmax"), images(*shape)
    array = np.random.default_rng(1).normal(size=(3, *output) if batched else output).astype("float32")
    found = explain(model, inputs, OutputGradient(array))

    expected = reference.gradients(lambda x: model(x) * ops.convert_to_tensor(array), inputs)
    reference.assert_close(found.maps, expected)
    outputs = ops.convert_to_numpy(model(inputs))
    np.testing.assert_allclose(
        found.scores.values, (outputs * array).reshape(3, -1).sum(1), rtol=1e-4, atol=1e-5
    )
    assert found.scores.kind == "custom"
    assert (found.scores.target_classes == -1).all()


def test_output_gradients_that_pick_a_class_are_the_class():
    model, inputs = networks.sequential(None), images(8, 8, 1)
    by_class = explain(model, inputs, 1).maps
    np.testing.assert_array_equal(explain(model, inputs, OutputGradient(np.eye(3)[1])).maps, by_class)


def test_a_function_of_the_outputs():
    model, inputs = networks.sequential("softmax"), images(8, 8, 1)
    found = explain(model, inputs, lambda outputs: outputs[:, 1] - outputs[:, 2])
    reference.assert_close(found.maps, reference.gradients(lambda x: model(x)[:, 1] - model(x)[:, 2], inputs))
    outputs = ops.convert_to_numpy(model(inputs))
    np.testing.assert_allclose(found.scores.values, outputs[:, 1] - outputs[:, 2], rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(found.scores.predicted_classes, outputs.argmax(1))
    assert found.scores.kind == "custom"


@pytest.mark.parametrize("by_name", [True, False])
def test_a_function_of_several_outputs(by_name):
    model, inputs = networks.two_outputs("softmax", by_name), images(8, 8, 1)
    animal, age = ("animal", "age") if by_name else (0, 1)

    def older_cats(outputs):
        return outputs[animal][:, 0] * outputs[age][:, 0]

    found = explain(model, inputs, older_cats)
    reference.assert_close(found.maps, reference.gradients(lambda x: older_cats(model(x)), inputs))
    assert (found.scores.predicted_classes == -1).all()
    one = explain(model, inputs, lambda output: output[:, 0], output="age")
    reference.assert_close(one.maps, reference.gradients(lambda x: model(x)[age][:, 0], inputs))


@pytest.mark.parametrize(
    "function",
    [
        lambda outputs: outputs,
        lambda outputs: outputs[:, :1],
        lambda outputs: ops.sum(outputs),
        lambda outputs: 1.0,
    ],
    ids=["all classes", "a column", "one number", "no tensor"],
)
@pytest.mark.parametrize("evaluate", ["gradients", "scores"])
def test_a_function_returns_one_score_per_example(function, evaluate):
    scored = ScoredModel(networks.sequential("softmax"))
    with pytest.raises(ValueError, match=r"one score per example, a tensor of shape \(n,\); .* Received: "):
        getattr(answers, evaluate)(scored, images(8, 8, 1), bind(function, 3, None))


@pytest.mark.parametrize(
    ("build", "highest"),
    [
        (networks.sequential, 2),
        (partial(networks.units, 1), 1),  # one sigmoid unit has two classes
        (partial(networks.units, 4), 3),
    ],
)
def test_classes_beyond_the_last_are_refused(build, highest):
    scored, inputs = ScoredModel(build("sigmoid")), images(8, 8, 1)
    explain(scored, inputs, highest)
    with pytest.raises(
        ValueError, match=f"class indices below {highest + 1}, .* Received: class {highest + 1}"
    ):
        explain(scored, inputs, [0, 0, highest + 1])


def test_a_linear_unit_is_one_score():
    with pytest.raises(ValueError, match="Expected class indices below 1, .* has 1 class. Received: class 1"):
        explain(networks.units(1, None), images(8, 8, 1), 1)


def test_output_gradients_of_another_shape_are_refused():
    with pytest.raises(
        ValueError, match=r"of the output's shape, \(3, 3\), or .* \(3,\)\. Received: shape=\(4,\)"
    ):
        explain(networks.sequential("softmax"), images(8, 8, 1), OutputGradient(np.ones(4)))


# Chunks


@pytest.mark.parametrize(
    "target", ["predicted", "label", 1, OutputGradient(images(3, count=10)), lambda x: x[:, 0]]
)
def test_chunks_change_nothing(target):
    """Chunks of 3 leave a last one of 1, padded: the padding is in no result."""
    model, inputs = networks.sequential("softmax"), images(8, 8, 1, count=10)
    labels = np.arange(10) % 3
    found = {size: explain(model, inputs, target, labels, chunk_size=size) for size in (None, 3, 10)}
    whole = found.pop(10)
    outputs = ops.convert_to_numpy(model(inputs))
    np.testing.assert_array_equal(whole.scores.predicted_classes, outputs.argmax(1))
    np.testing.assert_allclose(whole.scores.probabilities, outputs.max(1), rtol=1e-5)
    for other in found.values():
        reference.assert_close(other.maps, whole.maps, tolerance=1e-6)
        np.testing.assert_allclose(other.scores.values, whole.scores.values, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(other.scores.probabilities, whole.scores.probabilities, rtol=1e-5)
        np.testing.assert_array_equal(other.scores.predicted_classes, whole.scores.predicted_classes)
        np.testing.assert_array_equal(other.scores.target_classes, whole.scores.target_classes)


def test_large_batches_are_cut():
    """201 images of a small model by default in two chunks of 101."""
    seen = []

    class Remembers(networks.Subclassed):
        def call(self, inputs):
            seen.append(inputs.shape[0])
            return super().call(inputs)

    scored = ScoredModel(Remembers("softmax"))
    found = explain(scored, images(8, 8, 1, count=201), 0)
    assert found.maps.shape == (201, 8, 8, 1)
    assert set(seen) == {
        32,
        18,
        101,
    }  # the abstract trace, the first layers that tell the axes, and the chunks


def test_scores_and_gradients_tell_the_same_scores():
    scored, inputs = ScoredModel(networks.functional("softmax")), images(8, 8, 3, count=5)
    target = bind(as_target("predicted"), 5, None)
    alone, beside = Question(scored, inputs, target).scores, answers.gradients(scored, inputs, target).scores
    np.testing.assert_allclose(alone.values, beside.values, rtol=1e-5)
    np.testing.assert_allclose(alone.probabilities, beside.probabilities, rtol=1e-5)
    np.testing.assert_array_equal(alone.target_classes, beside.target_classes)
    assert alone.kind == beside.kind == "logit"


# Compiled functions


@pytest.mark.parametrize("build", [networks.functional, networks.Subclassed])
def test_maps_follow_the_weights_without_a_new_trace(build):
    inputs = images(8, 8, 3, count=6)
    model = build("softmax")
    scored = ScoredModel(model)
    maps = [explain(scored, inputs, 0).maps]
    model.compile(keras.optimizers.Adam(0.05), "sparse_categorical_crossentropy")
    for _ in range(2):
        model.fit(inputs, np.arange(6) % 3, epochs=1, verbose=0)
        maps.append(explain(scored, inputs, 0).maps)
        np.testing.assert_allclose(maps[-1], explain(model, inputs, 0).maps, rtol=1e-6)
        assert np.abs(maps[-1] - maps[-2]).max() > 1e-3
    if COMPILES:
        assert scored.traces == 1


@pytest.mark.skipif(not COMPILES, reason="PyTorch runs eagerly: every call is a trace")
def test_what_is_traced_anew():
    """Another kind of target, the scores alone, and another size; not another class, image count or weight."""
    scored, four = ScoredModel(networks.unknown_size("softmax"), chunk_size=4), images(8, 8, 3, count=4)
    for target in (0, "predicted", [0, 1, 2, 0]):
        explain(scored, four, target)
    explain(scored, images(8, 8, 3, count=7), 1)
    assert scored.traces == 1
    assert len(Question(scored, four, bind(as_target(0), 4, None)).scores.values) == 4
    assert scored.traces == 2
    explain(scored, four, OutputGradient(np.ones(3)))
    explain(scored, four, OutputGradient(np.ones((4, 3))))
    assert scored.traces == 3
    explain(scored, images(9, 9, 3, count=4), 0)
    assert scored.traces == 4
    explain(scored, four, 0)
    assert scored.traces == 4


def test_one_scored_model_serves_inputs_of_several_structures():
    scored = ScoredModel(networks.two_inputs("softmax"))
    image, extra = images(8, 8, 1), images(2)
    target = bind(as_target(0), 3, None)
    as_list = answers.gradients(scored, [image, extra], target).maps
    as_dict = answers.gradients(scored, {"image": image, "extra": extra}, target).maps
    np.testing.assert_allclose(as_list[0], as_dict["image"], rtol=1e-6)
    np.testing.assert_allclose(as_list[1], as_dict["extra"], rtol=1e-6)


@pytest.mark.parametrize(
    ("build", "dtypes"),
    [
        (networks.sequential, ["float64", "float16", ">f4", "int16", ">i4", "bool"]),
        (networks.Subclassed, ["float64", "float16", ">f4"]),
    ],
)
def test_arrays_are_cast_as_the_model_takes_them(build, dtypes):
    model, inputs = build("softmax"), np.abs(np.round(images(8, 8, 1)))
    scored = ScoredModel(model)
    expected = explain(scored, inputs, 0).maps
    for dtype in dtypes:
        np.testing.assert_array_equal(explain(scored, inputs.astype(dtype), 0).maps, expected)


# What is refused


@pytest.mark.parametrize("chunk_size", [0, -1, 2.5, "8"])
def test_chunk_sizes_are_positive_integers(chunk_size):
    with pytest.raises(
        ValueError, match="Expected chunk_size to be a whole number of at least 1, or None. Received: "
    ):
        ScoredModel(networks.sequential("softmax"), chunk_size=chunk_size)


@pytest.mark.parametrize("logits", ["softmax", True, None])
def test_unknown_logits(logits):
    with pytest.raises(ValueError, match="Expected logits to be one of 'auto', 'output', .* Received: "):
        ScoredModel(networks.sequential("softmax"), logits=logits)


@pytest.mark.parametrize("model", [layers.Dense(3), len, "model.keras", None])
def test_only_keras_models_are_explained(model):
    with pytest.raises(TypeError, match=r"Expected a keras\.Model\. Received: '?[\w.]+"):
        explain(model, images(8, 8, 1), 0)


class Broken(keras.Model):
    def call(self, inputs):
        return inputs.nonsense


class NeedsMore(keras.Model):
    def call(self, inputs, more):
        return inputs + more


REJECTED = {
    "channels": (networks.sequential, images(8, 8, 3), r"input: \(n, 8, 8, 3\) float32", "expected axis -1"),
    "rank": (networks.Subclassed, images(64), r"input: \(n, 64\) float32", "expected min_ndim=4"),
    "deferred": (networks.deferred, images(64), r"input: \(n, 64\) float32", "expected min_ndim=4"),
    "too many": (networks.deferred, [images(8, 8, 1)] * 2, "0: .*, 1: .* float32", "expects 1 input"),
    "too few": (networks.two_inputs, images(8, 8, 1), r"input: \(n, 8, 8, 1\)", "expects 2 "),
    "a wrong name": (
        partial(networks.two_inputs, by_name=True),
        {"image": images(8, 8, 1), "other": images(2)},
        r"image: \(n, 8, 8, 1\) float32, other: \(n, 2\) float32",
        'Missing data for input "extra"',
    ),
    "an error of its own": (
        lambda _: Broken(),
        images(8, 8, 1),
        r"input: \(n, 8, 8, 1\)",
        "attribute '?nonsense",
    ),
    "another argument": (lambda _: NeedsMore(), images(8, 8, 1), r"input: \(n, 8, 8, 1\)", "'more'"),
}


@pytest.mark.parametrize(("build", "inputs", "shapes", "reason"), REJECTED.values(), ids=REJECTED)
def test_inputs_that_the_model_rejects(build, inputs, shapes, reason):
    model = build("softmax")
    refusal = rf"The model '{model.name}' cannot be called on these images\. Received: {shapes}"
    with pytest.raises(ModelRejectedInputsError, match=rf"{refusal}.* Keras says: .*{reason}"):
        answers.gradients(ScoredModel(model), inputs, bind(as_target(0), 3, None))


def test_a_layers_output_is_that_of_its_gradients():
    model, inputs = networks.functional("softmax"), images(8, 8, 3)
    scored, target = ScoredModel(model), bind(as_target("predicted"), 3, None)
    alone = answers.layer_output(scored, inputs, target)
    with_gradients = answers.layer_gradients(scored, inputs, target)
    np.testing.assert_allclose(alone.activations, with_gradients.activations, rtol=1e-6)
    np.testing.assert_allclose(alone.scores.values, with_gradients.scores.values, rtol=1e-6)
    assert alone.layer == with_gradients.layer


@pytest.mark.parametrize("count", [15, 16, 17, 18, 40])
def test_a_batch_in_halves_is_the_same(count):
    """On TensorFlow's CPU the halves of an even batch of 16 and more run side by side."""
    inputs = images(8, 8, 1, count=count)
    scored, target = ScoredModel(networks.sequential("softmax")), bind(as_target("predicted"), count, None)
    whole = answers.gradients(scored, inputs, target)
    single = answers.gradients(ScoredModel(scored._model, chunk_size=1), inputs, target)
    assert np.abs(whole.maps).max() > 0
    np.testing.assert_allclose(whole.maps, single.maps, atol=1e-6)
    np.testing.assert_allclose(whole.scores.values, single.scores.values, atol=1e-6)
    np.testing.assert_array_equal(whole.scores.predicted_classes, single.scores.predicted_classes)
