"""What was measured, in files that are there as a whole or not at all: a survey that broke off goes on from them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from keras_saliency.arguments import local_path
from keras_saliency.records.whole_file import replacing

Rows = Mapping[str, np.ndarray]
"""Columns of numpy, one row for each example: see `Measurer.rows`."""

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_ENDING = ".parquet"
_FAST: Mapping[str, Any] = {"compression": "lz4", "use_dictionary": False, "write_statistics": False}
"""How parts are written: they are read once, and removed."""


class Parts:
    """The parts in a folder. Several processes may write at once.

    Arrays of several axes are kept as lists of one length, their shapes in the metadata.

    Args:
        folder: a path on this machine, or an address that pyarrow's file systems know, such as `s3://bucket/parts`.

    Attributes:
        folder: as it was given.
    """

    def __init__(self, folder: str | Path) -> None:
        from pyarrow import fs

        self.folder = text = str(folder)
        self._is_local = not _ADDRESS.match(text) or text.startswith("file:")
        if self._is_local:
            self._files, self._root = fs.LocalFileSystem(), str(local_path("folder", folder))
        else:
            self._files, self._root = fs.FileSystem.from_uri(text)

    def __len__(self) -> int:
        return len(self._ids)

    def write(self, rows: Rows) -> None:
        """Add examples, whole or not at all."""
        import pyarrow.parquet as pq

        name = sha256("\n".join(rows["id"]).encode("utf-8", "surrogatepass")).hexdigest()[:32] + _ENDING
        if self._is_local:
            with replacing(Path(self._root, name)) as file:
                pq.write_table(as_table(rows), file, **_FAST)
        else:
            self._files.create_dir(self._root)
            unfinished = f"{self._root}/.{name}.unfinished"
            pq.write_table(as_table(rows), unfinished, filesystem=self._files, **_FAST)
            self._files.move(unfinished, f"{self._root}/{name}")
        self._forget()

    @property
    def done(self) -> dict[str, str]:
        """The key of each example that was measured, by its id."""
        found: dict[str, str] = {}
        for table in self._tables(["id", "key"]):
            found.update(zip(table["id"].to_pylist(), table["key"].to_pylist(), strict=True))
        return found

    @property
    def names(self) -> list[str]:
        """The names of all columns."""
        return [] if self._schema is None else list(self._schema.names)

    def columns(self, names: Sequence[str]) -> dict[str, np.ndarray]:
        """These columns of all examples, in the order of their ids. All are held in memory."""
        blocks = [as_columns(table) for table in self._tables(names)]
        order = np.argsort(self._places)
        return {name: np.concatenate([block[name] for block in blocks])[order] for name in names}

    def blocks(self, names: Sequence[str]) -> Iterator[tuple[np.ndarray, dict[str, np.ndarray]]]:
        """These columns, part by part, each with its rows in the order of ids. One part is held in memory."""
        start = 0
        for table in self._tables(names):
            yield self._places[start : start + len(table)], as_columns(table)
            start += len(table)

    def remove(self) -> None:
        """Remove the parts, and what a process that was killed left of one."""
        for path in self._paths(unfinished=True):
            self._files.delete_file(path)
        self._forget()

    @cached_property
    def _ids(self) -> list[str]:
        return [one for table in self._tables(["id"]) for one in table["id"].to_pylist()]

    @cached_property
    def _places(self) -> np.ndarray:
        """For each example, in the order of the parts, its row in the order of ids: row numbers count as numbers."""
        ids = self._ids
        by_number = all(map(str.isdecimal, ids))
        order = sorted(range(len(ids)), key=(lambda row: int(ids[row])) if by_number else ids.__getitem__)
        places = np.empty(len(ids), "int64")
        places[order] = np.arange(len(ids))
        return places

    @cached_property
    def _schema(self) -> Any:
        import pyarrow.parquet as pq

        paths = self._paths()
        return pq.read_schema(paths[0], filesystem=self._files) if paths else None

    def _tables(self, names: Sequence[str]) -> Iterator[Any]:
        import pyarrow.parquet as pq

        for path in self._paths():
            with self._files.open_input_file(path) as file:
                yield pq.read_table(file, columns=list(names))

    def _paths(self, *, unfinished: bool = False) -> list[str]:
        from pyarrow import fs

        found = self._files.get_file_info(fs.FileSelector(self._root, allow_not_found=True))
        names = {info.base_name: info.path for info in found if info.type == fs.FileType.File}
        wanted = (
            name for name in names if name.endswith((_ENDING, ".unfinished") if unfinished else _ENDING)
        )
        return [names[name] for name in sorted(wanted)]

    def _forget(self) -> None:
        for name in ("_ids", "_places", "_schema"):
            self.__dict__.pop(name, None)


def as_table(rows: Rows) -> Any:
    """Columns as a table of pyarrow; rows that are arrays become lists of one length."""
    import pyarrow as pa

    columns, shapes = {}, {}
    for name, values in rows.items():
        if values.ndim == 1:
            columns[name] = pa.array(values)
        else:
            shapes[name.encode()] = ",".join(map(str, values.shape[1:])).encode()
            length = int(np.prod(values.shape[1:]))
            columns[name] = pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), length)
    return pa.table(columns).replace_schema_metadata(shapes)


def as_columns(table: Any) -> dict[str, np.ndarray]:
    """What `as_table` was given; texts are an array of objects."""
    shapes = table.schema.metadata or {}
    columns = {}
    for name in table.column_names:
        if shape := shapes.get(name.encode()):
            values = table[name].combine_chunks().flatten().to_numpy(zero_copy_only=False)
            columns[name] = values.reshape(len(table), *map(int, shape.split(b",")))
        else:
            columns[name] = table[name].to_numpy()
    return columns
