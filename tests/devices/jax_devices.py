"""`keras.distribution.DataParallel` and `ModelParallel`, also as FSDP, on four host devices."""

import keras
from training import LOGS, METHODS, PROBES, difference, explained, fit, maps, network, report, values

import keras_saliency as ks

DEVICES = keras.distribution.list_devices()


def model_parallel():
    mesh = keras.distribution.DeviceMesh((2, 2), ["batch", "model"], DEVICES)
    layouts = keras.distribution.LayoutMap(mesh)
    layouts[".*convolution/kernel"] = (None, None, None, "model")
    layouts[".*convolution/output"] = ("batch", None, None, "model")
    layouts[".*classes/kernel"] = ("model", None)
    return keras.distribution.ModelParallel(layout_map=layouts, batch_dim_name="batch")


def fully_sharded():
    """FSDP: every weight is spread over the devices that share the batch."""
    layouts = keras.distribution.LayoutMap(keras.distribution.DeviceMesh((4,), ["batch"], DEVICES))
    layouts[".*convolution/kernel"] = (None, None, None, "batch")
    layouts[".*classes/kernel"] = ("batch", None)
    layouts[".*(gamma|beta|moving_mean|moving_variance|convolution/bias)"] = ("batch",)
    return keras.distribution.ModelParallel(layout_map=layouts, batch_dim_name="batch")


def findings(name, distribution):
    keras.distribution.set_distribution(distribution)
    model, watched = network(), network()
    fit(model)
    saliency = ks.SaliencyCallback(PROBES, LOGS / name, METHODS)
    fit(watched, saliency)
    sharded = sum(not weight.value.sharding.is_fully_replicated for weight in watched.weights)
    weights = watched.get_weights()
    keras.distribution.set_distribution(None)
    single = network()
    single.set_weights(weights)
    return {
        "sharded": sharded,
        "training": difference(values(model), values(watched)),
        "maps": difference(maps(saliency.last_look), explained(single)),
        "steps": [look.step for look in saliency.looks],
        "files": len(list((LOGS / name / "saliency").glob("events*"))),
        "lost": saliency.summary.lost,
    }


report(
    devices=len(DEVICES),
    data=findings("data", keras.distribution.DataParallel(devices=DEVICES)),
    model=findings("model", model_parallel()),
    fully=findings("fully", fully_sharded()),
)
