"""`keras.distribution` over two processes with two devices each."""

import os

import jax
import keras

jax.config.update("jax_cpu_collectives_implementation", "gloo")  # the default of later versions
keras.utils.set_random_seed(1)
keras.distribution.initialize()
PROCESS = int(os.environ["KERAS_DISTRIBUTION_PROCESS_ID"])

import numpy as np
from training import LOGS, METHODS, PROBES, X, Y, difference, explained, fit, maps, network, report

import keras_saliency as ks
from keras_saliency.errors import SaliencyError

DEVICES = keras.distribution.list_devices()


def model_parallel(*shape):
    mesh = keras.distribution.DeviceMesh(shape, ["batch", "model"], DEVICES)
    layouts = keras.distribution.LayoutMap(mesh)
    layouts[".*convolution/kernel"] = (None, None, None, "model")
    return keras.distribution.ModelParallel(
        layout_map=layouts, batch_dim_name="batch", auto_shard_dataset=False
    )


def values(model):
    return [np.asarray(variable.value.addressable_data(0)) for variable in model.variables]


def train(model, *callbacks):
    """Each process has half of the data."""
    return fit(model, *callbacks, x=X[PROCESS::2], y=Y[PROCESS::2], batch_size=4)


def findings(name, distribution):
    keras.distribution.set_distribution(distribution)
    model, watched = network(), network()
    train(model)
    saliency = ks.SaliencyCallback(PROBES, LOGS / name, METHODS)
    history = train(watched, saliency)
    trained = difference(values(model), values(watched))
    alone = difference(explained(watched), maps(saliency.last_look)) if PROCESS == 0 else None
    train(watched)
    return {
        "training": trained,
        "drift": history["saliency_gradient_drift"],
        "alone": alone,
        "lost": saliency.summary.lost,
        "written": saliency.summary.written > 0,
    }


def refused(distribution):
    keras.distribution.set_distribution(distribution)
    try:
        train(network(), ks.SaliencyCallback(PROBES, LOGS / "refused"))
    except SaliencyError as error:
        return str(error)
    return None


report(
    data=findings("data", keras.distribution.DataParallel(devices=DEVICES, auto_shard_dataset=False)),
    model=findings("model", model_parallel(2, 2)),
    refused=refused(model_parallel(1, 4)),
    files={folder.parent.name: len(list(folder.glob("events*"))) for folder in LOGS.glob("*/saliency")},
)
