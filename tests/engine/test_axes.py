"""Whether an input is an image, and where its channels are: networks that read one planted pixel of an oblong image."""

import keras
import numpy as np
import pytest
from keras import layers, ops

import keras_saliency as ks
from keras_saliency.errors import MethodDoesNotApplyError

HEIGHT, WIDTH = 6, 9
LAST, FIRST = (HEIGHT, WIDTH, 3), (3, HEIGHT, WIDTH)
ROW, COLUMN = 1, 7
"""The only pixel that the networks read."""


class Reads(keras.layers.Layer):
    """One score: the sum over the channels of the planted pixel, of tensors in one format."""

    def __init__(self, data_format):
        super().__init__()
        self._first = data_format == "channels_first"

    def call(self, tensor):
        pixel = tensor[:, :, ROW, COLUMN] if self._first else tensor[:, ROW, COLUMN]
        return ops.sum(pixel, axis=-1, keepdims=True)


def convolution(data_format, filters=2):
    return layers.Conv2D(filters, 1, data_format=data_format, kernel_initializer="ones", use_bias=False)


def reading(shape, *before, data_format="channels_last", dtype=None):
    """A network that reads the planted pixel behind a convolution, and some layers before it."""
    return keras.Sequential(
        [keras.Input(shape, dtype=dtype), *before, convolution(data_format), Reads(data_format)]
    )


class Transposing(keras.Model):
    """Channels first, brought to the end by an operation that no layer shows."""

    def __init__(self, transpose):
        super().__init__()
        self._transpose = transpose
        self._convolution, self._reads = convolution("channels_last"), Reads("channels_last")

    def call(self, inputs):
        return self._reads(self._convolution(self._transpose(inputs)))


class Operations(keras.Model):
    """A convolution by `keras.ops`, without a layer that has a data format."""

    def build(self, shape):
        self._kernel = self.add_weight(shape=(1, 1, 3, 2), initializer="ones")

    def call(self, inputs):
        found = ops.conv(inputs, self._kernel, data_format="channels_first")
        return ops.sum(found[:, :, ROW, COLUMN], axis=-1, keepdims=True)


def wrapped(modules, shape):
    """A PyTorch module in a Keras model; the score is the sum of what it makes of the planted pixel."""
    if keras.backend.backend() != "torch":
        pytest.skip("PyTorch modules are for Keras on PyTorch")
    torch = pytest.importorskip("torch")
    module = modules(torch.nn)
    for parameter in module.parameters():
        torch.nn.init.ones_(parameter)
    return keras.Sequential([keras.Input(shape), layers.TorchModuleWrapper(module), Reads("channels_first")])


IMAGES = {
    "channels last": (lambda: reading(LAST), LAST, -1),
    "channels first": (lambda: reading(FIRST, data_format="channels_first"), FIRST, 1),
    "first, behind a Permute": (lambda: reading(FIRST, layers.Permute((2, 3, 1))), FIRST, 1),
    "first, behind a Permute, by a Dense": (
        lambda: reading(
            FIRST, layers.Permute((2, 3, 1)), layers.Dense(2, kernel_initializer="ones", use_bias=False)
        ),
        FIRST,
        1,
    ),
    "first, preprocessed, behind a Permute": (
        lambda: reading(
            FIRST,
            layers.Rescaling(2, offset=-1),
            layers.Normalization(axis=1, mean=[0.1, 0.2, 0.3], variance=[1, 2, 3]),
            layers.RandomContrast(0.1),
            layers.Permute((2, 3, 1)),
        ),
        FIRST,
        1,
    ),
    "last, behind a Permute": (
        lambda: reading(LAST, layers.Permute((3, 1, 2)), data_format="channels_first"),
        LAST,
        -1,
    ),
    "first, transposed": (lambda: Transposing(lambda x: ops.transpose(x, (0, 2, 3, 1))), FIRST, 1),
    "first, axis moved": (lambda: Transposing(lambda x: ops.moveaxis(x, 1, -1)), FIRST, 1),
    "first, by operations": (Operations, FIRST, 1),
    "grey": (lambda: reading((HEIGHT, WIDTH), layers.Reshape((HEIGHT, WIDTH, 1))), (HEIGHT, WIDTH), -1),
    "grey, channels first": (
        lambda: reading((1, HEIGHT, WIDTH), data_format="channels_first"),
        (1, HEIGHT, WIDTH),
        1,
    ),
    "grey, first, reshaped": (
        lambda: reading((1, HEIGHT, WIDTH), layers.Reshape((HEIGHT, WIDTH, 1))),
        (1, HEIGHT, WIDTH),
        1,
    ),
    "four channels": (lambda: reading((HEIGHT, WIDTH, 4)), (HEIGHT, WIDTH, 4), -1),
    "three pixels high": (lambda: reading((3, WIDTH, 5)), (3, WIDTH, 5), -1),
    "four channels, first": (
        lambda: reading((4, HEIGHT, WIDTH), data_format="channels_first"),
        (4, HEIGHT, WIDTH),
        1,
    ),
    "a wrapped convolution": (lambda: wrapped(lambda nn: nn.Conv2d(3, 2, 1, bias=False), FIRST), FIRST, 1),
}


