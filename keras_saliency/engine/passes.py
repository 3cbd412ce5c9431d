"""Passes of the examples through the steps of one model: chunk by chunk, counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import optree

from keras_saliency.engine.averages import Averager, Averages, Points
from keras_saliency.engine.backends import current_backend
from keras_saliency.engine.chunks import ChunkLimit, Rows, in_chunks
from keras_saliency.engine.isolation import outside_inference_mode
from keras_saliency.engine.traces import Running, Traces, run_step


class StepPasses:
    """Runs steps of a model.

    Args:
        model: the Keras model.
        chunk_size: examples per call of it; None: see `ChunkLimit`.

    Attributes:
        traces: of the model, before the first run.
        evaluations: how many examples went through.
        tell: is called after every chunk with the number of examples that went through; None: nobody.
    """

    traces: Traces

    def __init__(self, model: Any, chunk_size: int | None) -> None:
        self._model, self._chunk_size = model, chunk_size
        self._backend = current_backend()
        self.evaluations = 0
        self.tell: Callable[[int], None] | None = None

    @property
    def limit(self) -> ChunkLimit:
        """Of chunks."""
        return self.traces.limits.setdefault(
            self._chunk_size, ChunkLimit(self._chunk_size, self._backend.room())
        )

    def in_chunks(
        self,
        running: Running,
        substitutes: Sequence[Any],
        leaves: Sequence[np.ndarray],
        per_example: Sequence[Any],
        *,
        like: int | None = None,
    ) -> dict[str, Any]:
        """What a step returns for all examples, numpy in and numpy out.

        Args:
            running: the step.
            substitutes: see `ScoredModel.evaluate`.
            leaves: the inputs, see `Step`.
            per_example: what else the step takes.
            like: how many examples decide on the size of chunks; None: these.
        """
        to_tensor, sizes = self._backend.to_tensor, running.compiled.sizes
        count, values = len(leaves[0]), list(substitutes)

        def evaluate(rows: Rows) -> Any:
            with outside_inference_mode():
                given = optree.tree_map(lambda array: to_tensor(array[rows]), (list(leaves), *per_example))
                result = run_step(running, values, *given)
                return optree.tree_map(self._backend.to_numpy, result)

        limit = self.limit
        size = limit.size(like or count, running.step.anatomy.elements, sizes)
        done = self._counting(sizes, size not in sizes and self.traces.fit(self._model))
        is_out_of_memory = self._backend.is_out_of_memory
        return in_chunks(  # type: ignore[no-any-return]
            evaluate, count, size, limit, is_out_of_memory=is_out_of_memory, done=done
        )

    def average(
        self,
        running: Running,
        substitutes: Sequence[Any],
        points: Points,
        leaves: Sequence[np.ndarray],
        aim: Sequence[np.ndarray],
        *,
        variance: bool,
    ) -> Averages:
        """See `ScoredModel.average`."""
        values = list(substitutes)
        averager = Averager(
            running.step,
            lambda *given: run_step(running, values, *given)["gradients"],
            limit=self.limit,
            compiled=self.traces.averages,
            done=self._counting(running.compiled.sizes, self.traces.fit(self._model)),
        )
        with outside_inference_mode():
            return averager.average(points, leaves, aim, variance=variance)

    def _counting(self, sizes: set[int], was_traced: bool) -> Callable[[int, int], None]:
        """What is to be called after each chunk, with its size and the number of new examples in it."""

        def done(chunk: int, examples: int) -> None:
            if chunk not in sizes:
                sizes.add(chunk)
                if was_traced:
                    self.traces.sign(self._model)
            self.evaluations += examples
            if self.tell is not None:
                self.tell(examples)

        return done
