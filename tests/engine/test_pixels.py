"""What a model's first layers tell about its pixels, and when images are doubted. No false alarm on ordinary use."""

import keras
import numpy as np
import pytest

from keras_saliency.engine.pixels import DeclaredPixels, _after, _Scaling, declared_pixels, doubt_about

L = keras.layers
UNIT = np.random.default_rng(0).random((2, 8, 8, 3)).astype("float32")
IMAGES = {
    "0 … 1": UNIT,
    "−1 … 1": 2 * UNIT - 1,
    "0 … 255": 255 * UNIT,
    "standardised": 4 * UNIT - 2,
    "caffe": 255 * UNIT - 117,
    "16 bits": 65_535 * UNIT,
    "black": 0 * UNIT,
}
OF_BYTES = {"0 … 1", "−1 … 1", "16 bits"}
"""What a model for 0 … 255 doubts: standardised images leave −1 … 1, and are not told from dark ones."""
OF_UNITS = {"0 … 255", "caffe", "16 bits"}


def sequential(*first, **declared):
    return keras.Sequential(
        [keras.Input((8, 8, 3), **declared), *first, L.Conv2D(2, 3), L.Flatten(), L.Dense(2)]
    )


def adapted(highest):
    layer = L.Normalization()
    layer.adapt(highest * UNIT)
    return layer


def grown(*layers):
    """A Sequential to which one layer after the other was added; so does Keras when it loads one."""
    model = keras.Sequential([keras.Input((8, 8, 3))])
    for layer in (*layers, L.Conv2D(2, 3), L.Flatten(), L.Dense(2)):
        model.add(layer)
    return model


def functional(first):
    image = keras.Input((8, 8, 3))
    return keras.Model(image, L.Dense(2)(L.Flatten()(L.Conv2D(2, 3)(first(image)))))


def beside_another_branch():
    image = keras.Input((8, 8, 3))
    return keras.Model(image, L.Dense(2)(L.Flatten()(L.Rescaling(1 / 255)(image) + L.Conv2D(3, 1)(image))))


def nested(inner, *before):
    return keras.Sequential([keras.Input((8, 8, 3)), keras.Sequential([L.RandomFlip(), *before]), inner])


IMAGENET = {"mean": [0.485, 0.456, 0.406], "variance": [0.0524, 0.0502, 0.0506]}
MODELS = {
    "1/255": (lambda: sequential(L.Rescaling(1 / 255)), 255, OF_BYTES),
    "1/255, layer by layer": (lambda: grown(L.Rescaling(1 / 255), L.Rescaling(2.0)), 255, OF_BYTES),
    "to −1 … 1": (lambda: sequential(L.Rescaling(1 / 127.5, -1)), 255, OF_BYTES),
    "2x − 1": (lambda: sequential(L.Rescaling(2.0, -1)), 1, OF_UNITS),
    "1/255, then ImageNet's": (
        lambda: sequential(L.Rescaling(1 / 255), L.Normalization(**IMAGENET)),
        255,
        OF_BYTES,
    ),
    "ImageNet's": (lambda: sequential(L.Normalization(**IMAGENET)), 1, OF_UNITS),
    "adapted to 0 … 255": (lambda: sequential(adapted(255)), 255, OF_BYTES),
    "adapted to 0 … 1": (lambda: sequential(adapted(1)), 1, OF_UNITS),
    "adapted to tomography": (lambda: sequential(adapted(2000)), None, set()),
    "x / 255": (lambda: functional(lambda x: x / 255.0), 255, OF_BYTES),
    "(x − 127.5) / 127.5": (lambda: functional(lambda x: (x - 127.5) / 127.5), 255, OF_BYTES),
    "bytes": (lambda: sequential(dtype="uint8"), 255, OF_BYTES),
    "behind augmentation, in a model": (lambda: nested(sequential(L.Rescaling(1 / 255))), 255, OF_BYTES),
    "scaled up before": (lambda: nested(sequential(L.Rescaling(1 / 255)), L.Rescaling(255.0)), None, set()),
    "nothing": (sequential, None, set()),
    "no change": (lambda: sequential(L.Rescaling(1.0)), None, set()),
    "up alone": (lambda: sequential(L.Rescaling(255.0)), None, set()),
    "not adapted": (lambda: sequential(L.Normalization()), None, set()),
    "batch normalisation": (lambda: sequential(L.BatchNormalization()), None, set()),
    "behind a convolution": (lambda: sequential(L.Conv2D(3, 1), L.Rescaling(1 / 255)), None, set()),
    "beside another branch": (beside_another_branch, None, set()),
}


