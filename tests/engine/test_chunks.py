"""Chunks that are too much for the memory."""

import gc
import weakref

import keras
import numpy as np
import pytest
from keras import ops

from keras_saliency.engine import Question, ScoredModel
from keras_saliency.engine.backends import current_backend
from keras_saliency.engine.chunks import ChunkLimit, Room, in_chunks, rows_at_once
from keras_saliency.engine.selftest import prove_seams
from keras_saliency.probes.targets import as_target, bind
from tests import answers

from . import networks


@pytest.fixture
def scarce(monkeypatch):
    """A function: a limit → memory is out whenever more examples than that go through a model at once."""

    def limit(most):
        prove_seams()  # which compiles too, at first use
        backend, sizes = current_backend(), []

        def compile_scarce(function, variables, **options):
            run = original(function, variables, **options)

            def scarce(values, leaves, aim):
                sizes.append(len(aim[0]))
                if len(aim[0]) > most:
                    raise MemoryError("no more")
                return run(values, leaves, aim)

            return scarce

        original = backend.compile
        monkeypatch.setattr(backend, "compile", compile_scarce)
        return sizes

    return limit


@pytest.fixture
def inputs():
    return networks.images(8, 8, 1, count=23)


def gradients(scored, inputs):
    return answers.gradients(scored, inputs, bind(as_target("predicted"), len(inputs), None))


def test_a_chunk_that_is_too_large_is_halved_and_the_maps_stay(scarce, inputs):
    model = networks.sequential("softmax")
    expected = gradients(ScoredModel(model), inputs)
    sizes = scarce(6)
    scored = ScoredModel(keras.models.clone_model(model, clone_function=lambda layer: layer))
    found = gradients(scored, inputs)
    assert sizes == [23, 12, 6, 6, 6, 6]
    assert scored.evaluations == 23
    np.testing.assert_allclose(found.maps, expected.maps, rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(found.scores.values, expected.scores.values, rtol=1e-5, atol=1e-6)


def test_the_limit_stays(scarce, inputs):
    sizes = scarce(6)
    scored = ScoredModel(networks.sequential("softmax"))
    gradients(scored, inputs)
    sizes.clear()
    gradients(scored, inputs[:4])
    assert len(
        Question(scored, inputs, bind(as_target("predicted"), len(inputs), None)).scores.values
    ) == len(inputs)
    assert sizes == [6, 6, 6, 6, 6]


def test_a_chunk_of_ones_own_is_halved_too(scarce, inputs):
    sizes = scarce(3)
    gradients(ScoredModel(networks.sequential("softmax"), chunk_size=5), inputs[:6])
    assert sizes == [5, 3, 3]


def test_one_example_that_is_too_large(scarce, inputs):
    scarce(0)
    with pytest.raises(MemoryError, match="no more"):
        gradients(ScoredModel(networks.sequential("softmax")), inputs)


def test_what_is_garbage_makes_room(scarce, inputs):
    class Garbage:
        pass

    scarce(12)
    gc.disable()
    try:
        garbage = Garbage()
        garbage.itself, left = garbage, weakref.ref(garbage)
        del garbage
        gradients(ScoredModel(networks.sequential("softmax")), inputs)
    finally:
        gc.enable()
    assert left() is None


def test_other_errors_are_no_lack_of_memory():
    for error in (RuntimeError("broken"), ValueError("RESOURCE_EXHAUSTED"), KeyError(1)):
        assert not current_backend().is_out_of_memory(error)


def test_what_the_framework_says_when_its_memory_is_out():
    with pytest.raises(Exception) as caught:  # noqa: PT011
        ops.convert_to_numpy(ops.ones((2**22, 2**22, 2**8), "float32"))
    assert current_backend().is_out_of_memory(caught.value), repr(caught.value)


def test_small_models_take_more_examples_at_once():
    """32, and 128 as long as what the layers return stays within 64 MiB in float32."""
    assert rows_at_once(1) == rows_at_once(2**17) == 128
    assert rows_at_once(2**18) == 64
    assert rows_at_once(3 * 2**17) == 42
    assert rows_at_once(2**19) == rows_at_once(5 * 2**23) == 32
    assert [rows_at_once(2**power, Room(16, 2**20)) for power in (12, 14, 20)] == [128, 64, 16]


@pytest.mark.parametrize(
    ("count", "used", "size"),
    [
        (32, {16, 36}, 16),  # none is empty, where 36 leaves 4
        (20, {12, 27}, 27),  # 7 empty, where 12 would leave 4: two chunks that keep few cores busy
        (27, {8, 27}, 27),
        (32, {16, 32}, 32),  # as few chunks as can be
        (5, {8, 27}, 8),
        (4, {8, 27}, 8),  # half of it
        (3, {8, 27}, 3),
        (32, {8}, 32),  # 8 would keep few cores busy
        (8, {4}, 8),
        (40, set(), 20),
    ],
)
def test_chunks_are_of_a_size_that_is_compiled_if_that_leaves_little_empty(count, used, size):
    assert ChunkLimit(None).size(count, 2**20, used) == size
    assert ChunkLimit(5).size(count, 2**20, used) == 5


def test_a_chunk_is_not_cut_into_more_than_four():
    assert ChunkLimit(None).size(128, 1, {32}) == 32
    assert ChunkLimit(None).size(128, 1, {31}) == 128


def test_large_examples_go_through_a_few_at_a_time():
    """As many as return no more than 5 GiB in float32, and one at least."""
    assert rows_at_once(5 * 2**23 + 1) == 31
    assert rows_at_once(2**26) == 20
    assert rows_at_once(5 * 2**28) == rows_at_once(2**40) == 1


def test_a_limit_is_halved_upwards():
    limit = ChunkLimit(None)
    assert limit.most(1) == 128
    assert [limit.halve(size) for size in (7, 4, 1)] == [4, 2, 1]
    assert limit.most(1) == limit.size(50, 1, {50}) == 1


@pytest.mark.parametrize(
    ("chunk", "asked"), [(3, [[0, 1, 2], [3, 4, 5], [6, 6, 6]]), (7, [range(7)]), (9, None)]
)
def test_the_last_chunk_is_filled_up_with_its_last_row(chunk, asked):
    seen, done, values = [], [], np.arange(7) * 10

    def evaluate(rows):
        seen.append(np.arange(7)[rows].tolist())
        return {"twice": values[rows] * 2, "own": values[: len(values[rows])]}

    found = in_chunks(
        evaluate,
        7,
        chunk,
        ChunkLimit(None),
        is_out_of_memory=lambda error: False,
        done=lambda *a: done.append(a),
    )
    assert found["twice"].tolist() == (values * 2).tolist()
    assert np.shares_memory(found["own"], values) == (chunk != 3)  # what comes in one piece is not copied
    assert seen == ([list(rows) for rows in asked] if asked else [[0, 1, 2, 3, 4, 5, 6, 6, 6]])
    assert done == ([(3, 3), (3, 3), (3, 1)] if chunk == 3 else [(chunk, 7)])


def test_the_elements_of_a_models_layers():
    """Each tensor once, though the model inside and the one outside return it too."""
    inner = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(5, 3), keras.layers.Flatten()])
    model = keras.Sequential([keras.Input((8, 8, 1)), inner, keras.layers.Dense(7)])
    inputs = networks.images(8, 8, 1, count=3)
    scored, target = ScoredModel(model), bind(as_target(0), 3, None)
    assert scored.inspect(inputs, target).elements == 6 * 6 * 5 + 180 + 7


