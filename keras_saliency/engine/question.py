"""A question: a model, inputs, and a target for each of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import optree

from keras_saliency.engine.anatomy import Anatomy
from keras_saliency.engine.attention import AttentionSite
from keras_saliency.engine.averages import Averages, Points
from keras_saliency.engine.layers import LayerSite
from keras_saliency.engine.layout import ExplainedImage, way_out
from keras_saliency.engine.rectifiers import RectifierCount, Rule
from keras_saliency.engine.results import Attention, Gradients, LayerGradients, LayerOutput
from keras_saliency.engine.scored_model import ScoredModel
from keras_saliency.engine.step import Wants
from keras_saliency.engine.token_grid import asked_grid
from keras_saliency.engine.weights import WeightedLayer
from keras_saliency.errors import MethodDoesNotApplyError
from keras_saliency.probes.targets import BoundTarget
from keras_saliency.records.scores import Scores

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Question:
    """What a model says of `n` examples, and why. Each answer is computed once and kept as long as the question.

    Args:
        model: the model as a function with gradients.
        inputs: a tree of arrays, the batch first.
        target: whose score is explained, for each example.
        replacement: `(n, …)` float32 in the place of the tensor behind integer inputs; None: what the model computes.
        substitutes: in the place of the model's weights, see `with_weights`.
        with_features: whether every pass tells the features too.

    Attributes:
        anatomy: what is known of the model with these inputs, before anything is computed.

    Raises:
        ModelRejectedInputsError: the model cannot be called on the inputs.
        NoGradientError: no floating tensor is behind the inputs.
        ValueError: a class index or an output gradient does not fit the output, or the output is not clear.

    Example:
        >>> from keras_saliency.engine import Question
        >>> from keras_saliency.probes.targets import bind
        >>> question = Question(ks.ScoredModel(model), images, bind(ks.Label(), len(images), labels))
        >>> question.gradients().maps.shape, question.scores.target_classes[:3].tolist()
        ((12, 12, 12, 1), [0, 1, 2])
    """

    model: ScoredModel
    inputs: Any
    target: BoundTarget
    replacement: np.ndarray | None = field(default=None, repr=False)
    substitutes: Sequence[Any] = field(default=(), repr=False)
    with_features: bool = False
    anatomy: Anatomy = field(init=False, repr=False)
    _answers: dict[Any, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "anatomy", self.model.inspect(self.inputs, self.target))

    def __len__(self) -> int:
        """How many examples there are."""
        return len(optree.tree_leaves(self.inputs)[0])

    @property
    def image(self) -> ExplainedImage:
        """The explained tensor that is an image.

        Raises:
            MethodDoesNotApplyError: none of the explained tensors is an image.
        """
        image = self.anatomy.image
        if image is None:
            raise MethodDoesNotApplyError(
                "This method makes maps of images, and none of the explained inputs is one: "
                f"{', '.join(self.anatomy.explained)} of shape {', '.join(map(str, self.anatomy.shapes))}."
                f"{way_out(self.anatomy.shapes)}"
            )
        return image

    @property
    def scores(self) -> Scores:
        """The scores of the examples. Costs one forward pass, or nothing where gradients were computed.

        Raises:
            LogitsNotFoundError: `logits="auto"`, and the output is a probability of unknown origin.
        """
        if "scores" not in self._answers:
            self._evaluate("scores")
        found: Scores = self._answers["scores"]
        return found

    @property
    def features(self) -> np.ndarray | None:
        """`(n, d)` float32: what the last layer with weights on the way to the scores reads, its mean over positions.

        The activations behind the convolutions of most networks. None where they are not asked for
        (`with_features`), or where the target is a function of several outputs. Costs nothing where scores or
        gradients were computed.
        """
        if self.with_features and "features" not in self._answers:
            self._evaluate("scores")
        return self._answers.get("features")

    @property
    def values(self) -> list[np.ndarray]:
        """The values of the explained tensors: the floating inputs, or the tensor behind integer inputs.

        Integer inputs cost one forward pass, or nothing where gradients were computed.
        """
        if self.replacement is not None:
            return [self.replacement]
        plan = self.anatomy.plan
        if self.anatomy.tapped_shape is None:
            leaves = plan.leaves(self.inputs)
            return [leaves[position] for position in plan.floating]
        if "values" not in self._answers:
            self._evaluate("inside")
        found: list[np.ndarray] = self._answers["values"]
        return found

    @cached_property
    def settled(self) -> Question:
        """The question about the classes that are predicted now; it shares the answers with this one.

        Changed versions of an image may be predicted otherwise: an average has to explain one and the same score.
        """
        if self.target.classes is None:
            return self
        classes = self.scores.target_classes.astype(self.target.classes.dtype)
        return replace(self, target=replace(self.target, classes=classes))

    def gradients(self, rule: Rule | None = None) -> Gradients:
        """The gradients of the scores. Costs one forward and one backward pass (twice that in float16).

        Args:
            rule: another gradient for rectifiers, see `RectifierRule`.

        Raises:
            MethodDoesNotApplyError: there is a rule, and no rectifier that it could change.
            NoGradientError: no path leads from the score to what is explained.
            LogitsNotFoundError: see `scores`.
        """

        def compute() -> Gradients:
            tensors, rectifiers = self._evaluate("gradients", rule=rule)
            return Gradients(self.as_inputs(tensors["gradients"]), rectifiers)

        return self._once(("gradients", rule), compute)

    def average_gradients(
        self, points: Points, rule: Rule | None = None, *, variance: bool = False
    ) -> tuple[Averages, RectifierCount | None]:
        """Averages of the gradients at many points near each example, and what a rule found in the model.

        Points and gradients stay on the device: memory does not grow with the number of points. Costs a forward and a
        backward pass for each of them.

        Args:
            points: where.
            rule: see `gradients`.
            variance: whether variances are wanted too.

        Raises:
            MethodDoesNotApplyError, NoGradientError: as `gradients`. Class scores are not searched for hidden
                probabilities, see `scores`.
        """
        replaced = self.anatomy.tapped_shape is not None
        step = self.model.step(self.anatomy, "gradients", self.target, rule=rule, replaced=replaced)
        leaves = self.anatomy.plan.leaves(self.inputs)
        return self.model.average(step, leaves, self.target, self.substitutes, points, variance=variance)

    def layer(self, layer: Any = "auto", grid: Any = "auto") -> LayerGradients:
        """The output of a layer, and the gradients of the scores for it. Costs one forward and one backward pass.

        The first time it costs as much for seventeen examples more, which tell how the output lies over the image.

        Args:
            layer: a name, a dotted path into nested models, a layer, an operation of a functional model, or
                `"auto"`: the last one that every path from the image to the score goes through, and whose output has
                places over the image: height and width, or tokens.
            grid: rows and columns of a layer of tokens; `"auto"` finds them. Tokens in front (of a class, registers)
                are left out.

        Raises:
            MethodDoesNotApplyError: `"auto"`, and there is no such layer, or the grid of its tokens is not clear; or
                the output does not lie over the image, or the scores read none of its tokens that do.
            NoGradientError: no path leads from the score to the layer.
            ValueError: no such layer, one that is not called exactly once, or one whose output has no places.
        """

        asked = asked_grid(grid)

        def compute() -> LayerGradients:
            site = self._site(layer, asked, "gradients")
            tensors, _ = self._evaluate("gradients", site=site)
            gradients = site.gradients_over_image(*tensors["gradients"])
            return LayerGradients(site.over_image(tensors["tensor"]), site.name, gradients)

        return self._once(("layer", _key(layer), asked), compute)

    def layer_output(self, layer: Any = "auto", grid: Any = "auto") -> LayerOutput:
        """The output of a layer. Costs one forward pass; arguments and errors as `layer`."""

        asked = asked_grid(grid)

        def compute() -> LayerOutput:
            site = self._site(layer, asked, "inside")
            tensors, _ = self._evaluate("inside", site=site)
            return LayerOutput(site.over_image(tensors["tensor"]), site.name)

        known = self._answers.get(("layer", _key(layer), asked))
        return known or self._once(("output", _key(layer), asked), compute)

    def attention(self, layer: Any = None, grid: Any = "auto", *, gradients: bool = False) -> Attention:
        """The weights of attention among the tokens of the image.

        Costs one forward pass, and with gradients one backward pass.

        Args:
            layer: a name, a dotted path, a layer, or `"auto"` for the last one; None: all on the way to the score.
            grid: rows and columns of the tokens, see `layer`.
            gradients: whether the gradients of the scores for the weights are wanted too.

        Raises:
            MethodDoesNotApplyError: there is none, or it is not among the tokens of the image.
            NoGradientError: no path leads from the score to the weights.
            ValueError: no such layer.
        """
        asked = asked_grid(grid)

        def compute() -> Attention:
            site = self.model.attention(self.anatomy, self.inputs, self.target, layer, asked)
            tensors, _ = self._evaluate("gradients" if gradients else "inside", site=site)

            def among_tokens(arrays: Sequence[np.ndarray]) -> tuple[np.ndarray, ...]:
                return tuple(
                    place.among_tokens(array) for place, array in zip(site.places, arrays, strict=True)
                )

            return Attention(
                layers=tuple(place.name for place in site.places),
                weights=among_tokens(tensors["tensor"]),
                gradients=among_tokens(tensors["gradients"]) if gradients else (),
                grid=site.places[-1].grid,
                read=site.read,
                passed_over=site.passed_over,
            )

        known = self._answers.get(("attention", _key(layer), asked, True))
        return known or self._once(("attention", _key(layer), asked, gradients), compute)

    def _site(self, layer: Any, grid: tuple[int, int] | None, wants: Wants) -> LayerSite:
        return self.model.site(self.anatomy, self.inputs, self.target, layer, grid=grid, wants=wants)

    def at(self, rows: np.ndarray, values: list[np.ndarray]) -> Question:
        """The question about examples like those in `rows`, with other values of the explained tensors.

        Args:
            rows: `(m,)` positions of examples, repetitions allowed.
            values: as `values`, for `m` examples.
        """
        target, plan = self.target.take(rows), self.anatomy.plan
        if self.anatomy.tapped_shape is not None:
            inputs = optree.tree_map(lambda leaf: leaf[rows], self.inputs)
            return self._other(inputs=inputs, target=target, replacement=values[0])
        placed = dict(zip(plan.floating, values, strict=True))
        leaves = enumerate(plan.leaves(self.inputs))
        inputs = plan.tree([placed[place] if place in placed else leaf[rows] for place, leaf in leaves])
        return self._other(inputs=inputs, target=target)

    def take(self, rows: np.ndarray) -> Question:
        """The question about the examples in these rows, repetitions allowed."""
        inputs = optree.tree_map(lambda leaf: leaf[rows], self.inputs)
        replacement = None if self.replacement is None else self.replacement[rows]
        return self._other(inputs=inputs, target=self.target.take(rows), replacement=replacement)

    def about(self, target: BoundTarget, inputs: Any = None) -> Question:
        """The question to the same model about another target, and other inputs where there are some."""
        if inputs is None:
            return self._other(target=target)
        return self._other(target=target, inputs=inputs, replacement=None)

    def with_weights(self, values: Sequence[np.ndarray]) -> Question:
        """The question to the same model with other values in place of `model.weights`; the model keeps its own.

        The model is traced once for all values.

        Args:
            values: one array per weight of the built model, as `ScoredModel.weights` returns them.

        Raises:
            MethodDoesNotApplyError: they would not reach all layers, see `ScoredModel.fixed_weights`.
            ValueError: their number or a shape does not fit.
        """
        return self._other(substitutes=self.model.substitutes(values))

    def weighted_layers(self) -> tuple[WeightedLayer, ...]:
        """The layers of the model that have weights, from the output down. Nothing is computed."""
        return self.model.weighted_layers(self.anatomy, self.inputs)

    @property
    def rows_at_once(self) -> int:
        """How many examples like these go through the model at once."""
        return self.model.rows_at_once(self.anatomy)

    def as_inputs(self, values: list[np.ndarray]) -> Any:
        """One array per explained tensor as maps: in the inputs' own structure, see `Gradients`."""
        if self.anatomy.tapped_shape is not None:
            return values[0]
        plan = self.anatomy.plan
        found = dict(zip(plan.floating, values, strict=True))
        return plan.tree([found.get(position) for position in range(len(plan.names))])

    def _other(self, **changes: Any) -> Question:
        """A question with these changes, and no answers yet."""
        return replace(self, _answers={}, **changes)

    def _once(self, name: Any, compute: Callable[[], T]) -> T:
        if name not in self._answers:
            self._answers[name] = compute()
        found: T = self._answers[name]
        return found

    def _evaluate(
        self, wants: Wants, *, rule: Rule | None = None, site: LayerSite | AttentionSite | None = None
    ) -> tuple[dict[str, Any], RectifierCount | None]:
        """The tensors of a step; every pass tells the scores too, and what it finds behind integer inputs."""
        replaced = [] if self.replacement is None else [self.replacement]
        leaves = [*self.anatomy.plan.leaves(self.inputs), *replaced]
        step = self.model.step(
            self.anatomy,
            wants,
            self.target,
            rule=rule,
            site=site,
            replaced=bool(replaced),
            features=self.with_features,
        )
        scores, tensors, rectifiers = self.model.evaluate(step, leaves, self.target, self.substitutes)
        self._answers.setdefault("scores", scores)
        self._answers.setdefault("features", tensors.get("features"))
        if site is None and "tensor" in tensors:
            self._answers.setdefault("values", [tensors["tensor"]])
        return tensors, rectifiers


def _key(layer: Any) -> Any:
    return layer if isinstance(layer, str) else id(layer)
