"""The proof of the seams notices when Keras changes. What is taken away or replaced here is Keras."""

import runpy
import sys

import keras
import numpy as np
import pytest
from keras import layers
from keras.src import backend as keras_backend
from keras.src.backend.common import global_state, masking

import keras_saliency as ks
from keras_saliency.cli import main
from keras_saliency.engine import seams
from keras_saliency.engine.interception import ACTIVATIONS, RECTIFIERS, WINDOWS
from keras_saliency.engine.selftest import prove_seams
from keras_saliency.errors import SeamError

from .private_parts import private_parts

BACKEND = keras.backend.backend()


@pytest.fixture(autouse=True)
def first_use():
    prove_seams.cache_clear()
    yield
    prove_seams.cache_clear()


@pytest.mark.parametrize("policy", ["float32", "mixed_float16", "mixed_bfloat16"])
def test_every_seam_holds_whatever_the_policy(policy):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        prove_seams()
    finally:
        keras.config.set_dtype_policy(before)


def without(owner, name):
    """Keras as it would be without this function or attribute."""
    return lambda monkeypatch: monkeypatch.delattr(owner, name)


def without_nodes(monkeypatch):
    """What a layer was called on is not kept any more."""
    monkeypatch.setattr(layers.Flatten, "_inbound_nodes", property(lambda self: self.calls), raising=False)


REMOVED = {
    "seams.functions.nn": without(seams.functions, "nn"),
    "seams.functions.numpy": without(seams.functions, "numpy"),
    "seams.backend.compute_output_spec": without(keras_backend, "compute_output_spec"),
    "seams.masking.get_keras_mask": without(masking, "get_keras_mask"),
    "seams.masking.set_keras_mask": without(masking, "set_keras_mask"),
    "seams.global_state.get_global_attribute": without(global_state, "get_global_attribute"),
    "seams.global_state.set_global_attribute": without(global_state, "set_global_attribute"),
    "_flatten_layers": without(layers.Layer, "_flatten_layers"),
    "_inbound_nodes": without_nodes,
}
PATCHED = {
    **{
        name: without(seams.functions.nn, name)
        for name in (*ACTIVATIONS, *RECTIFIERS, *WINDOWS, "dot_product_attention")
    },
    "maximum": without(seams.functions.numpy, "maximum"),
}
MODULES = tuple(f"keras.src.backend{below}" for below in ("", ".common.global_state", ".common.masking"))


def test_no_private_part_of_keras_is_used_that_is_not_taken_away_here():
    assert private_parts() == {*REMOVED, *MODULES}


@pytest.mark.parametrize("change", [pytest.param(v, id=k) for k, v in (REMOVED | PATCHED).items()])
def test_a_part_that_is_missing_is_an_error(change, monkeypatch):
    with monkeypatch.context() as patch:
        change(patch)
        with pytest.raises(SeamError, match=r"does not work with Keras 3\S* on \w+ \(\w+Error: ") as error:
            prove_seams()
    assert "\n" not in str(error.value)
    prove_seams()


