"""How the output of a layer lies over the image: the map of a planted pixel is hot there, or it is refused."""

import keras
import numpy as np
import pytest
from keras import layers, ops

import keras_saliency as ks
from keras_saliency.engine.slabs import Slabs
from keras_saliency.errors import MethodDoesNotApplyError

HEIGHT, WIDTH = 8, 12
LAST, FIRST = (HEIGHT, WIDTH, 3), (3, HEIGHT, WIDTH)
ROW, COLUMN = 1, 9


def convolution(name=None, data_format="channels_last"):
    return layers.Conv2D(2, 1, data_format=data_format, kernel_initializer="ones", use_bias=False, name=name)


def network(shape, *middle, data_format="channels_last"):
    """A layer `seen` is in the middle, and a mean over all places at the end."""
    return keras.Sequential(
        [
            keras.Input(shape),
            *middle,
            layers.GlobalAveragePooling2D(data_format=data_format),
            layers.Dense(1, kernel_initializer="ones"),
        ]
    )


def wrapped():
    if keras.backend.backend() != "torch":
        pytest.skip("PyTorch modules are for Keras on PyTorch")
    torch = pytest.importorskip("torch")
    module = torch.nn.Conv2d(3, 2, 1, bias=False)
    torch.nn.init.ones_(module.weight)
    return network(FIRST, layers.TorchModuleWrapper(module, name="seen"), data_format="channels_first")


class Flip(keras.layers.Layer):
    def call(self, inputs):
        return ops.flip(inputs, axis=1)


LYING = {
    "channels last": (lambda: network(LAST, convolution("seen")), LAST),
    "channels first": (
        lambda: network(FIRST, convolution("seen", "channels_first"), data_format="channels_first"),
        FIRST,
    ),
    "behind a Permute": (lambda: network(FIRST, layers.Permute((2, 3, 1)), convolution("seen")), FIRST),
    "first behind a Permute": (
        lambda: network(
            LAST,
            layers.Permute((3, 1, 2)),
            convolution(data_format="channels_first"),
            layers.Activation("relu", name="seen"),
            data_format="channels_first",
        ),
        LAST,
    ),
    "rows and columns exchanged": (
        lambda: network(LAST, layers.Permute((2, 1, 3)), convolution("seen")),
        LAST,
    ),
    "a Permute itself": (
        lambda: network(
            LAST, convolution(), layers.Permute((3, 1, 2), name="seen"), data_format="channels_first"
        ),
        LAST,
    ),
    "grey": (
        lambda: network((HEIGHT, WIDTH), layers.Reshape((HEIGHT, WIDTH, 1)), convolution("seen")),
        (HEIGHT, WIDTH),
    ),
    "a wrapped convolution": (wrapped, FIRST),
}
"""Networks that are linear in the layer `seen`: its Grad-CAM is the image summed over its channels, up to a factor."""


@pytest.mark.parametrize("layer", ["seen", "auto"])
@pytest.mark.parametrize("name", LYING)
def test_the_map_lies_where_the_layer_saw_it(name, layer):
    build, shape = LYING[name]
    images = np.zeros((2, *shape), "float32")
    images[(slice(None), slice(None), ROW, COLUMN) if shape == FIRST else (slice(None), ROW, COLUMN)] = 5
    found = ks.explain(build(), images, ks.GradCAM(layer))
    assert found.diagnostics["layer"] == "seen"
    hot = np.zeros((2, HEIGHT, WIDTH), bool)
    hot[:, ROW, COLUMN] = True
    np.testing.assert_array_equal(found.maps > 0, hot)


def decoder(*before):
    mixed = [layers.Flatten(), layers.Dense(96), layers.Reshape((4, 6, 4))]
    return network(LAST, *before, *mixed, layers.Conv2D(3, 3, padding="same", name="seen"))


AWAY = {
    "a decoder": decoder,
    "upside down": lambda: network(LAST, Flip(), convolution("seen")),
    "cropped": lambda: network((16, 24, 3), layers.Cropping2D(5), convolution("seen")),
}


@pytest.mark.parametrize("name", AWAY)
@pytest.mark.parametrize("method", [ks.GradCAM, ks.Activations, ks.ScoreCAM])
def test_a_layer_that_does_not_lie_over_the_image_is_refused(name, method):
    model = AWAY[name]()
    images = np.random.default_rng(0).random((2, *model.input_shape[1:]), "float32")
    with pytest.raises(
        MethodDoesNotApplyError, match=r"The output of layer 'seen', .* does not lie over the image"
    ):
        ks.explain(model, images, method("seen"))
    with pytest.raises(MethodDoesNotApplyError, match=r"lies over the image"):
        ks.explain(model, images, method())


def test_the_feature_map_is_the_last_that_lies_over_the_image():
    model = decoder(layers.Conv2D(4, 3, name="encoder"))
    images = np.random.default_rng(0).random((2, *LAST), "float32")
    assert ks.explain(model, images, "grad_cam").diagnostics["layer"] == "encoder"


