"""The tags under which TensorBoard keeps what is logged."""

from __future__ import annotations

PLUGIN_NAME = "saliency"

PROBES_TAG = f"{PLUGIN_NAME}/probes"
CHECKS_TAG = f"{PLUGIN_NAME}/checks"
SETTINGS_TAG = f"{PLUGIN_NAME}/settings"
PROBE_ACCURACY_TAG = f"{PLUGIN_NAME}/probe_accuracy"


def maps_tag(method: str) -> str:
    """The tag of a method's maps records."""
    return f"{PLUGIN_NAME}/{method}/maps"


def method_of(tag: str) -> str | None:
    """The method whose maps have this tag; None for a tag that `maps_tag` does not make."""
    start, end = maps_tag("\0").split("\0")
    method = tag.removeprefix(start).removesuffix(end)
    return method if method and maps_tag(method) == tag else None


def sheet_tag(method: str) -> str:
    """The tag of a method's contact sheets."""
    return f"{PLUGIN_NAME}/{method}/sheet"


def number_tag(method: str, number: str) -> str:
    """The tag of the curve of one number of a method."""
    return f"{PLUGIN_NAME}/{method}/{number}"


def check_tag(check: str) -> str:
    """The tag of the curve of one check: 1 where it passed or warned, 0 where it failed."""
    return f"{PLUGIN_NAME}/checks/{check}"