def elements_of(model, images):
    return ScoredModel(model).inspect(images, bind(as_target(0), len(images), None)).elements


def test_the_weights_of_attention_are_elements():
    """Three heads of 36 tokens; `MultiHeadAttention` gives them to nobody."""
    inputs = keras.Input((6, 6, 4))
    tokens = keras.layers.Reshape((36, 4))(inputs)
    attended = keras.layers.MultiHeadAttention(3, 2)(tokens, tokens)
    model = keras.Model(inputs, keras.layers.Dense(2)(keras.layers.GlobalAvgPool1D()(attended)))
    tensors = 36 * 4 + 3 * (36 * 3 * 2) + 36 * 4 + 4 + 2  # tokens; query, key, value; their mix; mean; scores
    assert elements_of(model, networks.images(6, 6, 4, count=2)) == tensors + 3 * 36 * 36


class Opaque(keras.layers.Layer):
    """A layer that shows nothing but a number for each image."""

    def call(self, inputs):
        return ops.mean(ops.relu(inputs), axis=(1, 2))


@pytest.mark.parametrize(("side", "elements"), [(512, 2), (513, 200 * 513 * 512)])
def test_a_layer_that_hides_what_it_holds_is_not_taken_for_small(side, elements):
    model = keras.Sequential([keras.Input((side, 512, 1)), Opaque(), keras.layers.Dense(1)])
    assert elements_of(model, np.ones((1, side, 512, 1), "float32")) == elements


def test_large_images_have_the_same_maps_however_many_go_through_at_once():
    """Two chunks of one size. A rectifier would be a step where rounding decides."""
    model = keras.Sequential(
        [
            keras.Input((600, 500, 1)),
            keras.layers.Conv2D(2, 5, strides=4, activation="softplus"),
            keras.layers.GlobalAvgPool2D(),
            keras.layers.Dense(2),
        ]
    )
    images = networks.images(600, 500, 1, count=24)
    scored, sizes = ScoredModel(model), []
    with scored.telling(sizes.append):
        found = gradients(scored, images)
    assert sizes == [12, 12]
    for size in (5, 24):
        other = gradients(ScoredModel(model, chunk_size=size), images)
        np.testing.assert_allclose(found.maps, other.maps, rtol=0, atol=1e-6 * np.abs(other.maps).max())
        np.testing.assert_allclose(found.scores.values, other.scores.values, rtol=1e-5)


@pytest.mark.parametrize(("filters", "at_once"), [(8, 128), (2**12, 64), (2**14, 32), (2**20, 19)])
def test_the_larger_the_model_the_fewer_at_once(filters, at_once):
    model = keras.Sequential(
        [keras.Input((8, 8, 1)), keras.layers.Conv2D(filters, 1), keras.layers.GlobalMaxPool2D()]
    )
    inputs = networks.images(8, 8, 1, count=200)
    scored, target = ScoredModel(model), bind(as_target(0), 200, None)
    if (
        keras.backend.backend() == "jax"
    ):  # on a CPU, where memory of more than 32 MiB is had anew at every call
        at_once = at_once if at_once == 128 else 16
    assert Question(scored, inputs, target).rows_at_once == pytest.approx(at_once, abs=1)
    assert Question(ScoredModel(model, chunk_size=9), inputs, target).rows_at_once == 9
