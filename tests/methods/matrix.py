"""Every method on every kind of model and architecture. As a script it writes the tables of `docs/methods.md`."""

import re
import sys
from pathlib import Path

import keras
import numpy as np
import optree
from keras import layers

from keras_saliency import (
    RISE,
    XRAI,
    AttentionMap,
    AttentionRollout,
    BlurIntegratedGradients,
    ExpectedGradients,
    GuidedIntegratedGradients,
    IntegratedGradients,
    LeGrad,
    Occlusion,
    SmoothGrad,
    SmoothGradSquared,
    TransformerAttribution,
    VarGrad,
)
from keras_saliency.engine import ScoredModel
from keras_saliency.errors import SaliencyError
from keras_saliency.methods import METHODS
from keras_saliency.probes.targets import as_target, bind
from tests import answers
from tests.methods.transformers import transformer
from tests.zoo import members

PAGE = Path(__file__).parents[2] / "docs" / "methods.md"
COUNT, SIDE = 2, 12
CHEAP = {
    SmoothGrad: SmoothGrad(samples=4),
    SmoothGradSquared: SmoothGradSquared(samples=4),
    VarGrad: VarGrad(samples=8, noise=0.5),
    IntegratedGradients: IntegratedGradients(steps=3),
    BlurIntegratedGradients: BlurIntegratedGradients(steps=3),
    GuidedIntegratedGradients: GuidedIntegratedGradients(steps=3),
    ExpectedGradients: ExpectedGradients(samples=3),
    XRAI: XRAI(method=IntegratedGradients(steps=3)),
    Occlusion: Occlusion(patch=6),
    RISE: RISE(samples=8, cells=3),
}


OF_ATTENTION = (AttentionMap, AttentionRollout, TransformerAttribution, LeGrad)


def body(data_format=None, activation="relu", dtype=None):
    return [
        layers.Conv2D(4, 3, activation=activation, data_format=data_format, dtype=dtype),
        layers.MaxPooling2D(2, data_format=data_format, dtype=dtype),
        layers.Conv2D(
            6, 3, activation=activation, bias_initializer="ones", data_format=data_format, dtype=dtype
        ),
    ]


def head(dtype=None):
    weights = keras.initializers.RandomUniform(-0.1, 0.3)
    return [layers.Flatten(), layers.Dense(3, activation="softmax", kernel_initializer=weights, dtype=dtype)]


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.parts = [*body(), *head()]

    def call(self, inputs):
        for part in self.parts:
            inputs = part(inputs)
        return inputs


def applied(parts, x):
    for part in parts:
        x = part(x)
    return x


def image(*shape, dtype="float32"):
    return keras.Input(shape or (SIDE, SIDE, 3), dtype=dtype)


def functional():
    x = image()
    return keras.Model(x, applied([*body(), *head()], x))


def nested():
    x = image()
    return keras.Model(x, applied([keras.Sequential([image(), *body()], name="backbone"), *head()], x))


def several_inputs():
    x, extra = image(), keras.Input((2,))
    seen = layers.Concatenate()([layers.Flatten()(applied(body(), x)), extra])
    return keras.Model([x, extra], layers.Dense(3, activation="softmax")(seen))


MODELS = {
    "Sequential": lambda: keras.Sequential([image(), *body(), *head()]),
    "functional": functional,
    "subclassed": Subclassed,
    "nested backbone": nested,
    "uint8 + Rescaling": lambda: keras.Sequential(
        [image(dtype="uint8"), layers.Rescaling(1 / 255), *body(), *head()]
    ),
    "mixed_float16": lambda: keras.Sequential(
        [image(), *body(dtype="mixed_float16"), *head(dtype="float32")]
    ),
    "several inputs": several_inputs,
    "channels_first": lambda: keras.Sequential([image(3, SIDE, SIDE), *body("channels_first"), *head()]),
    "not built": lambda: keras.Sequential([*body(), *head()]),
    "without ReLUs": lambda: keras.Sequential([image(), *body(activation="tanh"), *head()]),
    "without spatial layers": lambda: keras.Sequential(
        [image(), layers.Flatten(), layers.Dense(8, activation="relu"), layers.Dense(3, activation="softmax")]
    ),
    "vision transformer": lambda: transformer(SIDE, 3, patch=4),
    "vectors": lambda: keras.Sequential(
        [keras.Input((9,)), layers.Dense(8, activation="relu"), layers.Dense(3, activation="softmax")]
    ),
}


