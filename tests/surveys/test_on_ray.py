"""Surveys on a Ray cluster are those of one process; skipped where Ray is not installed, see `make test-ray`."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import keras
import pytest
import tensorflow as tf

import keras_saliency as ks
from keras_saliency.errors import SaliencyError
from keras_saliency.surveys.examples import Source
from keras_saliency.surveys.measuring import Measurer
from keras_saliency.surveys.on_ray import Pass, packed, settings_of
from tests.patience import LIMIT

SAME = 1e-6
needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed")


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What `cluster.py` found, and what it said on stderr."""
    folder = tmp_path_factory.mktemp("cluster")
    report, said = folder / "report.json", folder / "said.txt"
    with said.open("wb") as file:
        subprocess.run(
            [sys.executable, Path(__file__).with_name("cluster.py"), folder, report],
            env=os.environ | {"KERAS_BACKEND": "tensorflow", "CUDA_VISIBLE_DEVICES": ""},
            stdout=file,
            stderr=subprocess.STDOUT,
            timeout=LIMIT,
            check=False,
        )
    text = said.read_text(errors="replace")
    if not report.exists():
        pytest.fail(text[-4000:])
    return json.loads(report.read_text()) | {"said": text}


@needs_ray
@pytest.mark.repeats
@pytest.mark.parametrize("what", ["arrays", "again", "pictures", "killed", "gone on"])
def test_a_cluster_finds_what_one_process_finds(found, what):
    """Table, maps and strategies: of arrays, read again, of files, after the death of a worker, after Ctrl-C."""
    assert found[what] is not None
    assert found[what] <= SAME


@needs_ray
@pytest.mark.repeats
def test_what_was_tried_did_happen(found):
    assert found["a worker died"]
    assert found["stopped"] == "KeyboardInterrupt"
    assert 0 < found["parts"] < 6


@needs_ray
@pytest.mark.repeats
def test_pictures_that_cannot_be_read_are_counted(found):
    assert found["unreadable"] == [["class1/bad.png"], 1]


@needs_ray
@pytest.mark.repeats
def test_a_ray_data_set_is_read_by_its_own_workers(found):
    assert found["ray data ids"]
    assert found["ray data scores"] <= SAME
    assert found["ray data again"]


@needs_ray
@pytest.mark.repeats
def test_errors_are_those_of_one_process(found):
    assert found["raised"] == ["ValueError", "the method cannot go on\nfor a reason of two lines"]
    assert "Traceback" not in found["said"]


@needs_ray
@pytest.mark.repeats
def test_a_cluster_of_the_users_stays_connected_and_the_model_as_it_is(found):
    assert found["initialized"]
    assert found["weights"] == 0


@pytest.mark.parametrize(
    ("on", "error", "sentence"),
    [
        ("spark", ValueError, "Expected on to be None, \"ray\" or settings of workers. Received: on='spark'"),
        (2, TypeError, 'Expected on to be None, "ray" or settings of workers. Received: int'),
        ({"batch_size": 4, "num_gpus": 1}, ValueError, "Received: batch_size, which the survey gives itself"),
    ],
)
def test_settings_that_are_none(monkeypatch, on, error, sentence):
    monkeypatch.setattr("keras_saliency.surveys.on_ray.find_spec", lambda name: name)
    with pytest.raises(error) as raised:
        settings_of(on)
    assert sentence in str(raised.value)


def test_settings_of_workers(monkeypatch):
    monkeypatch.setattr("keras_saliency.surveys.on_ray.find_spec", lambda name: name)
    assert settings_of(None) is None
    assert settings_of("ray") == {}
    assert settings_of({"num_gpus": 1}) == {"num_gpus": 1}


def test_a_machine_without_ray(monkeypatch):
    monkeypatch.setattr("keras_saliency.surveys.on_ray.find_spec", lambda name: None)
    assert settings_of(None) is None
    with pytest.raises(ImportError, match=r'pip install "keras_saliency\[ray\]"'):
        settings_of("ray")


class Scaled(keras.layers.Layer):
    """Its settings are lost with its configuration."""

    factor = 1

    def call(self, inputs):
        return self.factor * inputs


def test_a_model_that_saving_changes_is_refused(images):
    """Silently, its survey would be that of another network."""
    scaled = Scaled()
    model = keras.Sequential(
        [keras.Input((12, 12, 3)), scaled, keras.layers.Flatten(), keras.layers.Dense(3)]
    )
    first = Source.of(model, images).first(4)
    measurer = Measurer(model, ks.Gradient(), target=0)
    assert packed(measurer, first).open().count_params() == model.count_params()
    scaled.factor = 3
    measurer = Measurer(keras.Sequential([keras.Input((12, 12, 3)), model]), ks.Gradient(), target=0)
    with pytest.raises(SaliencyError, match="is another one after Keras has saved and loaded it"):
        packed(measurer, first)


def test_a_data_set_that_is_read_from_its_beginning_is_refused(network, images):
    """Before a cluster is started."""
    stream = tf.data.Dataset.from_tensor_slices(images).batch(8)
    todo = Pass(Source.of(network, stream), Measurer(network, ks.Gradient()), None, 8, {})
    with pytest.raises(ValueError, match="Expected, on a cluster, arrays, pictures or a Ray data set"):
        todo.measure({}, lambda count: None)