@pytest.mark.parametrize("module", MODULES)
def test_a_module_that_is_missing_is_an_error(module, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(SeamError, match=f"importing {module} does not work with Keras"):
        runpy.run_path(seams.__file__)


@pytest.mark.skipif(
    BACKEND != "jax", reason="the only framework of which more is used than its public functions"
)
@pytest.mark.parametrize("name", ["ClosedJaxpr", "Literal", "jaxpr_as_fun"])
def test_a_part_of_jax_that_is_missing_is_an_error(name, monkeypatch):
    monkeypatch.delitem(sys.modules, "keras_saliency.engine.backends.jax")
    monkeypatch.delattr(sys.modules["jax.extend.core"], name)
    with pytest.raises(SeamError, match=rf"importing keras_saliency\S+jax does not work .*{name}"):
        prove_seams()


class Elsewhere:
    """A module with some functions of its own: what is replaced in the module does not reach them."""

    def __init__(self, module, **own):
        self._module = module
        vars(self).update(own)

    def __getattr__(self, name):
        return getattr(self._module, name)


def elsewhere(name, change=lambda function: function):
    """Keras looks up the function of that name elsewhere."""

    def move(monkeypatch):
        owner = "numpy" if name == "maximum" else "nn"
        module = getattr(seams.functions, owner)
        moved = Elsewhere(module, **{name: change(getattr(module, name))})
        functions = Elsewhere(seams.functions, **{owner: moved})
        for user in ("activations.activations", "ops.nn", "ops.numpy"):
            monkeypatch.setattr(
                f"keras.src.{user}.backend", Elsewhere(keras_backend, **{owner: moved}, ops=functions)
            )

    return move


def copying(function):
    """A function that returns a copy: identities no longer meet."""
    return lambda *args, **kwargs: function(*args, **kwargs) * 1.0


def other_scale(monkeypatch):
    """Attention is computed otherwise than it was."""
    whole = seams.functions.nn.dot_product_attention
    monkeypatch.setattr(
        seams.functions.nn,
        "dot_product_attention",
        lambda q, *args, **options: whole(2 * q, *args, **options),
    )


def untold_softmax(monkeypatch):
    """The layer of that name computes by itself."""
    monkeypatch.setattr(
        layers.Softmax,
        "call",
        lambda layer, x: keras.ops.exp(x) / keras.ops.sum(keras.ops.exp(x), -1, keepdims=True),
    )


def own_call(monkeypatch):
    """A layer is called without `Layer.__call__`."""
    monkeypatch.setattr(layers.Activation, "__call__", layers.Layer.__call__)


def own_calls(monkeypatch):
    for layer in (layers.Rescaling, layers.Flatten):
        monkeypatch.setattr(layer, "__call__", layers.Layer.__call__)


def lost_masks(monkeypatch):
    monkeypatch.setattr(masking, "set_keras_mask", lambda x, mask: None)


def other_seed(monkeypatch):
    monkeypatch.setattr(seams, "GLOBAL_SEED", "another name")


def no_call_on_shapes(monkeypatch):
    """Keras knows the shape of the output without a call."""
    monkeypatch.setattr(keras_backend, "compute_output_spec", lambda function, *inputs: inputs[0])


def all_layers(monkeypatch):
    """The layers of nested models are always among those of a model."""
    flatten = layers.Layer._flatten_layers
    monkeypatch.setattr(layers.Layer, "_flatten_layers", lambda layer, **options: flatten(layer))


def last_call(monkeypatch):
    """A layer keeps what it was last called on."""
    monkeypatch.setattr(
        layers.Flatten,
        "_inbound_nodes",
        property(lambda self: self.calls[-1:], lambda self, nodes: setattr(self, "calls", nodes)),
        raising=False,
    )


@pytest.mark.parametrize(
    ("change", "seam"),
    [
        *((elsewhere(name), f"recording {name}") for name in ACTIVATIONS),
        *((elsewhere(name), f"replacing the gradient of {name}") for name in RECTIFIERS),
        (elsewhere("maximum"), "noticing a maximum with 0"),
        (elsewhere("max_pool"), "noticing a convolution"),
        (elsewhere("softmax", copying), "recording softmax"),
        (elsewhere("dot_product_attention"), "tapping the weights of attention"),
        (other_scale, "tapping the weights of attention"),
        (untold_softmax, "tapping the weights of attention"),
        (own_call, "recording softmax"),
        (own_calls, "tapping a layer"),
        (lost_masks, "keeping a mask"),
        (other_seed, "forgetting a seed generator"),
        (no_call_on_shapes, "tracing without computing"),
        (all_layers, "finding the layers in a layer"),
        (last_call, "finding what a layer was called on"),
    ],
)
def test_a_seam_that_no_longer_holds_is_an_error_that_names_it(change, seam, monkeypatch):
    change(monkeypatch)
    with pytest.raises(
        SeamError, match=f"changed: {seam} does not work with Keras {keras.__version__} on {BACKEND}"
    ):
        prove_seams()


@pytest.fixture
def network():
    return keras.Sequential(
        [keras.Input((4, 4, 1)), layers.Flatten(), layers.Dense(2, activation="softmax")], name="network"
    )


IMAGES = np.random.default_rng(0).normal(size=(4, 4, 4, 1)).astype("float32")


def test_nothing_is_explained_with_another_keras(network, monkeypatch):
    elsewhere("softmax")(monkeypatch)
    with pytest.raises(SeamError, match="recording softmax"):
        ks.explain(network, IMAGES)


def test_no_training_begins_with_another_keras(network, monkeypatch, tmp_path):
    network.compile("sgd", "sparse_categorical_crossentropy")
    before = network.get_weights()
    elsewhere("softmax")(monkeypatch)
    with pytest.raises(SeamError, match="recording softmax"):
        network.fit(
            IMAGES,
            np.zeros(4),
            epochs=2,
            verbose=0,
            callbacks=[ks.SaliencyCallback(IMAGES, tmp_path / "logs")],
        )
    assert all(np.array_equal(a, b) for a, b in zip(before, network.get_weights(), strict=True))
    assert not (tmp_path / "logs").exists()


@pytest.mark.parametrize("command", [("explain", "--out", "out"), ("check", "--checks", "finite")])
def test_a_command_ends_with_one_sentence(command, network, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    network.save("model.keras")
    ks.ProbeSet(IMAGES).save("probes.npz")
    elsewhere("softmax")(monkeypatch)
    name, *options = command
    assert main([name, "model.keras", "probes.npz", *options]) == 2
    printed, error = capsys.readouterr()
    assert printed == ""
    assert error.count("\n") == 1
    assert error.startswith(
        f"keras-saliency {name}: keras_saliency relies on a private part of Keras that changed"
    )
