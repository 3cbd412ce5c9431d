"""Ways to train that change what a model's weights are: the training is the same, and the maps are of what is used."""

import keras
import numpy as np
import pytest
from keras import layers

import keras_saliency as ks

BACKEND = keras.backend.backend()


def plain():
    return keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            layers.Conv2D(4, 3, activation="tanh"),
            layers.BatchNormalization(),
            layers.Flatten(),
            layers.Dense(8, activation="tanh"),
            layers.Dense(3, activation="softmax"),
        ]
    )


def frozen_backbone():
    model = plain()
    for layer in model.layers[:2]:
        layer.trainable = False
    return model


def low_rank():
    model = plain()
    for position in 0, 3, 4:
        model.layers[position].enable_lora(2)
    return model


def quantized():
    model = plain()
    for layer in model.layers[3:]:
        layer.quantize("int8")
    return model


def quantized_low_rank():
    model = quantized()
    model.layers[4].enable_lora(2)
    return model


def as_used(model):
    """The plain network that computes the same: low-rank updates added, integers scaled back."""
    copy = plain()
    for layer, simple in zip(model.layers, copy.layers, strict=True):
        if isinstance(layer, (layers.Conv2D, layers.Dense)):
            kernel = keras.ops.convert_to_numpy(layer._kernel)
            if getattr(layer, "quantization_mode", None) == "int8":
                kernel = kernel.astype("float32") / keras.ops.convert_to_numpy(layer.kernel_scale)
            if layer.lora_enabled:
                update = keras.ops.matmul(layer.lora_kernel_a, layer.lora_kernel_b)
                kernel = kernel + layer.lora_alpha / layer.lora_rank * keras.ops.convert_to_numpy(update)
            simple.set_weights([kernel, keras.ops.convert_to_numpy(layer.bias)])
        else:
            simple.set_weights(layer.get_weights())
    return copy


@pytest.fixture
def trained(compiled, fit, saliency):
    """A function: trains twice, without and with the callback, asserts the same, and returns the latter's maps."""

    def train(make, optimizer=lambda: keras.optimizers.SGD(0.1), around=lambda saliency: [saliency]):
        left = []
        for watched in None, saliency():
            callbacks = [callback for callback in around(watched) if callback is not None]
            model = compiled(make, optimizer=optimizer())
            history = fit(model, *callbacks)
            variables = [np.array(v.numpy()) for v in (*model.variables, *model.optimizer.variables)]
            left.append((variables, {k: v for k, v in history.items() if not k.startswith("saliency")}))
        np.testing.assert_equal(left[1], left[0])
        assert watched.summary.lost == {}
        return model, watched.last_look.methods["gradient"].explanation.maps

    return train


@pytest.fixture
def maps(probes):
    return lambda model: ks.explain(model, probes).maps


@pytest.mark.parametrize("make", [frozen_backbone, pytest.param(low_rank, marks=pytest.mark.repeats)])
def test_frozen_and_low_rank_layers(make, trained, maps):
    model, seen = trained(make)
    np.testing.assert_allclose(seen, maps(as_used(model)), rtol=0, atol=1e-5 * np.abs(seen).max())


@pytest.mark.parametrize("make", [quantized, pytest.param(quantized_low_rank, marks=pytest.mark.repeats)])
@pytest.mark.filterwarnings("ignore:.*does not have a `quantize` method:UserWarning")
def test_integer_layers_pass_the_gradient_straight_through(make, trained, maps):
    """The gradient is that of the layer without rounding; the rounded activations move it a little."""
    model, seen = trained(make)
    np.testing.assert_allclose(seen, maps(as_used(model)), rtol=0, atol=0.05 * np.abs(seen).max())


def test_accumulated_gradients(trained, maps):
    model, seen = trained(plain, lambda: keras.optimizers.SGD(0.1, gradient_accumulation_steps=2))
    np.testing.assert_array_equal(seen, maps(model))


def averaging():
    return keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.9)


def swapping():
    return keras.callbacks.SwapEMAWeights(swap_on_epoch=True)


def test_which_weights_are_seen_where_they_are_averaged(trained, maps):
    """After `SwapEMAWeights` a look sees the averages; else what is trained, which Keras replaces at the end."""
    swapped, averages = trained(plain, averaging, lambda saliency: [swapping(), saliency])
    _, before_swap = trained(plain, averaging, lambda saliency: [saliency, swapping()])
    ended, seen = trained(plain, averaging)
    np.testing.assert_array_equal(averages, maps(swapped))
    np.testing.assert_allclose(before_swap, seen, rtol=0, atol=1e-6)  # Keras swaps by adding and subtracting
    assert not np.allclose(averages, seen, atol=1e-3)
    assert not np.allclose(maps(ended), seen, atol=1e-3)