ARCHITECTURES = {
    "ResNet": "ResNet, KerasHub",
    "DenseNet": "DenseNet, KerasHub",
    "MobileNet": "MobileNet, KerasHub",
    "EfficientNet": "EfficientNet, KerasHub",
    "ViT": "ViT",
    "DeiT": "DeiT",
    "Swin": "Swin",
    "MiT": "MiT",
    "convolutions and attention": "a hybrid",
    "U-Net": "U-Net",
    "siamese": "siamese",
    "two outputs": "two outputs, the first",
    "1-D": "1-D",
}
"""Columns of the second table, and the members of the zoo that stand for them."""


def inputs_of(kind):
    rng = np.random.default_rng(0)
    pictures = rng.random((COUNT, SIDE, SIDE, 3), "float32")
    return {
        "uint8 + Rescaling": (255 * pictures).astype("uint8"),
        "several inputs": [pictures, rng.random((COUNT, 2), "float32")],
        "channels_first": np.moveaxis(pictures, -1, 1),
        "vectors": rng.random((COUNT, 9), "float32"),
    }.get(kind, pictures)


def outcomes(kind):
    """For each method the maps that it makes of such a model, or the error that it raises."""
    keras.utils.set_random_seed(1)
    return _outcomes(ScoredModel(MODELS[kind]()), inputs_of(kind))


def outcomes_on(architecture):
    """The same of a member of the zoo."""
    member = members.MEMBERS[ARCHITECTURES[architecture]]
    model = member.made("softmax")
    return _outcomes(ScoredModel(model, output=member.output), members.inputs_of(model, member.scale))


def _outcomes(scored, inputs):
    target = bind(as_target("predicted"), COUNT, None)
    scored.inspect(inputs, target)
    found = {}
    for name, method in METHODS.built_in().items():
        try:
            made = CHEAP.get(method) or method()
            found[name] = answers.explained(made, scored, inputs, target, np.random.default_rng(0)).maps
        except SaliencyError as error:
            found[name] = error
    return found


def cell(outcome):
    return "–" if isinstance(outcome, SaliencyError) else "✓"


def leaves(maps):
    return optree.tree_leaves(maps)


TABLES = {"matrix": (MODELS, outcomes), "architectures": (ARCHITECTURES, outcomes_on)}


def table(name):
    kinds, ask = TABLES[name]
    columns = {kind: ask(kind) for kind in kinds}
    lines = [f"| | {' | '.join(columns)} |", f"|---|{'---|' * len(columns)}"]
    for method in METHODS.built_in():
        cells = (cell(found[method]) for found in columns.values())
        lines.append(f"| `{method}` | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def place(name):
    """Where a table stands on the page."""
    return re.compile(f"(?<=<!-- {name} -->\n)(.*?)(?=<!-- end of the {name} -->)", re.DOTALL)


def written(name="matrix"):
    """What the page says: for each kind of model the cells by method."""
    rows = place(name).search(PAGE.read_text(encoding="utf-8"))[1].splitlines()
    kinds, *lines = ([part.strip() for part in row.strip("|").split("|")] for row in rows)
    cells = {method.strip("`"): values for method, *values in lines[1:]}
    return {kind: {name: values[i] for name, values in cells.items()} for i, kind in enumerate(kinds[1:])}


if __name__ == "__main__":
    page = PAGE.read_text(encoding="utf-8")
    for name in TABLES:
        page = place(name).sub(table(name), page)
    PAGE.write_text(page, encoding="utf-8")
    sys.stdout.write(f"{PAGE}\n")
