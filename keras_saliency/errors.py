"""The exceptions of this package. Wrong arguments are `ValueError` or `TypeError` as everywhere in Python."""


class SaliencyError(Exception):
    """Base of every error that only this package raises."""


class LogitsNotFoundError(SaliencyError, ValueError):
    """The score before softmax or sigmoid was asked for and could not be found exactly."""


class NoGradientError(SaliencyError, ValueError):
    """No gradient reaches what is to be explained: the path from it to the score is broken."""


class MethodDoesNotApplyError(SaliencyError, ValueError):
    """A method has no meaning for this model; the sentence says why."""


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
    """Something was lost or is doubtful, and training goes on."""


class ChecksFailedError(SaliencyError, AssertionError):
    """The checks of a model did not pass; the message is the report."""
