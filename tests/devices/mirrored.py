"""`tf.distribute.MirroredStrategy` on two logical devices."""

import tensorflow as tf

tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])

from training import LOGS, METHODS, PROBES, difference, explained, fit, maps, network, report, values

import keras_saliency as ks

with strategy.scope():
    model, watched = (network(synchronized=True) for _ in range(2))
fit(model)
saliency = ks.SaliencyCallback(PROBES, LOGS, METHODS)
fit(watched, saliency)
single = network(synchronized=True)
single.set_weights(watched.get_weights())
with strategy.scope():
    in_scope = explained(watched)
report(
    replicas=strategy.num_replicas_in_sync,
    training=difference(values(model), values(watched)),
    maps=difference(maps(saliency.last_look), explained(single)),
    maps_in_scope=difference(in_scope, explained(single)),
    steps=[look.step for look in saliency.looks],
    files=len(list((LOGS / "saliency").glob("events*"))),
    lost=saliency.summary.lost,
)
