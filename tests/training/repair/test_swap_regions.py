"""The layer: nothing at inference, the arithmetic of `exchanged` in training; saved, compiled; its seeds."""

import keras
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency.checks.experiment.interventions import filled
from tests.states import global_states

SIDE = 6
MASK = np.zeros((SIDE, SIDE), bool)
MASK[:2, :3] = MASK[2, 0] = True
OTHER = np.flip(MASK)
pytestmark = pytest.mark.backend


def batch(count=8, shape=(SIDE, SIDE, 2), dtype="float32"):
    """Images whose values tell which image they are from."""
    own = np.arange(count).reshape(-1, *[1] * len(shape)) * 10
    return (own + np.arange(np.prod(shape)).reshape(shape) % 7).astype(dtype)


def swapped(layer, images):
    return keras.ops.convert_to_numpy(layer(images, training=True))


def sources(images, result, mask):
    """Which image the content of each image's region is from, where all the rest is its own: `(n,)`."""
    inside = np.broadcast_to(mask, images.shape)
    np.testing.assert_array_equal(result[~inside], images[~inside])
    same = [
        [np.array_equal(mine[inside[0]], other[inside[0]]) for other in images] for mine in np.asarray(result)
    ]
    assert (np.sum(same, 1) == 1).all()
    return np.argmax(same, 1)


def test_it_does_nothing_at_inference():
    images = batch()
    for training in (False, None):
        np.testing.assert_array_equal(
            keras.ops.convert_to_numpy(ks.SwapRegions(MASK, 1.0)(images, training=training)), images
        )


@pytest.mark.parametrize(
    ("shape", "mask"),
    [
        ((SIDE, SIDE, 2), MASK[None, ..., None]),
        ((2, SIDE, SIDE), MASK[None, None]),
        ((SIDE, SIDE), MASK[None]),
    ],
)
@pytest.mark.parametrize("dtype", ["float32", "uint8", "float16"])
def test_regions_come_from_other_images_and_all_else_stays(shape, mask, dtype):
    images, layer = batch(8, shape, dtype), ks.SwapRegions(MASK)
    moved, pairs = 0, set()
    for _ in range(30):
        result = swapped(layer, images)
        assert result.dtype == dtype
        found = sources(images, result, mask)
        moved += (found != np.arange(8)).sum()
        pairs |= set(enumerate(found.tolist()))
    assert 0.4 < moved / 240 < 0.6
    assert len(pairs) > 50


def test_no_oftener_than_other_images_are_in_the_batch():
    layer = ks.SwapRegions(MASK, 1.0)
    moved = [
        (sources(batch(2), swapped(layer, batch(2)), MASK[None, ..., None]) != [0, 1]) for _ in range(150)
    ]
    assert 0.4 < np.mean(moved) < 0.6


@pytest.mark.parametrize(
    ("shape", "axis"), [((SIDE, SIDE, 2), -1), ((2, SIDE, SIDE), 1), ((SIDE, SIDE), None)]
)
@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_a_single_image_is_filled_as_the_experiment_fills(shape, axis, dtype):
    image = (np.random.default_rng(0).random((1, *shape)) * 200).astype(dtype)
    result = swapped(ks.SwapRegions(MASK, 1.0), image)
    last = image[..., None] if axis is None else np.moveaxis(image, axis, -1)
    expected = filled(last.astype("float64"), MASK[None])
    expected = expected[..., 0] if axis is None else np.moveaxis(expected, -1, axis)
    np.testing.assert_allclose(result, np.rint(expected) if dtype == "uint8" else expected, rtol=1e-6)


def test_regions_are_drawn_each_for_itself():
    layer, seen = ks.SwapRegions({"one": MASK, "two": OTHER}), set()
    for _ in range(20):
        changed = (swapped(layer, batch()) != batch()).any(-1)
        assert not changed[:, ~(MASK | OTHER)].any()
        seen |= set(zip(changed[:, 0, 0].tolist(), changed[:, -1, -1].tolist(), strict=True))
    assert len(seen) == 4


def test_seeds():
    images = batch()
    one, same, other = (ks.SwapRegions(MASK, seed=seed) for seed in (1, 1, 2))
    first = swapped(one, images)
    np.testing.assert_array_equal(first, swapped(same, images))
    assert (first != swapped(other, images)).any()
    assert (first != swapped(one, images)).any()
    assert ks.SwapRegions(MASK, seed=None).seed != ks.SwapRegions(MASK, seed=None).seed
    np.testing.assert_array_equal(one.batch(images), same.batch(images))
    assert (one.batch(images) != other.batch(images)).any()


def test_no_global_random_state_is_touched():
    keras.utils.set_random_seed(3)
    keras.random.uniform((1,))  # makes the global seed generator
    before = global_states()
    layer = ks.SwapRegions(MASK, seed=None)
    swapped(layer, batch())
    layer.batch(batch(), np.arange(8) % 2)
    after = global_states()
    for state in (before, after):
        del state["names"]  # which number the next layer has in its name
    np.testing.assert_equal(after, before)


def network(*front):
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Conv2D(3, 3, activation="relu"), keras.layers.Dropout(0.5), keras.layers.Flatten()]
    model = keras.Sequential([keras.Input((SIDE, SIDE, 2)), *front, *layers, keras.layers.Dense(2)])
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def weights_after(model, around=None, **settings):
    trained = around or model
    trained.fit(batch(12) / 100, np.arange(12) % 2, epochs=2, batch_size=5, verbose=0, **settings)
    return model.get_weights()


