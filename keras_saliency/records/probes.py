"""The record of the probes, once per `fit`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from keras_saliency.records import fields
from keras_saliency.records.container import decode, encode, reading

PROBES = "probes"

_REGION = "region/"


@dataclass(frozen=True)
class ProbesRecord:
    """What a log holds of the probes, for `n` of them.

    Attributes:
        fingerprint: that of the probe set.
        count: `n`.
        names: one per probe, or None.
        labels: one integer per probe, or None.
        class_names: one per class, or None.
        size: `(height, width)` of the probes before anything was made smaller; None where it is not known.
        regions: boolean masks by name, each `(height, width)` or `(n, height, width)`.
        pictures: `(n, height, width, 3)` uint8; None where no picture may be stored.
        settings: what was asked for, JSON-ready.
        descriptions: what each number of the looks is, by its name; empty in records that older programs wrote.
        goes_on: whether this `fit` goes on with the training that its run has already; None in records that older
            programs wrote.
    """

    fingerprint: str
    count: int
    names: tuple[str, ...] | None = None
    labels: tuple[int, ...] | None = None
    class_names: tuple[str, ...] | None = None
    size: tuple[int, int] | None = None
    regions: Mapping[str, np.ndarray] = field(default_factory=dict)
    pictures: np.ndarray | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    descriptions: Mapping[str, str] = field(default_factory=dict)
    goes_on: bool | None = None


def encode_probes(probes: ProbesRecord) -> bytes:
    """The probes as a record: arrays `region/<name>` (uint8, 1 inside) and `pictures`, the rest as header."""
    header = {
        "kind": PROBES,
        "fingerprint": probes.fingerprint,
        "count": probes.count,
        "names": probes.names,
        "labels": probes.labels,
        "class_names": probes.class_names,
        "size": probes.size,
        "settings": dict(probes.settings),
        "descriptions": dict(probes.descriptions),
        "goes_on": probes.goes_on,
    }
    arrays = {_REGION + name: (mask != 0).astype(np.uint8) for name, mask in probes.regions.items()}
    if probes.pictures is not None:
        arrays["pictures"] = probes.pictures
    return encode(header, arrays)


def decode_probes(record: bytes, *, outline: bool = False) -> ProbesRecord:
    """The probes from a record.

    Args:
        record: the bytes.
        outline: give pictures and regions that have their shapes and no content, and take no memory.

    Raises:
        UnreadableFileError: it holds something else.
    """
    header, arrays = decode(record, outline=outline)
    with reading("a record of probes", header, PROBES):
        count, pictures = fields.whole(header["count"]), arrays.get("pictures")
        if pictures is not None and (pictures.shape[:1], pictures.shape[3:]) != ((count,), (3,)):
            raise ValueError(f"pictures of shape {pictures.shape}")
        masks = {name: mask for name, mask in arrays.items() if name.startswith(_REGION)}
        for mask in masks.values():
            _check_mask(mask, count)
        return ProbesRecord(
            fingerprint=fields.text(header["fingerprint"]),
            count=count,
            names=fields.optional(header["names"], fields.text, count),
            labels=fields.optional(header["labels"], fields.whole, count),
            class_names=fields.optional(header["class_names"], fields.text),
            size=fields.optional(header["size"], fields.whole, 2),
            regions={
                name.removeprefix(_REGION): mask if outline else mask != 0 for name, mask in masks.items()
            },
            pictures=pictures,
            settings=dict(header["settings"]),
            descriptions={
                name: fields.text(words) for name, words in dict(header.get("descriptions", {})).items()
            },
            goes_on=fields.flag_or_none(header.get("goes_on")),
        )


def _check_mask(values: np.ndarray, count: int) -> None:
    if values.ndim not in (2, 3) or (values.ndim == 3 and len(values) != count):
        raise ValueError(f"a region of shape {values.shape}")
