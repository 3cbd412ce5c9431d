"""Surveys that can be killed: `python surveys.py`, then a folder on each line of stdin.

For each a child is forked that surveys the same data set with the same network into the folder. Its process id is
printed; after one more line it is waited for, and `ended` is printed with its exit status. What takes long, loading
Keras, is done once.
"""

import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

import keras_saliency as ks
from keras_saliency.surveys import surveying

COUNT, TOGETHER = 240, 8


class Slow(keras.utils.PyDataset):
    """Images in an order of their own, as a disk gives them."""

    def __init__(self, images, labels, seed):
        super().__init__()
        self.images, self.labels = images, labels
        self.order = np.random.default_rng(seed).permutation(COUNT)

    def __len__(self):
        return COUNT // 10

    def __getitem__(self, index):
        time.sleep(0.01)
        rows = self.order[10 * index : 10 * (index + 1)]
        return self.images[rows], self.labels[rows]


def survey(folder, seed):
    keras.utils.set_random_seed(0)
    layers = [
        keras.Input((8, 8, 1), batch_size=TOGETHER),
        keras.layers.Conv2D(4, 3, activation="tanh"),
        keras.layers.Flatten(),
        keras.layers.Dense(3, activation="softmax"),
    ]
    surveying.MOST = TOGETHER
    images = np.random.default_rng(0).random((COUNT - 1, 8, 8, 1)).astype("float32")
    images = np.concatenate([images, images[:1]])  # a copy is an example of its own
    images[5, 0, 0] = np.nan
    ks.survey(keras.Sequential(layers), Slow(images, np.arange(COUNT) // 80, seed), folder, progress=False)


def main():
    for number, line in enumerate(iter(sys.stdin.readline, "")):
        child = os.fork()
        if not child:
            os.close(0)
            survey(line.strip(), number)
            os._exit(0)
        print(child, flush=True)
        sys.stdin.readline()
        _, status = os.waitpid(child, 0)
        print("ended", status, flush=True)


if __name__ == "__main__":
    main()
