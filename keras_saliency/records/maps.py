"""The record of the maps, once per method and look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from keras_saliency.records import fields
from keras_saliency.records.container import decode, decode_header, encode, reading
from keras_saliency.records.planes import quantised, restored, stored_planes
from keras_saliency.records.scores import Scores

MAPS = "maps"

_PER_PROBE = {
    "scores": fields.number,
    "target_classes": fields.whole,
    "predicted_classes": fields.whole,
    "probabilities": fields.number,
    "finite": fields.flag,
}


@dataclass(frozen=True)
class MapsRecord:
    """What a log holds of one method at one look, for `n` probes.

    Attributes:
        step: the step under which the look is logged.
        epoch: Keras' epoch after which it was taken; None where looks are counted otherwise.
        wall_time: seconds since 1970.
        method: the method's name.
        fingerprint: that of the probe set.
        scores: what the model said; without a table.
        numbers: the means over the probes.
        per_probe: for each number `(n,)` values, NaN where it is absent.
        heatmaps: `"magnitude"`, `"positive"`, `"negative"` and `"signed"`, each `(n, height, width)` float32.
            Read back, unsigned views are off by at most one 510th of the map's largest magnitude and
            signed by twice that (where it is a sum over channels: by one 254th of its own largest value).
            A map that was not finite throughout is all NaN.
        logs: what the training said of itself, such as `"loss"` and `"val_accuracy"`; empty in records that older
            programs wrote.
    """

    step: int
    epoch: int | None
    wall_time: float
    method: str
    fingerprint: str
    scores: Scores
    numbers: Mapping[str, float]
    per_probe: Mapping[str, np.ndarray]
    heatmaps: Mapping[str, np.ndarray]
    logs: Mapping[str, float] = field(default_factory=dict)


def encode_maps(maps: MapsRecord) -> bytes:
    """One method's look as a record; in its header a number that is not finite is null.

    The arrays `positive` and `negative` are uint8 with one scale per probe, `scales["magnitude"]`: a value
    v stands for v · scale ÷ 255. What can be derived is left out. Magnitude is the larger of the two; only
    maps that were made smaller, where means of both signs met in a pixel, have an array `magnitude` (with
    the same scale). Signed is positive − negative over one channel; over several it is a sum where they
    are maxima, and there is an array `signed`, uint8 with 128 for zero and a scale of its own: v stands
    for (v − 128) · `scales["signed"]` ÷ 127. A map that is zero has scale 0. `finite` is false for a map
    with any value that is not finite; all its stored values are zero and mean nothing.
    """
    scores = maps.scores
    planes, scales, finite = quantised(maps.heatmaps)
    header = {
        "kind": MAPS,
        "step": int(maps.step),
        "epoch": fields.epoch_or_none(maps.epoch),
        "wall_time": float(maps.wall_time),
        "method": maps.method,
        "score_kind": scores.kind,
        "fingerprint": maps.fingerprint,
        "scores": fields.numbers(scores.values),
        "target_classes": np.asarray(scores.target_classes).tolist(),
        "predicted_classes": np.asarray(scores.predicted_classes).tolist(),
        "probabilities": fields.numbers(scores.probabilities),
        "numbers": {name: float(value) for name, value in maps.numbers.items()},
        "per_probe": {name: fields.numbers(values) for name, values in maps.per_probe.items()},
        "scales": {name: fields.numbers(scale) for name, scale in scales.items()},
        "finite": finite.tolist(),
        "logs": {name: float(value) for name, value in maps.logs.items()},
    }
    return encode(header, planes)


def decode_maps(record: bytes) -> MapsRecord:
    """One method's look from a record. Raises `UnreadableFileError` if it holds something else."""
    header, arrays = decode(record)
    with reading("a record of maps", header, MAPS):
        _check_maps(header)
        return MapsRecord(
            step=header["step"],
            epoch=header["epoch"],
            wall_time=header["wall_time"],
            method=header["method"],
            fingerprint=header["fingerprint"],
            scores=Scores(
                fields.floats(header["scores"], np.float32),
                header["score_kind"],
                np.array(header["target_classes"], np.int64),
                np.array(header["predicted_classes"], np.int64),
                fields.floats(header["probabilities"], np.float32),
            ),
            numbers=header["numbers"],
            per_probe={
                name: fields.floats(values, np.float64) for name, values in header["per_probe"].items()
            },
            heatmaps=restored(
                stored_planes(arrays, len(header["finite"])), header["scales"], header["finite"]
            ),
            logs=_logs(header),
        )


def decode_maps_header(record: bytes) -> dict[str, Any]:
    """The header of a record of maps, as by `decode_header`, with every field as `encode_maps` writes it.

    Raises:
        UnreadableFileError: one of them is something else, or the record holds something else.
    """
    header = decode_header(record)
    with reading("a record of maps", header, MAPS):
        _check_maps(header)
    return header


def _check_maps(header: Mapping[str, Any]) -> None:
    """Raise `TypeError`, `ValueError` or `KeyError` for a field that is not what `encode_maps` writes."""
    for name in ("method", "score_kind", "fingerprint"):
        fields.text(header[name])
    fields.whole(header["step"])
    fields.whole_or_none(header["epoch"])
    fields.number(header["wall_time"])
    count = len(header["scores"])
    for name, kind in _PER_PROBE.items():
        fields.list_of(kind, header[name], count)
    for values in (*header["per_probe"].values(), *header["scales"].values()):
        fields.list_of(fields.number, values, count)
    fields.list_of(fields.number, list(header["numbers"].values()))
    _logs(header)


def _logs(header: Mapping[str, Any]) -> dict[str, float]:
    """What the training said of itself; nothing in the header of an older program."""
    said = {name: fields.number(value) for name, value in dict(header.get("logs", {})).items()}
    return {name: value for name, value in said.items() if value is not None}
