"""A process that forks trainings at command, so that many cost one import; it ends with its input.

Commands, one a line: `start FOLDER REPORT` answers with the number of a process that trains without end and looks
after every batch; `await NUMBER` answers once it is dead. A training goes on from its last checkpoint. It appends to
its report the step of each look when the callback has written it, or what ended it.
"""

import os
import sys
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # a process with threads cannot be forked

import keras
import numpy as np
import tensorflow as tf  # noqa: F401  Keras imports it in every `fit`, on any backend

import keras_saliency as ks


class Report(keras.callbacks.Callback):
    """Says which looks were written; to be placed after the callback that makes them.

    The opening look of a training that goes on has the step of the last one in the log, and is not written.
    """

    def __init__(self, saliency, report):
        super().__init__()
        self.saliency, self.report = saliency, report

    def on_epoch_begin(self, epoch, logs=None):
        if self.saliency.summary.written:
            self.report(self.saliency.last_look.step)

    def on_train_batch_end(self, batch, logs=None):
        self.report(self.saliency.last_look.step)


class Checkpoint(keras.callbacks.Callback):
    """Weights of the last epoch, which no kill can tear, as it can those of Keras' own `BackupAndRestore`."""

    def __init__(self, folder):
        super().__init__()
        self.folder = folder
        self.folder.mkdir(exist_ok=True)

    def on_epoch_end(self, epoch, logs=None):
        unfinished = self.folder / "unfinished.weights.h5"
        self.model.save_weights(unfinished, overwrite=True)
        unfinished.replace(self.folder / f"{epoch + 1:06d}.weights.h5")

    def restore(self, model):
        """Load the last weights, if there are any; the epoch to go on with."""
        found = sorted(self.folder.glob("0*.weights.h5"))
        if not found:
            return 0
        model.load_weights(found[-1])
        return int(found[-1].name.split(".")[0])


def train(folder, report):
    keras.utils.set_random_seed(1)
    x = np.random.default_rng(0).normal(size=(32, 6, 6, 1)).astype("float32")
    y = np.arange(32) % 3
    model = keras.Sequential(
        [keras.Input((6, 6, 1)), keras.layers.Flatten(), keras.layers.Dense(3, activation="softmax")]
    )
    # What is quick to start: JAX compiles less for one function than for each operation.
    eager = keras.backend.backend() != "jax"
    model.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=eager)
    checkpoint = Checkpoint(folder / "checkpoints")
    saliency = ks.SaliencyCallback(
        ks.ProbeSet(x[:5], y[:5]),
        folder / "logs",
        every=ks.Batches(1),
        writers=["tensorboard", "folder"],
        images=False,
    )
    callbacks = [saliency, Report(saliency, report), checkpoint]
    epoch = checkpoint.restore(model)
    before = int(model.optimizer.iterations.numpy())
    try:
        model.fit(x, y, batch_size=8, initial_epoch=epoch, epochs=10**9, verbose=0, callbacks=callbacks)
    except ks.SaliencyError as error:
        updates = int(model.optimizer.iterations.numpy()) - before
        report(f"{type(error).__name__} after {updates} updates")


def start(folder, report):
    """The number of a new process that trains."""
    child = os.fork()
    if child == 0:
        file = os.open(report, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            train(Path(folder), lambda line: os.write(file, f"{line}\n".encode()))
        finally:
            os._exit(0)
    return child


def main():
    for line in sys.stdin:
        match line.split():
            case ["start", folder, report]:
                print(start(folder, report), flush=True)
            case ["await", number]:
                os.waitpid(int(number), 0)
                print("dead", flush=True)


if __name__ == "__main__":
    main()
