"""`tf.distribute.MultiWorkerMirroredStrategy` on two workers: Keras' `fit`, and a training loop of one's own."""

import json
import os

import tensorflow as tf

strategy = tf.distribute.MultiWorkerMirroredStrategy()

import keras
from training import LOGS, METHODS, PROBES, X, Y, difference, explained, fit, maps, network, report, values

import keras_saliency as ks
from keras_saliency.engine.backends import current_backend

WORKER = json.loads(os.environ["TF_CONFIG"])["task"]["index"]


def fails(train):
    try:
        train()
    except ValueError as error:
        return str(error)[:50]
    return None


def batches():
    data = tf.data.Dataset.from_tensor_slices((X, Y)).batch(8)
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    return strategy.experimental_distribute_dataset(data.with_options(options))


def train(lookers):
    """The model and its looks after two epochs, looked at after each by some of the workers."""
    with strategy.scope():
        model = network(synchronized=True)
        model.optimizer.build(model.trainable_variables)
    saliency = ks.SaliencyCallback(PROBES, LOGS / f"by{len(lookers)}", METHODS)

    def update(x, y):
        with tf.GradientTape() as tape:
            losses = keras.losses.sparse_categorical_crossentropy(y, model(x, training=True))
            loss = tf.reduce_sum(losses) / 8
        gradients = tape.gradient(loss, [variable.value for variable in model.trainable_variables])
        model.optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return loss

    @tf.function
    def step(x, y):
        return strategy.reduce("SUM", strategy.run(update, args=(x, y)), axis=None)

    looks = []
    for epoch in range(2):
        for x, y in batches():
            step(x, y)
        if WORKER in lookers:
            looks.append(saliency.look(model, epoch))
    return model, looks


with strategy.scope():
    fitted = network()
fit_alone = fails(lambda: fit(fitted))
fit_watched = fails(lambda: fit(fitted, ks.SaliencyCallback(PROBES, LOGS / "fit")))
(plain, _), (by_all, looks), (by_chief, _) = (train(lookers) for lookers in ((), (0, 1), (0,)))
single = network(synchronized=True)
single.set_weights(by_all.get_weights())
report(
    fit_alone=fit_alone,
    fit_watched=fit_watched,
    chief=current_backend().is_chief(),
    replicas=strategy.num_replicas_in_sync,
    training=[difference(values(plain), values(watched)) for watched in (by_all, by_chief)],
    maps=difference(maps(looks[-1]), explained(single)),
    files={folder.parent.name: len(list(folder.glob("events*"))) for folder in LOGS.glob("by*/saliency")},
)
