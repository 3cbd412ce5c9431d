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
    """The score before softmax or sigmoid was asked for and could not be found exactly."""


class NoGradientError(SaliencyError, ValueError):
    """No gradient reaches what is to be explained: the path from it to the score is broken."""


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
    """

    def __init__(self, reason: str, instead: Any = None) -> None:
        super().__init__(reason)
        self.instead = instead


class ModelRejectedInputsError(SaliencyError, ValueError):
    """The model could not be called on the given inputs."""


class SeamError(SaliencyError, RuntimeError):
    """A private part of Keras that the engine relies on does not behave as it was proven to."""


class UnreadableFileError(SaliencyError, ValueError):
    """A file is not what it should be: foreign, damaged, or written by a newer version."""


class UnwritableFolderError(SaliencyError, OSError):
    """Looks cannot be written where they should go."""


class PluginError(SaliencyError, ImportError):
    """What another installed package offers by name cannot be loaded."""


class NeedsSettingError(SaliencyError, ValueError):
    """A name alone does not say enough: a setting without a default, or something of the probes, is missing."""


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
