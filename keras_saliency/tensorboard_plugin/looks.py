"""What all looks of one method say, without their maps: parallel lists over the steps."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from keras_saliency import records
from keras_saliency.errors import UnreadableFileError
from keras_saliency.tensorboard_plugin.probes import ProbesAbout
from keras_saliency.tensorboard_plugin.store import Point, Store

_PER_PROBE = ("scores", "target_classes", "predicted_classes", "probabilities", "finite")
_FIELDS = ("epoch", "score_kind", "fingerprint", "numbers", "per_probe", "scales", *_PER_PROBE)
_NO_CLASS = -1


def look_header(store: Store, point: Point) -> bytes:
    """What `looks` needs of the look at a point, as JSON: its fields, or `problem` with a sentence.

    Raises:
        NotStoredError: the look is gone.
    """
    try:
        header = records.decode_maps_header(store.record(point))
    except UnreadableFileError as error:
        return problem(str(error))
    return _json({name: header[name] for name in _FIELDS} | {"logs": header.get("logs", {})})


def problem(sentence: str) -> bytes:
    """What stands for a look that cannot be shown."""
    return _json({"problem": sentence})


def looks(points: Sequence[Point], headers: Iterable[bytes], probes: ProbesAbout) -> dict[str, Any]:
    """The answer of `/looks`. A look with a problem has null in every list."""
    rows = [_checked(json.loads(header), probes) for header in headers]
    return {
        "steps": [point.step for point in points],
        "epochs": _column(rows, "epoch"),
        "wall_times": [point.wall_time if math.isfinite(point.wall_time) else None for point in points],
        "score_kind": next((row["score_kind"] for row in reversed(rows) if "score_kind" in row), None),
        "numbers": _columns(rows, "numbers"),
        "per_probe": _columns(rows, "per_probe"),
        "logs": _columns(rows, "logs"),
        **{name: _column(rows, name) for name in _PER_PROBE},
        "scales": {name: _nested(rows, "scales", name) for name in ("magnitude", "signed")},
        "probe_accuracy": [_accuracy(row, probes.labels) for row in rows],
        "problems": {
            str(point.step): row["problem"]
            for point, row in zip(points, rows, strict=True)
            if "problem" in row
        },
    }


def _checked(row: dict[str, Any], probes: ProbesAbout) -> dict[str, Any]:
    """The row, or its problem where it belongs to other probes than those that are shown."""
    if "problem" in row or probes.fingerprint in (None, row["fingerprint"]):
        return row
    return {"problem": "This look was taken with other probes than the newest of this run."}


def _column(rows: Sequence[Mapping[str, Any]], name: str) -> list[Any]:
    return [row.get(name) for row in rows]


def _columns(rows: Sequence[Mapping[str, Any]], group: str) -> dict[str, list[Any]]:
    """For every name that a row has in a group, that name's values."""
    names = dict.fromkeys(name for row in rows for name in row.get(group, {}))
    return {name: _nested(rows, group, name) for name in names}


def _nested(rows: Sequence[Mapping[str, Any]], group: str, name: str) -> list[Any]:
    return [row.get(group, {}).get(name) for row in rows]


def _accuracy(row: Mapping[str, Any], labels: Sequence[int] | None) -> float | None:
    """The share of labelled probes that the model predicts as labelled, as the callback counts it."""
    predicted = row.get("predicted_classes")
    if not predicted or labels is None or len(labels) != len(predicted) or _NO_CLASS in predicted:
        return None
    return sum(map(int.__eq__, predicted, labels)) / len(labels)


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