@pytest.mark.parametrize(("make", "highest", "doubted"), MODELS.values(), ids=MODELS)
def test_the_range_and_what_is_doubted(make, highest, doubted):
    model = make()
    assert declared_pixels(model).highest == highest
    assert {name for name, images in IMAGES.items() if doubt_about(model, images)} == doubted


def test_the_sentence():
    assert doubt_about(sequential(L.Rescaling(1 / 255, name="scale")), np.array([[0, 0.5], [1, 1]])) == (
        "The first layers of this model (scale) are made for pixels from 0 to 255, and these images go from 0 to 1. "
        "Give the images as in training; if the model scales them itself, do not scale them before."
    )


APPLICATIONS = {
    "MobileNetV3Small": ("mobilenet_v3", 255),
    "EfficientNetB0": ("efficientnet", 255),
    "MobileNetV2": ("mobilenet_v2", None),
    "ResNet50": ("resnet", None),
}
LONG = [*APPLICATIONS][1:]


@pytest.mark.parametrize(
    "name", ["MobileNetV3Small", *(pytest.param(name, marks=pytest.mark.repeats) for name in LONG)]
)
def test_the_networks_of_keras_with_their_own_preprocessing_are_not_doubted(name):
    module, highest = APPLICATIONS[name]
    model = getattr(keras.applications, name)(weights=None, include_top=False, input_shape=(32, 32, 3))
    images = getattr(keras.applications, module).preprocess_input(255 * UNIT)
    assert declared_pixels(model).highest == highest
    assert doubt_about(model, images) is None
    assert (doubt_about(model, UNIT) is not None) == (highest is not None)


def test_size_and_channels():
    grey = declared_pixels(keras.Sequential([keras.Input((6, 9, 1)), L.Flatten(), L.Dense(2)]))
    assert (grey.size, grey.channels, grey.channels_first) == ((6, 9), 1, False)
    any_size = keras.Sequential([keras.Input((None, None, 3)), L.Conv2D(2, 3), L.GlobalAveragePooling2D()])
    assert declared_pixels(any_size).size is None
    first = [keras.Input((3, 6, 9)), L.Conv2D(2, 3, data_format="channels_first"), L.Flatten(), L.Dense(2)]
    found = declared_pixels(keras.Sequential(first))
    assert (found.size, found.channels, found.channels_first) == ((6, 9), 3, True)


@pytest.mark.parametrize("make", [lambda: keras.Sequential([L.Rescaling(1 / 255), L.Dense(2)]), keras.Model])
def test_a_model_that_declares_nothing_tells_nothing(make):
    assert declared_pixels(make()).highest is None


