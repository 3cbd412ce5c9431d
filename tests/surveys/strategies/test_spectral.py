"""Spectra of graphs whose eigenvalues are known, and clusters against scikit-learn's own."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.cluster import SpectralClustering
from sklearn.metrics import adjusted_rand_score

from keras_saliency.surveys.strategies.spectral import Spectrum, conductance, neighbour_graph, spectral_parts


def complete(count):
    return np.ones((count, count)) - np.eye(count)


def cycle(count):
    return np.roll(np.eye(count), 1, 0) + np.roll(np.eye(count), -1, 0)


def apart(*graphs):
    size = sum(map(len, graphs))
    matrix, start = np.zeros((size, size)), 0
    for graph in graphs:
        matrix[start : start + len(graph), start : start + len(graph)] = graph
        start += len(graph)
    return matrix


def blobs(sizes, distance=20.0, dimensions=6, seed=0):
    rng = np.random.default_rng(seed)
    centres = distance * np.eye(len(sizes), dimensions)
    labels = np.repeat(np.arange(len(sizes)), sizes)
    return centres[labels] + rng.normal(size=(len(labels), dimensions)), labels


def test_the_spectrum_of_a_cycle_is_its_closed_form():
    expected = np.sort(1 - np.cos(2 * np.pi * np.arange(12) / 12))
    np.testing.assert_allclose(Spectrum.of(cycle(12), 12).values, expected, atol=1e-12)


def test_the_spectrum_of_a_complete_graph_is_its_closed_form():
    np.testing.assert_allclose(Spectrum.of(complete(7), 3).values, [0, 7 / 6, 7 / 6], atol=1e-12)


@pytest.mark.parametrize("form", [np.asarray, csr_matrix])
def test_the_eigengap_tells_how_many_parts_a_graph_has(form):
    spectrum = Spectrum.of(form(apart(complete(5), complete(8), cycle(6))), 6)
    np.testing.assert_allclose(spectrum.values[:4], [0, 0, 0, 0.5], atol=1e-12)  # the cycle: 1 - cos(60°)
    assert spectrum.gaps[:3].argmax() == 2
    assert spectrum.gaps[2] == pytest.approx(0.5)


def test_neighbours_go_both_ways():
    points = np.array([[0.0], [1.0], [3.0], [100.0]])  # the last is near to none, but the third is near to it
    graph = neighbour_graph(points, 1).toarray()
    np.testing.assert_array_equal(graph, [[0, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 1], [0, 0, 1, 0]])


def test_conductance_is_the_share_of_links_that_lead_away():
    graph = csr_matrix(cycle(10))
    chosen = np.arange(10) < 4  # four points have eight ends of links, and two of these lead away
    assert conductance(graph, chosen) == pytest.approx(2 / 8)
    assert conductance(csr_matrix(apart(complete(4), cycle(6))), chosen) == 0


@pytest.mark.parametrize("sizes", [(90, 10), (60, 20, 20), (150, 12, 12)])
def test_parts_far_apart_are_found_whatever_their_size(sizes):
    points, labels = blobs(sizes)
    parts = spectral_parts(points, 8)
    assert adjusted_rand_score(labels, parts) == 1
    assert (parts[labels == 0] == 0).all()


@pytest.mark.filterwarnings("ignore:Graph is not fully connected")
def test_the_parts_are_the_clusters_of_scikit_learn():
    points, _ = blobs((60, 40, 20), distance=5.0, seed=1)
    graph = neighbour_graph(points)
    theirs = SpectralClustering(3, affinity="precomputed", random_state=0).fit_predict(graph)
    assert adjusted_rand_score(theirs, spectral_parts(points, 8)) > 0.95


def test_what_hangs_together_is_no_part():
    points, _ = blobs((200,))
    assert not spectral_parts(points, 8).any()


def test_few_points_are_no_parts():
    points, _ = blobs((8, 8))
    assert not spectral_parts(points, 8).any()


def test_the_parts_do_not_depend_on_the_order():
    points, _ = blobs((60, 40, 20), distance=5.0, seed=1)
    order = np.random.default_rng(0).permutation(len(points))
    assert adjusted_rand_score(spectral_parts(points, 8)[order], spectral_parts(points[order], 8)) == 1
