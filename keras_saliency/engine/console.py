"""Keras' own output stream."""

from keras.src.utils import io_utils

from keras_saliency.terminal import visible


def say(line: str) -> None:
    """Print a line where Keras prints its progress: the console, or absl's log if logging is not interactive."""
    io_utils.print_msg(visible(line))
