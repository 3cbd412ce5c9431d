"""Which attention is among tokens of the image, which tokens the score reads, and what is refused with its reason."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_saliency.engine.token_grid import TokenGrid
from keras_saliency.errors import MethodDoesNotApplyError
from tests.methods.transformers import WIDTH, WithTokens, transformer

from .attending import IMAGES, Own, asked, attended, over


@pytest.mark.parametrize(
    ("pool", "read", "first"), [("class", (0,), 1), ("both", (0, 1), 2), ("mean", tuple(range(16)), 0)]
)
def test_the_tokens_that_the_score_reads(pool, read, first):
    found = asked(transformer(pool=pool, blocks=1)).attention()
    assert found.read == read
    assert found.grid == TokenGrid(first, 4, 4)
    assert found.gradients == found.passed_over == ()


def test_a_head_that_begins_at_zero_reads_tokens_too():
    model = transformer()
    model.get_layer("head").set_weights([np.zeros((WIDTH, 3)), np.zeros(3)])
    before = model.get_weights()
    assert asked(model).attention().read == (0,)
    sums = [operation.name for operation in model.operations if operation.name.startswith("add")]
    assert asked(model).layer().layer == sums[1]  # before the last attention, as of one that is trained
    np.testing.assert_equal(model.get_weights(), before)


def test_one_layer():
    question = asked(transformer())
    assert question.attention("auto").layers == question.attention("attention_1").layers == ("attention_1",)
    first = question.attention(question.model._model.get_layer("attention_0"))
    np.testing.assert_array_equal(first.weights[0], question.attention().weights[0])
    with pytest.raises(ValueError, match=r"image: attention_0, attention_1\. Received: layer='patches'"):
        question.attention("patches")


def test_a_layer_that_is_called_twice():
    attend = layers.MultiHeadAttention(2, 3, name="attention")
    question = asked(over(lambda x: attend(x + attend(x, x), x)))
    found = question.attention(gradients=True)
    assert found.layers == ("attention (call 1)", "attention (call 2)")
    assert not np.allclose(*found.weights)
    assert question.attention("attention (call 1)").layers == found.layers[:1]
    with pytest.raises(ValueError, match="Expected one layer with attention"):
        question.attention("attention")


class Windows(keras.layers.Layer):
    """Attention in windows of four tokens, or in one that is shifted."""

    def __init__(self, sizes, **options):
        super().__init__(**options)
        self.sizes = sizes
        self.attend = [layers.MultiHeadAttention(2, 3, name=f"in_{size}") for size in sizes]

    def call(self, x):
        for size, attend in zip(self.sizes, self.attend, strict=True):
            parts = ops.reshape(ops.roll(x, 2, axis=1), (-1, size, WIDTH))
            x = ops.roll(ops.reshape(attend(parts, parts), (-1, 16, WIDTH)), -2, axis=1)
        return x


class Silent(layers.MultiHeadAttention):
    """Attention that is linear: there are no weights."""

    def _compute_attention(self, query, key, value, *args, **options):
        return query * ops.mean(key * value, axis=1, keepdims=True), None


class Learned(keras.layers.Layer):
    """As many learned tokens as the image has ask it, and then each other."""

    def build(self, shape):
        self.own = self.add_weight(shape=(1, *shape[1:]), initializer="random_normal", name="own")
        self.cross, self.inside = (layers.MultiHeadAttention(2, 3, name=name) for name in ("cross", "inside"))

    def call(self, x):
        asking = ops.repeat(self.own, ops.shape(x)[0], axis=0)
        return attended_by(self.inside, self.cross(asking, x))


def attended_by(layer, x):
    return layer(x, x)


NO_PLACES = {
    "channels": (lambda x: Own(1, among="channels", name="own")(x), "over tokens is not clear"),
    "fewer keys": (
        lambda x: layers.MultiHeadAttention(2, 3)(x, layers.AveragePooling1D(2)(x)),
        "16 queries look at 8 keys",
    ),
    "windows": (lambda x: Windows([4, 16])(x), "in_4': its first axis is not the batch but windows.*in_16'"),
    "no weights": (lambda x: Silent(2, 3, name="silent")(x, x), "silent': it is computed in a way in which"),
    "learned queries": (
        lambda x: Learned()(x),
        r"cross': its queries do not come .*inside': its queries",
    ),
    "tokens of no grid": (
        lambda x: attended(layers.ZeroPadding1D((0, 3))(x)),
        r"19 tokens .* give grid=\(rows",
    ),
    "none": (lambda x: x, r"Other attention: none\.$"),
}


@pytest.mark.parametrize("kind", NO_PLACES)
def test_what_is_not_among_tokens_of_the_image_is_refused_with_the_reason(kind):
    attend, reason = NO_PLACES[kind]
    question = asked(over(attend))
    for layer in (None, "auto"):
        with pytest.raises(
            MethodDoesNotApplyError, match=rf"no attention among tokens of the image .*{reason}"
        ):
            question.attention(layer)


def test_attention_among_as_many_channels_as_tokens_is_not_taken_for_one_among_tokens():
    model = over(lambda x: Own(1, among="channels", name="own")(layers.Dense(16)(x)))
    with pytest.raises(MethodDoesNotApplyError, match="over tokens is not clear"):
        asked(model).attention()


def test_one_layer_among_others_that_are_none():
    """A pooling by attention: the last of the layers, and its only query is learned."""

    class Pooled(keras.layers.Layer):
        def build(self, shape):
            self.own = self.add_weight(shape=(1, 1, shape[-1]), initializer="random_normal", name="own")
            self.attend = layers.MultiHeadAttention(2, 3, name="pooling")

        def call(self, x):
            return self.attend(ops.repeat(self.own, ops.shape(x)[0], axis=0), x)

    question = asked(over(lambda x: Pooled(name="pool")(attended(x))))
    found = question.attention("auto")
    assert found.layers == ("attention",)
    assert found.read == tuple(range(16))
    assert found.passed_over == (
        "pool.pooling: its queries do not come from the image, or are behind such queries",
    )
    with pytest.raises(
        MethodDoesNotApplyError, match=r"'pool.pooling' is not among .* AttentionMap\(layer=\.\.\.\)"
    ):
        question.attention()
    with pytest.raises(MethodDoesNotApplyError, match="The attention of layer 'pool.pooling' is not among"):
        question.attention("pooling")


def test_a_number_of_tokens_that_changes():
    model = over(lambda x: attended(layers.AveragePooling1D(4)(attended(x, "first")), "second"))
    with pytest.raises(MethodDoesNotApplyError, match=r"changes on the way: first \(16\), second \(4\)"):
        asked(model).attention()
    with pytest.raises(MethodDoesNotApplyError, match="4 tokens of layer 'second' do not lie over the image"):
        asked(model).attention("auto")  # each of the four is a row of patches


def test_a_grid_of_ones_own():
    model = over(lambda x: attended(layers.ZeroPadding1D((0, 4))(x)))
    assert asked(model).attention(grid=(5, 4)).grid == TokenGrid(0, 5, 4)
    assert asked(model).attention(grid=(4, 4)).grid == TokenGrid(4, 4, 4)


def test_other_paths_do_not_count():
    """Attention of an auxiliary head, and of another input."""
    inputs, words = keras.Input((8, 8, 2)), keras.Input((16, WIDTH))
    x = layers.Reshape((16, WIDTH))(layers.Conv2D(WIDTH, 2, strides=2)(inputs))
    side = layers.Dense(3, name="side")(layers.GlobalAveragePooling1D()(attended(x, "of_the_side")))
    text = layers.GlobalAveragePooling1D()(attended(words, "of_the_text"))
    seen = layers.GlobalAveragePooling1D()(attended(x, "of_the_image"))
    model = keras.Model([inputs, words], {"main": layers.Dense(3, name="main")(seen + text), "side": side})
    given = [IMAGES, np.ones((3, 16, WIDTH), "float32")]
    assert asked(model, given, output="main").attention().layers == ("of_the_image",)
    assert asked(model, given, output="side").attention().layers == ("of_the_side",)


def test_a_softmax_at_the_end_is_no_attention():
    """A segmentation into as many classes as there are columns."""
    inputs = keras.Input((4, 4, 2))
    x = attended(layers.Reshape((16, 2))(inputs))
    model = keras.Model(inputs, layers.Softmax()(layers.Dense(4)(layers.Reshape((4, 4, 2))(x))))
    assert asked(model, IMAGES[:, :4, :4]).attention(grid=(4, 4)).layers == ("attention",)


def test_a_score_that_does_not_depend_on_attention():
    model = over(lambda x: x + 0 * attended(x))
    with pytest.raises(
        MethodDoesNotApplyError, match="does not depend on the attention of layer 'attention'"
    ):
        asked(model).attention()


def test_bytes_and_registers():
    inputs = keras.Input((8, 8, 2), dtype="uint8")
    x = layers.Rescaling(1 / 255)(inputs)
    x = layers.Reshape((16, WIDTH))(layers.Conv2D(WIDTH, 2, strides=2)(x))
    x = attended(WithTokens(5)(x))
    model = keras.Model(inputs, layers.Dense(3)(x[:, 0]))
    found = asked(model, (255 * IMAGES).astype("uint8")).attention(gradients=True)
    assert found.grid == TokenGrid(5, 4, 4)
    assert found.read == (0,)


def test_tokens_that_do_not_lie_over_the_image_are_refused():
    """Rows and columns change places before the patches are made: a square grid that is turned."""
    inputs = keras.Input((8, 8, 2))
    turned = over(attended, inputs=inputs)
    twin = keras.Model(
        inputs, over(attended, inputs=keras.Input((8, 8, 2)))(layers.Permute((2, 1, 3))(inputs))
    )
    assert asked(turned).attention().grid == TokenGrid(0, 4, 4)
    with pytest.raises(
        MethodDoesNotApplyError, match="16 tokens of layer .* do not lie over the image row by row"
    ):
        asked(twin).attention()


def test_tokens_that_are_read_of_some_images_only():
    inputs = keras.Input((8, 8, 2))
    x = layers.Reshape((16, WIDTH))(layers.Conv2D(WIDTH, 2, strides=2)(inputs))
    model = keras.Model(inputs, layers.Dense(3)(layers.GlobalMaxPooling1D()(attended(x))))
    with pytest.raises(MethodDoesNotApplyError, match="the score reads depends on the image"):
        asked(model).attention()
