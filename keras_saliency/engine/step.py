"""What is compiled: one chunk of inputs → class table, scores and gradients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import optree
from keras import ops

from keras_saliency.engine.anatomy import Anatomy, Traced, forward
from keras_saliency.engine.attention import AttentionSite
from keras_saliency.engine.backends import current_backend
from keras_saliency.engine.first_float import FirstFloatTap
from keras_saliency.engine.functions import called_function
from keras_saliency.engine.layers import LayerSite
from keras_saliency.engine.outputs import select_output
from keras_saliency.engine.rectifiers import RectifierCount, RectifierRule, Rule
from keras_saliency.engine.scores import class_table, score_kind
from keras_saliency.errors import NoGradientError
from keras_saliency.probes.targets import PREDICTED, ScoreFunction

Tensor = Any
Wants = Literal["scores", "inside", "gradients"]


@dataclass(frozen=True)
class Step:
    """The computation for one chunk, for one kind of target: a value that is its own key.

    Its call is a pure function of tensors, to be compiled. What is explained are the floating inputs, the tensor behind
    integer inputs, or, with a `site`, the output of a layer or the weights of attention.

    Attributes:
        model: the Keras model.
        output: the name or position of the output.
        logits: see `ScoredModel`.
        anatomy: of the model with these inputs.
        wants: `"scores"`; `"inside"`: also the tensor inside the model that is explained; `"gradients"`: also the
            gradients (floating inputs have no tensor inside).
        target: the kind of target, see `BoundTarget.kind`.
        function: the target where it is a function.
        rule: another gradient for rectifiers.
        site: the layer, or the weights of attention, that is explained.
        replaced: whether the inputs come with a value for the tensor behind them.
        features: whether also what the last layer reads is told, see `Question.features`.
    """

    model: Any
    output: str | int | None
    logits: str
    anatomy: Anatomy
    wants: Wants
    target: str
    function: ScoreFunction | None = None
    rule: Rule | None = None
    site: LayerSite | AttentionSite | None = None
    replaced: bool = False
    features: bool = False

    def __call__(
        self, leaves: list[Tensor], aim: list[Tensor], scale: Tensor | None = None
    ) -> tuple[dict[str, Any], RectifierCount | None]:
        """The tensors of one chunk, and what a rule found in the model.

        Args:
            leaves: the inputs, and behind them the value of the tensor behind integer inputs where it is replaced.
            aim: what the score of each example is made with, see `BoundTarget.aim`.
            scale: `(n,)`, what the gradients are multiplied with.
        """
        if self.wants == "gradients":
            return self._gradients(leaves, aim, scale)
        score, more, found = self._score(leaves, None, aim)
        if self.wants == "scores":
            more.pop("tensor", None)
        return {**self._own(score), **more}, found

    def _gradients(
        self, leaves: list[Tensor], aim: list[Tensor], scale: Tensor | None
    ) -> tuple[dict[str, Any], RectifierCount | None]:
        explained = self._differentiated(leaves)
        found: list[RectifierCount | None] = []

        def scored(explained: list[Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
            score, more, count = self._score(leaves, explained, aim)
            found.append(count)
            return score, more

        def seed(score: Tensor) -> Tensor:
            if self.target != "classes":
                return ops.ones_like(score) if scale is None else scale
            predicted = ops.cast(ops.argmax(score, axis=-1), "int32")
            chosen = ops.where(aim[0] == PREDICTED, predicted, aim[0])
            one_hot = ops.one_hot(chosen, score.shape[-1], dtype="float32")
            return one_hot if scale is None else one_hot * scale[:, None]

        score, gradients, more = current_backend().vjp(scored, explained, seed)
        return {**self._own(score), "gradients": self._connected(gradients, explained), **more}, found[-1]

    def _own(self, score: Tensor) -> dict[str, Tensor]:
        """The scores, where they are not those of classes, which stand in the table."""
        return {} if self.target == "classes" else {"score": score}

    @property
    def _inside(self) -> Sequence[tuple[int, ...]]:
        """The shapes of the tensors inside the model that are explained; none where the inputs are."""
        if self.site is not None:
            return self.site.shapes
        return [] if self.anatomy.tapped_shape is None else [self.anatomy.tapped_shape]

    def _differentiated(self, leaves: list[Tensor]) -> list[Tensor]:
        """What the gradients are for: the floating inputs, or a zero offset of each tensor inside."""
        if not self._inside:
            return [leaves[i] for i in self.anatomy.plan.floating]
        return [ops.zeros((leaves[0].shape[0], *shape), "float32") for shape in self._inside]

    def _forward(
        self, leaves: list[Tensor], explained: list[Tensor] | None
    ) -> tuple[Traced, Tensor, RectifierCount | None]:
        """The model called with these values of what is explained; and what is explained inside: a tensor or a list."""
        count = len(self.anatomy.plan.names)
        own, replacement = leaves[:count], leaves[count] if self.replaced else None
        offsets = explained if explained is not None and self._inside else []
        if explained is not None and not self._inside:
            placed = dict(zip(self.anatomy.plan.floating, explained, strict=True))
            own = [placed.get(position, leaf) for position, leaf in enumerate(own)]
        first = FirstFloatTap(None if self.site or not offsets else offsets[0], replacement)
        taps: list[Any] = [first, self.site.tap(offsets)] if self.site else [first]
        rules = [RectifierRule(self.rule)] if self.rule else []
        traced = forward(self.model, self.anatomy.plan, own, [*taps, *rules])
        for rule in rules:
            rule.found(current_backend().rectifiers(self._outputs, own))
        return traced, taps[-1].tensor, rules[0].count if rules else None

    def _outputs(self, leaves: list[Tensor]) -> Any:
        return forward(self.model, self.anatomy.plan, leaves).outputs

    def _score(
        self, leaves: list[Tensor], explained: list[Tensor] | None, aim: list[Tensor]
    ) -> tuple[Tensor, dict[str, Tensor], RectifierCount | None]:
        """What is differentiated (the class table, or one custom score per example), and what else is told."""
        function = self.function
        traced, inside, found = self._forward(leaves, explained)
        output = select_output(self.model, traced.outputs, self.output, leave_whole=function is not None)
        table = None
        if (known := self.anatomy.output) is not None:
            mask = aim[1] if self.target == "classes" and len(aim) > 1 else None
            kind = score_kind(known, self.logits)
            table = class_table(output, known, traced.record.of(output), kind, mask)
        if self.target == "classes":
            score = table
        elif function is not None:
            score = called_function(function, output, aim, leaves[0].shape[0])
        else:
            weighted = ops.cast(output, "float32") * aim[0]
            score = ops.sum(weighted, axis=tuple(range(1, len(weighted.shape))))
        more = {"table": ops.stop_gradient(score[:, None] if table is None else table)}  # type: ignore[index]
        if self.features and known is not None:
            more["features"] = ops.stop_gradient(_pooled(traced.record.last_read(output)))
        if self._inside:
            more["tensor"] = optree.tree_map(lambda one: ops.stop_gradient(ops.cast(one, "float32")), inside)
        return score, more, found

    def _connected(self, gradients: list[Tensor | None], explained: list[Tensor]) -> list[Tensor]:
        if all(gradient is None for gradient in gradients) or (
            self.site and any(g is None for g in gradients)
        ):
            what = f"layer {self.site.name!r}" if self.site else ", ".join(self.anatomy.explained)
            raise NoGradientError(
                f"No gradient reaches {what}: the path to the score is cut (by a conversion to integers, a "
                "stop_gradient, or an output that does not depend on it)."
            )
        return [
            ops.zeros_like(tensor) if gradient is None else ops.cast(gradient, "float32")
            for gradient, tensor in zip(gradients, explained, strict=True)
        ]


def _pooled(tensor: Tensor) -> Tensor:
    """`(n, channels)` float32: the mean over all positions."""
    tensor = ops.cast(tensor, "float32")
    if len(tensor.shape) == 1:
        return tensor[:, None]
    return tensor if len(tensor.shape) == 2 else ops.mean(tensor, axis=tuple(range(1, len(tensor.shape) - 1)))
