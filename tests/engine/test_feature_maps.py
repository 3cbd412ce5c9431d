"""`"auto"` takes the last place that every path from the image to the score goes through: held on small architectures.

What is expected stands beside each network, from how it is wired; the gradient for it is held against the framework's.
"""

import re

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_saliency.engine import Question, ScoredModel
from keras_saliency.engine.token_grid import TokenGrid, asked_grid, found_grid, given_grid
from keras_saliency.errors import MethodDoesNotApplyError
from keras_saliency.probes.targets import as_target, bind

SIDE = 16
WIDTH = 6


def images(count=3, shape=(SIDE, SIDE, 2)):
    return np.random.default_rng(0).random((count, *shape), "float32")


def asked(model, inputs, target=1, **options):
    count = len(inputs[0] if isinstance(inputs, list) else inputs)
    return Question(ScoredModel(model, **options), inputs, bind(as_target(target), count, None))


def image_input():
    keras.utils.set_random_seed(0)
    return keras.Input((SIDE, SIDE, 2), name="image")


def head(x, name="head"):
    return layers.Dense(3, activation="softmax", name=name)(x)


def pooled(x):
    return head(layers.GlobalAveragePooling2D()(x))


def block(x, name):
    """A transformer's block of a functional model: both sums are operations."""
    y = layers.LayerNormalization(name=f"{name}_norm1")(x)
    x = x + layers.MultiHeadAttention(2, 3, name=f"{name}_attention")(y, y)
    y = layers.Dense(WIDTH, activation="gelu", name=f"{name}_mlp")(layers.LayerNormalization()(x))
    return x + y


def tokens(x):
    x = layers.Conv2D(WIDTH, 4, strides=4, name="patches")(x)
    return layers.Reshape((16, WIDTH))(x)


class WithClassToken(keras.layers.Layer):
    """Puts a token before the others."""

    def build(self, shape):
        self.token = self.add_weight(shape=(1, 1, shape[-1]), initializer="random_normal", name="token")

    def call(self, x):
        return ops.concatenate([ops.repeat(self.token, ops.shape(x)[0], axis=0), x], axis=1)


class Windows(keras.layers.Layer):
    """Attention in windows: what it returns inside has windows, not images, first."""

    def __init__(self, **options):
        super().__init__(**options)
        self.inner = layers.Conv2D(WIDTH, 1, name="inside_a_window")

    def call(self, x):
        parts = ops.reshape(x, (-1, 2, 8, 2, 8, x.shape[-1]))
        parts = ops.reshape(ops.transpose(parts, (0, 1, 3, 2, 4, 5)), (-1, 8, 8, x.shape[-1]))
        parts = ops.reshape(self.inner(parts), (-1, 2, 2, 8, 8, WIDTH))
        return ops.reshape(ops.transpose(parts, (0, 1, 3, 2, 4, 5)), (-1, 16, 16, WIDTH))


def plain():
    x = layers.Conv2D(4, 3, name="first")(inputs := image_input())
    return keras.Model(inputs, pooled(layers.Conv2D(4, 3, name="last")(x)))


def sum_of_branches():
    """As ConvNeXt: the layer before the sum is one branch of it."""
    x = layers.Conv2D(4, 3, padding="same", name="stem")(inputs := image_input())
    x = x + layers.Identity(name="branch")(layers.Conv2D(4, 3, padding="same", name="conv")(x))
    return keras.Model(inputs, pooled(x))


def concatenated_branches():
    """As Inception."""
    x = layers.Conv2D(4, 3, padding="same", name="stem")(inputs := image_input())
    parts = [layers.Conv2D(2, size, padding="same", name=f"branch_{size}")(x) for size in (1, 3, 5)]
    return keras.Model(inputs, pooled(layers.Concatenate(name="joined")(parts)))


def pooled_tokens():
    x = block(tokens(inputs := image_input()), "only")
    x = layers.LayerNormalization(name="final")(x)
    return keras.Model(inputs, head(layers.GlobalAveragePooling1D()(x)))


def class_token():
    """What is read behind the last attention is the class token alone: places are those before that attention."""
    x = WithClassToken(name="with_class")(tokens(inputs := image_input()))
    x = layers.LayerNormalization(name="final")(block(block(x, "one"), "two"))
    return keras.Model(inputs, head(x[:, 0]))


def windows():
    x = Windows(name="windows")(layers.Conv2D(4, 3, padding="same", name="stem")(inputs := image_input()))
    return keras.Model(inputs, pooled(x))


def hybrid():
    """Convolutions, then attention over their places."""
    x = layers.Conv2D(WIDTH, 3, strides=2, padding="same", name="stem")(inputs := image_input())
    x = block(layers.Reshape((64, WIDTH), name="as_tokens")(x), "only")
    return keras.Model(inputs, head(layers.GlobalAveragePooling1D()(x)))


