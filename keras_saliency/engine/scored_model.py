"""The function being explained: inputs → one score per example, with gradients for the inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import optree
from keras import ops

from keras_saliency.arguments import whole
from keras_saliency.engine.anatomy import Anatomy, called_layers, inspect
from keras_saliency.engine.attention import AttentionSite
from keras_saliency.engine.attention_sites import AttentionFinder
from keras_saliency.engine.backends import current_backend
from keras_saliency.engine.chunks import ChunkLimit, Rows, in_chunks
from keras_saliency.engine.feature_maps import SiteFinder
from keras_saliency.engine.float16 import scaled_gradients
from keras_saliency.engine.isolation import outside_inference_mode, without_a_trace
from keras_saliency.engine.layers import LayerSite
from keras_saliency.engine.rectifiers import RectifierCount, Rule
from keras_saliency.engine.scores import (
    LOGITS,
    class_count,
    read_predictions,
    read_scores,
    refuse_hidden_probabilities,
    require_probabilities,
    score_kind,
)
from keras_saliency.engine.seams import layers_throughout
from keras_saliency.engine.selftest import prove_seams
from keras_saliency.engine.step import Step, Wants
from keras_saliency.engine.weights import (
    WeightedLayer,
    current_values,
    fingerprint,
    fresh_values,
    weighted_layers,
)
from keras_saliency.probes.targets import PREDICTED, BoundTarget
from keras_saliency.records.scores import Scores

FAR, FAR_EXAMPLES = 1e3, 4
"""The standard deviation, and the number, of the inputs that tell whether an output can leave 0 … 1."""


@dataclass
class _Compiled:
    """A compiled step: its function, the sizes of chunks that it was compiled for, what a rule found in the model."""

    run: Callable[..., dict[str, Any]]
    sizes: set[int] = field(default_factory=set)
    rectifiers: RectifierCount | None = None


class ScoredModel:
    """A Keras model as a function from inputs to one score per example; a `Question` asks it.

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

    Attributes:
        traces: how often the model was traced.
        evaluations: how many examples went through the model, forward or forward and backward; with any weights.

    Example:
        >>> scored = ks.ScoredModel(model)
        >>> from keras_saliency.engine import Question
        >>> from keras_saliency.probes.targets import bind
        >>> question = Question(scored, images, bind(ks.ClassIndex(0), len(images), None))
        >>> question.scores.values.shape, question.gradients().maps.shape
        ((12,), (12, 12, 12, 1))
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
        self.traces = self.evaluations = 0
        self._tell: Callable[[int], None] | None = None
        self._model = model
        self._output = output
        self._logits = logits
        self._chunks = ChunkLimit(chunk_size)
        self._backend = current_backend()
        self._anatomies: dict[Any, Anatomy] = {}
        self._sites: dict[Any, LayerSite] = {}
        self._attention: dict[Any, AttentionFinder] = {}
        self._weighted: dict[Any, tuple[WeightedLayer, ...]] = {}
        self._compiled: dict[Step, _Compiled] = {}
        self._output_is_known = False

    @contextmanager
    def telling(self, tell: Callable[[int], None]) -> Iterator[None]:
        """Call `tell` after every chunk within the block, with the number of examples that went through."""
        before, self._tell = self._tell, tell
        try:
            yield
        finally:
            self._tell = before

    @property
    def is_half_precision(self) -> bool:
        """Whether any layer computes with fewer than 32 bits."""
        return any(layer.compute_dtype in ("float16", "bfloat16") for layer in layers_throughout(self._model))

    def inspect(self, inputs: Any, target: BoundTarget) -> Anatomy:
        """The model's anatomy. Whatever cannot work with these inputs and this target is refused here.

        Nothing is computed.

        Raises:
            ModelRejectedInputsError: the model cannot be called on the inputs.
            NoGradientError: no floating tensor is behind the inputs.
            ValueError: a class index or an output gradient does not fit the output, or the output is not clear.
        """
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

    def site(
        self,
        anatomy: Anatomy,
        inputs: Any,
        target: BoundTarget,
        layer: Any,
        grid: tuple[int, int] | None,
    ) -> LayerSite:
        """Where a layer is, see `SiteFinder.find`. Costs one trace, the first time."""
        key = (anatomy.plan, target.function, layer if isinstance(layer, str) else id(layer), grid)
        if key not in self._sites:
            finder = SiteFinder(self._model, anatomy, inputs, self._output, target.function)
            self._sites[key] = finder.find(layer, grid)
        return self._sites[key]

    def attention(
        self, anatomy: Anatomy, inputs: Any, target: BoundTarget, layer: Any, grid: tuple[int, int] | None
    ) -> AttentionSite:
        """Where the attention of a layer is, see `AttentionFinder`; None: of all. Costs one trace, the first time."""
        key = (anatomy.plan, target.function, grid)
        if key not in self._attention:
            finder = SiteFinder(self._model, anatomy, inputs, self._output, target.function)
            self._attention[key] = AttentionFinder(finder, grid)
        found = self._attention[key]
        return found.all() if layer is None else found.one(layer)

    def rows_at_once(self, anatomy: Anatomy) -> int:
        """How many examples go through the model at once: 32, and up to 128 of a small model."""
        return self._chunks.most(anatomy.elements)

    def weights(self) -> list[np.ndarray]:
        """The values of `model.weights`, copied."""
        return current_values(self._model)

    def weights_fingerprint(self) -> str:
        """A hash of the values of all weights of the built model: the same training, or another one."""
        return fingerprint(current_values(self._model))

    def weighted_layers(self, anatomy: Anatomy, inputs: Any) -> tuple[WeightedLayer, ...]:
        """The layers that have weights, from the output down, in the order of a call on inputs like these."""
        if anatomy.plan not in self._weighted:
            called = called_layers(self._model, anatomy, inputs)
            self._weighted[anatomy.plan] = weighted_layers(self._model, called)
        return self._weighted[anatomy.plan]

    def fresh_weights(
        self,
        layers: Sequence[WeightedLayer],
        rng: np.random.Generator,
        values: Sequence[np.ndarray] | None = None,
    ) -> list[np.ndarray]:
        """Values of `model.weights` in which those of some layers are drawn afresh, see `fresh_values`."""
        return fresh_values(self._model, layers, rng, values)

    def substitutes(self, values: Sequence[np.ndarray]) -> list[Any]:
        """These values in the place of `model.weights`, to be given to `evaluate`; the model keeps its own.

        State other than weights (seeds, metrics) has its current value.

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
        return [given.get(id(variable)) for variable in self._model.variables]

    def step(
        self,
        anatomy: Anatomy,
        wants: Wants,
        target: BoundTarget,
        *,
        rule: Rule | None = None,
        site: LayerSite | AttentionSite | None = None,
        replaced: bool = False,
    ) -> Step:
        """The step of this model for one kind of target, see `Step`."""
        settings = (self._model, self._output, self._logits)
        return Step(*settings, anatomy, wants, target.kind, target.function, rule, site, replaced)

    def evaluate(
        self, step: Step, leaves: Sequence[np.ndarray], target: BoundTarget, substitutes: Sequence[Any] = ()
    ) -> tuple[Scores, dict[str, Any], RectifierCount | None]:
        """The scores, the tensors that the step wants, and what a rule found; chunk by chunk, numpy in, numpy out.

        Args:
            step: what is computed.
            leaves: the inputs, see `Step`.
            target: of each example.
            substitutes: see there; empty: the model's own weights.

        Raises:
            LogitsNotFoundError: `logits="auto"`, and the output is a probability of unknown origin.
        """
        anatomy, count = step.anatomy, len(leaves[0])
        compiled = self._compile(step)
        aim = self._aim(anatomy, target, count)

        def run(*per_example: np.ndarray) -> dict[str, Any]:
            return self._in_chunks(compiled, anatomy, substitutes, leaves, per_example)

        if step.wants == "gradients" and anatomy.float16:
            result: dict[str, Any] = {}

            def gradients_at(scale: np.ndarray) -> list[np.ndarray]:
                result.update(run(aim, scale))
                return result["gradients"]  # type: ignore[no-any-return]

            result["gradients"] = scaled_gradients(gradients_at, count)
        else:
            result = run(aim)
        return self._read(anatomy, target, result), result, compiled.rectifiers

    def _in_chunks(
        self,
        compiled: _Compiled,
        anatomy: Anatomy,
        substitutes: Sequence[Any],
        leaves: Sequence[np.ndarray],
        per_example: Sequence[np.ndarray],
    ) -> dict[str, Any]:
        to_tensor = self._backend.to_tensor
        count, values = len(leaves[0]), list(substitutes)

        def evaluate(rows: Rows) -> Any:
            with outside_inference_mode():
                tensors = [to_tensor(leaf[rows]) for leaf in leaves]
                result = compiled.run(values, tensors, *(to_tensor(array[rows]) for array in per_example))
                return optree.tree_map(self._backend.to_numpy, result)

        def done(chunk: int, examples: int) -> None:
            compiled.sizes.add(chunk)
            self.evaluations += examples
            if self._tell is not None:
                self._tell(examples)

        size = self._chunks.size(count, anatomy.elements, compiled.sizes)
        is_out_of_memory = self._backend.is_out_of_memory
        return in_chunks(  # type: ignore[no-any-return]
            evaluate, count, size, self._chunks, is_out_of_memory=is_out_of_memory, done=done
        )

    def _compile(self, step: Step) -> _Compiled:
        if step not in self._compiled:

            def traced(*arguments: Any) -> dict[str, Any]:
                self.traces += 1
                with without_a_trace():  # where the framework compiles, what is compiled leaves none
                    result, compiled.rectifiers = step(*arguments)
                return result

            channels_first = step.anatomy.channel_axis == 1
            run = self._backend.compile(traced, self._model.variables, channels_first=channels_first)
            compiled = self._compiled[step] = _Compiled(run)
        return self._compiled[step]

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
            refuse_hidden_probabilities(output, table, partial(self._far_table, anatomy))
            self._output_is_known = True
        return read_scores(output, kind, table, target.classes)

    def _far_table(self, anatomy: Anatomy) -> np.ndarray:
        """The class table of inputs that are far from any image, always the same."""
        rng, plan = np.random.default_rng(0), anatomy.plan

        def far(shape: tuple[int, ...]) -> np.ndarray:
            return (FAR * rng.normal(size=(FAR_EXAMPLES, *shape))).astype("float32")

        leaves = [
            far(shape).astype(dtype) if position in plan.floating else np.zeros((FAR_EXAMPLES, *shape), dtype)
            for position, (shape, dtype) in enumerate(zip(plan.shapes, plan.dtypes, strict=True))
        ]
        replaced = anatomy.tapped_shape is not None
        leaves += [far(anatomy.tapped_shape)] if anatomy.tapped_shape is not None else []
        target = BoundTarget(classes=np.full(FAR_EXAMPLES, PREDICTED, "int32"))
        step = self.step(anatomy, "scores", target, replaced=replaced)
        aim = self._aim(anatomy, target, FAR_EXAMPLES)
        table: np.ndarray = self._in_chunks(self._compile(step), anatomy, (), leaves, [aim])["table"]
        return table