@pytest.mark.parametrize("name", IMAGES)
def test_the_heatmap_is_hot_at_the_pixel_that_is_read(name):
    build, shape, axis = IMAGES[name]
    found = ks.explain(build(), np.random.default_rng(0).random((2, *shape), "float32"))
    assert found.channel_axis == axis
    hot = np.zeros((2, *((3, WIDTH) if name == "three pixels high" else (HEIGHT, WIDTH))), bool)
    hot[:, ROW, COLUMN] = True
    np.testing.assert_array_equal(found.heatmaps() > 0, hot)
    assert found.pictures().shape == (*hot.shape, 3)


def test_a_normalization_of_whole_images_is_no_sign():
    model = reading(FIRST, layers.GroupNormalization(1, axis=1), data_format="channels_first")
    images = np.random.default_rng(0).random((2, *FIRST), "float32")
    assert ks.explain(model, images).channel_axis == 1


def test_bytes_may_be_turned_before_they_are_floats():
    """People see the input, channels first; what is explained is behind the Permute, channels last."""
    model = reading(FIRST, layers.Permute((2, 3, 1)), layers.Rescaling(1 / 255), dtype="uint8")
    images = np.random.default_rng(0).integers(0, 256, (2, *FIRST), "uint8")
    found = ks.explain(model, images)
    assert (found.maps.shape, found.layout.explained, found.layout.inputs) == ((2, *LAST), (-1,), (1,))
    np.testing.assert_array_equal(found.pictures(), np.moveaxis(images, 1, -1))
    assert np.unravel_index(found.heatmaps()[0].argmax(), (HEIGHT, WIDTH)) == (ROW, COLUMN)


def dense(*before, shape):
    return keras.Sequential([keras.Input(shape), *before, layers.Flatten(), layers.Dense(2)])


FLATTENED = {
    "two axes": (lambda: dense(shape=(28, 20)), (28, 20)),
    "by a Reshape": (
        lambda: keras.Sequential(
            [keras.Input((28, 20)), layers.Reshape((560,)), layers.BatchNormalization(), layers.Dense(2)]
        ),
        (28, 20),
    ),
    "normalised before": (lambda: dense(layers.BatchNormalization(), shape=(28, 20)), (28, 20)),
    "with channels": (lambda: dense(shape=LAST), LAST),
}


@pytest.mark.parametrize("name", FLATTENED)
def test_what_is_flattened_is_an_image(name):
    build, shape = FLATTENED[name]
    found = ks.explain(build(), np.ones((2, *shape), "float32"))
    assert found.heatmaps().shape == (2, *shape[:2])


