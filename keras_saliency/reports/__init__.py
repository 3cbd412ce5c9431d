"""A report for other programs and for people: JSON, JUnit XML, one HTML page, GitHub. Loads no Keras."""

from keras_saliency.reports.as_json import SCHEMA, read_report

__all__ = ["SCHEMA", "read_report"]