def test_training_without_it_is_bit_for_bit_the_same():
    expected = weights_after(network())
    swap = ks.SwapRegions(MASK)
    model = network()
    swapped(swap, batch())
    for one, other in zip(weights_after(model), expected, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_it_trains_and_is_saved_and_read(jit_compile, tmp_path):
    if jit_compile and keras.backend.backend() == "torch":
        pytest.skip("PyTorch's compiler is not asked here")
    swap = ks.SwapRegions({"corner": MASK, "other": OTHER}, 0.75, seed=5, channel_axis=-1, name="swap")
    model = network(swap)
    model.compile(
        "sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True), jit_compile=jit_compile
    )
    before = [np.array(values) for values in network().get_weights()]
    assert any((a != b).any() for a, b in zip(weights_after(model), before, strict=True))
    model.save(tmp_path / "model.keras")
    read = keras.saving.load_model(tmp_path / "model.keras")
    own, again = swap.get_config(), read.get_layer("swap").get_config()
    assert again == own
    np.testing.assert_array_equal(model.predict(batch(), verbose=0), read.predict(batch(), verbose=0))
    fresh = ks.SwapRegions.from_config(own)  # as with Keras' own layers, draws begin anew
    np.testing.assert_array_equal(swapped(fresh, batch()), swapped(read.get_layer("swap"), batch()))


def test_a_model_around_a_model_trains_that_one():
    model = network()
    before = model.get_weights()
    around = keras.Sequential([ks.SwapRegions(MASK), model])
    around.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    assert any((a != b).any() for a, b in zip(weights_after(model, around), before, strict=True))
    np.testing.assert_array_equal(around.predict(batch(), verbose=0), model.predict(batch(), verbose=0))
    images = batch() / 100
    np.testing.assert_array_equal(
        ks.explain(around, images, target=1).maps, ks.explain(model, images, target=1).maps
    )


def test_a_training_with_it_is_reproducible():
    first, second = (weights_after(network(ks.SwapRegions(MASK, 1.0))) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)


def test_mixed_precision():
    layer = ks.SwapRegions(MASK, 1.0, dtype="mixed_float16")
    images = batch() + np.float32(1e-3)
    assert layer(keras.KerasTensor((None, SIDE, SIDE, 2), "float32")).dtype == "float32"
    result = swapped(layer, images)
    assert result.dtype == "float32"
    sources(images, result, MASK[None, ..., None])


def test_symbolic_inputs_keep_shape_and_type():
    made = ks.SwapRegions(MASK)(keras.Input((SIDE, SIDE, 3), dtype="uint8"))
    assert (made.shape, made.dtype) == ((None, SIDE, SIDE, 3), "uint8")
    made = ks.SwapRegions(MASK)(keras.Input((None, None, 3)))
    assert made.shape == (None, None, None, 3)


@pytest.mark.parametrize(
    ("shape", "settings", "said"),
    [
        ((4, SIDE, SIDE + 1, 2), {}, r"images of the masks' size, \(6, 6\)"),
        ((SIDE, SIDE), {}, "Expected a batch"),
        ((4, SIDE, SIDE, SIDE), {}, "say which with channel_axis=1 or channel_axis=-1"),
        ((4, 2, SIDE, SIDE), {"channel_axis": -1}, "Expected a batch"),
    ],
)
def test_images_that_do_not_fit_are_refused(shape, settings, said):
    layer = ks.SwapRegions(MASK, **settings)
    images = np.zeros(shape, "float32")
    with pytest.raises(ValueError, match=said):
        layer(images, training=True)
    with pytest.raises(ValueError, match=said):
        layer.batch(images)


def test_the_channel_axis_settles_it():
    images = batch(4, (SIDE, SIDE, SIDE))
    for axis, mask in ((1, MASK[None, None]), (-1, MASK[None, ..., None])):
        sources(images, swapped(ks.SwapRegions(MASK, 1.0, channel_axis=axis), images), mask)


@pytest.mark.parametrize(
    ("regions", "settings", "error", "said"),
    [
        ({}, {}, ValueError, "Expected at least one region. Received: none. A report has no regions"),
        (np.zeros((4, 4), bool), {}, ValueError, "at least one pixel"),
        (np.ones((4, 4), bool), {}, ValueError, "Received: region, which cover the whole image"),
        ({"a": MASK, "b": ~MASK}, {}, ValueError, "Received: a, b, which cover the whole image"),
        (np.zeros((2, 4, 4), bool), {}, ValueError, r"belong to their batch: .*Received: shape=\(2, 4, 4\)"),
        (np.zeros(4, bool), {}, ValueError, r"as one mask \(height, width\)"),
        (MASK * 0.5, {}, TypeError, "boolean mask. Received: dtype=float64"),
        ({"Corner": MASK}, {}, ValueError, "lower case"),
        ({"a": MASK, "b": MASK[:3]}, {}, ValueError, r"masks of one size. Received: \(3, 6\), \(6, 6\)"),
        (MASK, {"probability": 0}, ValueError, "probability to be a number"),
        (MASK, {"probability": 1.5}, ValueError, "probability to be a number"),
        (MASK, {"seed": -1}, ValueError, "seed"),
        (MASK, {"channel_axis": 2}, ValueError, "channel_axis"),
    ],
)
def test_settings_that_cannot_work_are_refused(regions, settings, error, said):
    with pytest.raises(error, match=said):
        ks.SwapRegions(regions, **settings)


def test_without_regions_the_batch_must_bring_them():
    layer = ks.SwapRegions(None)
    for ask in (layer, layer.batch):
        with pytest.raises(ValueError, match="This SwapRegions has no regions"):
            ask(batch())
    assert ks.SwapRegions.from_config(layer.get_config()).get_config() == layer.get_config()