NO_IMAGES = {
    "a series": (lambda: dense(layers.Conv1D(3, 5), shape=(64, 2)), (64, 2)),
    "a pooled series": (lambda: dense(layers.AveragePooling1D(2), shape=(64, 2)), (64, 2)),
    "a recurrent layer": (lambda: dense(layers.LSTM(3, return_sequences=True), shape=(28, 28)), (28, 28)),
    "tokens": (lambda: dense(layers.Dense(4), shape=(20, 8)), (20, 8)),
    "one step after the other": (
        lambda: dense(layers.TimeDistributed(layers.Dense(4)), shape=(20, 8)),
        (20, 8),
    ),
    "a volume": (lambda: dense(layers.Conv3D(2, 2), shape=(4, 5, 6, 1)), (4, 5, 6, 1)),
    "a volume without channels": (
        lambda: dense(layers.Reshape((4, 5, 6, 1)), layers.Conv3D(2, 2), shape=(4, 5, 6)),
        (4, 5, 6),
    ),
    "a spectrogram of a wave": (
        lambda: dense(
            layers.STFTSpectrogram(frame_length=16, expand_dims=True), layers.Conv2D(2, 3), shape=(128, 1)
        ),
        (128, 1),
    ),
}


@pytest.mark.parametrize("name", NO_IMAGES)
def test_what_is_read_otherwise_has_maps_and_no_picture(name):
    build, shape = NO_IMAGES[name]
    inputs = np.random.default_rng(0).random((2, *shape), "float32")
    found = ks.explain(build(), inputs)
    assert found.maps.shape == inputs.shape
    assert not found.has_image
    for draw in found.heatmaps, found.pictures, found.sheet:
        with pytest.raises(ValueError, match="none of the inputs is one|None of the inputs is an image"):
            draw()
    with pytest.raises(MethodDoesNotApplyError, match="none of the explained inputs is one"):
        ks.explain(build(), inputs, "occlusion")


def attending():
    inputs = keras.Input((20, 8))
    attended = layers.MultiHeadAttention(2, 4)(inputs, inputs)
    return keras.Model(inputs, layers.Dense(2)(layers.GlobalAveragePooling1D()(attended)))


def test_attention_reads_tokens():
    found = ks.explain(attending(), np.ones((2, 20, 8), "float32"))
    assert not found.has_image
    with pytest.raises(ValueError, match=r"channel_axis=-1 or channel_axis=1 says that they are"):
        found.heatmaps()


def test_whoever_says_where_the_channels_are_says_that_it_is_an_image():
    found = ks.explain(attending(), np.ones((2, 20, 8), "float32"), channel_axis=-1)
    assert found.heatmaps().shape == (2, 20, 8)


def test_embedded_words_are_no_image():
    model = keras.Sequential(
        [
            keras.Input((20,), dtype="int32"),
            layers.Embedding(9, 4),
            layers.GlobalMaxPooling1D(),
            layers.Dense(2),
        ]
    )
    found = ks.explain(model, np.ones((2, 20), "int32"))
    assert (found.maps.shape, found.has_image) == ((2, 20, 4), False)


UNCLEAR = (
    r"^It is not clear where the channels of 'input' \(n, 3, 6, 9\) are: .*channel_axis=1 .*channel_axis=-1 "
)


def test_a_shape_that_nothing_explains_is_refused():
    model, images = dense(shape=FIRST), np.ones((2, *FIRST), "float32")
    with pytest.raises(ValueError, match=UNCLEAR):
        ks.explain(model, images)
    assert ks.explain(model, images, channel_axis=1).heatmaps().shape == (2, HEIGHT, WIDTH)
    assert ks.explain(model, images, channel_axis=-1).heatmaps().shape == (2, 3, HEIGHT)


def test_a_flatten_that_says_so_is_a_sign():
    model = keras.Sequential(
        [keras.Input(FIRST), layers.Flatten(data_format="channels_first"), layers.Dense(2)]
    )
    assert ks.explain(model, np.ones((2, *FIRST), "float32")).channel_axis == 1


def test_the_global_format_is_a_sign_where_there_is_no_other():
    keras.config.set_image_data_format("channels_first")
    try:
        model = keras.Sequential([keras.Input(FIRST), layers.Reshape((162,)), layers.Dense(2)])
        assert ks.explain(model, np.ones((2, *FIRST), "float32")).channel_axis == 1
        with pytest.raises(ValueError, match="It is not clear"):
            ks.explain(
                keras.Sequential([keras.Input(LAST), layers.Reshape((162,)), layers.Dense(2)]),
                np.ones((2, *LAST), "float32"),
            )
        one_layer_of_the_other = reading(LAST)
        assert ks.explain(one_layer_of_the_other, np.ones((2, *LAST), "float32")).channel_axis == -1
    finally:
        keras.config.set_image_data_format("channels_last")


