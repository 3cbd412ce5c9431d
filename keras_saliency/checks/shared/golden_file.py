"""The file of approved maps: one or several trainings of a network, the same probes, the same method."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_saliency.errors import UnreadableFileError
from keras_saliency.records import npz

if TYPE_CHECKING:
    from keras_saliency.checks.shared.subject import Subject

KIND = "golden"


@dataclass(frozen=True, eq=False)
class Training:
    """What is stored of one training.

    Attributes:
        weights: the hash of its weights.
        maps: `(n, values)` float32, signed, a row per probe.
        target_classes: `(n,)` the explained classes, −1 for none.
        numbers: the statistics that another training is held against, by name.
    """

    weights: str
    maps: np.ndarray = field(repr=False)
    target_classes: np.ndarray = field(repr=False)
    numbers: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class GoldenFile:
    """Approved maps of the same probes by the same method, of one or several trainings.

    Attributes:
        fingerprint: of the probe set.
        method: the name of the method.
        trainings: in the order in which they were stored.
    """

    fingerprint: str
    method: str
    trainings: tuple[Training, ...]

    def write(self, path: str | Path) -> None:
        """Write the file, whole or not at all.

        Raises:
            OSError: it cannot be written.
        """
        arrays: dict[str, np.ndarray | None] = {}
        for position, training in enumerate(self.trainings):
            arrays[f"maps_{position}"] = training.maps
            arrays[f"target_classes_{position}"] = training.target_classes
        about = {
            "fingerprint": self.fingerprint,
            "method": self.method,
            "trainings": [{"weights": t.weights, "numbers": dict(t.numbers)} for t in self.trainings],
        }
        npz.write(path, KIND, arrays, about)

    @classmethod
    def read(cls, path: str | Path) -> GoldenFile:
        """The file that `write` wrote.

        Raises:
            FileNotFoundError: there is none.
            UnreadableFileError: it is another kind of file, damaged, or by a newer version.
        """
        arrays, about = npz.read(path, KIND)
        try:
            trainings = tuple(
                _training(stored, arrays[f"maps_{position}"], arrays[f"target_classes_{position}"])
                for position, stored in enumerate(about["trainings"])
            )
            if not trainings:
                raise KeyError("trainings")
            return cls(str(about["fingerprint"]), str(about["method"]), trainings)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise UnreadableFileError(f"{path} is damaged: {error!r}") from error

    def check_subject(self, subject: Subject) -> None:
        """Do nothing if this file is about these probes and this method.

        Raises:
            ValueError: it is not.
        """
        if subject.probes.fingerprint != self.fingerprint:
            raise ValueError(
                "The golden file holds maps of other probes: give the probes that it was made with, or make it "
                f"anew. Received: probes {subject.probes.fingerprint[:12]}, in the file {self.fingerprint[:12]}"
            )
        if subject.method.name != self.method:
            raise ValueError(
                f"The golden file holds maps by {self.method}: give method={self.method!r}, or make it anew. "
                f"Received: method={subject.method.name!r}"
            )


def is_golden(path: Path) -> bool:
    """Whether a file is a golden file."""
    return npz.kind_of(path) == KIND


def _training(stored: Mapping[str, Any], maps: np.ndarray, target_classes: np.ndarray) -> Training:
    if maps.dtype.kind != "f" or maps.ndim != 2 or target_classes.dtype.kind != "i":
        raise TypeError(f"maps of {maps.dtype} {maps.shape}, classes of {target_classes.dtype}")
    if target_classes.shape != maps.shape[:1]:
        raise ValueError(f"{len(maps)} maps, classes {target_classes.shape}")
    numbers = {str(name): float(number) for name, number in stored["numbers"].items()}
    return Training(str(stored["weights"]), maps, target_classes, numbers)