@pytest.mark.parametrize(
    ("operation", "highest"),
    [
        (lambda x: x * (1 / 255), 255),
        (lambda x: keras.ops.divide(x, 127.5) - 1, 255),
        (lambda x: (x + 10) / 255.0, 255),
        (lambda x: x / 0.5 - 1, 1),
        (lambda x: x / 0, None),
        (lambda x: x - 0.5, 1),
        (lambda x: x + 3, 1),
        (lambda x: x + 3.5, None),  # 4.5: more than networks compute with
        (lambda x: x * (4 / 255), 255),
        (lambda x: x * (4.1 / 255), None),
        (lambda x: x / 60.0, None),  # up to 4.25, or 0.017
        (lambda x: x / 500.0, 255),
        (lambda x: x / 520.0, None),  # less than half
        (lambda x: x / 2.0, 1),
        (lambda x: -x / 255.0, None),  # not told
        (lambda x: 255.0 / x, None),
        (lambda x: x / 255.0 - 4, 255),
        (lambda x: x / 255.0 - 4.5, None),
        (lambda x: (x / 255.0) ** 2, 255),  # as far as it is only scaled
        (lambda x: x / x, None),
    ],
)
def test_ranges_by_arithmetic(operation, highest):
    assert declared_pixels(functional(operation)).highest == highest


KEEPING = {
    "Identity": (),
    "Resizing": (9, 9),
    "CenterCrop": (7, 7),
    "ZeroPadding2D": (1,),
    "Dropout": (0.5,),
    "GaussianNoise": (0.5,),
    "RandomFlip": (),
}


@pytest.mark.parametrize("name", KEEPING)
def test_what_leaves_the_range_as_it_is(name):
    layer = getattr(L, name)(*KEEPING[name])
    assert declared_pixels(sequential(layer, L.Rescaling(1 / 255))).highest == 255


@pytest.mark.parametrize(
    ("scale", "low", "high", "doubted"),
    [
        (1 / 255, 0, 510, False),
        (1 / 255, 0, 511, True),
        (1 / 255, -1, 1, True),
        (1 / 255, -1.1, 1, False),
        (1 / 255, 0, 1.1, False),
        (1 / 255, 1, 1, False),
        (2.0, -60, 50, False),
        (2.0, 0, 51, True),
        (2.0, 0, 1, False),
    ],
)
def test_where_doubt_begins(scale, low, high, doubted):
    images = np.full((1, 8, 8, 3), low, "float32")
    images[0, 0, 0, 0] = high
    assert (doubt_about(sequential(L.Rescaling(scale)), images) is not None) == doubted
    assert doubt_about(sequential(L.Rescaling(scale)), images[:0]) is None


def test_channels_that_do_not_fit_one_another_tell_nothing():
    three, two = L.Normalization(mean=[0.5] * 3, variance=[1.0] * 3), L.Rescaling([1.0, 2.0])
    assert declared_pixels(sequential(three)).highest == 1
    assert (
        declared_pixels(sequential(L.Normalization(mean=[0.5] * 3, variance=[1.0] * 3, invert=True))).highest
        is None
    )
    scaled = _Scaling(np.ones(3), np.zeros(3))
    assert _after(two, (), scaled) is None
    found = _after(L.Rescaling([1.0, 2.0, 3.0], offset=0.5, name="scale"), (), scaled)
    assert (found.factor.tolist(), found.offset.tolist(), found.layers) == ([1, 2, 3], [0.5] * 3, ("scale",))
    assert found.at(10.0) == pytest.approx(20.5)


@pytest.mark.parametrize(
    ("shape", "first"), [((3, 6, 9), True), ((6, 9, 3), False), ((3, 6, 4), False), ((5, 6, 9), False)]
)
def test_images_of_another_size_are_refused(shape, first):
    model = keras.Sequential([keras.Input(shape), L.Flatten(), L.Dense(2)])
    found = declared_pixels(model)
    assert found.channels_first == first
    size = shape[1:] if first else shape[:2]
    found.check_size(np.zeros((2, *shape)))
    other = np.zeros((2, *(side + 1 for side in shape)))
    with pytest.raises(
        ValueError, match=f"Received pictures of {size[0] + 1}x{size[1] + 1}. .*takes images of {size[0]}x"
    ):
        found.check_size(other)
    DeclaredPixels().check_size(other)
    assert DeclaredPixels().way_out == ""
    assert f"--resize {size[0]}x{size[1]} on" in found.way_out
