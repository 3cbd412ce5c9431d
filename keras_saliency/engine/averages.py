"""Gradients at many points near each example, averaged where they are computed.

What crosses between host and device is what the points are made of, and one map per example: not the points, and not
their gradients.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from math import ceil
from typing import Any

import numpy as np
import optree
from keras import ops

from keras_saliency.engine.backends import current_backend
from keras_saliency.engine.backends.base import Backend
from keras_saliency.engine.chunks import ChunkLimit, rows_of
from keras_saliency.engine.float16 import scaled_gradients
from keras_saliency.engine.step import Step

Tensor = Any
Place = Callable[[Any, Any], tuple[list[Tensor], list[Tensor] | None]]


@dataclass(frozen=True)
class Points:
    """Where gradients are taken: the same number of points for each example.

    Attributes:
        place: `(own, each) -> (values, factors)`, made of arithmetic on tensors that broadcasts: for each explained
            tensor the values at some points near some examples, `(points, examples, …)`, and what their gradients are
            multiplied with; None: nothing. A function of a module, as it is compiled once.
        own: what belongs to the examples, a tree of arrays `(n, …)`.
        each: calls for what belongs to the points, one after the other: trees of arrays `(1, …)` that broadcast.
        weights: `(points,)`, above 0.
    """

    place: Place
    own: Any
    each: Callable[[], Iterable[Any]]
    weights: np.ndarray


@dataclass(frozen=True)
class Averages:
    """Weighted means over the points, for each explained tensor `(n, …)` float32.

    Attributes:
        means: of the gradients, or of their products with the factors.
        variances: the mean squared distances from these; empty where they were not asked for.
    """

    means: list[np.ndarray]
    variances: list[np.ndarray]


@dataclass(frozen=True)
class Averager:
    """Takes gradients in chunks, of some points of all examples, or of one point of some of them.

    Attributes:
        step: whose gradients.
        gradients: from leaves and what scores are made with, of one chunk, to the gradients; a third argument scales
            them.
        limit: of chunks.
        compiled: compiled functions, by what they do.
        done: is called after each chunk with its size and the number of examples in it.
    """

    step: Step
    gradients: Callable[..., list[Tensor]]
    limit: ChunkLimit
    compiled: dict[Any, Callable[..., Any]]
    done: Callable[[int, int], None]
    _backend: Backend = field(default_factory=current_backend)

    def average(
        self, points: Points, leaves: Sequence[np.ndarray], aim: Sequence[np.ndarray], *, variance: bool
    ) -> Averages:
        """The averages at these points near the examples of these leaves. After memory ran out all begins anew."""
        while True:
            most = self.limit.most(self.step.anatomy.elements)
            try:
                return self._average(points, leaves, aim, most=most, variance=variance)
            except Exception as error:
                if most == 1 or not self._backend.is_out_of_memory(error):
                    raise
            gc.collect()  # see `in_chunks`
            self.limit.halve(min(most, len(leaves[0]) * len(points.weights)))

    def _average(
        self,
        points: Points,
        leaves: Sequence[np.ndarray],
        aim: Sequence[np.ndarray],
        *,
        most: int,
        variance: bool,
    ) -> Averages:
        count = len(leaves[0])
        group = ceil(count / ceil(count / most))
        others = {at: leaf for at, leaf in enumerate(leaves) if at not in self._explained}
        groups = [
            self._tensors((points.own, others, list(aim)), rows_of(start, group, count))
            for start in range(0, count, group)
        ]
        states: list[Any] = [None] * len(groups)
        together = _points_at_once(len(points.weights), max(1, most // group))
        size = self.limit.size(group * together, self.step.anatomy.elements, set())
        together = min(len(points.weights), size // group)  # more, where the size is fixed
        place, before = partial(_placed, (points.place, size, self._dtypes)), None
        for each, weights in _in_parts(points, together):
            given = self._tensors((each, weights))
            for position, here in enumerate(groups):
                leaves_here, aim_here, factors = self._placed(place, here, given[0])
                gradients = self._gradients(leaves_here, aim_here, size)
                add = partial(_added, (variance, group))
                states[position] = self._run(add, states[position], gradients, factors, given[1])
                if before is not None:  # the host is one chunk ahead, not more
                    self._backend.to_numpy(before)
                before = states[position]["weight"]
                self.done(size, min(group, count - position * group) * int((weights > 0).sum()))
        means, squares = (
            self._whole([state[name] for state in states], count) for name in ("means", "squares")
        )
        return Averages(means, [leaf / np.float32(points.weights.sum()) for leaf in squares])

    @property
    def _explained(self) -> tuple[int, ...]:
        """The positions of the explained leaves; what replaces a tensor inside stands behind the inputs."""
        plan = self.step.anatomy.plan
        return (len(plan.names),) if self.step.replaced else plan.floating

    @property
    def _dtypes(self) -> tuple[str, ...]:
        plan = self.step.anatomy.plan
        return ("float32",) if self.step.replaced else tuple(plan.dtypes[at] for at in plan.floating)

    def _placed(self, place: partial[Any], here: Any, each: Any) -> tuple[list[Tensor], list[Tensor], Any]:
        """What the step takes at some points near the examples of a group, and factors."""
        values, others, aim, factors = self._run(place, here, each)
        placed = others | dict(zip(self._explained, values, strict=True))
        return [placed[position] for position in range(len(placed))], aim, factors

    def _gradients(self, leaves: list[Tensor], aim: list[Tensor], size: int) -> list[Tensor]:
        if not self.step.anatomy.float16:
            return self.gradients(leaves, aim)

        def gradients_at(scale: np.ndarray) -> list[np.ndarray]:  # the host looks at them to choose the scale
            return self._arrays(self.gradients(leaves, aim, self._backend.to_tensor(scale)))  # type: ignore[no-any-return]

        return self._tensors(scaled_gradients(gradients_at, size))  # type: ignore[no-any-return]

    def _run(self, function: partial[Any], *arguments: Any) -> Any:
        key = (function.func, function.args)
        if key not in self.compiled:
            self.compiled[key] = self._backend.compile(function, [], channels_first=False, whole=True)
        return self.compiled[key]([], *arguments)

    def _tensors(self, arrays: Any, rows: Any = slice(None)) -> Any:
        return optree.tree_map(lambda array: self._backend.to_tensor(array[rows]), arrays)

    def _arrays(self, tensors: Any) -> Any:
        return optree.tree_map(self._backend.to_numpy, tensors)

    def _whole(self, parts: list[list[Tensor]], count: int) -> list[np.ndarray]:
        """The leaves of all groups, without the rows that fill up the last one."""
        whole: list[np.ndarray] = [
            np.concatenate(leaf)[:count] for leaf in zip(*self._arrays(parts), strict=True)
        ]
        return whole


def _points_at_once(count: int, most: int) -> int:
    """How many points a chunk has: so many that few are missing in the last one."""
    most = min(count, most)
    return min(range(most, most // 2, -1), key=lambda size: -count % size)


def _in_parts(points: Points, size: int) -> Iterator[tuple[Any, np.ndarray]]:
    """So many points at a time, and their weights; the last ones are filled up with some of weight 0."""
    left, weights = iter(points.each()), points.weights.astype("float32")
    for start in range(0, len(weights), size):
        part = list(islice(left, size))
        missing = size - len(part)
        part += part[-1:] * missing
        yield (
            optree.tree_map(lambda *arrays: np.stack(arrays), *part),
            np.append(weights[start : start + size], np.zeros(missing, "float32")),
        )


def _placed(kind: tuple[Place, int, tuple[str, ...]], here: Any, each: Any) -> tuple[Any, ...]:
    """The explained tensors at some points, what else the step takes, and factors; of so many examples in all."""
    (place, size, dtypes), (own, others, aim) = kind, here
    values, factors = place(own, each)
    points = values[0].shape[0]

    def flat(tensor: Tensor) -> Tensor:
        rows = ops.reshape(tensor, (-1, *tensor.shape[2:]))
        missing = size - rows.shape[0]
        return ops.concatenate([rows, ops.repeat(rows[-1:], missing, 0)]) if missing else rows

    def tiled(tensor: Tensor) -> Tensor:
        return flat(ops.broadcast_to(tensor[None], (points, *tensor.shape)))

    cast = [ops.cast(flat(value), dtype) for value, dtype in zip(values, dtypes, strict=True)]
    return cast, *optree.tree_map(tiled, (others, aim)), factors


def _added(
    kind: tuple[bool, int], state: Any, gradients: list[Tensor], factors: list[Tensor] | None, weights: Tensor
) -> dict[str, Any]:
    """The state with more gradients: means, and squared distances from them (Chan et al. 1979), in float32.

    Distances are taken from the first of them, so what does not vary has none; what rounding takes from a mean goes
    into its next update (Kahan 1965).
    """
    (variance, group), points = kind, weights.shape[0]
    weight = ops.sum(weights)
    total = weight if state is None else state["weight"] + weight
    means, lost, squares = [], [], []
    for position, flat in enumerate(gradients):
        gradient = ops.reshape(flat[: points * group], (points, group, *flat.shape[1:]))
        if factors is not None:
            gradient = gradient * factors[position]
        counts = ops.reshape(weights, (points, *[1] * len(flat.shape)))
        distances = gradient - gradient[:1]
        shift = ops.sum(counts * distances, 0) / weight
        mean = gradient[0] + shift
        square = ops.sum(counts * (distances - shift) ** 2, 0) if variance else None
        if state is not None:
            before = state["means"][position]
            apart = mean - before
            change = apart * (weight / total) + state["lost"][position]
            mean = before + change
            lost.append(change - (mean - before))
            if variance:
                square += state["squares"][position] + apart**2 * (state["weight"] * weight / total)
        means.append(mean)
        squares.append(square)
    lost = lost or [ops.zeros_like(mean) for mean in means]
    return {"weight": total, "means": means, "lost": lost, "squares": squares if variance else []}
