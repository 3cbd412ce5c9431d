"""The files that a survey leaves: the table, and the maps in its order."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from keras_saliency.records.whole_file import replacing
from keras_saliency.surveys.class_maps import ClassMaps
from keras_saliency.surveys.parts import Parts, as_table
from keras_saliency.surveys.strategy import Strategy

TABLE, MAPS = "table.parquet", "maps.zarr"

ARRAYS = ("map", "features", "thumbnail")
"""The columns of parts that are no columns of the table."""

_TOGETHER = 1024
"""Maps in one chunk of the store."""


def write_table(folder: Path, parts: Parts, strategy: np.ndarray) -> None:
    """`table.parquet`: a row for each example, in the order of ids, with its strategy."""
    import pyarrow.parquet as pq

    columns = parts.columns([name for name in parts.names if name not in ARRAYS])
    with replacing(folder / TABLE) as file:
        pq.write_table(as_table({**columns, "strategy": strategy.astype("int32")}), file, compression="zstd")


def write_maps(
    folder: Path, parts: Parts, of_classes: ClassMaps, strategies: Sequence[Strategy], *, each: bool
) -> None:
    """`maps.zarr`: the maps of the classes and strategies, and with `each` those of the examples, as in the table."""
    import zarr

    where = folder / MAPS
    if where.exists():
        shutil.rmtree(where)
    store = zarr.open_group(where, mode="w")
    for name in ("classes", "counts", "mean", "spread"):
        array = getattr(of_classes, name)
        store.create_array(f"classes/{'index' if name == 'classes' else name}", data=array)
    if strategies:
        store.create_array("strategies/mean", data=np.stack([one.mean_map for one in strategies]))
    if each:
        _write_each(store, folder, parts, of_classes.mean.shape[1:])


def _write_each(store: object, folder: Path, parts: Parts, size: tuple[int, ...]) -> None:
    """The maps of all examples: first each at its place in one file, as parts come in any order, then in chunks."""
    count = len(parts)
    with tempfile.TemporaryFile(dir=folder) as file:
        for places, rows in parts.blocks(["map"]):
            maps = rows["map"].astype("float16")
            for place, one in zip(places.tolist(), maps, strict=True):
                file.seek(place * one.nbytes)
                file.write(one.tobytes())
        file.flush()
        file.seek(0)
        shape = (count, *size)
        array = store.create_array("maps", shape=shape, chunks=(_TOGETHER, *size), dtype="float16")  # type: ignore[attr-defined]
        bytes_each = 2 * int(np.prod(size))
        for start in range(0, count, _TOGETHER):
            some = np.frombuffer(file.read(_TOGETHER * bytes_each), "float16")
            array[start : start + _TOGETHER] = some.reshape(-1, *size)