def squeeze_and_excite():
    """A gate that looks at the pooled map, and multiplies it."""
    x = layers.Conv2D(4, 3, padding="same", name="conv")(inputs := image_input())
    gate = layers.Dense(4, activation="sigmoid")(layers.GlobalAveragePooling2D()(x))
    return keras.Model(inputs, pooled(layers.Multiply(name="gated")([x, layers.Reshape((1, 1, 4))(gate)])))


def nested():
    inner_inputs = keras.Input((SIDE, SIDE, 2))
    y = layers.Conv2D(4, 3, padding="same", name="inner")(inner_inputs)
    inner = keras.Model(inner_inputs, y + layers.Conv2D(4, 1, name="inner_branch")(y), name="backbone")
    return keras.Model(inputs := image_input(), pooled(inner(inputs)))


NETWORKS = {
    "plain": (plain, r"last", (12, 12)),
    "a sum": (sum_of_branches, r"add(_\d+)?", (16, 16)),
    "a concatenation": (concatenated_branches, r"joined", (16, 16)),
    "pooled tokens": (pooled_tokens, r"final", (4, 4)),
    "a class token": (class_token, r"add(_\d+)?", (4, 4)),
    "windows": (windows, r"windows", (16, 16)),
    "a hybrid": (hybrid, r"add(_\d+)?", (8, 8)),
    "a gate": (squeeze_and_excite, r"gated", (16, 16)),
    "a nested sum": (nested, r"backbone\.add(_\d+)?", (16, 16)),
}


@pytest.mark.parametrize(("build", "name", "grid"), NETWORKS.values(), ids=NETWORKS)
def test_auto_is_the_last_cut_over_the_image(build, name, grid):
    found = asked(build(), images()).layer()
    assert re.fullmatch(name, found.layer), found.layer
    assert found.activations.shape[1:3] == grid
    assert np.abs(found.gradients).max() > 0


def test_the_class_tokens_places_are_those_before_the_last_attention():
    model = class_token()
    found = asked(model, images()).layer()
    sums = [op.name for op in model.operations if op.name.startswith("add")]
    assert (
        found.layer == sums[1]
    )  # behind the first block; the sums of the second are read at the class token alone
    with pytest.raises(MethodDoesNotApplyError, match="reads no token of the image behind 'final'"):
        asked(model, images()).layer("final")
    assert asked(model, images()).layer_output("final").activations.shape == (3, 4, 4, WIDTH)


def test_a_class_map_is_no_feature_map_whichever_way_its_softmax_is_written():
    x = layers.Conv2D(4, 3, padding="same", name="last")(inputs := image_input())
    apart = keras.Model(inputs, layers.Softmax()(layers.Conv2D(3, 1, name="classes")(x)))
    inside = keras.Model(inputs, layers.Conv2D(3, 1, activation="softmax", name="probabilities")(x))
    assert asked(apart, images()).layer().layer == asked(inside, images()).layer().layer == "last"


def test_the_gradient_for_a_sum_is_that_of_the_pooling():
    model = sum_of_branches()
    found = asked(model, images(), 2).layer()
    weights = ops.convert_to_numpy(model.get_layer("head").kernel)[:, 2]
    np.testing.assert_allclose(
        found.gradients, np.broadcast_to(weights / 256, found.gradients.shape), rtol=1e-5
    )
    by_name = asked(model, images(), 2).layer(found.layer)
    np.testing.assert_array_equal(by_name.activations, found.activations)


def test_tokens_are_laid_out_row_by_row():
    model = pooled_tokens()
    before = keras.Model(model.inputs[0], model.get_layer("final").output)
    expected = ops.convert_to_numpy(before(images())).reshape(3, 4, 4, WIDTH)
    np.testing.assert_allclose(asked(model, images()).layer().activations, expected, rtol=1e-4, atol=1e-5)


def test_a_selected_output_has_its_own_feature_map():
    x = layers.Conv2D(4, 3, name="shared")(inputs := image_input())
    side = head(layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, name="side_conv")(x)), "side")
    main = head(layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, name="main_conv")(x)), "main")
    model = keras.Model(inputs, {"main": main, "side": side})
    assert asked(model, images(), output="main").layer().layer == "main_conv"
    assert asked(model, images(), output="side").layer().layer == "side_conv"
    both = asked(model, images(), target=lambda found: found["main"][:, 0] + found["side"][:, 1])
    assert both.layer().layer == "shared"


def test_of_two_inputs_the_places_are_those_of_the_explained_image():
    extra = keras.Input((8, 8, 1), name="second")
    one = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, name="of_the_first")(first := image_input()))
    two = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, name="of_the_second")(extra))
    model = keras.Model([first, extra], head(layers.Concatenate()([one, two])))
    found = asked(model, [images(), images(shape=(8, 8, 1))]).layer()
    assert found.layer == "of_the_first"


