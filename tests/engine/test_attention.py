"""The weights of attention, against the same written out by hand; and what is no attention among tokens of an image."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_saliency.engine import Question, ScoredModel
from keras_saliency.engine.attention import AttentionHook
from keras_saliency.engine.interception import hooked
from keras_saliency.engine.token_grid import TokenGrid
from keras_saliency.errors import MethodDoesNotApplyError
from keras_saliency.probes.targets import as_target, bind
from tests.methods.transformers import HEADS, WIDTH, ByHand, WithTokens, transformer, with_fixed_weights

from .reference import assert_close, gradients, scores_of

IMAGES = np.random.default_rng(0).random((3, 8, 8, 2), "float32")


def asked(model, inputs=IMAGES, target=1, **options):
    count = len(inputs[0] if isinstance(inputs, list) else inputs)
    return Question(ScoredModel(model, **options), inputs, bind(as_target(target), count, None))


def with_dropout(name):
    """Keras computes this one the plain way by itself."""
    return layers.MultiHeadAttention(HEADS, WIDTH // HEADS, dropout=0.5, name=name)


def grouped(name):
    return layers.GroupQueryAttention(WIDTH // HEADS, HEADS, HEADS, name=name)


MAKES = {"whole": {}, "plain": {"make_attention": with_dropout}, "grouped": {"make_attention": grouped}}


@pytest.mark.parametrize(
    ("make", "pool"), [("whole", "class"), ("plain", "both"), ("grouped", "mean"), ("whole", "mean")]
)
def test_weights_and_gradients_are_those_by_hand(make, pool):
    model = with_fixed_weights(transformer(pool=pool, **MAKES[make]))
    by_hand = ByHand(model, pool)
    found = asked(model).attention(gradients=True)
    assert found.layers == ("attention_0", "attention_1")
    expected = by_hand.weights(IMAGES)
    for weights, wanted in zip(found.weights, expected, strict=True):
        assert_close(weights, wanted)
    zeros = [np.zeros_like(weights) for weights in expected]
    wanted = gradients(lambda offsets: scores_of([1, 1, 1])(by_hand.logits(IMAGES, offsets)), zeros)
    for gradient, one in zip(found.gradients, wanted, strict=True):
        assert_close(gradient, one)


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


def test_the_scores_are_the_same_as_without():
    model = with_fixed_weights(transformer())
    alone, with_attention = asked(model), asked(model)
    with_attention.attention(gradients=True)
    assert with_attention.model.evaluations == 3
    assert_close(with_attention.scores.values, alone.scores.values)


def test_one_pass_serves_all_who_ask():
    question = asked(transformer())
    first = question.attention(gradients=True)
    assert question.attention() is question.attention(gradients=True) is first
    assert question.model.evaluations == 3


def test_chunks_change_nothing():
    model = with_fixed_weights(transformer(blocks=1))
    whole, parts = (asked(model, chunk_size=size).attention(gradients=True) for size in (3, 2))
    for one, other in zip(whole.weights + whole.gradients, parts.weights + parts.gradients, strict=True):
        assert_close(one, other)


def test_half_precision():
    half = transformer(
        make_attention=lambda name: layers.MultiHeadAttention(2, 3, name=name, dtype="mixed_float16")
    )
    with_fixed_weights(half, size=0.3)
    exact = transformer()
    exact.set_weights(half.get_weights())
    found, expected = (asked(model).attention(gradients=True) for model in (half, exact))
    for one, other in zip(
        found.weights + found.gradients, expected.weights + expected.gradients, strict=True
    ):
        assert_close(one, other, 2e-2)


def test_one_layer():
    question = asked(transformer())
    assert question.attention("auto").layers == question.attention("attention_1").layers == ("attention_1",)
    first = question.attention(question.model._model.get_layer("attention_0"))
    np.testing.assert_array_equal(first.weights[0], question.attention().weights[0])
    with pytest.raises(ValueError, match=r"image: attention_0, attention_1\. Received: layer='patches'"):
        question.attention("patches")


def over(attend, inputs=None, shape=(16, WIDTH)):
    """A model that pools what `attend` makes of 16 tokens."""
    inputs = keras.Input((8, 8, 2)) if inputs is None else inputs
    x = layers.Reshape(shape)(layers.Conv2D(WIDTH, 2, strides=2, name="patches")(inputs))
    x = attend(x)
    pool = layers.GlobalAveragePooling1D if len(x.shape) == 3 else layers.GlobalAveragePooling2D
    return keras.Model(inputs, layers.Dense(3)(pool()(x)))


def softmax(logits):
    exponentials = np.exp(logits - logits.max(-1, keepdims=True))
    return exponentials / exponentials.sum(-1, keepdims=True)


def tokens_of(model):
    return ops.convert_to_numpy(model.get_layer("patches")(IMAGES)).reshape(3, 16, WIDTH)


def test_keras_layer_without_heads():
    model = over(lambda x: layers.Attention(name="attention")([x, x]))
    tokens = tokens_of(model)
    expected = softmax(tokens @ tokens.transpose(0, 2, 1))
    assert_close(asked(model).attention().weights[0], expected[:, None])


def test_attention_over_rows_and_columns():
    """Keras takes both axes at once, in a way of its own."""
    places, flat = (
        over(lambda x: layers.MultiHeadAttention(2, 3, name="attention")(x, x), shape=shape)
        for shape in ((4, 4, WIDTH), (16, WIDTH))
    )
    flat.set_weights(places.get_weights())
    found, expected = (asked(model).attention(gradients=True) for model in (places, flat))
    assert found.grid == TokenGrid(0, 4, 4)
    assert_close(found.weights[0], expected.weights[0])
    assert_close(found.gradients[0], expected.gradients[0])


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_masks_and_causes(dropout):
    mask = np.random.default_rng(0).random((1, 16, 16)) < 0.7
    mask |= np.eye(16, dtype=bool)
    attend = layers.MultiHeadAttention(1, WIDTH, name="attention", dropout=dropout)
    model = over(lambda x: attend(x, x, attention_mask=ops.convert_to_tensor(mask), use_causal_mask=True))
    (weights,) = asked(model).attention().weights
    allowed = mask[0] & np.tril(np.ones((16, 16), bool))
    assert not weights[..., ~allowed].any()
    assert (weights[..., allowed] > 0).all()
    query, key = (
        tokens_of(model) @ kernel[:, 0] + bias[0]
        for kernel, bias in (part.get_weights() for part in (attend.query_dense, attend.key_dense))
    )
    logits = np.where(allowed, query @ key.transpose(0, 2, 1) / np.sqrt(WIDTH), -np.inf)
    assert_close(weights[:, 0], softmax(logits))


def drawn(*shape):
    return np.random.default_rng(len(shape)).normal(size=shape).astype("float32")


OPTIONS = {
    "none": {},
    "scale": {"scale": 0.1},
    "bias": {"bias": drawn(1, 4, 5, 5)},
    "mask": {"mask": np.tril(np.ones((1, 1, 5, 5), bool), 1)},
    "causal": {"is_causal": True},
    "causal mask": {"is_causal": True, "mask": np.triu(np.ones((1, 1, 5, 5), bool), -1)},
}


@pytest.mark.parametrize("heads", [4, 2])
@pytest.mark.parametrize("options", OPTIONS)
def test_attention_as_a_whole_is_the_same_the_plain_way(options, heads):
    query, key = (ops.convert_to_tensor(drawn(2, 5, count, 3)) for count in (4, heads))
    value = ops.convert_to_tensor(drawn(2, 5, heads, 3)[:, ::-1].copy())
    whole = ops.dot_product_attention(query, key, value, **OPTIONS[options])
    with hooked(hook := AttentionHook(wanted=[0])):
        plain = ops.dot_product_attention(query, key, value, **OPTIONS[options])
    assert_close(ops.convert_to_numpy(plain), ops.convert_to_numpy(whole))
    assert hook.tensor[0].shape == (2, 4, 5, 5)


def test_fewer_keys_than_query_heads():
    attend = layers.GroupQueryAttention(3, 4, 2, name="attention")
    model = over(lambda x: attend(x, x))
    assert asked(model).attention().weights[0].shape == (3, 4, 16, 16)


def test_arguments_by_name():
    model = over(lambda x: layers.MultiHeadAttention(2, 3, name="attention")(value=x, query=x))
    assert asked(model).attention().layers == ("attention",)


def test_a_layer_that_is_called_twice():
    attend = layers.MultiHeadAttention(2, 3, name="attention")
    question = asked(over(lambda x: attend(x + attend(x, x), x)))
    found = question.attention(gradients=True)
    assert found.layers == ("attention (call 1)", "attention (call 2)")
    assert not np.allclose(*found.weights)
    assert question.attention("attention (call 1)").layers == found.layers[:1]
    with pytest.raises(ValueError, match="Expected one layer with attention"):
        question.attention("attention")


class Own(keras.layers.Layer):
    """Attention written out: among tokens, or among channels."""

    def __init__(self, heads=2, among="tokens", **options):
        super().__init__(**options)
        self.heads, self.among = heads, among

    def build(self, shape):
        self.project = layers.Dense(2 * shape[-1])

    def call(self, x):
        tokens, width = x.shape[1:]
        query, key = (
            ops.reshape(part, (-1, tokens, self.heads, width // self.heads))
            for part in ops.split(self.project(x), 2, axis=-1)
        )
        value = ops.reshape(x, (-1, tokens, self.heads, width // self.heads))
        if self.among == "tokens":
            weights = ops.softmax(ops.einsum("bqhd,bkhd->bhqk", query, key))
            mixed = ops.einsum("bhqk,bkhd->bqhd", weights, value)
        elif self.among == "whole":
            mixed = ops.dot_product_attention(query, key, value)
        else:
            weights = ops.softmax(ops.einsum("bthd,bthe->bhde", query, key))
            mixed = ops.einsum("bhde,bthe->bthd", weights, value)
        return ops.reshape(mixed, (-1, tokens, width))


@pytest.mark.parametrize("among", ["tokens", "whole"])
def test_a_layer_of_ones_own(among):
    found = asked(over(lambda x: Own(among=among, name="own")(x))).attention(gradients=True)
    assert found.layers == ("own",)
    assert found.weights[0].shape == found.gradients[0].shape == (3, 2, 16, 16)


def attended(x, name="attention"):
    return layers.MultiHeadAttention(2, 3, name=name)(x, x)


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
    assert asked(model).attention("auto").grid == TokenGrid(0, 2, 2)


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
