"""Logs that the real callback wrote on a model so small that many epochs take seconds."""

import keras
import numpy as np

import keras_saliency as ks
from keras_saliency import records
from keras_saliency.looks import event_file as eventfile

EPOCHS = 64
PROBES = 16
METHODS = ("gradient", "smoothgrad", "input_x_gradient")
SIZE = (8, 10)
HTML = "<img src=x onerror=\"document.title='run'\">"
NAMES = (HTML, 'a/b "quoted"', "猫", *(f"probe number {i}" for i in range(3, PROBES)))
CLASS_NAMES = ("<b>cat</b>", "a dog of a breed that has quite a long name", "猫 & co")
CORNER = np.zeros(SIZE, bool)
CORNER[:2, :3] = True


def probes(seed=0, **changes):
    rng = np.random.default_rng(seed)
    images = rng.random((PROBES, *SIZE, 3)).astype("float32")
    given = {"names": NAMES, "class_names": CLASS_NAMES, "regions": {"corner": CORNER}}
    return ks.ProbeSet(images, np.arange(PROBES) % 3, **given | changes)


def train(log_dir, epochs, *, watched=None, methods=("gradient",), seed=0, initial_epoch=0, **options):
    """Fit with the callback; returns the probes."""
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((*SIZE, 3)),
            keras.layers.Conv2D(2, 3, activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.SGD(0.3), "sparse_categorical_crossentropy")
    watched = probes() if watched is None else watched
    made = [ks.SmoothGrad(samples=2) if method == "smoothgrad" else method for method in methods]
    saliency = ks.SaliencyCallback(watched, log_dir, made, images=False, **options)
    x, y = np.asarray(watched.images), np.asarray(watched.labels)
    model.fit(
        x,
        y,
        epochs=epochs,
        initial_epoch=initial_epoch,
        batch_size=PROBES,
        shuffle=False,
        verbose=0,
        callbacks=[saliency],
    )
    return watched


def damage(log_dir, step):
    """Cut the maps of a step short, as if a disk had lied."""

    def cut(at, value):
        if at == step and value.tag.endswith("/maps"):
            value.tensor.string_val[0] = value.tensor.string_val[0][:-40]
        return True

    _rewrite(log_dir, cut)


def lose_probes(log_dir):
    """Take the record of the probes out of a log."""
    _rewrite(log_dir, lambda step, value: value.tag != records.PROBES_TAG)


def _rewrite(log_dir, keep):
    """Write a log again, with the values for which `keep(step, value)`, which may change them, is true."""
    folder = log_dir / "saliency"
    (path,) = eventfile.event_files(folder)
    events = list(eventfile.read_events(path))
    path.unlink()
    file = eventfile.EventFile(folder)
    for event in events:
        values = [value for value in event.summary.value if keep(event.step, value)]
        if values:
            file.write(event.step, values, event.wall_time)
    file.close()


CHECKED = (
    {"name": "finite", "status": "passed", "sentence": "All is finite.", "value": None, "limit": None},
    {
        "name": "untrained",
        "status": "warned",
        "sentence": "Is it trained?",
        "value": 0.5,
        "limit": None,
        "about": "model",
    },
    {
        "name": "region",
        "about": "model",
        "status": "failed",
        "sentence": f"The corner has too much: {HTML}",
        "value": 12.125,
        "limit": 3.0,
        "direction": "at_most",
    },
)


def add_checks(log_dir, step, *, region="failed"):
    """Log check results at a step, as a run that had checks does; the last one has this status."""
    results = (*CHECKED[:-1], {**CHECKED[-1], "status": region})
    record = records.encode_checks(records.ChecksRecord(step, step, results))
    file = eventfile.EventFile(log_dir / "saliency")
    content = records.metadata(records.CHECKS)
    file.write(step, [eventfile.blobs(records.CHECKS_TAG, [record], records.PLUGIN_NAME, content)])
    file.close()
