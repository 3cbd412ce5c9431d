"""The function being explained: inputs → one score per example, with gradients for the inputs."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import optree
from keras import ops

from keras_saliency.arguments import whole
from keras_saliency.engine.anatomy import Anatomy, called_layers, inspect, inspect_layer
from keras_saliency.engine.answers import Answers, remembered
from keras_saliency.engine.backends import current_backend
from keras_saliency.engine.chunks import ChunkLimit
from keras_saliency.engine.float16 import scaled_gradients
from keras_saliency.engine.inputs import Moved, unwrapped
from keras_saliency.engine.isolation import outside_inference_mode, without_a_trace
from keras_saliency.engine.layers import LayerSite
from keras_saliency.engine.rectifiers import Rule
from keras_saliency.engine.results import Gradients, LayerGradients, LayerOutput
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
from keras_saliency.engine.seams import layers_throughout
from keras_saliency.engine.selftest import prove_seams
from keras_saliency.engine.step import Step
from keras_saliency.engine.weights import (
    WeightedLayer,
    current_values,
    fingerprint,
    fresh_values,
    weighted_layers,
)
from keras_saliency.probes.targets import PREDICTED, BoundTarget


@dataclass(frozen=True)
class _Compiled:
    """A step, its compiled function from chunks to tensors, and the sizes of chunks that it was compiled for."""

    step: Step
    run: Callable[..., dict[str, Any]]
    sizes: set[int]


@dataclass
class _Counts:
    """What a model and its views with other weights did together; `tell` hears of every chunk."""

    traces: int = 0
    evaluations: int = 0
    tell: Callable[[int], None] | None = None

    def add(self, examples: int) -> None:
        """So many examples went through the model."""
        self.evaluations += examples
        if self.tell is not None:
            self.tell(examples)


class ScoredModel:
    """A Keras model as a function from inputs to one score per example.

    Nothing is set on the model. It is traced once per kind of target and shape of inputs, and the current
    weights are used at every call. Inputs go through in chunks of one fixed size, the last one padded: memory
    grows with the chunk, not with the number of examples. Where a chunk is too much for the memory, it is halved.

    Args:
        model: a Keras model, on any of Keras' backends; it is built on the first inputs if need be.
        output: the name or position of the output, for models with several.
        logits: `"auto"` takes the score before softmax or sigmoid, found exactly, or raises; `"output"` takes
            the output as it is; `"centred_log_probability"` is log p − mean log p, which equals the logit minus
            the mean logit until a probability underflows.
        chunk_size: examples per call of the model. None: equal chunks, see `rows_at_once`.
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
        chunk_size = None if chunk_size is None else whole("chunk_size", chunk_size, 1, otherwise="None")
        prove_seams()
        self._counts = _Counts()
        self._values: list[Any] | None = None
        self._model = model
        self._output = output
        self._logits = logits
        self._chunks = ChunkLimit(chunk_size)
        self._backend = current_backend()
        self._anatomies: dict[Any, Anatomy] = {}
        self._sites: dict[Any, LayerSite] = {}
        self._weighted: dict[Any, tuple[WeightedLayer, ...]] = {}
        self._steps: dict[Any, _Compiled] = {}
        self._output_is_known = False
        self.answers: Answers | None = None

    @property
    def traces(self) -> int:
        """How often the model was traced."""
        return self._counts.traces

    @property
    def evaluations(self) -> int:
        """How many examples went through the model, forward or forward and backward; with any weights."""
        return self._counts.evaluations

    @contextmanager
    def telling(self, tell: Callable[[int], None]) -> Iterator[None]:
        """Within the block `tell` is told of every chunk how many examples went through the model."""
        before, self._counts.tell = self._counts.tell, tell
        try:
            yield
        finally:
            self._counts.tell = before

    @property
    def is_half_precision(self) -> bool:
        """Whether any layer computes with fewer than 32 bits."""
        return any(layer.compute_dtype in ("float16", "bfloat16") for layer in layers_throughout(self._model))

    def with_weights(self, values: Sequence[np.ndarray]) -> ScoredModel:
        """The same function with other values in place of `model.weights`; the model keeps its own.

        Such views share what was traced: the model is traced once for all values. State that is no weight
        (seeds, metrics) has its current value.

        Args:
            values: one array per weight of the built model, as `weights` returns them.

        Raises:
            ValueError: their number or a shape does not fit.
        """
        weights = self._model.weights
        shapes = [tuple(weight.shape) for weight in weights]
        if [np.shape(value) for value in values] != shapes:
            raise ValueError(
                f"Expected one array per weight of the model, of the shapes {shapes}. "
                f"Received: {[np.shape(value) for value in values]}"
            )
        with without_a_trace():
            given = {
                id(weight): ops.convert_to_tensor(value, dtype=weight.dtype)
                for weight, value in zip(weights, values, strict=True)
            }
        view = copy(self)
        view.answers = None
        view._values = [given.get(id(variable)) for variable in self._model.variables]
        return view

    def weights(self) -> list[np.ndarray]:
        """The values of `model.weights`, copied."""
        return current_values(self._model)

    def weighted_layers(self, inputs: Any, target: BoundTarget) -> tuple[WeightedLayer, ...]:
        """The layers that have weights, from the output down, in the order of a call on inputs like these."""
        anatomy = self.inspect(inputs, target)
        if anatomy.plan not in self._weighted:
            called = called_layers(self._model, anatomy, unwrapped(inputs)[0])
            self._weighted[anatomy.plan] = weighted_layers(self._model, called)
        return self._weighted[anatomy.plan]

    def randomized(
        self,
        layers: Sequence[WeightedLayer],
        rng: np.random.Generator,
        values: Sequence[np.ndarray] | None = None,
    ) -> tuple[ScoredModel, list[np.ndarray]]:
        """The same function with fresh weights in some layers, see `fresh_values`; and the values."""
        values = fresh_values(self._model, layers, rng, values)
        return self.with_weights(values), values

    def weights_fingerprint(self) -> str:
        """A hash of the values of all weights of the built model: the same training, or another one."""
        return fingerprint(current_values(self._model))

    def inspect(self, inputs: Any, target: BoundTarget) -> Anatomy:
        """The model's anatomy. Whatever cannot work with these inputs and this target is refused here.

        Nothing is computed.

        Raises:
            ModelRejectedInputsError: the model cannot be called on the inputs.
            NoGradientError: no floating tensor is behind the inputs.
            ValueError: a class index or an output gradient does not fit the output, or the output is not clear.
        """
        inputs, _ = unwrapped(inputs)
        leaves, structure = optree.tree_flatten(inputs)
        key = (structure, *((leaf.shape[1:], leaf.dtype) for leaf in leaves), target.function is None)
        if key not in self._anatomies:
            self._anatomies[key] = inspect(
                self._model, inputs, self._output, leave_whole=target.function is not None
            )
        anatomy = self._anatomies[key]
        if anatomy.output is not None and self._logits == "centred_log_probability":
            require_probabilities(anatomy.output)
        self._aim(anatomy, target, len(leaves[0]))
        return anatomy

    @contextmanager
    def remembering(self, inputs: Any, target: BoundTarget) -> Iterator[None]:
        """Within the block a question about just these inputs and this target is computed once.

        So several methods of one look share their passes. The model's weights must not change meanwhile.
        """
        before, self.answers = self.answers, Answers(inputs, target)
        try:
            yield
        finally:
            self.answers = before

    @remembered
    def scores(self, inputs: Any, target: BoundTarget) -> Scores:
        """The scores of the examples. Costs one forward pass.

        Raises:
            LogitsNotFoundError: `logits="auto"`, and the output is a probability of unknown origin.
        """
        anatomy = self.inspect(inputs, target)
        step = self._compiled(anatomy, Step.scores, inputs, target)
        return self._read(anatomy, target, self._run(anatomy, step, inputs, target))

    @remembered
    def gradients(self, inputs: Any, target: BoundTarget, *, rule: Rule | None = None) -> Gradients:
        """The gradients of the scores. Costs one forward and one backward pass (twice that in float16).

        Args:
            inputs: a tree of arrays, batch first, or what `moved` returned.
            target: theirs.
            rule: another gradient for rectifiers, see `RectifierRule`.

        Raises:
            MethodDoesNotApplyError: there is a rule, and no rectifier that it could change.
            NoGradientError: no path leads from the score to what is explained.
            LogitsNotFoundError: `logits="auto"`, and the output is a probability of unknown origin.
        """
        anatomy = self.inspect(inputs, target)
        step = self._compiled(anatomy, Step.gradients, inputs, target, rule=rule)
        result = self._run_scaled(anatomy, step, inputs, target)
        found = step.step.found[-1] if rule else None
        return Gradients(
            self._as_inputs(anatomy, result["gradients"]), self._read(anatomy, target, result), found
        )

    @remembered
    def layer_gradients(self, inputs: Any, target: BoundTarget, layer: Any = "auto") -> LayerGradients:
        """The output of a layer, and the gradients of the scores for it. Costs one forward and one backward pass.

        Args:
            inputs: a tree of arrays, batch first, or what `moved` returned.
            target: theirs.
            layer: a name, a dotted path into nested models, a layer, or `"auto"`: the last layer with a spatial
                output larger than 1 × 1.

        Raises:
            MethodDoesNotApplyError: `"auto"`, and no layer has a spatial output.
            NoGradientError: no path leads from the score to the layer.
            ValueError: no such layer, one that is not called exactly once, or one without a spatial output.
        """
        anatomy = self.inspect(inputs, target)
        site = self._site(anatomy, inputs, layer)
        step = self._compiled(anatomy, Step.gradients, inputs, target, site=site)
        result = self._run_scaled(anatomy, step, inputs, target)
        activations, gradients = (
            _channels_last(tensor, anatomy) for tensor in (result["tensor"], *result["gradients"])
        )
        return LayerGradients(activations, self._read(anatomy, target, result), site.name, gradients)

    @remembered
    def layer_output(self, inputs: Any, target: BoundTarget, layer: Any = "auto") -> LayerOutput:
        """The output of a layer. Costs one forward pass; arguments and errors as `layer_gradients`."""
        anatomy = self.inspect(inputs, target)
        site = self._site(anatomy, inputs, layer)
        step = self._compiled(anatomy, Step.inside, inputs, target, site=site)
        result = self._run(anatomy, step, inputs, target)
        activations = _channels_last(result["tensor"], anatomy)
        return LayerOutput(activations, self._read(anatomy, target, result), site.name)

    @remembered
    def explained(self, inputs: Any, target: BoundTarget) -> list[np.ndarray]:
        """The values of what is explained: the floating inputs, or the tensor behind integer inputs.

        Integer inputs cost one forward pass.
        """
        anatomy = self.inspect(inputs, target)
        tree, replaced = unwrapped(inputs)
        if replaced:
            return replaced
        if anatomy.tapped_shape is None:
            leaves = anatomy.plan.leaves(tree)
            return [leaves[position] for position in anatomy.plan.floating]
        step = self._compiled(anatomy, Step.inside, inputs, target)
        return [self._run(anatomy, step, inputs, target)["tensor"]]

    def moved(self, inputs: Any, target: BoundTarget, rows: np.ndarray, values: list[np.ndarray]) -> Any:
        """Examples like those in `rows` of the inputs, with other values of what is explained.

        Args:
            inputs: a tree of arrays, batch first.
            target: theirs.
            rows: `(m,)` positions of examples, repetitions allowed.
            values: what `explained` returns, for `m` examples.
        """
        anatomy = self.inspect(inputs, target)
        tree, _ = unwrapped(inputs)
        if anatomy.tapped_shape is not None:
            return Moved(optree.tree_map(lambda array: array[rows], tree), values[0])
        placed = dict(zip(anatomy.plan.floating, values, strict=True))
        leaves = enumerate(anatomy.plan.leaves(tree))
        return anatomy.plan.tree([placed[i] if i in placed else leaf[rows] for i, leaf in leaves])

    @staticmethod
    def count(inputs: Any) -> int:
        """How many examples there are."""
        return len(optree.tree_leaves(unwrapped(inputs)[0])[0])

    def rows_at_once(self, inputs: Any, target: BoundTarget) -> int:
        """How many examples like these go through the model at once: 32, and up to 128 of a small model."""
        return self._chunks.most(self.inspect(inputs, target).elements)

    def as_inputs(self, inputs: Any, target: BoundTarget, values: list[np.ndarray]) -> Any:
        """One array per explained tensor as maps: in the inputs' own structure, see `Gradients`."""
        return self._as_inputs(self.inspect(inputs, target), values)

    def _as_inputs(self, anatomy: Anatomy, values: list[np.ndarray]) -> Any:
        if anatomy.tapped_shape is not None:
            return values[0]
        found = dict(zip(anatomy.plan.floating, values, strict=True))
        return anatomy.plan.tree([found.get(position) for position in range(len(anatomy.plan.names))])

    def _site(self, anatomy: Anatomy, inputs: Any, layer: Any) -> LayerSite:
        key = (anatomy.plan, layer if isinstance(layer, str) else id(layer))
        if key not in self._sites:
            self._sites[key] = inspect_layer(self._model, anatomy, unwrapped(inputs)[0], layer)
        return self._sites[key]

    def _run_scaled(
        self, anatomy: Anatomy, step: _Compiled, inputs: Any, target: BoundTarget
    ) -> dict[str, Any]:
        """A step with gradients, evaluated so that they survive float16."""
        if not anatomy.float16:
            return self._run(anatomy, step, inputs, target)
        result: dict[str, Any] = {}

        def gradients_at(scale: np.ndarray) -> list[np.ndarray]:
            result.update(self._run(anatomy, step, inputs, target, scale))
            return result["gradients"]  # type: ignore[no-any-return]

        gradients = scaled_gradients(gradients_at, self.count(inputs))
        return {**result, "gradients": gradients}

    def _run(
        self,
        anatomy: Anatomy,
        step: _Compiled,
        inputs: Any,
        target: BoundTarget,
        scale: np.ndarray | None = None,
    ) -> dict[str, Any]:
        """Evaluate chunk by chunk; numpy in, numpy out."""
        tree, replaced = unwrapped(inputs)
        leaves = [*anatomy.plan.leaves(tree), *replaced]
        count = len(leaves[0])
        aim = self._aim(anatomy, target, count)
        per_example = [aim] if scale is None else [aim, scale]
        to_tensor = self._backend.to_tensor
        substitutes = () if self._values is None else (self._values,)

        def evaluate(rows: slice | np.ndarray) -> dict[str, Any]:
            result = step.run(
                *substitutes,
                [to_tensor(leaf[rows]) for leaf in leaves],
                *(to_tensor(values[rows]) for values in per_example),
            )
            return optree.tree_map(self._backend.to_numpy, result)  # type: ignore[no-any-return]

        results, start, chunk = [], 0, self._chunks.size(count, anatomy.elements, step.sizes)
        while start < count:
            rows = _rows(start, chunk, count)
            try:
                with outside_inference_mode():
                    results.append(evaluate(rows))
            except Exception as error:
                if chunk == 1 or not self._backend.is_out_of_memory(error):
                    raise
                gc.collect()  # on PyTorch, Keras leaves the inputs of every call to it
                chunk = self._chunks.halve(chunk)
                continue
            step.sizes.add(chunk)
            self._counts.add(min(chunk, count - start))
            start += chunk
        return optree.tree_map(lambda *parts: _joined(parts)[:count], *results)  # type: ignore[no-any-return]

    def _compiled(
        self,
        anatomy: Anatomy,
        evaluate: Callable[..., dict[str, Any]],
        inputs: Any,
        target: BoundTarget,
        *,
        rule: Rule | None = None,
        site: LayerSite | None = None,
    ) -> _Compiled:
        key = (
            evaluate,
            target.kind,
            target.function,
            anatomy.plan,
            bool(unwrapped(inputs)[1]),
            rule,
            site and id(site.layer),
            self._values is None,
        )
        if key not in self._steps:
            step = Step(self._model, anatomy, self._output, self._logits, target, self._backend, rule, site)

            def counted(*arguments: Any) -> dict[str, Any]:
                self._counts.traces += 1
                with without_a_trace():  # where the framework compiles, what is compiled leaves none
                    return evaluate(step, *arguments)

            compile_ = self._backend.compile if self._values is None else self._backend.compile_with_values
            run = compile_(counted, self._model.variables, channels_first=anatomy.channel_axis == 1)
            self._steps[key] = _Compiled(step, run, set())
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


def _rows(start: int, chunk: int, count: int) -> slice | np.ndarray:
    """The rows of a chunk; past the end the last one is repeated."""
    if start + chunk <= count:
        return slice(start, start + chunk)
    return np.minimum(np.arange(start, start + chunk), count - 1)


def _joined(parts: Sequence[np.ndarray]) -> np.ndarray:
    """The parts after each other; a single one is not copied, and may be read-only."""
    return np.concatenate(parts) if len(parts) > 1 else parts[0]


def _channels_last(tensor: np.ndarray, anatomy: Anatomy) -> np.ndarray:
    return np.moveaxis(tensor, 1, -1) if anatomy.channel_axis == 1 else tensor
