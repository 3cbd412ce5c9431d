"""Spectral clustering with the eigengap (von Luxburg 2007, arXiv:0711.0189; Ng et al. 2002)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import eigh

_LEAST_NEIGHBOURS = 5
_GAP = 0.1
"""A gap that is none: of points without clusters most gaps are less."""
_LOOSE = 0.12
"""More of the links of a part do not lead away from it."""


@dataclass(frozen=True, eq=False)
class Spectrum:
    """The smallest eigenvalues of a graph's normalised Laplacian, and their vectors.

    Attributes:
        values: `(k,)` ascending, each from 0 to 2; as many are 0 as the graph has parts without a link.
        vectors: `(n, k)`.
    """

    values: np.ndarray
    vectors: np.ndarray

    @classmethod
    def of(cls, graph: Any, count: int) -> Spectrum:
        """Of a symmetric matrix of weights `(n, n)`, dense or sparse, in which every point has a link."""
        from scipy.sparse.csgraph import laplacian

        matrix = laplacian(graph, normed=True)
        dense = np.asarray(matrix.todense() if hasattr(matrix, "todense") else matrix, "float64")
        values, vectors = eigh(dense, subset_by_index=[0, min(count, len(dense)) - 1])
        return cls(np.clip(values, 0, 2), vectors)

    @property
    def gaps(self) -> np.ndarray:
        """`(k − 1,)` how far each eigenvalue is from the next."""
        return np.diff(self.values)


def neighbour_graph(points: np.ndarray, neighbours: int | None = None) -> Any:
    """Which points are among the nearest of each other, one way or the other: a sparse matrix of zeros and ones.

    Args:
        points: `(n, d)`.
        neighbours: how many are near; None: the logarithm of their number, at least five.
    """
    from sklearn.neighbors import kneighbors_graph

    count = neighbours or max(_LEAST_NEIGHBOURS, round(np.log(len(points))))
    graph = kneighbors_graph(points, min(count, len(points) - 1))
    return graph.maximum(graph.T)


def conductance(graph: Any, chosen: np.ndarray) -> float:
    """The share of the links of some points that lead away from them: 0 for a part without a link to the rest."""
    links = graph[np.flatnonzero(chosen)]
    total = float(links.sum())
    return 1 - float(links[:, np.flatnonzero(chosen)].sum()) / total if total else 1.0


def spectral_parts(points: np.ndarray, most: int, seed: int = 0) -> np.ndarray:
    """`(n,)` for each point the part that stands apart from the others, from 1, and 0 for what does not.

    The rows of the first eigenvectors, each of length 1, are clustered by k-means: as many as the eigengap says; where
    there is none, nothing stands apart. Of the clusters the largest is what is usual. Of the others, those stand apart
    that few links lead away from (see `conductance`), which small eigenvalues promise (Lee et al. 2012,
    arXiv:1111.1055).

    Args:
        points: `(n, d)`.
        most: so many clusters at most.
        seed: of k-means.
    """
    from sklearn.cluster import KMeans

    parts = np.zeros(len(points), int)
    if len(points) <= 2 * most:
        return parts
    graph = neighbour_graph(points)
    spectrum = Spectrum.of(graph, most + 1)
    count = int(spectrum.gaps.argmax()) + 1
    if count == 1 or spectrum.gaps[count - 1] <= _GAP:
        return parts
    rows = spectrum.vectors[:, :count]
    rows = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    clusters = KMeans(count, n_init=5, random_state=seed).fit_predict(rows)
    sizes = np.bincount(clusters, minlength=count)
    apart = [
        cluster
        for cluster in range(count)
        if cluster != sizes.argmax() and conductance(graph, clusters == cluster) <= _LOOSE
    ]
    for part, cluster in enumerate(apart, 1):
        parts[clusters == cluster] = part
    return parts