def test_a_network_without_any_effect_has_maps_of_zeros():
    model = network(LAST, convolution("seen"))
    model.layers[0].set_weights([np.zeros((1, 1, 3, 2))])
    assert not ks.explain(model, np.ones((2, *LAST), "float32"), ks.GradCAM("seen")).maps.any()


@pytest.mark.parametrize("size", [2, 3, 8, 9])
def test_courses_of_what_is_turned_reversed_and_resized(size):
    """Where a change moves, in closed form."""
    cut = Slabs.of(np.array([[[0.0]], [[1.0]]]) + np.zeros((2, size, 12)), (1, 2))
    changes = cut.rows[1:] - cut.rows[:1]
    np.testing.assert_allclose(cut.courses(changes), np.diag([0, 1, 1]), atol=1e-12)
    np.testing.assert_allclose(
        cut.courses(changes.swapaxes(1, 2)), [[0, 0, 0], [0, 0, 1], [0, 1, 0]], atol=1e-12
    )
    np.testing.assert_allclose(cut.courses(changes[:, ::-1]), np.diag([0, -1, 1]), atol=1e-12)
    assert not cut.courses(np.ones_like(changes)).any()


@pytest.mark.parametrize(
    "values", [[0, 0], [255, 255], [-1.0, 1.0], [0.0, 0.0], [3, 3]], ids=lambda values: str(values)
)
def test_every_slab_changes_something(values):
    like = np.array(values, "uint8" if isinstance(values[0], int) else "float32")[:, None] + np.zeros(
        (1, 6), "uint8"
    )
    cut = Slabs.of(like.reshape(2, 2, 3), (1, 2))
    assert cut.rows.dtype == like.dtype
    assert (
        (np.abs(cut.rows[1:].astype(float)) != np.abs(cut.rows[:1].astype(float))).reshape(5, -1).any(1).all()
    )


def test_slabs_are_equal_parts_of_each_axis():
    """Nineteen rows in eight slabs, four columns in four; each copy differs from the first in one of them."""
    cut = Slabs.of(np.array([[[-1.0]], [[3.0]]]) + np.zeros((2, 19, 4)), (1, 2))
    assert cut.axes == (1,) * 8 + (2,) * 4
    changed = cut.rows[1:] != cut.rows[:1]
    sizes = [changed[row].all(1).sum() for row in range(8)]
    assert sizes == [3, 3, 3, 2, 2, 2, 2, 2]
    places = [np.flatnonzero(changed[row].all(1)).mean() / 18 for row in range(8)]
    np.testing.assert_allclose(cut.places, [*places, 0, 1 / 3, 2 / 3, 1])
    assert set(np.unique(cut.rows)) == {-1 + 0.4, 3 - 0.8}
    assert 0.3 < (cut.rows[0] > 0).mean() < 0.7


@pytest.mark.parametrize(
    ("share", "blur", "found"),
    [
        (1.0, 0.0, True),
        (0.3, 0.0, True),
        (0.04, 0.0, True),
        (0.02, 0.0, False),
        (0.3, 0.35, False),
        (0.3, 0.2, True),
    ],
)
def test_a_change_has_to_move_along(share, blur, found):
    """Rows of ten: where each shows is `share` of where it was made, and noise of `blur` times that."""
    cut = Slabs.of(np.arange(20.0).reshape(1, 10, 2), (1, 2))
    assert cut.axes == (1,) * 8 + (2,) * 2
    rows = np.array(cut.places[:8])
    off = blur * np.array([1, -1, -1, 1, 1, -1, -1, 1])
    centres = share * (rows - 0.5 + off) + 0.5
    values = np.zeros((11, 2, 2))
    values[1:9, 0, 0], values[1:9, 1, 0] = np.sqrt(1 - centres), np.sqrt(centres)
    values[9, 0, 0], values[10, 0, 1] = 1, 1
    assert cut.sides(values, (1, 2)) == ((1, 2) if found else None)


@pytest.mark.parametrize(("hidden", "found"), [(1, True), (2, True), (3, False)])
def test_a_crop_shows_less_than_the_image(hidden, found):
    """Of eight rows so many show nowhere: a stride may leave out two."""
    cut = Slabs.of(np.arange(16.0).reshape(1, 8, 2), (1, 2))
    values = cut.rows.copy()
    values[:, :hidden] = 0
    assert cut.sides(values, (1, 2)) == ((1, 2) if found else None)


def test_an_axis_of_a_single_place_lies_where_it_is_expected():
    cut = Slabs.of(np.arange(8.0).reshape(1, 8, 1), (1, 2))
    assert cut.sides(cut.rows, (1, 2)) == (1, 2)
    assert cut.sides(cut.rows.swapaxes(1, 2), (2, 1)) == (2, 1)
    assert cut.sides(cut.rows, (2, 1)) is None  # both over one
    pooled = Slabs.of(np.arange(56.0).reshape(1, 8, 7), (1, 2))
    assert pooled.sides(pooled.rows.mean(2, keepdims=True), (1, 2)) == (1, 2)
