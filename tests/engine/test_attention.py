"""The weights of attention, against the same written out by hand."""

import numpy as np
import pytest
from keras import layers, ops

from keras_saliency.engine.attention import AttentionHook
from keras_saliency.engine.interception import hooked
from keras_saliency.engine.token_grid import TokenGrid
from tests.methods.transformers import HEADS, WIDTH, ByHand, transformer, with_fixed_weights

from .attending import IMAGES, Own, asked, over
from .reference import assert_close, gradients, scores_of


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


def test_a_soft_cap_in_closed_form():
    """Keras has it for JAX on TPUs alone: logits ÷ (1 + |logits| ÷ cap)."""
    query, key, value = (drawn(2, 5, 4, 3) * size for size in (3, 2, 1))
    hook = AttentionHook(wanted=[0])
    found = hook.dot_product_attention(
        *map(ops.convert_to_tensor, (query, key, value)), attn_logits_soft_cap=2.0
    )
    logits = np.einsum("bqhd,bkhd->bhqk", query, key) / np.sqrt(3)
    weights = softmax(logits / (1 + np.abs(logits) / 2))
    assert_close(ops.convert_to_numpy(hook.tensor[0]), weights)
    assert_close(ops.convert_to_numpy(found), np.einsum("bhqk,bkhd->bqhd", weights, value))


def test_fewer_keys_than_query_heads():
    attend = layers.GroupQueryAttention(3, 4, 2, name="attention")
    model = over(lambda x: attend(x, x))
    assert asked(model).attention().weights[0].shape == (3, 4, 16, 16)


def test_arguments_by_name():
    model = over(lambda x: layers.MultiHeadAttention(2, 3, name="attention")(value=x, query=x))
    assert asked(model).attention().layers == ("attention",)


def test_calls_know_how_many_layers_and_operations_had_returned_before():
    hook, output = AttentionHook(), ops.convert_to_tensor(drawn(1, 2, 2))
    hook.layer_output(layers.Dense(1), output)
    hook.operation_output(None, output)
    hook.activation("softmax", -1, output, output)
    hook.layer_output(layers.Softmax(axis=(1, 2)), output)
    assert [call.before for call in hook.calls] == [2, 3]
    assert [call.axes for call in hook.calls] == [1, 2]


@pytest.mark.parametrize("given", [("q",), (["q", "v"],), ()])
def test_queries_are_the_first_argument_or_the_one_of_that_name(given):
    tensors = {name: ops.convert_to_tensor(drawn(1, 2)) for name in "qv"}
    args = [[tensors[name] for name in one] if isinstance(one, list) else tensors[one] for one in given]
    hook = AttentionHook()
    hook.entering(None, tuple(args), {"mask": None, "value": tensors["v"], "query": tensors["q"]})
    ((_, queries, _),) = hook._callers
    assert queries is tensors["q"]


@pytest.mark.parametrize("among", ["tokens", "whole"])
def test_a_layer_of_ones_own(among):
    found = asked(over(lambda x: Own(among=among, name="own")(x))).attention(gradients=True)
    assert found.layers == ("own",)
    assert found.weights[0].shape == found.gradients[0].shape == (3, 2, 16, 16)


def test_gates_are_no_attention():
    """A sigmoid that is as wide as there are tokens."""
    gate = layers.Dense(16, activation="sigmoid", name="gate")
    found = asked(over(lambda x: gate(layers.MultiHeadAttention(2, 3, name="attention")(x, x)))).attention()
    assert found.layers == ("attention",)
