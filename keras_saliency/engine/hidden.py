"""Whether an output whose logits were not found consists of probabilities: a fact about the model, not about images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops
from scipy.special import logsumexp
from typing_extensions import override

from keras_saliency.arguments import setting, writes_code
from keras_saliency.engine.anatomy import Anatomy, forward
from keras_saliency.engine.backends import current_backend
from keras_saliency.engine.first_float import FirstFloatTap
from keras_saliency.engine.interception import Hook
from keras_saliency.engine.isolation import outside_inference_mode, without_a_trace
from keras_saliency.engine.outputs import select_output
from keras_saliency.engine.scores import PROBABILITIES, Output
from keras_saliency.errors import LogitsNotFoundError

SCALES = (1.0, 1e3, 1e6)
EXAMPLES = 4
"""The standard deviations of the inputs that tell whether an output can leave 0 … 1, and how many there are of each."""

SPREADS = (0.3, 1e3)
"""The standard deviations of what is added to weights there: small or untrained ones tell nothing."""

Tensor = Any


@dataclass(frozen=True)
class HiddenProbabilities:
    """Looks for probabilities in one output of a model.

    Attributes:
        model: a built Keras model.
        anatomy: of it with the inputs.
        output: its selected output.
        selected: the name or position of the output.
    """

    model: Any
    anatomy: Anatomy
    output: Output
    selected: str | int | None

    def refuse(self, leaves: Sequence[np.ndarray], aim: Sequence[np.ndarray], table: np.ndarray) -> None:
        """Raise if the output consists of probabilities, or depends on nothing but what a softmax or sigmoid returned.

        Where a layer of Keras with weights made the output, its activation tells. Else the output consists of
        probabilities if it stays in 0 … 1 whatever the inputs and the weights are.

        Args:
            leaves: some inputs.
            aim: of each of them, see `BoundTarget.aim`: behind the classes a mask of positions, where there is one.
            table: `(n, classes)`, their class scores; an output that leaves 0 … 1 here needs no further question.

        Raises:
            LogitsNotFoundError: naming the layer and the ways out.
        """
        output = self.output
        if output.activation is not None:
            return
        positions = [mask.reshape(len(mask), -1).sum(1, keepdims=True) for mask in aim[1:]]
        with np.errstate(invalid="ignore"):  # no position of an empty mask tells anything
            seen = table[:, -output.units :] / (
                positions[0] if positions else max(1, np.prod(output.positions))
            )
        if output.made_with in PROBABILITIES:
            raise self._error(_PROBABILITIES, "log" not in output.made_with)
        if output.is_weighted and output.made_with is not None:
            return
        if _all_rows(_are_fractions, seen) and self._always(_are_fractions, leaves):
            raise self._error(_PROBABILITIES, centred=True)
        if _all_rows(_are_negative, seen) and self._always(_are_log_probabilities, leaves):
            raise self._error("logarithms of probabilities", centred=False)
        if output.is_behind_activations and not self._has_another_source(leaves):
            raise LogitsNotFoundError(
                f"The output, made by {self._producer()}, is computed from what a softmax or sigmoid returned and from "
                f"nothing else: the score before that cannot be found exactly. {_ways_out(centred=False)}"
            )

    def _error(self, what: str, centred: bool) -> LogitsNotFoundError:
        return LogitsNotFoundError(
            f"The output, made by {self._producer()}, looks like {what}, but no Keras softmax or sigmoid returned it: "
            f"the score before it cannot be found exactly. {_ways_out(centred)}"
        )

    def _producer(self) -> str:
        return f"layer {self.output.producer!r}" if self.output.producer else "the model's own code"

    def _always(self, holds: Callable[[np.ndarray], np.ndarray], leaves: Sequence[np.ndarray]) -> bool:
        """Whether this holds for inputs near and far, and other weights; also where the model cannot take such."""
        backend, rng = current_backend(), np.random.default_rng(0)

        def call(leaves: list[Tensor]) -> Tensor:
            return self._rows_of(leaves, [])

        run = backend.compile(call, self.model.variables, channels_first=self.anatomy.channels_first)
        try:
            with outside_inference_mode(), without_a_trace():
                far = [backend.to_tensor(leaf) for leaf in self._far(leaves, rng)]
                weights = [[], *(self._other_weights(spread, rng) for spread in SPREADS)]
                rows = [backend.to_numpy(run(values, far)) for values in weights]
        except Exception:
            return True
        return all(_all_rows(holds, some) for some in rows)

    def _far(self, leaves: Sequence[np.ndarray], rng: np.random.Generator) -> list[np.ndarray]:
        """Inputs near and far from any image, and such values of the tensor behind integer inputs.

        Whole numbers keep their values: they may be indices, and one that is out of bounds ends the work on a GPU.
        """
        scale = np.repeat(SCALES, EXAMPLES)
        plan, tapped = self.anatomy.plan, self.anatomy.tapped_shape

        def far(shape: tuple[int, ...], dtype: Any = "float32") -> np.ndarray:
            drawn = scale.reshape(-1, *[1] * len(shape)) * rng.normal(size=(len(scale), *shape))
            return np.asarray(drawn.astype(dtype))

        def like(leaf: np.ndarray, position: int) -> np.ndarray:
            if position in plan.floating and (leaf != np.floor(leaf)).any():
                return far(leaf.shape[1:], leaf.dtype)
            return leaf[np.arange(len(scale)) % len(leaf)]

        own = [like(leaf, position) for position, leaf in enumerate(leaves[: len(plan.names)])]
        return own if tapped is None else [*own, far(tapped)]

    def _other_weights(self, spread: float, rng: np.random.Generator) -> list[Any]:
        """Other values of the model's variables; None where the current one stays, as for moving statistics."""
        weights = {id(w) for w in self.model.weights if _is_float(w) and not w.name.startswith("moving_")}

        def other(variable: Any) -> Tensor:
            noise = spread * rng.normal(size=tuple(variable.shape))
            return variable.value + ops.convert_to_tensor(noise, dtype=variable.dtype)

        return [other(v) if id(v) in weights else None for v in self.model.variables]

    def _has_another_source(self, leaves: Sequence[np.ndarray]) -> bool:
        """Whether the output depends on inputs or weights otherwise than through a softmax or sigmoid."""
        backend, plan = current_backend(), self.anatomy.plan
        weights = [weight for weight in self.model.weights if _is_float(weight)]
        found: list[bool] = []

        def ask(leaves: list[Tensor]) -> Tensor:
            def rows(sources: list[Tensor]) -> tuple[Tensor, None]:
                inputs = dict(zip(plan.floating, sources, strict=False))
                values = sources[len(plan.floating) :]
                with keras.StatelessScope(state_mapping=list(zip(weights, values, strict=True))):
                    own = [inputs.get(position, leaf) for position, leaf in enumerate(leaves)]
                    return self._rows_of(own, [_WithoutActivations()]), None

            sources = [leaves[position] for position in plan.floating]
            sources += [ops.convert_to_tensor(weight.value) for weight in weights]
            _, gradients, _ = backend.vjp(rows, sources, ops.ones_like)
            found.append(any(gradient is not None for gradient in gradients))
            return leaves[0]

        run = backend.compile(ask, self.model.variables, channels_first=self.anatomy.channel_axis == 1)
        with outside_inference_mode(), without_a_trace():
            run([], [backend.to_tensor(leaf[:EXAMPLES]) for leaf in leaves[: len(plan.names)]])
        return found[-1]

    def _rows_of(self, leaves: list[Tensor], hooks: list[Hook]) -> Tensor:
        """`(n, positions · units)` of the output, classes last, on inputs like these, and a tensor behind them."""
        count = len(self.anatomy.plan.names)
        taps = [FirstFloatTap(None, leaves[count])] if leaves[count:] else []
        traced = forward(self.model, self.anatomy.plan, leaves[:count], [*taps, *hooks])
        output = ops.cast(select_output(self.model, traced.outputs, self.selected), "float32")
        if len(output.shape) > 1:
            output = ops.moveaxis(output, self.output.class_axis, -1)
        return ops.reshape(output, (leaves[0].shape[0], *self.output.positions, self.output.units))


