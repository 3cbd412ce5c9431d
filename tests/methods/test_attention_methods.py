"""The maps of methods that look at attention, against numpy on the weights and gradients of a transformer by hand."""

from functools import cache

import keras
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency import AttentionMap, AttentionRollout, LeGrad, TransformerAttribution
from keras_saliency.engine import Attention, ScoredModel
from keras_saliency.engine.token_grid import TokenGrid
from keras_saliency.errors import MethodDoesNotApplyError
from keras_saliency.methods.shared.attention_map import _in_words, rows_read
from keras_saliency.probes.targets import as_target, bind
from keras_saliency.render.resize import bilinear
from tests import answers
from tests.engine.attending import attended, over
from tests.engine.reference import assert_close, gradients, scores_of
from tests.methods.matrix import OF_ATTENTION

from .transformers import ByHand, transformer, with_fixed_weights

COUNT, TARGET = 3, 1
IMAGES = np.random.default_rng(0).random((COUNT, 8, 8, 2), "float32")
POOLS = {"class": (1, [0]), "both": (2, [0, 1]), "mean": (0, list(range(16)))}
EACH_POOL = pytest.mark.parametrize("pool", POOLS)
EVERY = pytest.mark.parametrize("kind", OF_ATTENTION, ids=[kind.registered for kind in OF_ATTENTION])


@cache
def network(pool):
    """The model, and by hand the weights of attention and the gradients for them, in float64."""
    model = with_fixed_weights(transformer(pool=pool), seed=3)
    by_hand = ByHand(model, pool)
    weights = by_hand.weights(IMAGES)
    zeros = [np.zeros_like(one) for one in weights]
    found = gradients(lambda offsets: scores_of([TARGET] * COUNT)(by_hand.logits(IMAGES, offsets)), zeros)
    return (
        ScoredModel(model),
        [one.astype("float64") for one in weights],
        [one.astype("float64") for one in found],
    )


def run(method, pool, images=IMAGES, target=TARGET):
    bound = bind(as_target(target), len(images), None)
    return answers.explained(method, network(pool)[0], images, bound, np.random.default_rng(0))


def over_image(rows, pool):
    """The map, from one weight a token: those in front are left out, the others lie row by row."""
    return bilinear(rows[:, POOLS[pool][0] :].reshape(COUNT, 4, 4), 8, 8)


@EACH_POOL
@pytest.mark.parametrize(("layer", "number"), [("auto", 1), ("attention_0", 0)])
@pytest.mark.parametrize("head", ["mean", 0, 1])
def test_attention_map(pool, layer, number, head):
    _, weights, _ = network(pool)
    chosen = weights[number].mean(1) if head == "mean" else weights[number][:, head]
    found = run(AttentionMap(layer, head), pool)
    assert_close(found.maps, over_image(chosen[:, POOLS[pool][1]].mean(1), pool))
    assert found.diagnostics["layer"] == f"attention_{number}"


@EACH_POOL
def test_attention_rollout(pool):
    """Whole matrices, as in the paper."""
    _, weights, _ = network(pool)
    product = np.eye(weights[0].shape[-1])
    for one in weights:
        product = (0.5 * one.mean(1) + 0.5 * np.eye(len(product.T))) @ product
    assert_close(run(AttentionRollout(), pool).maps, over_image(product[:, POOLS[pool][1]].mean(1), pool))


@EACH_POOL
def test_transformer_attribution(pool):
    """Whole matrices, as in the paper: equations 5 and 6."""
    _, weights, found = network(pool)
    identity = np.eye(weights[0].shape[-1])
    relevance = np.broadcast_to(identity, (COUNT, *identity.shape))
    for one, gradient in zip(weights, found, strict=True):
        relevance = relevance + np.maximum(one * gradient, 0).mean(1) @ relevance
    expected = (relevance - identity)[:, POOLS[pool][1]].mean(1)
    assert_close(run(TransformerAttribution(), pool).maps, over_image(expected, pool))


@EACH_POOL
def test_legrad(pool):
    _, _, found = network(pool)
    expected = np.mean([np.maximum(gradient, 0).mean((1, 2)) for gradient in found], axis=0)
    assert_close(run(LeGrad(), pool).maps, over_image(expected, pool))


