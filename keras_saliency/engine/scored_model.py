"""The function being explained: inputs → one score per example, with gradients for the inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import optree

from keras_saliency.arguments import whole
from keras_saliency.engine.anatomy import Anatomy, called_layers, inspect
from keras_saliency.engine.attention import AttentionSite
from keras_saliency.engine.attention_sites import AttentionFinder
from keras_saliency.engine.averages import Averages, Points
from keras_saliency.engine.axes import cut_picture
from keras_saliency.engine.backends import current_backend
from keras_saliency.engine.feature_maps import EXAMPLES, SiteFinder
from keras_saliency.engine.float16 import scaled_gradients
from keras_saliency.engine.foreign import fixed_weights, require_model
from keras_saliency.engine.functions import check_function, of_first
from keras_saliency.engine.hidden import HiddenProbabilities
from keras_saliency.engine.inputs import declared_examples
from keras_saliency.engine.layers import LayerSite
from keras_saliency.engine.passes import StepPasses
from keras_saliency.engine.rectifiers import RectifierCount, Rule
from keras_saliency.engine.scores import (
    LOGITS,
    Output,
    class_count,
    read_predictions,
    read_scores,
    score_kind,
    with_link,
)
from keras_saliency.engine.seams import layers_throughout
from keras_saliency.engine.selftest import prove_seams
from keras_saliency.engine.step import Step, Wants
from keras_saliency.engine.traces import Running, Steps, Traces, traces_of
from keras_saliency.engine.weights import (
    WeightedLayer,
    current_values,
    fingerprint,
    fresh_values,
    in_their_place,
    weighted_layers,
)
from keras_saliency.errors import MethodDoesNotApplyError
from keras_saliency.probes.targets import PREDICTED, BoundTarget
from keras_saliency.records.scores import Scores


class ScoredModel:
    """A Keras model as a function from inputs to one score per example; a `Question` asks it.

    Nothing is set on the model. It is traced once per kind of target and shape of inputs, for all who ask as long as
    the model stays what it is, and the current weights are used at every call. Inputs go through in chunks of one fixed
    size, the last one padded: memory grows with the chunk, not with the number of examples. Where a chunk is too much
    for the memory, it is halved.

    Args:
        model: a Keras model, on any of Keras' backends; it is built on the first inputs if need be.
        output: the name or position of the output, for models with several.
        logits: `"auto"` takes the score before softmax or sigmoid, found exactly, or raises; `"output"` takes
            the output as it is; `"centred_log_probability"` is log p − mean log p, which equals the logit minus
            the mean logit until a probability underflows; `"binary"` says that the one linear unit is the logit of
            class 1. A loss with `from_logits=True` that the model was compiled with says that too, also of several
            units.
        chunk_size: examples per call of the model, also while it is traced. None: as many as its inputs declare, else
            equal chunks, see `rows_at_once`.
        channel_axis: of the images, −1 or 1; None: found, or refused where it is not clear.

    Attributes:
        traces: how often the model was traced for this.

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
        channel_axis: int | None = None,
    ) -> None:
        if logits not in LOGITS:
            raise ValueError(
                f"Expected logits to be one of {', '.join(map(repr, LOGITS))}. Received: {logits!r}"
            )
        chunk_size = None if chunk_size is None else whole("chunk_size", chunk_size, 1, otherwise="None")
        require_model(model)
        prove_seams()
        self.traces = 0
        self._model = model
        self._output = output
        self._logits = logits
        self._channel_axis = channel_axis
        self._chunk_size = chunk_size or declared_examples(model)
        self._passes = StepPasses(model, self._chunk_size)
        self._backend = current_backend()
        self._of_functions: tuple[Traces | None, Steps] = None, Steps()
        self._functions: set[Any] = set()

    @contextmanager
    def telling(self, tell: Callable[[int], None]) -> Iterator[None]:
        """Call `tell` after every chunk within the block, with the number of examples that went through."""
        before, self._passes.tell = self._passes.tell, tell
        try:
            yield
        finally:
            self._passes.tell = before

    @property
    def evaluations(self) -> int:
        """How many examples went through the model, forward or forward and backward; with any weights."""
        return self._passes.evaluations

    @property
    def is_half_precision(self) -> bool:
        """Whether any layer computes with fewer than 32 bits."""
        return any(layer.compute_dtype in ("float16", "bfloat16") for layer in layers_throughout(self._model))

    def inspect(self, inputs: Any, target: BoundTarget) -> Anatomy:
        """The model's anatomy. Whatever cannot work with these inputs and this target is refused here.

        Some examples go as far as the first layers, which tell where the axes of an image are.

        Raises:
            ModelRejectedInputsError: the model cannot be called on the inputs.
            NoGradientError: no floating tensor is behind the inputs.
            ValueError: a class index or an output gradient does not fit the output, or the output is not clear.
        """
        self._traces = self._passes.traces = traces = traces_of(self._model)
        if self._of_functions[0] is not traces:
            self._of_functions = traces, Steps()
        leaves, structure = optree.tree_flatten(inputs)
        leave_whole = target.function is not None
        shapes = ((leaf.shape[1:], leaf.dtype) for leaf in leaves)
        size, axis = self._chunk_size, self._channel_axis
        asked = (type(self._output), self._output, leave_whole, size, axis)  # True is not 1
        key = (structure, *shapes, *asked)
        if key not in traces.anatomies:
            traces.anatomies[key] = inspect(
                self._model, inputs, self._output, leave_whole=leave_whole, channel_axis=axis, examples=size
            )
            traces.sign(self._model)
        anatomy = traces.anatomies[key]
        if anatomy.output is not None:  # compiled anew, it may be trained otherwise
            anatomy = replace(anatomy, output=with_link(anatomy.output, self._model, self._logits))
        aim = self._aim(anatomy, target, len(leaves[0]))
        if target.function is not None and (key, target.function) not in self._functions:
            check_function(target.function, anatomy.returned, aim, len(leaves[0]) + 1)
            self._functions.add((key, target.function))
        return anatomy

    def site(
        self,
        anatomy: Anatomy,
        inputs: Any,
        target: BoundTarget,
        layer: Any,
        *,
        grid: tuple[int, int] | None,
        wants: Wants,
    ) -> LayerSite:
        """Where a layer is, see `SiteFinder.find`. Costs one trace, the first time, and some seventeen examples,
        which are not counted in `evaluations`.

        Args:
            anatomy: of the model with these inputs.
            inputs: a tree of arrays.
            target: of each example.
            layer: see there.
            grid: see there.
            wants: what is wanted of the layer; the step that is compiled for it also tells how it lies over the image.
        """
        asked = layer if isinstance(layer, str) else id(layer)
        key, sites = (anatomy, target.function, asked, grid), self._steps(target.function).sites
        if key in sites:
            return sites[key]  # type: ignore[no-any-return]
        finder = SiteFinder(self._model, anatomy, inputs, self._output, of_first(target, EXAMPLES))
        found = finder.find(
            layer, grid, lambda site: self._over_image(anatomy, inputs, target, site=site, wants=wants)
        )
        if found.is_proven:
            sites[key] = found
        return found

    def _over_image(
        self, anatomy: Anatomy, inputs: Any, target: BoundTarget, *, site: LayerSite, wants: Wants
    ) -> LayerSite | None:
        """The site with the axes that lie over the image; None where it does not lie over it."""
        leaves = anatomy.plan.leaves(inputs)
        picture = cut_picture(anatomy.layout, [leaf[:EXAMPLES] for leaf in leaves])
        if picture is None:
            return site
        cut, changed = picture
        rows = np.zeros(len(cut.rows), int)
        aim = self._aim(anatomy, target.take(rows), len(rows))
        running, before = self._running(self.step(anatomy, wants, target, site=site)), self.evaluations
        found = self._passes.in_chunks(running, (), changed, [aim], like=len(leaves[0]))
        self._passes.evaluations = before  # the same numbers whoever asked first
        return site.over(cut, found["tensor"])

    def attention(
        self, anatomy: Anatomy, inputs: Any, target: BoundTarget, layer: Any, grid: tuple[int, int] | None
    ) -> AttentionSite:
        """Where the attention of a layer is, see `AttentionFinder`; None: of all. Costs one trace, the first time."""
        asked = layer if isinstance(layer, str) else layer and id(layer)
        key, sites = (anatomy, target.function, "attention", asked, grid), self._steps(target.function).sites
        if key not in sites:
            finder = SiteFinder(self._model, anatomy, inputs, self._output, of_first(target, EXAMPLES))
            found = AttentionFinder(finder, grid)
            sites[key] = found.all() if layer is None else found.one(layer)
        return sites[key]  # type: ignore[no-any-return]

    def rows_at_once(self, anatomy: Anatomy) -> int:
        """How many examples go through the model at once: 32, and up to 128 of a small model."""
        return self._passes.limit.most(anatomy.elements)

    @property
    def fixed_weights(self) -> str:
        """The sentence that says which layers take no other weights; empty where all do."""
        return fixed_weights(self._backend.fixed(self._model))

    def weights(self) -> list[np.ndarray]:
        """The values of `model.weights`, copied."""
        return current_values(self._model)

    def weights_fingerprint(self) -> str:
        """A hash of the values of all weights of the built model: the same training, or another one."""
        return fingerprint(current_values(self._model))

    def weighted_layers(self, anatomy: Anatomy, inputs: Any) -> tuple[WeightedLayer, ...]:
        """The layers that have weights, from the output down, in the order of a call on inputs like these."""
        weighted = self._traces.weighted
        if anatomy.plan not in weighted:
            called = called_layers(self._model, anatomy, inputs)
            weighted[anatomy.plan] = weighted_layers(self._model, called)
        return weighted[anatomy.plan]

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
            MethodDoesNotApplyError: they would not reach all layers, see `fixed_weights`.
            ValueError: their number or a shape does not fit.
        """
        if fixed := self.fixed_weights:
            raise MethodDoesNotApplyError(fixed)
        return in_their_place(self._model, values)

    def step(
        self,
        anatomy: Anatomy,
        wants: Wants,
        target: BoundTarget,
        *,
        rule: Rule | None = None,
        site: LayerSite | AttentionSite | None = None,
        replaced: bool = False,
        features: bool = False,
    ) -> Step:
        """The step of this model for one kind of target, see `Step`."""
        settings = (self._model, self._output, self._logits)
        return Step(*settings, anatomy, wants, target.kind, target.function, rule, site, replaced, features)

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
        running = self._running(step)
        aim = self._aim(anatomy, target, count)

        def run(*per_example: Any) -> dict[str, Any]:
            return self._passes.in_chunks(running, substitutes, leaves, per_example)

        if step.wants == "gradients" and anatomy.float16:
            result: dict[str, Any] = {}

            def gradients_at(scale: np.ndarray) -> list[np.ndarray]:
                result.update(run(aim, scale))
                return result["gradients"]  # type: ignore[no-any-return]

            result["gradients"] = scaled_gradients(gradients_at, count)
        else:
            result = run(aim)
        if anatomy.output is not None and target.classes is not None:
            self._refuse_hidden(anatomy, anatomy.output, leaves, aim, result["table"])
        return self._read(anatomy, target, result), result, running.compiled.rectifiers

    def average(
        self,
        step: Step,
        leaves: Sequence[np.ndarray],
        target: BoundTarget,
        substitutes: Sequence[Any],
        points: Points,
        *,
        variance: bool,
    ) -> tuple[Averages, RectifierCount | None]:
        """Averages of the step's gradients at points near each example, and what a rule found; see `evaluate`.

        The leaves are those of the model; the step replaces what is explained behind integer inputs.
        """
        running, aim = self._running(step), self._aim(step.anatomy, target, len(leaves[0]))
        averages = self._passes.average(running, substitutes, points, leaves, aim, variance=variance)
        return averages, running.compiled.rectifiers

    def _steps(self, function: Any) -> Steps:
        return self._traces.steps if function is None else self._of_functions[1]

    def _running(self, step: Step) -> Running:
        return Running(step, self._steps(step.function).compiled(step), self._count_trace)

    def _count_trace(self) -> None:
        self.traces += 1

    def _aim(self, anatomy: Anatomy, target: BoundTarget, count: int) -> list[np.ndarray]:
        output = anatomy.output
        if output is None:
            return target.aim(count, (), 0)
        classes = class_count(output, score_kind(output, self._logits))
        return target.aim(count, output.shape, classes, output.positions)

    def _read(self, anatomy: Anatomy, target: BoundTarget, result: dict[str, Any]) -> Scores:
        output, table = anatomy.output, result["table"]
        kind = score_kind(output, self._logits) if output else "custom"
        if output is None or target.classes is None:
            predicted, probabilities = read_predictions(output, kind, table)
            return Scores(
                result["score"], "custom", np.full_like(predicted, PREDICTED), predicted, probabilities
            )
        return read_scores(output, kind, table, target.classes)

    def _refuse_hidden(
        self,
        anatomy: Anatomy,
        output: Output,
        leaves: Sequence[np.ndarray],
        aim: list[np.ndarray],
        table: np.ndarray,
    ) -> None:
        """Refuse class scores that are probabilities although logits are wanted; asked once."""
        asked, cleared = (self._output, self._logits), self._traces.cleared
        if self._logits in ("auto", "binary") and asked not in cleared:
            HiddenProbabilities(self._model, anatomy, output, self._output).refuse(leaves, aim, table)
            cleared.add(asked)