def recurrent():
    """Rows become time: no tokens of an image."""
    x = layers.Conv2D(1, 3, padding="same", name="stem")(inputs := image_input())
    x = layers.GRU(5, return_sequences=True, name="time")(layers.Reshape((16, 16))(x))
    return keras.Model(inputs, head(layers.GlobalAveragePooling1D()(x)))


def test_steps_of_a_recurrent_layer_are_no_tokens():
    assert asked(recurrent(), images()).layer().layer == "stem"


def test_tokens_whose_grid_is_not_clear_are_an_error_that_says_how_many():
    x = layers.Reshape((8, 64))(layers.Flatten()(inputs := image_input()))
    x = layers.Dense(WIDTH, name="mixed")(x)
    model = keras.Model(inputs, head(layers.GlobalAveragePooling1D()(x)))
    with pytest.raises(
        MethodDoesNotApplyError, match=r"How the 8 tokens of 'mixed' lie .* grid=\(rows, columns\)"
    ):
        asked(model, images()).layer()
    assert asked(model, images()).layer(grid=(8, 1)).activations.shape == (3, 8, 1, WIDTH)
    with pytest.raises(MethodDoesNotApplyError, match=r"lies over the image"):
        asked(model, images()).layer(grid=(2, 4))  # each token is a row of the image


@pytest.mark.parametrize(
    ("count", "image", "seen", "expected"),
    [
        (196, (224, 224), [], TokenGrid(0, 14, 14)),
        (197, (224, 224), [], TokenGrid(1, 14, 14)),
        (198, (224, 224), [], TokenGrid(2, 14, 14)),
        (201, (224, 224), [], TokenGrid(5, 14, 14)),
        (197, (224, 224), [(112, 112), (14, 14)], TokenGrid(1, 14, 14)),
        (32, (64, 128), [], TokenGrid(0, 4, 8)),
        (33, (64, 128), [], TokenGrid(1, 4, 8)),
        (16, (32, 32), [(1, 16)], TokenGrid(0, 1, 16)),
        (16, (32, 32), [(4, 4), (1, 16)], TokenGrid(0, 4, 4)),  # the image's own ratio first
        (16, (32, 32), [(2, 8), (8, 2)], TokenGrid(0, 8, 2)),  # of the others the last
        (17, (32, 32), [(8, 2), (1, 1)], TokenGrid(1, 8, 2)),
        (3, (32, 32), [(1, 2), (1, 1)], TokenGrid(1, 1, 2)),
        (19, (32, 32), [(4, 4)], None),  # three in front
        (2, (32, 64), [], TokenGrid(0, 1, 2)),
        (6, (32, 32), [], TokenGrid(2, 2, 2)),
        (18, (64, 128), [], None),  # 3 × 6, but 64 pixels are not 3 patches
        (6, (96, 64), [], TokenGrid(0, 3, 2)),
        (12, (40, 30), [], TokenGrid(0, 4, 3)),
        (7, (32, 32), [], None),
        (30, (32, 32), [], None),  # 5 + 5 × 5, but 32 pixels are not 5 patches
        (8, (32, 32), [], None),
        (1, (32, 32), [], None),
    ],
)
def test_the_grid_of_tokens(count, image, seen, expected):
    assert found_grid(count, image, seen) == expected


def test_tokens_over_the_image():
    tokens = np.arange(2 * 7 * 3).reshape(2, 7, 3)
    expected = [
        [[tokens[n, 1 + 3 * row + column] for column in range(3)] for row in range(2)] for n in range(2)
    ]
    np.testing.assert_array_equal(TokenGrid(1, 2, 3).over_image(tokens), expected)


def test_a_grid_of_ones_own():
    model = pooled_tokens()
    found = asked(model, images()).layer("final", grid=(2, 8))
    assert found.activations.shape == (3, 2, 8, WIDTH)
    assert given_grid(10, (3, 3)) == TokenGrid(1, 3, 3)
    assert given_grid(8, (3, 3)) is None
    assert (asked_grid((1, 8)), asked_grid([8, 1]), asked_grid("auto")) == ((1, 8), (8, 1), None)
    with pytest.raises(ValueError, match=r"If these are tokens, give grid=\(rows, columns\) of the 16"):
        asked(model, images()).layer("final", grid=(5, 5))


@pytest.mark.parametrize("grid", ["square", (3,), (3, 0), (2.0, 2), 16, True])
def test_what_is_no_grid(grid):
    with pytest.raises(ValueError, match="Expected grid to be"):
        asked_grid(grid)


def test_a_model_of_vectors_has_no_feature_map():
    model = keras.Sequential([keras.Input((SIDE, SIDE, 2)), layers.Flatten(), layers.Dense(3)])
    with pytest.raises(MethodDoesNotApplyError, match="has a spatial output .* Other layers .* none"):
        asked(model, images()).layer()
