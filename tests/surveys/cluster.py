"""Surveys here and on a Ray cluster of two workers: `python cluster.py FOLDER REPORT`, in a process of its own.

One cluster for all: it takes longer to start than what is tried there.
"""

import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0", "OMP_NUM_THREADS": "1"}

import keras
import numpy as np
import ray
from keras import layers
from PIL import Image

import keras_saliency as ks
from keras_saliency.surveys import surveying
from keras_saliency.surveys.examples import Source

FOLDER, REPORT = Path(sys.argv[1]), Path(sys.argv[2])
surveying.MOST = 100  # examples in a part: one chunk of the model
COUNT, SIDE = 700, 12
STARTED = time.perf_counter()


@keras.saving.register_keras_serializable("tests")
class Twice(layers.Layer):
    """A layer of the user's own, from his script."""

    def call(self, inputs):
        return 2 * inputs


@dataclass(frozen=True)
class Striking(ks.Gradient):
    """Does something else at its third chunk in a process, as long as a file is there."""

    name = "striking"
    file: str = ""
    what: str = ""

    def explain(self, question, rng):
        chunks = globals().setdefault("CHUNKS", [])
        chunks.append(question)
        if len(chunks) > 2 and os.path.exists(self.file):
            self.strike()
        return super().explain(question, rng)

    def strike(self):
        if self.what == "die":
            os.remove(self.file)
            os._exit(1)
        if self.what == "stop":
            raise KeyboardInterrupt
        raise ValueError("the method cannot go on\nfor a reason of two lines")


def network():
    keras.utils.set_random_seed(1)
    return keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 3)),
            layers.Rescaling(1 / 255),
            Twice(),
            layers.Conv2D(4, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(3),
        ]
    )


def striking(what, name):
    file = FOLDER / f"strike-{name}"
    file.touch()
    globals().pop("CHUNKS", None)
    return Striking(file=str(file), what=what)


def survey(data, name, on=None, method="gradient", model=None):
    return ks.survey(model or MODEL, data, FOLDER / name, method=method, on=on, progress=False)


def difference(one, other):
    """The largest difference between two surveys' tables and maps; None: they are not of the same examples."""
    some, others = one.table(), other.table()
    if some.keys() != others.keys():
        return None
    texts = [name for name, column in some.items() if column.dtype.kind in "OiU"]
    if any(some[name].tolist() != others[name].tolist() for name in texts):
        return None
    pairs = [(some[name], others[name]) for name in some if name not in texts]
    pairs += [(one.maps(), other.maps()), (one.class_maps().mean, other.class_maps().mean)]
    if [a.as_json() for a in one.strategies] != [b.as_json() for b in other.strategies]:
        return None
    return max(float(np.abs(a - b).max()) for a, b in pairs)


def said(attempt):
    try:
        attempt()
    except BaseException as error:
        return [type(error).__name__, str(error)]
    return None


def write_pictures(folder):
    for row, (image, label) in enumerate(zip(X, Y, strict=True)):
        path = folder / f"class{label}" / f"{row:03d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    (folder / "class1" / "bad.png").write_bytes(b"no picture")
    return folder


def as_ray_data(folder):
    files = sorted(map(str, folder.glob("*/0*.png")))

    def with_label(row):
        return {**row, "label": int(Path(row["path"]).parent.name[-1]), "path": Path(row["path"]).name}

    return ray.data.read_images(files, include_paths=True, mode="RGB").map(with_label)


rng = np.random.default_rng(0)
X, Y = rng.integers(0, 256, (COUNT, SIDE, SIDE, 3), "uint8"), np.arange(COUNT) % 3
MODEL = network()
MODEL.compile(loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
weights = MODEL.get_weights()
pictures = write_pictures(FOLDER / "pictures")

alone, alone_pictures = survey((X, Y), "alone"), survey(pictures, "alone pictures")
ray.init(
    num_cpus=4,
    include_dashboard=False,
    log_to_driver=False,
    logging_level="ERROR",
    _node_ip_address="127.0.0.1",
)
ON = {"compute": ray.data.ActorPoolStrategy(size=2), "num_cpus": 1}

found = {"seconds": {"alone": time.perf_counter() - STARTED}}
found["arrays"] = difference(alone, survey((X, Y), "arrays", ON))
found["seconds"]["arrays"] = time.perf_counter() - STARTED
found["again"] = difference(alone, survey((X, Y), "arrays", ON))
on_pictures = survey(pictures, "pictures on ray", ON)
found["pictures"] = difference(alone_pictures, on_pictures)
found["unreadable"] = on_pictures.unreadable, on_pictures.unreadable_count
by_row = survey(as_ray_data(pictures), "ray data", ON)
found["ray data ids"] = by_row.table()["id"].tolist() == [f"{row:03d}.png" for row in range(100)]
found["ray data scores"] = float(np.abs(by_row.table()["score"] - alone.table()["score"][:100]).max())
some = ["007.png", "099.png", "000.png"]
probes = Source.of(MODEL, as_ray_data(pictures)).again(some)
found["ray data again"] = (
    list(probes.names) == some
    and probes.labels.tolist() == [1, 0, 0]
    and (probes.images == X[[7, 99, 0]]).all().item()
)
found["seconds"]["data"] = time.perf_counter() - STARTED

killed = striking("die", "killed")
found["killed"] = difference(alone, survey((X, Y), "killed", ON, killed))
found["a worker died"] = not os.path.exists(killed.file)
found["seconds"]["killed"] = time.perf_counter() - STARTED

stopped = striking("stop", "stopped")
found["stopped"] = said(lambda: survey((X, Y), "stopped", method=stopped))[0]
found["parts"] = len(list((FOLDER / "stopped" / "parts").glob("*.parquet")))
os.remove(stopped.file)
found["gone on"] = difference(alone, survey((X, Y), "stopped", ON, stopped))
found["raised"] = said(lambda: survey((X, Y), "raised", ON, striking("raise", "raised")))
found["seconds"]["raised"] = time.perf_counter() - STARTED
found["initialized"] = ray.is_initialized()
found["weights"] = max(float(np.abs(a - b).max()) for a, b in zip(weights, MODEL.get_weights(), strict=True))
ray.shutdown()
found["seconds"]["all"] = time.perf_counter() - STARTED
REPORT.write_text(json.dumps(found))
