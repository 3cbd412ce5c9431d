"""What a look costs on TensorFlow, against a bare compiled gradient. Run: `make benchmark`.

The floor is one compiled forward and backward pass of the same model for the same batch of 16, numpy in and numpy
out. What a call costs beside the model (arguments, chunking, leaving no trace) is measured on a model that does
next to nothing, and subtracted: it does not grow with the model.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from itertools import count
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

import keras_saliency as ks
from benchmarks.field.imagenet import photographs
from benchmarks.methods import batch, mobilenet, small_cnn
from benchmarks.timing import milliseconds
from examples.photographs.lite0 import efficientnet_lite0
from keras_saliency import metrics
from keras_saliency.engine import Question
from keras_saliency.explanation import bind_target
from keras_saliency.looks.observer import Observer
from keras_saliency.looks.writers import Run, TensorBoardWriter
from keras_saliency.looks.writers.sheets import draw_sheet
from keras_saliency.methods import make_methods
from keras_saliency.render import pictures, to_png

layers = keras.layers


def tiny() -> keras.Model:
    """A model that costs next to nothing."""
    return keras.Sequential([keras.Input((2, 2, 1)), layers.Flatten(), layers.Dense(10)])


def compare_maps(model: keras.Model, rounds: int) -> tuple[float, float]:
    """Median milliseconds of the bare gradient and of `ks.explain`, for the same batch and classes."""
    x, y = batch(model)
    floor = bare_gradient(model, x, y)
    np.testing.assert_allclose(ks.explain(model, x, target=y).maps, floor(), atol=1e-4)
    times = milliseconds({"floor": floor, "ours": lambda: ks.explain(model, x, target=y)}, rounds)
    return float(np.median(times["floor"])), float(np.median(times["ours"]))


def bare_gradient(model: keras.Model, x: np.ndarray, y: np.ndarray):
    @tf.function(autograph=False)
    def gradient(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(x)
            scores = tf.gather(model(x, training=False), y, axis=1, batch_dims=1)
        return tape.gradient(scores, x)

    return lambda: gradient(tf.constant(x), tf.constant(y)).numpy()


def parts_of_a_look(rounds: int) -> dict[str, float]:
    """Median milliseconds of the parts of a whole look at 16 probes of 32 × 32, and of the whole."""
    model = small_cnn()
    x, y = batch(model)
    region = np.zeros((32, 32), bool)
    region[:4, :4] = True
    probes = ks.ProbeSet(x, y, regions={"corner": region})
    observer = Observer(model, probes, make_methods("gradient"))
    scored, target = ks.ScoredModel(model), bind_target(None, probes)
    before, look = observer.look(0, 0), observer.look(1, 1)
    maps = look.methods["gradient"].heatmaps["signed"]
    with tempfile.TemporaryDirectory() as folder:
        run = Run(Path(folder), probes, pictures(x), {}, sheets=True)
        writer = TensorBoardWriter()
        writer.open(run)
        sheet = draw_sheet(run, look, "gradient", before)
        bare = TensorBoardWriter()
        bare.open(Run(Path(folder), probes, None, {}, sheets=False))

        def whole() -> None:
            writer.write(observer.look(2, 2), look)

        times = milliseconds(
            {
                "maps": lambda: Question(scored, x, target).gradients(),
                "ranks (most of the numbers)": lambda: metrics.ranks(maps),
                "maps and numbers": lambda: observer.look(2, 2),
                "sheet, drawn": lambda: draw_sheet(run, look, "gradient", before),
                "sheet, as PNG": lambda: to_png(sheet),
                "maps and numbers, written": lambda: bare.write(look, before),
                "the whole look": whole,
            },
            rounds,
        )
        writer.close()
        bare.close()
    return {name: float(np.median(values)) for name, values in times.items()}


def a_look_by_size(
    model: keras.Model, x: np.ndarray, rounds: int
) -> tuple[float, float, float, float, float]:
    """Median seconds of a bare gradient, and of a look by the callback at 16 probes with and without contact sheets;
    and the bytes of a look.
    """
    y = np.arange(len(x)) % 10
    probes, steps = ks.ProbeSet(x, y), count()
    tasks: dict[str, Callable[[], object]] = {"floor": bare_gradient(model, x, y)}
    with tempfile.TemporaryDirectory() as folder:
        callbacks = {}
        for name, sheets in (("with", True), ("without", False)):
            saliency = callbacks[name] = ks.SaliencyCallback(probes, f"{folder}/{name}", images=sheets)
            tasks[name] = lambda saliency=saliency: saliency.look(model, next(steps))
        times = milliseconds(tasks, rounds)
        sizes = [one.summary.written / one.summary.looks for one in callbacks.values()]
    floor, whole, bare = (float(np.median(times[name])) / 1000 for name in ("floor", "with", "without"))
    return floor, whole, bare, *sizes


def main() -> None:
    """Print the tables."""
    overhead = np.subtract(*compare_maps(tiny(), 300)[::-1])
    print(f"One call's own overhead: {overhead:.2f} ms\n")
    print("| model | floor, ms | maps, ms | ratio | ratio without the overhead |\n|---|---|---|---|---|")
    for name, build, rounds in (
        ("small CNN, 32×32×1", small_cnn, 200),
        ("MobileNetV2, 96×96×3", mobilenet, 60),
    ):
        floor, ours = compare_maps(build(), rounds)
        print(f"| {name} | {floor:.2f} | {ours:.2f} | {ours / floor:.3f} | {(ours - overhead) / floor:.3f} |")
    print(
        "\n| 16 probes of | a bare gradient, s | a look, s | without sheets, s | a look, kB | without sheets, kB |"
    )
    print("|---|---|---|---|---|---|")
    for name, model, x in (
        ("32×32×1 (small CNN, noise)", small_cnn(), None),
        ("96×96×3 (MobileNetV2, noise)", mobilenet(), None),
        ("224×224×3 (EfficientNet-Lite0, photographs)", efficientnet_lite0(), photographs().images[:16]),
    ):
        images = batch(model)[0] if x is None else x.astype("float32")
        *seconds, sheets, maps = a_look_by_size(model, images, 10)
        cells = [*(f"{value:.3f}" for value in seconds), f"{sheets / 1000:.0f}", f"{maps / 1000:.0f}"]
        print(f"| {name} | {' | '.join(cells)} |")
    print("\n| part of a look, 16 probes of 32×32 | ms |\n|---|---|")
    for name, value in parts_of_a_look(50).items():
        print(f"| {name} | {value:.1f} |")


if __name__ == "__main__":
    main()
