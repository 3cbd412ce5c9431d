import numpy as np

from keras_saliency.probes import as_probes
from keras_saliency.probes.probe_set import DEFAULT_COUNT

from .samples import IMAGES, LABELS, a_probe_set


def test_a_probe_set_is_one():
    probes = a_probe_set()
    assert as_probes(probes) is probes


def test_few_images_are_all_taken():
    probes = as_probes((IMAGES, LABELS))
    np.testing.assert_array_equal(probes.images, IMAGES)
    np.testing.assert_array_equal(probes.labels, LABELS)
    assert as_probes(IMAGES).labels is None
    assert as_probes([IMAGES, IMAGES]).labels is None  # a list is several inputs


def test_many_images_are_sampled_evenly_over_the_labels():
    images = np.arange(300.0).reshape(100, 3)
    labels = np.array([0] * 80 + [1] * 16 + [2] * 4)
    probes = as_probes((images, labels), seed=3)
    assert len(probes) == DEFAULT_COUNT == 16
    np.testing.assert_array_equal(np.bincount(probes.labels), [6, 6, 4])
    positions = [int(name.removeprefix("#")) for name in probes.names]
    np.testing.assert_array_equal(probes.images, images[positions])
    np.testing.assert_array_equal(probes.labels, labels[positions])
    assert as_probes((images, labels), seed=3).fingerprint == probes.fingerprint
    assert as_probes((images, labels), seed=4).fingerprint != probes.fingerprint


def test_many_images_without_labels():
    probes = as_probes(np.arange(300.0).reshape(100, 3))
    assert len(probes) == len(set(probes.names)) == 16
    assert probes.labels is None


def test_more_classes_than_probes():
    probes = as_probes((np.arange(60.0).reshape(30, 2), np.arange(30)))
    assert len(set(probes.labels)) == 16
