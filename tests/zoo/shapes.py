"""Networks by their shape: what goes in, what comes out, what is shared. Small, with random weights."""

import keras
from keras import layers

CLASSES = 3
SIDE = 32


def image(side=SIDE, name=None):
    return keras.Input((side, side, 3), name=name)


def classify(x, activation, name="head"):
    return layers.Dense(CLASSES, activation=activation, name=name)(x)


def convolution(x, width, name=None, **options):
    return layers.Conv2D(width, 3, padding="same", activation="relu", name=name, **options)(x)


def u_net(activation):
    """Ronneberger et al. 2015, arXiv:1505.04597: a score for each class at each pixel."""
    wide = convolution(inputs := image(), 6)
    middle = convolution(layers.MaxPooling2D(2)(wide), 8)
    deep = convolution(layers.MaxPooling2D(2)(middle), 10, name="bottom")
    up = convolution(layers.Concatenate()([layers.UpSampling2D(2)(deep), middle]), 8)
    up = convolution(layers.Concatenate()([layers.UpSampling2D(2)(up), wide]), 6, name="last")
    return keras.Model(inputs, layers.Activation(activation)(layers.Conv2D(CLASSES, 1, name="classes")(up)))


def hybrid(activation):
    """Convolutions, then attention between their places, as in CoAtNet (Dai et al. 2021, arXiv:2106.04803)."""
    x = convolution(inputs := image(), 8, strides=2)
    x = convolution(x, 8, strides=2)
    x = layers.Reshape((64, 8))(x)
    y = layers.LayerNormalization()(x)
    x = layers.Add(name="attended")([x, layers.MultiHeadAttention(2, 4)(y, y)])
    y = layers.Dense(8, activation="gelu")(layers.LayerNormalization()(x))
    x = layers.Add(name="last")([x, y])
    return keras.Model(inputs, classify(layers.GlobalAveragePooling1D()(x), activation))


def backbone(pooled):
    inputs = image()
    x = convolution(convolution(inputs, 6, strides=2), 8, strides=2)
    return keras.Model(inputs, layers.GlobalAveragePooling2D()(x) if pooled else x, name="backbone")


def siamese(activation):
    """One network sees two images, and what it makes of them is compared (Bromley et al. 1993)."""
    shared, left, right = backbone(pooled=True), image(name="left"), image(name="right")
    return keras.Model(
        {"left": left, "right": right}, classify(abs(shared(left) - shared(right)), activation)
    )


def siamese_maps(activation):
    """The same, where maps are compared."""
    shared, left, right = backbone(pooled=False), image(name="left"), image(name="right")
    x = layers.Subtract(name="difference")([shared(left), shared(right)])
    return keras.Model([left, right], classify(layers.GlobalMaxPooling2D()(x), activation))


def one_dimensional(activation):
    """A series of 64 steps with 2 values."""
    inputs = keras.Input((64, 2))
    x = layers.Conv1D(6, 5, activation="relu", name="first")(inputs)
    x = layers.Conv1D(6, 5, activation="relu", name="last")(layers.MaxPooling1D(2)(x))
    return keras.Model(inputs, classify(layers.GlobalAveragePooling1D()(x), activation))


def two_inputs(activation):
    """An image and numbers about it."""
    x = convolution(inputs := image(name="image"), 6, strides=2, name="seen")
    numbers = keras.Input((4,), name="numbers")
    x = layers.Concatenate()([layers.GlobalAveragePooling2D()(x), layers.Dense(3)(numbers)])
    return keras.Model([inputs, numbers], classify(x, activation))


def two_images(activation):
    """Two images, each with a branch of its own."""
    inputs = [image(name="front"), image(16, name="back")]
    seen = [convolution(x, 6, strides=2, name=f"of_{x.name}") for x in inputs]
    x = layers.Concatenate()([layers.GlobalAveragePooling2D()(x) for x in seen])
    return keras.Model(inputs, classify(x, activation))


def two_outputs(activation):
    """Two tasks, each with a branch of its own."""
    x = convolution(inputs := image(), 6, strides=2, name="shared")
    found = {
        task: classify(
            layers.GlobalAveragePooling2D()(convolution(x, 6, name=f"for_{task}")), activation, task
        )
        for task in ("animal", "colour")
    }
    return keras.Model(inputs, found)


def auxiliary_head(activation):
    """A second head in the middle, as in the first Inception (Szegedy et al. 2014, arXiv:1409.4842)."""
    x = convolution(inputs := image(), 6, strides=2, name="middle")
    aside = convolution(x, 4, name="aside")
    x = convolution(x, 8, strides=2, name="last")
    pool = layers.GlobalAveragePooling2D
    return keras.Model(inputs, [classify(pool()(x), activation), classify(pool()(aside), activation, "aux")])
