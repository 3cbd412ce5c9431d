"""The function being explained: inputs → one score per example, with gradients for the inputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
import optree
from keras import ops

from keras_saliency.engine.anatomy import Anatomy, inspect
from keras_saliency.engine.backends import current_backend
from keras_saliency.engine.float16 import computes_in_float16, scaled_gradients
from keras_saliency.engine.isolation import without_a_trace
from keras_saliency.engine.rectifiers import RectifierCount, Rule
from keras_saliency.engine.scores import (
    LOGITS,
    Scores,
    class_count,
    read_predictions,
    read_scores,
    refuse_hidden_probabilities,
    require_probabilities,
    score_kind,
)
from keras_saliency.engine.selftest import prove_seams
from keras_saliency.engine.step import Step
from keras_saliency.targets import PREDICTED, BoundTarget

LARGEST_CHUNK = 32


@dataclass(frozen=True)
class Gradients:
    """The gradients of `n` scores.

    Attributes:
        maps: float32, signed. One array of the explained tensor's shape, or, for several inputs, the inputs'
            own structure with None in the place of an integer input.
        scores: the scores that were differentiated.
        rectifiers: what a rule for rectifiers found in the model; None without a rule.
    """

    maps: Any
    scores: Scores
    rectifiers: RectifierCount | None = None


@dataclass(frozen=True)
class _Compiled:
    """A step, and its compiled function from chunks to tensors."""

    step: Step
    run: Callable[..., dict[str, Any]]


class ScoredModel:
    """A Keras model as a function from inputs to one score per example.

    Nothing is set on the model. It is traced once per kind of target and shape of inputs, and the current
    weights are used at every call. Inputs go through in chunks of one fixed size, the last one padded: memory
    grows with the chunk, not with the number of examples.

    Args:
        model: a Keras model, on any of Keras' backends; it is built on the first inputs if need be.
        output: the name or position of the output, for models with several.
        logits: `"auto"` takes the score before softmax or sigmoid, found exactly, or raises; `"output"` takes
            the output as it is; `"centred_log_probability"` is log p − mean log p, which equals the logit minus
            the mean logit until a probability underflows.
        chunk_size: examples per call of the model. None: equal chunks of at most 32, chosen at the first call.
    """

    def __init__(
        self,
        model: Any,
        *,
        output: str | int | None = None,
        logits: str = "auto",
        chunk_size: int | None = None,
    ) -> None:
        if logits not in LOGITS:
            raise ValueError(
                f"Expected logits to be one of {', '.join(map(repr, LOGITS))}. Received: {logits!r}"
            )
        if chunk_size is not None and (not isinstance(chunk_size, int) or chunk_size < 1):
            raise ValueError(
                f"Expected chunk_size to be a positive integer or None. Received: {chunk_size!r}"
            )
        prove_seams()
        self.traces = 0
        self._model = model
        self._output = output
        self._logits = logits
        self._chunk = chunk_size
        self._backend = current_backend()
        self._anatomies: dict[Any, Anatomy] = {}
        self._steps: dict[Any, _Compiled] = {}
        self._output_is_known = False

    def inspect(self, inputs: Any, target: BoundTarget) -> Anatomy:
        """The model's anatomy. Whatever cannot work with these inputs and this target is refused here.

        Nothing is computed.

        Raises:
            ModelRejectedInputsError: the model cannot be called on the inputs.
            NoGradientError: no floating tensor is behind the inputs.
            ValueError: a class index or an output gradient does not fit the output, or the output is not clear.
        """
        leaves = optree.tree_leaves(inputs)
        structure = optree.tree_structure(inputs)
        key = (structure, *((leaf.shape[1:], leaf.dtype) for leaf in leaves), target.function is None)
        if key not in self._anatomies:
            self._anatomies[key] = inspect(
                self._model, inputs, self._output, leave_whole=target.function is not None
            )
        if self._chunk is None:
            self._chunk = ceil(len(leaves[0]) / ceil(len(leaves[0]) / LARGEST_CHUNK))
        anatomy = self._anatomies[key]
        if anatomy.output is not None and self._logits == "centred_log_probability":
            require_probabilities(anatomy.output)
        self._aim(anatomy, target, len(leaves[0]))
        return anatomy

    def scores(self, inputs: Any, target: BoundTarget) -> Scores:
        """The scores of the examples. Costs one forward pass.

        Raises:
            LogitsNotFoundError: `logits="auto"`, and the output is a probability of unknown origin.
        """
        anatomy = self.inspect(inputs, target)
        step = self._compiled(anatomy, Step.scores, target)
        return self._read(anatomy, target, self._run(anatomy, step, inputs, target))

    def gradients(self, inputs: Any, target: BoundTarget, *, rule: Rule | None = None) -> Gradients:
        """The gradients of the scores. Costs one forward and one backward pass (twice that in float16).

        Args:
            inputs: a tree of arrays, batch first.
            target: theirs.
            rule: another gradient for rectifiers, see `RectifierRule`.

        Raises:
            MethodDoesNotApplyError: there is a rule, and no rectifier that it could change.
            NoGradientError: no path leads from the score to what is explained.
            LogitsNotFoundError: `logits="auto"`, and the output is a probability of unknown origin.
        """
        anatomy = self.inspect(inputs, target)
        step = self._compiled(anatomy, Step.gradients, target, rule)
        result: dict[str, Any] = {}

        def gradients_at(scale: np.ndarray | None) -> list[np.ndarray]:
            result.update(self._run(anatomy, step, inputs, target, scale))
            return result["gradients"]  # type: ignore[no-any-return]

        if computes_in_float16(self._model):
            maps = scaled_gradients(gradients_at, len(optree.tree_leaves(inputs)[0]))
        else:
            maps = gradients_at(None)
        found = step.step.found[-1] if rule else None
        return Gradients(_in_input_structure(anatomy, maps), self._read(anatomy, target, result), found)

    def _run(
        self,
        anatomy: Anatomy,
        step: _Compiled,
        inputs: Any,
        target: BoundTarget,
        scale: np.ndarray | None = None,
    ) -> dict[str, Any]:
        """Evaluate chunk by chunk; numpy in, numpy out."""
        leaves = anatomy.plan.leaves(inputs)
        count, chunk = len(leaves[0]), self._chunk or 1
        per_example = (
            leaves,
            self._aim(anatomy, target, count),
            np.ones(count, "float32") if scale is None else scale,
        )
        results = []
        with without_a_trace():
            for start in range(0, count, chunk):
                rows = np.minimum(np.arange(start, start + chunk), count - 1)
                result = step.run(
                    *optree.tree_map(lambda array, rows=rows: ops.convert_to_tensor(array[rows]), per_example)
                )
                results.append(optree.tree_map(ops.convert_to_numpy, result))
        return optree.tree_map(lambda *parts: np.concatenate(parts)[:count], *results)  # type: ignore[no-any-return]

    def _compiled(
        self,
        anatomy: Anatomy,
        evaluate: Callable[..., dict[str, Any]],
        target: BoundTarget,
        rule: Rule | None = None,
    ) -> _Compiled:
        key = (evaluate, target.kind, target.function, anatomy.plan, anatomy.tapped_shape, rule)
        if key not in self._steps:
            step = Step(self._model, anatomy, self._output, self._logits, target, self._backend, rule)

            def counted(*arguments: Any) -> dict[str, Any]:
                self.traces += 1
                return evaluate(step, *arguments)

            self._steps[key] = _Compiled(step, self._backend.compile(counted, self._model.variables))
        return self._steps[key]

    def _aim(self, anatomy: Anatomy, target: BoundTarget, count: int) -> np.ndarray:
        output = anatomy.output
        if output is None:
            return target.aim(count, (), 0)
        return target.aim(count, output.shape, class_count(output, score_kind(output, self._logits)))

    def _read(self, anatomy: Anatomy, target: BoundTarget, result: dict[str, Any]) -> Scores:
        output, table = anatomy.output, result["table"]
        kind = score_kind(output, self._logits) if output else "custom"
        if output is None or target.classes is None:
            predicted, probabilities = read_predictions(output, kind, table)
            return Scores(
                result["score"], "custom", np.full_like(predicted, PREDICTED), predicted, probabilities
            )
        if self._logits == "auto" and not self._output_is_known:
            refuse_hidden_probabilities(output, table)
            self._output_is_known = True
        return read_scores(output, kind, table, target.classes)


def _in_input_structure(anatomy: Anatomy, maps: list[np.ndarray]) -> Any:
    if anatomy.tapped_shape is not None:
        return maps[0]
    found = dict(zip(anatomy.plan.floating, maps, strict=True))
    return anatomy.plan.tree([found.get(i) for i in range(len(anatomy.plan.names))])
