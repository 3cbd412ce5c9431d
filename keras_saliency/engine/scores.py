"""From a model's output to a table of scores: one row per example, one column per class."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops
from scipy.special import expit

from keras_saliency.engine.interception import Activation, ActivationRecord
from keras_saliency.errors import LogitsNotFoundError
from keras_saliency.probes.targets import PREDICTED
from keras_saliency.records.scores import Scores

LOGITS = ("auto", "output", "centred_log_probability")
PROBABILITIES = ("softmax", "log_softmax", "sigmoid", "hard_sigmoid", "sparsemax", "sparse_sigmoid")
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
        made_with: the name of that layer's activation, where it is one of Keras'.
    """

    shape: tuple[int, ...]
    class_axis: int
    activation: str | None
    producer: str | None
    made_with: str | None


def describe(output: Tensor, record: ActivationRecord, axis: int) -> Output:
    """What the trace tells about an output whose classes are at this axis, unless a softmax says otherwise."""
    activation, producer = record.of(output), record.producer(output)
    if activation is not None and activation.name != "sigmoid":
        axis = activation.axis
    return Output(
        shape=tuple(output.shape[1:]),
        class_axis=axis,
        activation=activation.name if activation else None,
        producer=getattr(producer, "name", None),
        made_with=_keras_activation(getattr(producer, "activation", None)),
    )


def _keras_activation(function: Any) -> str | None:
    name = getattr(function, "__name__", "")
    return name if getattr(keras.activations, name, None) is function is not None else None


def score_kind(output: Output, logits: str) -> str:
    """The kind of score that `logits=` selects for this output."""
    if logits == "auto":
        return "logit" if output.activation else "output"
    return logits


def class_count(output: Output, kind: str) -> int:
    """The number of classes that an output has: two for one sigmoid unit, one for one linear unit."""
    units = output.shape[output.class_axis - (output.class_axis > 0)] if output.shape else 1
    return 2 if units == 1 and _is_one_probability(output, kind) else units


def _is_one_probability(output: Output, kind: str) -> bool:
    return output.activation == "sigmoid" or kind == "centred_log_probability"


def class_table(tensor: Tensor, output: Output, activation: Activation | None, kind: str) -> Tensor:
    """The float32 scores of all classes, `(n, classes)`.

    Positions (segmentation) are summed over. One sigmoid unit has two columns, class 0 and class 1.
    """
    if activation is not None and kind == "logit":
        tensor = activation.inputs
    tensor = ops.cast(tensor, "float32")
    if len(tensor.shape) == 1:
        tensor = tensor[:, None]
    classes_last = ops.moveaxis(tensor, output.class_axis, -1)
    if kind == "centred_log_probability":
        classes_last = _centred_log_probability(classes_last, output)
    table = (
        ops.sum(classes_last, axis=tuple(range(1, len(tensor.shape) - 1)))
        if len(tensor.shape) > 2
        else classes_last
    )
    if table.shape[-1] == 1 and _is_one_probability(output, kind):
        # Class 0 has the probability 1 − p, and so the negative logit.
        return ops.concatenate([1.0 - table if kind == "output" else -table, table], axis=-1)
    return table


def _centred_log_probability(probabilities: Tensor, output: Output) -> Tensor:
    if output.activation == "sigmoid" or probabilities.shape[-1] == 1:
        # The logit itself: a single unit has no other logits whose mean could be taken off.
        return ops.log(probabilities) - ops.log(1.0 - probabilities)
    logs = probabilities if output.activation == "log_softmax" else ops.log(probabilities)
    return logs - ops.mean(logs, axis=-1, keepdims=True)


def require_probabilities(output: Output) -> None:
    """Raise if an output is known not to consist of probabilities."""
    if output.activation is None and output.made_with not in (None, *PROBABILITIES):
        raise ValueError(
            'logits="centred_log_probability" needs probabilities. Received: an output made by layer '
            f"{output.producer!r} with a {output.made_with} activation"
        )


def refuse_hidden_probabilities(
    output: Output, table: np.ndarray, far_table: Callable[[], np.ndarray]
) -> None:
    """Raise if an output whose activation was not recorded consists of probabilities: its logits are hidden.

    Where Keras does not know what made the output, it does if it sums to 1, or if it stays in 0 … 1 however far from
    any image the inputs are.

    Args:
        output: the output.
        table: `(n, classes)` of it.
        far_table: gives the same for inputs that are far from any image.

    Raises:
        LogitsNotFoundError: naming the layer and the ways out.
    """
    if output.activation is not None:
        return
    if output.made_with is None:
        positions = np.prod(output.shape, dtype=float) / table.shape[1]
        hidden = _are_fractions(table / positions) and (
            _look_like_probabilities(table / positions) or _are_fractions(far_table() / positions)
        )
    else:
        hidden = output.made_with in PROBABILITIES
    if not hidden:
        return
    layer = f"layer {output.producer!r}" if output.producer else "the model's own code"
    raise LogitsNotFoundError(
        f"The output, made by {layer}, looks like probabilities, but no Keras softmax or sigmoid returned it: "
        "the score before it cannot be found exactly. Ways out: end the model with a Keras softmax or sigmoid; "
        'explain the probability itself with logits="output"; logits="centred_log_probability"; '
        "or give a callable target."
    )


def _look_like_probabilities(values: np.ndarray) -> bool:
    """Whether rows of fractions sum to 1 or are one value each."""
    return values.shape[-1] == 1 or bool(np.allclose(values.sum(-1), 1, atol=1e-2))


def _are_fractions(values: np.ndarray) -> bool:
    return bool(np.isfinite(values).all() and (values >= 0).all() and (values <= 1 + 1e-3).all())


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
    highest = table.max(1)
    if output.activation is None or len(output.shape) > 1:
        return np.full_like(highest, np.nan)
    if kind == "output":
        return np.asarray(np.exp(highest)) if output.activation == "log_softmax" else highest
    if output.activation == "sigmoid":
        return np.asarray(expit(highest))
    with np.errstate(invalid="ignore"):  # infinite scores have no probabilities
        return np.asarray(1 / np.exp(table - highest[:, None]).sum(1))
