"""A Ray data set as a source of examples."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_saliency.probes.labels import class_indices

_NAMES = ("id", "path")


def is_ray_data(dataset: Any) -> bool:
    """Whether this is a Ray data set; Ray is not imported for it."""
    kind = type(dataset)
    return kind.__module__.startswith("ray.data.") and hasattr(kind, "map_batches")


@dataclass(frozen=True, eq=False)
class OfRay:
    """A Ray data set: what is read where is Ray's own business.

    Attributes:
        dataset: has the columns `image`, `id` or `path`, and `label` where there are labels.
        name: the column that tells the examples apart.
    """

    dataset: Any
    name: str
    count: int | None = None
    class_names: tuple[str, ...] | None = None
    channel_axis: int | None = None
    ids: None = None

    @classmethod
    def of(cls, dataset: Any) -> OfRay:
        """Raises `ValueError` where a column is missing."""
        columns = dataset.columns() or []
        name = next((name for name in _NAMES if name in columns), None)
        if name is None or "image" not in columns:
            raise ValueError(
                "Expected a Ray data set with the columns image and path (ray.data.read_images(…, "
                "include_paths=True)) or id, and label where there are labels. "
                f"Received: {', '.join(columns) or 'no columns'}"
            )
        return cls(dataset, name)

    def between(self, start: int, stop: int) -> None:
        """See `Reader`."""

    def batches(
        self, size: int, lose: Callable[[str], None]
    ) -> Iterator[tuple[list[str], np.ndarray, np.ndarray | None]]:
        """See `Reader`. What cannot be read is Ray's to say."""
        for batch in self.dataset.iter_batches(batch_size=size, batch_format="numpy"):
            yield self.taken(batch)

    def taken(self, batch: Mapping[str, np.ndarray]) -> tuple[list[str], np.ndarray, np.ndarray | None]:
        """Ids, images and labels of a batch.

        Raises:
            ValueError: the images have several sizes, or labels are no class indices.
        """
        images, labels = batch["image"], batch.get("label")
        if images.dtype == object:
            raise ValueError(
                "Expected images of one size: ray.data.read_images(…, size=(height, width), mode='RGB'). "
                f"Received: {', '.join(sorted({str(np.shape(image)) for image in images})[:3])}"
            )
        ids = [str(one) for one in batch[self.name]]
        return ids, images, None if labels is None else class_indices(labels, len(ids))

    def again(
        self, ids: Sequence[str]
    ) -> Iterator[tuple[str, tuple[np.ndarray, int | None, np.ndarray | None]]]:
        """See `Reader`: a pass over all, on the cluster, from which these alone come back."""
        settings = {"name": self.name, "wanted": frozenset(ids)}
        for row in self.dataset.map_batches(_those, fn_kwargs=settings, batch_size=None).iter_rows():
            label = row.get("label")
            yield str(row[self.name]), (row["image"], None if label is None else int(label), None)

    def limited(self, limit: int) -> None:
        """See `Reader`."""

    def described(self) -> dict[str, Any]:
        """See `Reader`."""
        return {"kind": "ray"}


def _those(batch: Mapping[str, np.ndarray], name: str, wanted: frozenset[str]) -> dict[str, np.ndarray]:
    rows = [row for row, one in enumerate(batch[name]) if str(one) in wanted]
    return {column: values[rows] for column, values in batch.items()}
