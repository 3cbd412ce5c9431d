"""What Python writes and draws, for the page's own tests. Write it again with `python -m tests.page.samples`."""

import json
from base64 import b64encode
from pathlib import Path

import numpy as np

from keras_saliency import records
from keras_saliency.records.scores import Scores
from keras_saliency.render.colormaps import NOT_FINITE, diverging, sequential
from keras_saliency.render.normalize import scales

PATH = Path(__file__).with_name("samples.json")
PICTURES = np.arange(3 * 2 * 4 * 3, dtype=np.uint8).reshape(3, 2, 4, 3)


def samples():
    """Records in Base64, what they hold, and the tables of the colour maps, as JSON values."""
    return {
        "one_channel": _maps(_views(magnitude="largest", signed="difference")),
        "several_channels": _maps(_views(magnitude="mean", signed="sum")),
        "probes": _text(
            records.encode_probes(
                records.ProbesRecord(
                    "ab12", 3, labels=(0, 1, 1), pictures=PICTURES, regions={"corner": _corner()}
                )
            )
        ),
        "pictures": PICTURES.ravel().tolist(),
        "colours": {
            "not_finite": list(NOT_FINITE),
            "sequential": sequential(np.linspace(0, 1, 256)).tolist(),
            "diverging": diverging(np.linspace(-1, 1, 511)).tolist(),
        },
    }


def _views(magnitude, signed):
    """Maps of three probes: one all zero, one as any, one not finite."""
    rng = np.random.default_rng(0)
    positive, negative = np.maximum(rng.normal(size=(2, 3, 5, 4)), 0).astype(np.float32)
    both = np.maximum(positive, negative)
    views = {
        "magnitude": both if magnitude == "largest" else both / 2,
        "positive": positive,
        "negative": negative,
        "signed": positive - negative if signed == "difference" else 3 * positive - negative,
    }
    for view in views.values():
        view[0], view[2] = 0, np.nan
    return views


def _maps(views):
    count = len(views["signed"])
    record = records.encode_maps(
        records.MapsRecord(
            step=3,
            epoch=3,
            wall_time=0.0,
            method="gradient",
            scores=Scores(
                kind="logit",
                values=np.zeros(count, np.float32),
                target_classes=np.zeros(count, int),
                predicted_classes=np.zeros(count, int),
                probabilities=np.zeros(count, np.float32),
            ),
            fingerprint="ab12",
            numbers={},
            per_probe={},
            heatmaps=views,
        )
    )
    stored = records.decode_maps(record).heatmaps
    return {
        "record": _text(record),
        "values": {view: values[1].ravel().tolist() for view, values in stored.items()},
        "divisors": {view: scales(stored[view][:2]).tolist() for view in ("magnitude", "signed")},
    }


def _corner():
    corner = np.zeros((2, 4), bool)
    corner[0, :2] = True
    return corner


def _text(record):
    return b64encode(record).decode()


if __name__ == "__main__":
    PATH.write_text(json.dumps(samples()) + "\n")
