"""The exceptions of this package. Wrong arguments are `ValueError` or `TypeError` as everywhere in Python."""

from typing import Any


class SaliencyError(Exception):
    """Base of every error that only this package raises.

    Example:
        >>> try:
        ...     ks.explain(model, images[:, :5])
        ... except ks.SaliencyError as error:
        ...     print(type(error).__name__)
        ModelRejectedInputsError
    """


class LogitsNotFoundError(SaliencyError, ValueError):
    """The score before softmax or sigmoid was asked for and could not be found exactly.

    Example:
        >>> inputs = keras.Input((12, 12, 1))
        >>> powers = keras.ops.exp(keras.layers.Dense(3)(keras.layers.Flatten()(inputs)))
        >>> by_hand = keras.Model(inputs, powers / keras.ops.sum(powers, axis=-1, keepdims=True))
        >>> try:
        ...     ks.explain(by_hand, images)
        ... except ks.LogitsNotFoundError:
        ...     explanation = ks.explain(by_hand, images, logits="centred_log_probability")
        >>> explanation.score_kind
        'centred_log_probability'
    """


class NoGradientError(SaliencyError, ValueError):
    """No gradient reaches what is to be explained: the path from it to the score is broken.

    Example:
        >>> cut = keras.Sequential([keras.Input((12, 12, 1)), keras.layers.Lambda(keras.ops.stop_gradient), model])
        >>> try:
        ...     ks.explain(cut, images)
        ... except ks.NoGradientError as error:
        ...     print(str(error).split(":")[0])
        No gradient reaches input
    """


class MethodDoesNotApplyError(SaliencyError, ValueError):
    """A method has no meaning for this model; the sentence says why.

    Example:
        >>> linear = keras.Sequential([keras.Input((12, 12, 1)), keras.layers.Flatten(), keras.layers.Dense(3)])
        >>> try:
        ...     ks.explain(linear, images, "guided_backprop")
        ... except ks.MethodDoesNotApplyError as error:
        ...     print(str(error).split(":")[0])
        The rule 'guided' changes the gradient of ReLUs, and no ReLU of this model goes through Keras
    """


class CheckDoesNotApplyError(SaliencyError, ValueError):
    """A check has no meaning for this model, its probes or the method, whatever the weights are; the sentence says why.

    Args:
        reason: the sentence.
        instead: the result that stands in a report where a suite brought the check along; by default it is skipped.

    Example:
        >>> probes_without_labels = ks.ProbeSet(images)
        >>> ks.check(model, probes_without_labels, ks.Accuracy(0.9)).results[0].status  # the check raised it
        'errored'
    """

    def __init__(self, reason: str, instead: Any = None) -> None:
        super().__init__(reason)
        self.instead = instead


class ModelRejectedInputsError(SaliencyError, ValueError):
    """The model could not be called on the given inputs.

    Example:
        >>> try:
        ...     ks.explain(model, images[:, :5])
        ... except ks.ModelRejectedInputsError as error:
        ...     print("cannot be called on these images" in str(error))
        True
    """


class SeamError(SaliencyError, RuntimeError):
    """A private part of Keras that the engine relies on does not behave as it was proven to.

    Example:
        >>> try:
        ...     explanation = ks.explain(model, images)
        ... except ks.SeamError:
        ...     print("Install a version of Keras that this package is tested with.")
    """


class UnreadableFileError(SaliencyError, ValueError):
    """A file is not what it should be: foreign, damaged, or written by a newer version.

    Example:
        >>> with open("probes.npz", "w") as file:
        ...     _ = file.write("no probes")
        >>> try:
        ...     ks.ProbeSet.load("probes.npz")
        ... except ks.UnreadableFileError as error:
        ...     print(error)
        probes.npz is no probes file of keras_saliency, or it is damaged.
    """


class UnwritableFolderError(SaliencyError, OSError):
    """Looks cannot be written where they should go.

    Example:
        >>> open("logs", "w").close()
        >>> saliency = ks.SaliencyCallback(probes, "logs")
        >>> try:
        ...     saliency.look(model, 0)
        ... except ks.UnwritableFolderError as error:
        ...     print(type(error).__name__)
        UnwritableFolderError
    """


class PluginError(SaliencyError, ImportError):
    """What another installed package offers by name cannot be loaded.

    Example:
        >>> try:
        ...     explanation = ks.explain(model, images, "gradient")
        ... except ks.PluginError as error:
        ...     print(f"Uninstall the package, or mend it: {error}")
    """


class NeedsSettingError(SaliencyError, ValueError):
    """A name alone does not say enough: a setting without a default, or something of the probes, is missing.

    Example:
        >>> try:
        ...     ks.check(model, probes, "accuracy")
        ... except ks.NeedsSettingError as error:
        ...     print(error)
        The check 'accuracy' needs a setting: give Accuracy(limit=…) in its place.
    """


class SaliencyWarning(UserWarning):
    """Something was lost or is doubtful, and training goes on.

    Example:
        >>> import warnings
        >>> warnings.simplefilter("ignore", ks.SaliencyWarning)
    """


class ChecksFailedError(SaliencyError, AssertionError):
    """The checks of a model did not pass; the message is the report.

    Example:
        >>> report = ks.check(model, ks.ProbeSet(images, (labels + 1) % 3), ks.Accuracy(0.9))
        >>> try:
        ...     report.raise_for_failures()
        ... except ks.ChecksFailedError:
        ...     print(report.results[0].sentence)
        0 of 12 probes are predicted as labelled (0%; at least 90% are asked for).
    """