@EVERY
def test_what_is_told(kind):
    last = {"layer": "attention_1"} if kind is AttentionMap else {"layer": "attention_0, attention_1"}
    expected = {"class": "0 of 17", "both": "0, 1 of 18", "mean": "all 16"}
    for pool, read in expected.items():
        assert run(kind(), pool).diagnostics == {**last, "grid": [4, 4], "tokens_read": read}


@EVERY
def test_a_grid_of_ones_own(kind):
    found = run(kind(grid=(2, 8)), "mean")
    assert found.diagnostics["grid"] == [2, 8]
    assert not np.allclose(found.maps, run(kind(), "mean").maps)
    with pytest.raises(ValueError, match="Expected grid to be"):
        kind(grid="square")
    with pytest.raises(
        MethodDoesNotApplyError, match=r"how its 16 tokens lie .* give grid=\(rows, columns\)"
    ):
        run(kind(grid=(5, 5)), "mean")


@EVERY
def test_many_images_go_through_in_parts(kind, monkeypatch):
    expected = run(kind(), "class").maps
    monkeypatch.setattr(ScoredModel, "rows_at_once", lambda self, anatomy: 2)
    assert_close(run(kind(), "class").maps, expected)


@EVERY
def test_models_without_attention(kind):
    model = keras.Sequential([keras.Input((8, 8, 2)), keras.layers.Flatten(), keras.layers.Dense(3)])
    with pytest.raises(MethodDoesNotApplyError, match="no attention among tokens of the image"):
        ks.explain(model, IMAGES, kind())


@EVERY
def test_inputs_that_are_no_images(kind):
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(3)])
    with pytest.raises(MethodDoesNotApplyError, match="makes maps of images"):
        ks.explain(model, np.ones((2, 6), "float32"), kind())


def test_names():
    assert AttentionMap("Block.Attention-1", 2).name == "attention_map_block_attention_1_head_2"
    assert type(AttentionMap(head=np.int64(1)).head) is int
    assert AttentionMap(head=0).name == "attention_map_head_0"
    assert AttentionMap("a", name="mine").name == AttentionMap(name="mine").name == "mine"


@pytest.mark.parametrize("head", [-1, 1.5, "max", True, None])
def test_what_is_no_head(head):
    with pytest.raises((TypeError, ValueError), match='Expected head to be .*"mean".* Received: head='):
        AttentionMap(head=head)


def test_a_head_that_the_layer_does_not_have():
    with pytest.raises(ValueError, match="one of the 2 of layer 'attention_1', from 0. Received: head=2"):
        run(AttentionMap(head=2), "class")


def test_attention_that_cannot_be_shown_is_named():
    """One query for the mean of all tokens, behind attention among them."""

    def pooled_too(x):
        x = attended(x)
        query = keras.layers.GlobalAveragePooling1D(keepdims=True)(x)
        return x + keras.layers.MultiHeadAttention(2, 3, name="pooling")(query, x)

    found = ks.explain(over(pooled_too), IMAGES, AttentionMap()).diagnostics
    assert found["layer"] == "attention"
    assert found["passed_over"] == ["pooling: 1 queries look at 16 keys"]


@pytest.mark.parametrize(
    ("read", "words"),
    [
        ((2,), "2 of 6"),
        ((0, 1, 2), "0, 1, 2 of 6"),
        ((1, 2, 3, 4), "1 to 4 of 6"),
        ((1, 2, 3, 5), "1, 2, 3, 5 of 6"),
        (tuple(range(6)), "all 6"),
    ],
)
def test_the_tokens_that_are_read_in_words(read, words):
    found = Attention(("a",), (np.zeros((1, 1, 6, 6)),), (), TokenGrid(2, 2, 2), read, ())
    assert _in_words(found) == words
    np.testing.assert_allclose(rows_read(found), [(token in read) / len(read) for token in range(6)])


def test_averages_wrap_them():
    found = ks.explain(network("class")[0]._model, IMAGES, ks.SmoothGrad("attention_rollout", samples=4))
    assert found.maps.shape == (COUNT, 8, 8)
