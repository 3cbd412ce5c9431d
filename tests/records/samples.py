"""Maps and a record of them, for the tests of what is stored."""

import dataclasses

import numpy as np

from keras_saliency import records
from keras_saliency.records.scores import Scores


def views_of(maps):
    """The four views of maps `(n, h, w, c)`."""
    return {
        "magnitude": np.abs(maps).max(-1),
        "positive": np.maximum(maps, 0).max(-1),
        "negative": np.maximum(-maps, 0).max(-1),
        "signed": maps.sum(-1),
    }


def mean_of_blocks(views):
    return {view: values.reshape(len(values), 4, 2, 3, 2).mean((2, 4)) for view, values in views.items()}


def a_maps_record(heatmaps, **changes):
    n = len(heatmaps["magnitude"])
    record = records.MapsRecord(
        step=-1,
        epoch=4,
        wall_time=1_700_000_000.123456,
        method="smooth/grad „π“",
        scores=Scores(
            kind="logit",
            values=np.linspace(-3, 3, n, dtype=np.float32),
            target_classes=np.arange(n) - 1,
            predicted_classes=np.arange(n),
            probabilities=np.linspace(0, 1, n, dtype=np.float32),
        ),
        fingerprint="ab12",
        numbers={"drift": 0.25},
        per_probe={"drift": np.linspace(0, 1, n)},
        heatmaps=heatmaps,
    )
    return dataclasses.replace(record, **changes)


def random_maps(channels, n=5, seed=0):
    size = (n, 8, 6, channels)
    return np.random.default_rng(seed).normal(size=size).astype(np.float32) * 10.0 ** np.arange(
        -3, n - 3
    ).reshape(n, 1, 1, 1).astype(np.float32)
