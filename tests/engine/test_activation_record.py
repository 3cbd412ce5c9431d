"""Which activation and which layer a tensor comes from."""

import numpy as np
from keras import layers, ops

from keras_saliency.engine.activation_record import ActivationRecord
from keras_saliency.engine.interception import hooked


def test_the_record_knows_a_tensor_by_its_identity():
    logits = ops.convert_to_tensor(np.array([[0.5, -1.0, 2.0]], "float32"))
    with hooked(record := ActivationRecord()):
        output = layers.Activation("softmax", name="last")(logits)
        equal = ops.convert_to_tensor(ops.convert_to_numpy(output))
    assert record.of(output).inputs is logits
    assert record.producer(output).name == "last"
    assert record.of(equal) is record.producer(equal) is record.of(logits) is None


def test_the_record_sees_through_casts():
    logits = ops.convert_to_tensor(np.array([[0.5, -1.0, 2.0]], "float32"))
    with hooked(record := ActivationRecord()):
        half = layers.Activation("linear", dtype="float16")
        output = layers.Identity(dtype="float32")(half(layers.Softmax(name="last")(logits)))
    assert record.of(output).inputs is logits
    assert record.producer(output).name == "last"


def test_the_record_is_not_misled_by_arguments_given_by_name():
    """What a layer is given by name is not seen: it is then known as that layer's own output."""
    logits = ops.convert_to_tensor(np.array([[0.5, -1.0, 2.0]], "float32"))
    with hooked(record := ActivationRecord()):
        probabilities = layers.Softmax()(layers.Flatten()(logits))
        output = layers.Activation("linear", dtype="float16")(inputs=probabilities)
    assert record.of(probabilities) is not None
    assert record.of(output) is record.producer(output) is None
