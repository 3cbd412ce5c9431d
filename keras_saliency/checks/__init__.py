"""The questions to a trained model, one file each, named for the check. Importing this loads no Keras.

A new check is one file, and one line in `keras_saliency/__init__.pyi`.
"""

from keras_saliency.checks.base import CHECKS, Check
from keras_saliency.reports.result import CheckResult

__all__ = ["CHECKS", "Check", "CheckResult"]
