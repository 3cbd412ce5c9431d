"""Making explanations: the maps of any model for any images."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import optree

from keras_saliency.arguments import whole
from keras_saliency.engine import Question, ScoredModel
from keras_saliency.errors import SaliencyWarning
from keras_saliency.explanation.explanation import Explanation
from keras_saliency.explanation.progress import shown
from keras_saliency.explanation.reading import probes_to_explain, warn_of_range
from keras_saliency.methods import Method, make_method
from keras_saliency.methods.base import run_method
from keras_saliency.probes import ProbeSet, with_channel_axis
from keras_saliency.probes.targets import BoundTarget, Label, Predicted, as_target, bind
from keras_saliency.terminal import visible


def explain(
    model: Any,
    images: Any,
    method: str | Method = "gradient",
    target: Any = None,
    *,
    output: str | int | None = None,
    logits: str = "auto",
    chunk_size: int | None = None,
    channel_axis: int | None = None,
    seed: int = 0,
    progress: bool = False,
) -> Explanation:
    """The maps of a model for some images.

    Args:
        model: a Keras model on any backend. Nothing of it is changed.
        images: a `ProbeSet`; what the model takes: an array `(n, …)`, a list or a dict of arrays; a `tf.data.Dataset`,
            a `PyDataset`, a PyTorch `DataLoader` or a generator, of which every image is explained, up to 1 GiB of
            them (a generator is used up, and what has no end is refused); or the path of a picture or a folder, or a
            list of them, where the model declares its size and begins with a `Rescaling` or `Normalization`.
        method: the name of a method, or a method such as `ks.Gradient()`.
        target: whose score is explained: `"predicted"`, `"label"`, a class index, one index per image,
            `ks.OutputGradient(array)`, `ks.PixelsOf(class_index, mask)`, or a callable from the model's outputs (all of
            them, where `output` names none) to `(n,)` scores, with data of each image `ks.PerImage(function, array)`.
            None: the label where there are labels, else the predicted class.
        output: the name or position of the output, for models with several.
        logits: `"auto"` explains the score before softmax or sigmoid, and the output where the model was compiled with
            `from_logits=True`; `"binary"` says that one linear unit is the logit of class 1; `"output"` explains the
            output as it is; `"centred_log_probability"` log p − mean log p.
        chunk_size: images per call of the model; None chooses 32, and up to 128 for a small model.
        channel_axis: where the images have their channels, see `ProbeSet`; None: the model tells.
        seed: of the private generator of methods that draw random numbers.
        progress: whether a line on stderr says how far the work has come, while it lasts.

    Raises:
        LogitsNotFoundError: `logits="auto"`, and the score before the output's probabilities cannot be found.
        ModelRejectedInputsError: the model cannot be called on the images.
        NoGradientError: no gradient reaches them.
        FileNotFoundError, UnreadableFileError: a picture cannot be read.
        ValueError, TypeError: an argument is wrong.

    Images that do not have the range of the model's first Rescaling or Normalization get a `SaliencyWarning`; so do
    those whose maps should sum to the change of the score and do not.

    Example:
        >>> explanation = ks.explain(model, images, "gradient", target=2)
        >>> explanation.maps.shape, explanation.score_kind
        ((12, 12, 12, 1), 'logit')
        >>> averaged = ks.explain(model, images, ks.SmoothGrad(samples=8), target=lambda outputs: outputs[:, 0])
    """
    seed = whole("seed", seed, 0)
    probes = with_channel_axis(probes_to_explain(model, images, target), channel_axis)
    scored = ScoredModel(
        model, output=output, logits=logits, chunk_size=chunk_size, channel_axis=probes.channel_axis
    )
    made = make_method(method)
    question = Question(scored, probes.images, bind_target(target, probes))
    warn_of_range(model, question.anatomy.layout, probes)
    if not progress:
        return _warned(explain_question(question, probes, made, seed))
    with shown(made.name) as tell, scored.telling(tell):
        return _warned(explain_question(question, probes, made, seed))


def _warned(explanation: Explanation) -> Explanation:
    """The same, after a warning that names the images whose maps miss the change of the score."""
    if sentence := explanation.incomplete:
        warnings.warn(visible(sentence), SaliencyWarning, stacklevel=3)
    return explanation


def bind_target(target: Any, probes: ProbeSet) -> BoundTarget:
    """The target for these probes; None is the label where there are labels, else the predicted class."""
    if target is None:
        target = Predicted() if probes.labels is None else Label()
    return bind(as_target(target), len(probes), probes.labels)


def explain_question(question: Question, probes: ProbeSet, method: Method, seed: int) -> Explanation:
    """The explanation of probes by a method; the same seed gives the same maps."""
    result = run_method(method, question, seed)
    scores = question.scores
    return Explanation(
        maps=optree.tree_map(_writable, result.maps),
        model_scores=replace(scores, values=_writable(scores.values)),
        method=method.name,
        probes=probes,
        layout=question.anatomy.layout,
        diagnostics={"explained": ", ".join(question.anatomy.explained), **result.diagnostics},
    )


def _writable(values: np.ndarray) -> np.ndarray:
    """The values in an array that can be written to: what comes from a framework may be read-only."""
    return np.require(values, requirements="W")
