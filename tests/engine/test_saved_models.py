"""SavedModels inside Keras models, against a GradientTape of what was saved."""

import keras
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency.engine import Question, ScoredModel
from keras_saliency.errors import MethodDoesNotApplyError
from keras_saliency.probes.targets import as_target, bind
from tests.engine.reference import assert_close

if keras.backend.backend() != "tensorflow":
    pytest.skip("SavedModels are TensorFlow's", allow_module_level=True)

import tensorflow as tf

CLASS = 1
IMAGES = np.random.default_rng(0).normal(size=(4, 8, 8, 2)).astype("float32")


@pytest.fixture(scope="module")
def inside():
    keras.utils.set_random_seed(0)
    between = [keras.layers.BatchNormalization(), keras.layers.Dropout(0.5), keras.layers.Flatten()]
    convolution = keras.layers.Conv2D(4, 3, activation="relu")
    return keras.Sequential([keras.Input((8, 8, 2)), convolution, *between, keras.layers.Dense(3)])


@pytest.fixture(scope="module")
def model(inside, tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved")
    inside.export(folder, verbose=False)
    return keras.Sequential([keras.Input((8, 8, 2)), keras.layers.TFSMLayer(folder)])


def question(model):
    return Question(ScoredModel(model), IMAGES, bind(as_target(CLASS), len(IMAGES), None))


def test_maps_are_the_gradients_of_what_was_saved(model, inside):
    images = tf.constant(IMAGES)
    with tf.GradientTape() as tape:
        tape.watch(images)
        score = inside(images, training=False)[:, CLASS]
    assert_close(question(model).gradients().maps, tape.gradient(score, images).numpy())


def test_other_weights_are_refused_and_so_are_their_checks(model):
    with pytest.raises(MethodDoesNotApplyError, match="do not reach the inside of 'tfsm"):
        question(model).with_weights(model.get_weights())
    checks = ks.check(model, ks.ProbeSet(IMAGES), ["untrained", "parameter_randomization", "finite"])
    assert [result.status for result in checks.results] == ["errored", "errored", "passed"]


def test_its_relus_are_counted(model):
    with pytest.raises(MethodDoesNotApplyError, match="Rectifiers found: 1 ReLU past Keras"):
        ks.explain(model, IMAGES, "guided_backprop")


def test_its_feature_map_is_refused(model):
    with pytest.raises(MethodDoesNotApplyError, match="may lie inside 'tfsm"):
        ks.explain(model, IMAGES, "grad_cam")
