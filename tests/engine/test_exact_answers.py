"""Maps that can be worked out by hand."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_saliency.engine import Question, ScoredModel
from keras_saliency.probes.targets import OutputGradient, as_target, bind
from tests import answers

from . import reference
from .networks import images


def gradients(model, inputs, target, **options):
    return answers.gradients(
        ScoredModel(model, **options), inputs, bind(as_target(target), len(inputs), None)
    ).maps


def test_the_classic_example():
    """A 3×3 convolution of ones: each output pixel is the sum of its neighbourhood."""
    conv = layers.Conv2D(1, 3, padding="same", kernel_initializer="ones", use_bias=False)
    at = np.zeros((4, 4, 1))
    at[1, 1] = 1
    for array in (at, at[None]):
        found = gradients(
            keras.Sequential([layers.Input((4, 4, 1)), conv]),
            np.ones((1, 4, 4, 1), "float32"),
            OutputGradient(array),
        )
        expected = [[1, 1, 1, 0], [1, 1, 1, 0], [1, 1, 1, 0], [0, 0, 0, 0]]
        np.testing.assert_array_equal(found[0, :, :, 0], expected)


def transposed_convolution(gradient, kernel):
    """Each output pixel hands its gradient back through the kernel: `(h, w, f)`, `(k, k, c, f)` → `(h+k-1, …, c)`."""
    height, width, _ = gradient.shape
    size, _, channels, _ = kernel.shape
    found = np.zeros((height + size - 1, width + size - 1, channels))
    for y in range(height):
        for x in range(width):
            found[y : y + size, x : x + size] += kernel @ gradient[y, x]
    return found


def test_through_the_first_kernels():
    """The gradient of the first convolution's output, led back through its kernels, is the gradient of the input."""
    inputs = images(7, 6, 2, count=1)
    conv = layers.Conv2D(4, 3)
    head = [layers.Activation("tanh"), layers.Flatten(), layers.Dense(3, activation="softmax")]
    found = gradients(keras.Sequential([layers.Input((7, 6, 2)), conv, *head]), inputs, 2)

    behind = keras.Sequential([layers.Input((5, 4, 4)), *head])
    behind_conv = gradients(behind, ops.convert_to_numpy(conv(inputs)), 2)
    kernel = ops.convert_to_numpy(conv.kernel)
    reference.assert_close(found[0], transposed_convolution(behind_conv[0], kernel))


def test_a_linear_model_is_its_own_map():
    model = keras.Sequential(
        [layers.Input((5, 5, 2)), layers.Flatten(), layers.Dense(3, activation="softmax")]
    )
    weights = ops.convert_to_numpy(model.layers[-1].kernel).T.reshape(3, 5, 5, 2)
    found = gradients(model, images(5, 5, 2), [1, 0, 2])
    np.testing.assert_allclose(found, weights[[1, 0, 2]], rtol=1e-6)


@pytest.mark.parametrize("target", ["predicted", 0, 1, OutputGradient(np.ones(2))])
def test_what_the_network_does_not_read_has_exactly_no_mass(target):
    """Weights set by hand: only the corner of 3×3 pixels is read, by two convolutions and a dense layer."""
    model = keras.Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Conv2D(2, 2, activation="tanh"),
            layers.Conv2D(2, 2, activation="softplus"),
            layers.Flatten(),
            layers.Dense(2),
        ]
    )
    kernel = np.zeros((6, 6, 2, 2), "float32")
    kernel[0, 0] = [[1.0, -2.0], [0.5, 1.0]]  # reads the pixels [0:3, 0:3] alone
    model.layers[-1].kernel.assign(kernel.reshape(72, 2))
    found = gradients(model, images(8, 8, 1), target).copy()
    assert (found[:, :3, :3] != 0).all()
    found[:, :3, :3] = 0
    assert (found == 0).all()


def smooth(activation):
    return keras.Sequential(
        [
            layers.Input((4, 4, 2)),
            layers.Conv2D(6, 3, padding="same", activation="tanh"),
            layers.Flatten(),
            layers.Dense(8, activation="softplus"),
            layers.Dense(3, activation=activation),
        ]
    )


@pytest.mark.parametrize(
    ("activation", "logits"),
    [
        ("softmax", "auto"),
        ("softmax", "output"),
        ("softmax", "centred_log_probability"),
        ("sigmoid", "auto"),
        ("log_softmax", "auto"),
        (None, "auto"),
    ],
)
def test_finite_differences_of_the_scores_agree(activation, logits):
    """Central differences of the scores that the engine itself reports."""
    scored = ScoredModel(smooth(activation), logits=logits, chunk_size=32)
    image, step = images(4, 4, 2, count=1), np.float32(0.02)
    target = as_target(1)
    found = answers.gradients(scored, image, bind(target, 1, None)).maps

    steps = step * np.eye(32, dtype="float32").reshape(32, 4, 4, 2)
    up, down = (
        Question(scored, image + way, bind(target, 32, None)).scores.values for way in (steps, -steps)
    )
    reference.assert_close(found.reshape(-1), (up - down) / (2 * step), tolerance=1e-3)
