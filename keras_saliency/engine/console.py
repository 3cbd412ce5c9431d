"""Keras' own output stream."""

from __future__ import annotations

import logging
import sys

import keras

from keras_saliency.terminal import visible


def say(line: str) -> None:
    """Print a line where Keras prints its progress: the console, or absl's log if logging is not interactive."""
    line = visible(line)
    if not keras.config.is_interactive_logging_enabled():
        logging.getLogger("absl").info(line)
        return
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(line.encode(encoding, "replace").decode(encoding) + "\n")
    sys.stdout.flush()
