"""What a run says of its probes, without their pictures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from keras_saliency import records
from keras_saliency.errors import UnreadableFileError
from keras_saliency.tensorboard_plugin.store import Point, Store


@dataclass(frozen=True)
class ProbesAbout:
    """The fields of `keras_saliency.records.ProbesRecord` but for the arrays; None where they are not known.

    Attributes:
        regions: the names of the regions.
        has_pictures: whether there are pictures of the probes.
        problem: why nothing is known, as a sentence.
    """

    fingerprint: str | None = None
    count: int | None = None
    names: list[str] | None = None
    labels: list[int] | None = None
    class_names: list[str] | None = None
    size: list[int] | None = None
    regions: list[str] = field(default_factory=list)
    has_pictures: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)
    descriptions: Mapping[str, str] = field(default_factory=dict)
    goes_on: bool | None = None
    problem: str | None = None

    @classmethod
    def from_json(cls, text: bytes) -> ProbesAbout:
        """From what `probes_about` returned."""
        return cls(**json.loads(text))


def probes_about(store: Store, point: Point) -> bytes:
    """What the record at a point says, as JSON for `ProbesAbout.from_json`.

    Raises:
        NotStoredError: the record is gone.
    """
    try:
        return json.dumps(asdict(_about(store.record(point))), allow_nan=False).encode()
    except (UnreadableFileError, TypeError, ValueError) as error:
        return json.dumps(asdict(ProbesAbout(problem=f"The probes cannot be read. {error}"))).encode()


def _about(record: bytes) -> ProbesAbout:
    probes = records.decode_probes(record, outline=True)
    return ProbesAbout(
        fingerprint=probes.fingerprint,
        count=probes.count,
        names=_list(probes.names),
        labels=_list(probes.labels),
        class_names=_list(probes.class_names),
        size=_list(probes.size),
        regions=sorted(probes.regions),
        has_pictures=probes.pictures is not None,
        settings=probes.settings,
        descriptions=probes.descriptions,
        goes_on=probes.goes_on,
    )


def _list(values: Any) -> list[Any] | None:
    return None if values is None else list(values)
