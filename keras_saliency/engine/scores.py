"""From a model's output to a table of scores: one row per example, one column per class."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
from keras import ops
from scipy.special import expit

from keras_saliency.arguments import setting
from keras_saliency.engine.activation_record import Activation, ActivationRecord
from keras_saliency.engine.compiled import Link, trained_link
from keras_saliency.engine.outputs import OutputPlace
from keras_saliency.probes.targets import PREDICTED
from keras_saliency.records.scores import Scores

LOGITS = ("auto", "output", "centred_log_probability", "binary")
PROBABILITIES = (
    "softmax",
    "log_softmax",
    "sigmoid",
    "log_sigmoid",
    "hard_sigmoid",
    "sparsemax",
    "sparse_sigmoid",
)
"""Keras' activations that return probabilities or their logarithms."""

Tensor = Any


@dataclass(frozen=True)
class Output:
    """What is known of a model's output from tracing it.

    Attributes:
        shape: without the batch.
        class_axis: the axis of the classes, batch included.
        activation: `"softmax"`, `"log_softmax"`, `"sigmoid"`, or None where the output is none of them.
        producer: the name of the layer that made it, None where that is not known.
        made_with: the name of that layer's activation, where the layer is Keras' and its activation too.
        is_weighted: whether that layer has weights, and is Keras'.
        is_behind_activations: whether the trace has any softmax or sigmoid.
        place: among the outputs of the model.
        link: what turns the output into probabilities, where it is known to consist of logits.
    """

    shape: tuple[int, ...]
    class_axis: int
    activation: str | None
    producer: str | None
    made_with: str | None
    is_weighted: bool
    is_behind_activations: bool
    place: OutputPlace
    link: Link | None = None

    @property
    def units(self) -> int:
        """How many classes or numbers there are at each position."""
        return self.shape[self._axis] if self.shape else 1

    @property
    def positions(self) -> tuple[int, ...]:
        """The shape without the batch and the classes."""
        axis = self._axis % len(self.shape) if self.shape else 0
        return self.shape[:axis] + self.shape[axis + 1 :]

    @property
    def is_binary(self) -> bool:
        """Whether one unit stands for two classes."""
        return self.units == 1 and "sigmoid" in (self.activation, self.link)

    @property
    def _axis(self) -> int:
        return self.class_axis - (self.class_axis > 0)


def describe(output: Tensor, record: ActivationRecord, axis: int, place: OutputPlace) -> Output:
    """What the trace tells about an output whose classes are at this axis, unless a softmax says otherwise."""
    activation, producer = record.of(output), record.producer(output)
    if activation is not None and activation.name != "sigmoid":
        axis = activation.axis
    is_keras = type(producer).__module__.partition(".")[0] == "keras"
    return Output(
        shape=tuple(output.shape[1:]),
        class_axis=axis,
        activation=activation.name if activation else None,
        producer=getattr(producer, "name", None),
        made_with=_keras_activation(getattr(producer, "activation", None)) if is_keras else None,
        is_weighted=is_keras and bool(getattr(producer, "weights", ())),
        is_behind_activations=record.has_activations,
        place=place,
    )


def _keras_activation(function: Any) -> str | None:
    name = getattr(function, "__name__", "")
    return name if getattr(keras.activations, name, None) is function is not None else None


def with_link(output: Output, model: Any, logits: str) -> Output:
    """The output, with what `logits=` or the loss that the model was compiled with says of it.

    Raises:
        ValueError: `logits=` says what the trace contradicts.
    """
    if logits == "binary":
        _require_a_linear_unit(output)
        return replace(output, link="sigmoid")
    if logits == "centred_log_probability":
        _require_probabilities(output)
    link = None if output.activation else trained_link(model, output.place, output.units)
    return replace(output, link=link)


def _require_a_linear_unit(output: Output) -> None:
    made_with = output.activation or output.made_with
    if output.units != 1 or made_with not in (None, "linear"):
        raise ValueError(
            f"{setting('logits', 'binary')} is for one linear unit that was trained as a logit. Received: an output "
            f"of shape {output.shape}" + (f" with a {made_with} activation" if made_with else "")
        )


