"""A report for other programs and for people: JSON, JUnit XML, one HTML page, GitHub. Loads no Keras."""

from keras_saliency.reports.as_json import SCHEMA
from keras_saliency.reports.from_json import read_report

__all__ = ["SCHEMA", "read_report"]
