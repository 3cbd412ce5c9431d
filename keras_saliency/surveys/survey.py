"""A survey as a value: what was found in a data set, and where it is written."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from keras_saliency.arguments import local_path
from keras_saliency.errors import UnreadableFileError
from keras_saliency.records.json_text import read_json
from keras_saliency.records.whole_file import replace_file
from keras_saliency.reports import as_json
from keras_saliency.reports.from_json import report_from
from keras_saliency.reports.report import Report
from keras_saliency.reports.result import CheckResult
from keras_saliency.surveys.class_maps import ClassMaps
from keras_saliency.surveys.parts import as_columns
from keras_saliency.surveys.strategy import Strategy, strategy_from
from keras_saliency.surveys.table import MAPS, TABLE

FORMAT, VERSION = "keras_saliency/survey", 1
ABOUT = "survey.json"


@dataclass(frozen=True, eq=False, repr=False)
class Survey:
    """What a network looks at in a whole data set. `ks.survey` makes it, and its folder holds it.

    Attributes:
        path: the folder: `table.parquet`, `maps.zarr`, `survey.json`, `pictures/`, `report.html`.
        strategies: by class, the largest of each class first.
        report: the verdicts of the experiments, as `ks.check` gives them.
        settings: how it was made, by name.
        examples: how many there are in the table.
        unreadable: the ids of those that could not be read, or held NaN: at most 100 of them.
        unreadable_count: how many there were.
        class_names: one for each class; None: they have none.
        seconds: what each step took, by its name.

    Example:
        >>> survey = ks.survey(model, (images, labels), "survey", progress=False)
        >>> survey.examples, survey.table()["prediction"][:3].tolist()
        (12, [0, 1, 2])
        >>> ks.Survey.load("survey").maps().shape
        (12, 12, 12)
    """

    path: Path
    strategies: tuple[Strategy, ...]
    report: Report
    settings: Mapping[str, Any]
    examples: int
    unreadable: tuple[str, ...] = ()
    unreadable_count: int = 0
    class_names: tuple[str, ...] | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def results(self) -> tuple[CheckResult, ...]:
        """The results of the experiments."""
        return self.report.results

    @property
    def passed(self) -> bool:
        """Whether nothing stands against the model, see `Report.passed`."""
        return self.report.passed

    @property
    def regions(self) -> dict[str, np.ndarray]:
        """Masks of what was proven, by the names of the results, see `Report.regions`."""
        return self.report.regions

    def table(self, columns: Sequence[str] | None = None) -> dict[str, np.ndarray]:
        """The columns of the table by name, a row for each example: all, or these.

        Raises:
            FileNotFoundError, UnreadableFileError: it is gone, or damaged.
        """
        return read_columns(self.path / TABLE, columns)

    def maps(self, rows: Any = None) -> np.ndarray:
        """The small maps, `(n, height, width)` float32, each with a sum of 1; all zero where a map has no content.

        Args:
            rows: of the table: positions, a slice or booleans; None: all.

        Raises:
            ValueError: the survey kept none (`maps=False`).
        """
        store = self._store()
        if "maps" not in store:
            raise ValueError("This survey kept no maps of single examples: it was made with maps=False.")
        kept = store["maps"]
        if rows is None or isinstance(rows, slice):
            return np.asarray(kept[rows or slice(None)], "float32")
        wanted = np.asarray(rows)
        wanted = np.flatnonzero(wanted) if wanted.dtype == bool else wanted.astype("int64")
        return (
            np.asarray(kept.oindex[wanted], "float32")
            if len(wanted)
            else np.empty((0, *kept.shape[1:]), "float32")
        )

    def class_maps(self) -> ClassMaps:
        """The mean and the spread of the maps of each class."""
        kept = self._store()["classes"]
        return ClassMaps(*(np.asarray(kept[name][:]) for name in ("index", "counts", "mean", "spread")))

    def _store(self) -> Any:
        return _open_maps(self.path)

    def save(self) -> None:
        """Write `survey.json`, which says that all the rest is there."""
        about = {
            "format": FORMAT,
            "version": VERSION,
            "settings": dict(self.settings),
            "examples": self.examples,
            "unreadable": list(self.unreadable),
            "unreadable_count": self.unreadable_count,
            "class_names": self.class_names,
            "seconds": dict(self.seconds),
            "strategies": [one.as_json() for one in self.strategies],
            "report": json.loads(as_json.encode(self.report)),
        }
        text = json.dumps(about, indent=1, ensure_ascii=False, allow_nan=False)
        replace_file(self.path / ABOUT, text.encode("utf-8", "replace"))

    @classmethod
    def load(cls, path: str | Path) -> Survey:
        """The survey in a folder.

        Raises:
            FileNotFoundError: there is none, or it is not finished.
            UnreadableFileError: it is damaged, or was written by a newer version.
        """
        folder = local_path("path", path).absolute()
        file = folder / ABOUT
        if not file.exists():
            unfinished = (folder / "parts").is_dir()
            why = "the survey there is not finished; ks.survey goes on with it" if unfinished else "no survey"
            raise FileNotFoundError(
                f"Expected a folder that ks.survey wrote, with {ABOUT}. Received: {folder}, {why}"
            )
        stored, size = read_json(file, "no survey")
        if not isinstance(stored, dict) or stored.get("format") != FORMAT:
            raise UnreadableFileError(f"{file} is no survey of keras_saliency.")
        if not isinstance(stored.get("version"), int) or stored["version"] > VERSION:
            raise UnreadableFileError(
                f"{file} was written by a newer keras_saliency (version {stored.get('version')}; this one reads up to "
                f"{VERSION})."
            )
        report = report_from(stored.get("report"), f"The report in {file}", size)
        try:
            return _survey(cls, folder, stored, report)
        except Exception as error:  # zarr has kinds of its own
            raise UnreadableFileError(f"{folder} is damaged: {error!r}") from error

    def __repr__(self) -> str:
        return (
            f"<Survey of {self.examples} examples, {len(self.strategies)} strategies, "
            f"{'passed' if self.passed else 'not passed'}: {self.report.count_words()}>"
        )

    def __str__(self) -> str:
        """What was found, for a person: a line, and the verdicts as a table."""
        lost = f", {self.unreadable_count:,} more could not be read" if self.unreadable_count else ""
        suspects = sum(one.is_suspect for one in self.strategies)
        return (
            f"{self.examples:,} examples{lost}; {len(self.strategies)} strategies, {suspects} of them suspicious: "
            f"{self.path}\n{self.report}"
        )


def read_columns(path: Path, columns: Sequence[str] | None = None) -> dict[str, np.ndarray]:
    """Columns of a Parquet file; raises as `Survey.table`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return as_columns(pq.read_table(path, columns=None if columns is None else list(columns)))
    except FileNotFoundError:
        raise
    except (OSError, pa.ArrowException) as error:
        raise UnreadableFileError(f"{path} cannot be read as a table: {error}") from error


def _open_maps(folder: Path) -> Any:
    import zarr

    return zarr.open_group(folder / MAPS, mode="r")


def _survey(cls: type[Survey], folder: Path, stored: dict[str, Any], report: Report) -> Survey:
    means = _open_maps(folder)["strategies/mean"] if stored["strategies"] else []
    names = stored["class_names"]
    return cls(
        path=folder,
        strategies=tuple(
            strategy_from(one, np.asarray(mean, "float32"))
            for one, mean in zip(stored["strategies"], means, strict=True)
        ),
        report=report,
        settings=dict(stored["settings"]),
        examples=int(stored["examples"]),
        unreadable=tuple(map(str, stored["unreadable"])),
        unreadable_count=int(stored["unreadable_count"]),
        class_names=None if names is None else tuple(map(str, names)),
        seconds={str(name): float(took) for name, took in stored["seconds"].items()},
    )