def _require_probabilities(output: Output) -> None:
    if output.activation is None and output.made_with not in (None, *PROBABILITIES):
        raise ValueError(
            f"{setting('logits', 'centred_log_probability')} needs probabilities. Received: an output made by layer "
            f"{output.producer!r} with a {output.made_with} activation"
        )


def score_kind(output: Output, logits: str) -> str:
    """The kind of score that `logits=` selects for this output."""
    if logits == "auto":
        return "logit" if output.activation or output.link else "output"
    return "logit" if logits == "binary" else logits


def class_count(output: Output, kind: str) -> int:
    """The number of classes that an output has: two for one unit that is a probability or its logit."""
    return 2 if _has_two_classes(output, kind) else output.units


def _has_two_classes(output: Output, kind: str) -> bool:
    return output.is_binary or (output.units == 1 and kind == "centred_log_probability")


def class_table(
    tensor: Tensor, output: Output, activation: Activation | None, kind: str, mask: Tensor | None = None
) -> Tensor:
    """The float32 scores of all classes, `(n, classes)`.

    Positions (segmentation) are summed over, those in a mask `(n, …)` where there is one. One unit that is a
    probability or its logit has two columns, class 0 and class 1.
    """
    if activation is not None and kind == "logit":
        tensor = activation.inputs
    tensor = ops.cast(tensor, "float32")
    if len(tensor.shape) == 1:
        tensor = tensor[:, None]
    table = ops.moveaxis(tensor, output.class_axis, -1)
    if kind == "centred_log_probability":
        table = _centred_log_probability(table, output)
    if _has_two_classes(output, kind):
        # Class 0 has the probability 1 − p, and so the negative logit.
        is_probability = kind == "output" and output.link is None
        table = ops.concatenate([1.0 - table if is_probability else -table, table], axis=-1)
    if mask is not None:
        table = table * mask[..., None]
    return ops.sum(table, axis=tuple(range(1, len(table.shape) - 1))) if len(table.shape) > 2 else table


def _centred_log_probability(probabilities: Tensor, output: Output) -> Tensor:
    if output.activation == "sigmoid" or probabilities.shape[-1] == 1:
        # The logit itself: a single unit has no other logits whose mean could be taken off.
        return ops.log(probabilities) - ops.log(1.0 - probabilities)
    logs = probabilities if output.activation == "log_softmax" else ops.log(probabilities)
    return logs - ops.mean(logs, axis=-1, keepdims=True)


def read_scores(output: Output, kind: str, table: np.ndarray, classes: np.ndarray) -> Scores:
    """The scores of the given classes (`PREDICTED`: of the predicted one) in a class table."""
    predicted, probabilities = read_predictions(output, kind, table)
    chosen = np.where(classes == PREDICTED, predicted, classes).astype("int64")
    if table.shape[1] == 1:
        return Scores(table[:, 0], kind, predicted, predicted, probabilities, table)
    return Scores(table[np.arange(len(table)), chosen], kind, chosen, predicted, probabilities, table)


def read_predictions(output: Output | None, kind: str, table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The class with the highest score in each row, −1 for a single column, and its probability or NaN."""
    if output is None or table.shape[1] == 1:
        return np.full(len(table), PREDICTED, "int64"), np.full(len(table), np.nan, "float32")
    predicted = table.argmax(1).astype("int64", copy=False)
    return predicted, _probabilities_of_highest(output, kind, table)


def _probabilities_of_highest(output: Output, kind: str, table: np.ndarray) -> np.ndarray:
    """`(n,)`: the probability of the class with the highest score in each row, NaN where the model gives none."""
    highest, squashed_by = table.max(1), output.activation or output.link
    if squashed_by is None or output.positions:
        return np.full_like(highest, np.nan)
    if kind == "output" and output.activation is not None:
        return np.asarray(np.exp(highest)) if output.activation == "log_softmax" else highest
    if squashed_by == "sigmoid":
        return np.asarray(expit(highest))
    with np.errstate(invalid="ignore"):  # infinite scores have no probabilities
        return np.asarray(1 / np.exp(table - highest[:, None]).sum(1))