class _WithoutActivations(Hook):
    """No gradient goes back through a softmax or sigmoid."""

    @override
    def activation(self, name: str, axis: int, inputs: Tensor, output: Tensor) -> Tensor:
        return ops.stop_gradient(output)


_PROBABILITIES = "probabilities"


def _ways_out(centred: bool) -> str:
    ways = [
        "end the model with a Keras softmax or sigmoid",
        f"explain the output itself with {setting('logits', 'output')}",
        *([setting("logits", "centred_log_probability")] if centred else []),
        *(["give a callable target"] if writes_code() else []),
    ]
    return f"Ways out: {'; '.join(ways[:-1])}; or {ways[-1]}."


def _all_rows(holds: Callable[[np.ndarray], np.ndarray], rows: np.ndarray) -> bool:
    """Whether this holds for all finite rows: numbers that overflow tell nothing."""
    rows = rows.reshape(-1, rows.shape[-1])
    return bool(holds(rows[np.isfinite(rows).all(1)]).all())


def _are_fractions(rows: np.ndarray) -> np.ndarray:
    return np.asarray(((rows >= 0) & (rows <= 1 + 1e-3)).all(1))


def _are_negative(rows: np.ndarray) -> np.ndarray:
    return np.asarray((rows <= 0).all(1))


def _are_log_probabilities(rows: np.ndarray) -> np.ndarray:
    return np.asarray(_are_negative(rows) & (np.abs(logsumexp(rows, axis=1)) < 1e-2))


def _is_float(weight: Any) -> bool:
    return bool(keras.backend.is_float_dtype(weight.dtype))
