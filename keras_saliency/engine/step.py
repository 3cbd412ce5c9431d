"""What is compiled: one chunk of inputs → class table, scores and gradients."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from keras import ops

from keras_saliency.engine.anatomy import Anatomy, forward, select_output
from keras_saliency.engine.backends.base import Backend
from keras_saliency.engine.rectifiers import RectifierCount, RectifierRule, Rule
from keras_saliency.engine.scores import class_table, score_kind
from keras_saliency.errors import NoGradientError
from keras_saliency.targets import PREDICTED, BoundTarget

Tensor = Any


@dataclass(frozen=True, eq=False)
class Step:
    """The computation for one chunk, for one kind of target.

    Its two methods are pure functions of tensors, to be compiled. `aim` holds the target of each example: a
    class index, or an output gradient; a target function needs none. With a `rule` the gradients follow it, and
    what it found in the model is put into `found` at every trace.
    """

    model: Any
    anatomy: Anatomy
    output: str | int | None
    logits: str
    target: BoundTarget
    backend: Backend
    rule: Rule | None = None
    found: list[RectifierCount] = field(default_factory=list)

    def scores(self, leaves: list[Tensor], aim: Tensor, scale: Tensor) -> dict[str, Tensor]:
        """The explained scores and the class table."""
        del scale
        score, table = self._score(leaves, None, aim)
        return {"score": score, "table": table}

    def gradients(self, leaves: list[Tensor], aim: Tensor, scale: Tensor) -> dict[str, Any]:
        """The explained scores, the class table, and the gradients × scale of what is explained."""
        floating, tapped = self.anatomy.plan.floating, self.anatomy.tapped_shape
        if tapped is None:
            explained = [leaves[i] for i in floating]
        else:
            explained = [ops.zeros((leaves[0].shape[0], *tapped), "float32")]

        def scored(explained: list[Tensor]) -> tuple[Tensor, Tensor]:
            if tapped is not None:
                return self._score(leaves, explained[0], aim)
            filled = dict(enumerate(leaves)) | dict(zip(floating, explained, strict=True))
            return self._score(list(filled.values()), None, aim)

        def seed(score: Tensor) -> Tensor:
            if self.target.classes is None:
                return scale
            chosen = ops.where(aim == PREDICTED, ops.cast(ops.argmax(score, axis=-1), "int32"), aim)
            return ops.one_hot(chosen, score.shape[-1], dtype="float32") * scale[:, None]

        score, gradients, table = self.backend.vjp(scored, explained, seed)
        return {"score": score, "table": table, "gradients": self._connected(gradients, explained)}

    def _score(self, leaves: list[Tensor], offset: Tensor | None, aim: Tensor) -> tuple[Tensor, Tensor]:
        """What is differentiated (the class table, or one custom score per example), and the class table."""
        function = self.target.function
        rules = [RectifierRule(self.rule)] if self.rule else []
        traced = forward(self.model, self.anatomy.plan, leaves, offset, rules)
        self.found.extend(rule.count for rule in rules)
        output = select_output(self.model, traced.outputs, self.output, leave_whole=function is not None)
        table = None
        if (known := self.anatomy.output) is not None:
            table = class_table(output, known, traced.record.of(output), score_kind(known, self.logits))
        if self.target.classes is not None:
            return table, ops.stop_gradient(table)
        if function is not None:
            score = _one_per_example(function(output), aim.shape[0])
        else:
            weighted = ops.cast(output, "float32") * aim
            score = ops.sum(weighted, axis=tuple(range(1, len(weighted.shape))))
        return score, ops.stop_gradient(score[:, None] if table is None else table)

    def _connected(self, gradients: list[Tensor | None], explained: list[Tensor]) -> list[Tensor]:
        if all(gradient is None for gradient in gradients):
            raise NoGradientError(
                f"No gradient reaches {', '.join(self.anatomy.explained)}: the path to the score is cut (by a "
                "conversion to integers, a stop_gradient, or an output that does not depend on it)."
            )
        return [
            ops.zeros_like(tensor) if gradient is None else ops.cast(gradient, "float32")
            for gradient, tensor in zip(gradients, explained, strict=True)
        ]


def _one_per_example(score: Any, count: int) -> Tensor:
    if not ops.is_tensor(score) or tuple(score.shape) != (count,):
        raise ValueError(
            f"Expected the target function to return one score per example, a tensor of shape (n,); here n is "
            f"{count}. Received: {getattr(score, 'shape', type(score).__name__)}"
        )
    return ops.cast(score, "float32")