def test_another_axis_than_the_model_reads_is_refused():
    with pytest.raises(ValueError, match=r"channels at axis -1 .* Received: channel_axis=1"):
        ks.explain(reading(LAST), np.ones((2, *LAST), "float32"), channel_axis=1)


def test_of_several_inputs_each_is_read_for_itself():
    series, image = keras.Input((30, 4), name="series"), keras.Input(FIRST, name="image")
    pooled = layers.GlobalAveragePooling1D()(layers.Conv1D(3, 5)(series))
    turned = layers.Flatten()(convolution("channels_last")(layers.Permute((2, 3, 1))(image)))
    model = keras.Model([series, image], layers.Dense(2)(layers.Concatenate()([pooled, turned])))
    found = ks.explain(model, [np.ones((2, 30, 4), "float32"), np.ones((2, *FIRST), "float32")])
    assert (found.layout.explained, found.layout.image) == ((None, 1), 1)
    assert found.heatmaps().shape == (2, HEIGHT, WIDTH)


# Outputs


def classes_at(output, *before, shape=LAST, data_format="channels_last", activation=None):
    return keras.Sequential(
        [
            keras.Input(shape),
            *before,
            layers.Conv2D(4, 3, padding="same", data_format=data_format, activation=activation),
            *output,
        ]
    )


OUTPUTS = {
    "channels first": (lambda: classes_at([], shape=FIRST, data_format="channels_first"), FIRST, 1),
    "last behind first": (lambda: classes_at([], layers.Permute((2, 3, 1)), shape=FIRST), FIRST, 3),
    "first behind last": (lambda: classes_at([layers.Permute((3, 1, 2))]), LAST, 1),
    "first, activated by a layer": (
        lambda: classes_at([layers.Activation("tanh")], shape=FIRST, data_format="channels_first"),
        FIRST,
        1,
    ),
    "turned twice": (
        lambda: classes_at([layers.Permute((3, 1, 2))], layers.Permute((2, 3, 1)), shape=FIRST),
        FIRST,
        1,
    ),
}


class OneByOne(layers.Layer):
    """Takes a batch of one example alone."""

    def call(self, x):
        if x.shape[0] != 1:
            raise ValueError("One example")
        return x


def test_the_class_axis_of_a_model_for_one_example_at_once():
    inputs = keras.Input(LAST, batch_size=1)
    x = OneByOne()(layers.Conv2D(4, 3, padding="same")(inputs))
    model = keras.Model(inputs, layers.Permute((3, 1, 2))(x))
    images = np.random.default_rng(0).random((2, *LAST), "float32")
    outputs = np.concatenate([ops.convert_to_numpy(model(image[None])) for image in images])
    found = ks.explain(model, images, target=3)
    np.testing.assert_allclose(found.scores, outputs[:, 3].sum((1, 2)), rtol=1e-4)


def test_a_class_axis_that_cannot_be_asked_is_an_error():
    class FewAtOnce(layers.Layer):
        def call(self, x):
            if x.shape[0] is not None and x.shape[0] > 4:
                raise ValueError("Too many")
            return x

        def compute_output_shape(self, shape):
            return shape

    model = classes_at([FewAtOnce(), layers.Permute((3, 1, 2))])
    images = np.random.default_rng(0).random((2, *LAST), "float32")
    with pytest.raises(
        ValueError, match=r"Which axis of the output .* is not clear: .* Give a target function"
    ):
        ks.explain(model, images, target=3)
    found = ks.explain(model, images, target=lambda outputs: ops.sum(outputs[:, 3], axis=(1, 2)))
    assert found.maps.any()


@pytest.mark.parametrize("name", OUTPUTS)
def test_the_class_axis_of_an_output_has_nothing_to_do_with_the_input(name):
    build, shape, axis = OUTPUTS[name]
    model, images = build(), np.random.default_rng(0).random((2, *shape), "float32")
    found = ks.explain(model, images, target=3)
    outputs = np.asarray(ops.convert_to_numpy(model(images)))
    np.testing.assert_allclose(found.scores, np.moveaxis(outputs, axis, -1)[..., 3].sum((1, 2)), rtol=1e-4)
