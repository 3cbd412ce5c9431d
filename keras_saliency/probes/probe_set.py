"""The probe set: a fixed set of images that is looked at again and again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from itertools import chain
from operator import itemgetter
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import optree

from keras_saliency.arguments import whole
from keras_saliency.errors import UnreadableFileError
from keras_saliency.probes import sampling
from keras_saliency.probes.labels import class_indices
from keras_saliency.records import npz
from keras_saliency.registry import is_name

DEFAULT_COUNT = 16
_REGION = "region_"


@dataclass(frozen=True, eq=False)
class ProbeSet:
    """A fixed set of `n` images, checked once and frozen: its arrays are read-only copies.

    Args:
        images: what the model takes: an array `(n, …)`, or a list or dict of arrays for several inputs. Floats
            must be finite; integers stay integers.
        labels: `(n,)` or `(n, 1)` class indices or one-hot rows; kept as `(n,)` int64. None: no labels.
        names: one name per image.
        class_names: one name per class.
        regions: boolean masks by name, `(height, width)` for all images or `(n, height, width)`. Names are
            lower-case words (`[a-z][a-z0-9_]*`).
        display_images: `(n, height, width)` or `(n, height, width, channels)`: what people should see where the
            model's input is preprocessed. None shows the images themselves.
        channel_axis: where images `(n, …)` have their channels: −1 or 1. None: the model tells. Whoever says it says
            that they are images, also those without channels.

    Raises:
        ValueError, TypeError: something does not fit; the sentence says what was expected and what came.

    Example:
        >>> corner = np.zeros((12, 12), bool)
        >>> corner[:2, :2] = True
        >>> probes = ks.ProbeSet(images, labels, regions={"corner": corner})
        >>> len(probes), list(probes.regions)
        (12, ['corner'])
        >>> probes.save("probes.npz")
        >>> ks.ProbeSet.load("probes.npz").fingerprint == probes.fingerprint
        True
    """

    images: Any
    labels: np.ndarray | None = None
    names: tuple[str, ...] | None = field(default=None, kw_only=True)
    class_names: tuple[str, ...] | None = field(default=None, kw_only=True)
    regions: Mapping[str, np.ndarray] = field(default_factory=dict, kw_only=True)
    display_images: np.ndarray | None = field(default=None, kw_only=True)
    channel_axis: int | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        checked: dict[str, Any] = {"images": _checked_images(self.images)}
        checked["channel_axis"] = _checked_axis(self.channel_axis)
        count = len(optree.tree_leaves(checked["images"])[0])
        checked["labels"] = None if self.labels is None else _frozen(class_indices(self.labels, count))
        checked["names"] = _checked_names(self.names, count)
        checked["class_names"] = _checked_class_names(self.class_names, checked["labels"])
        checked["regions"] = _checked_regions(
            self.regions, _possible_sizes(checked["images"], checked["channel_axis"]), count
        )
        checked["display_images"] = _checked_display(self.display_images, count)
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    @classmethod
    def sample(
        cls,
        source: Any,
        y: Any = None,
        *,
        per_class: int = 2,
        seed: int = 0,
        limit: int = 10_000,
        class_names: Sequence[str] | None = None,
        channel_axis: int | None = None,
    ) -> ProbeSet:
        """A probe set of `per_class` images of each class, drawn reproducibly; names tell the positions.

        Args:
            source: arrays (with `y`), a `tf.data.Dataset`, a `keras.utils.PyDataset`, or a PyTorch `DataLoader`
                with a dataset that can be indexed.
            y: the labels, for arrays.
            per_class: images of each class; a class that has fewer gives what it has.
            seed: of a private generator; no global random state is touched. The dataset's own shuffling is its
                own: a shuffled source gives other images each time.
            limit: at most so many examples of a dataset are read; it may repeat forever.
            class_names: one name per class.
            channel_axis: as for a `ProbeSet`.
        """
        drawn = sampling.per_class(
            source, y, whole("per_class", per_class, 1), whole("seed", seed, 0), whole("limit", limit, 1)
        )
        return cls(
            drawn.images,
            drawn.labels,
            names=_position_names(drawn),
            class_names=_as_tuple(class_names),
            channel_axis=channel_axis,
        )

    @classmethod
    def load(cls, path: str | Path) -> ProbeSet:
        """The probe set that `save` wrote.

        Raises:
            FileNotFoundError: no such file.
            UnreadableFileError: the file is not a probe set, is damaged, or was written by a newer version.
        """
        arrays, about = npz.read(path, "probes")
        probes = _unpacked(cls, path, arrays, about)
        if probes.fingerprint != about.get("fingerprint"):
            raise UnreadableFileError(
                f"{path} is damaged: its images and labels do not match its fingerprint."
            )
        return probes

    def save(self, path: str | Path) -> None:
        """Write everything to one `.npz` file, whole or not at all; it is read back without unpickling.

        Missing folders are made; whatever file is at the path is replaced.
        """
        leaves, structure = optree.tree_flatten(self.images)
        arrays = {_leaf_name(position, len(leaves)): leaf for position, leaf in enumerate(leaves)}
        arrays |= {_REGION + name: mask for name, mask in self.regions.items()}
        about = {
            "structure": optree.tree_unflatten(structure, range(len(leaves))),
            "names": self.names,
            "class_names": self.class_names,
            "fingerprint": self.fingerprint,
            "channel_axis": self.channel_axis,
        }
        npz.write(
            path, "probes", {**arrays, "labels": self.labels, "display_images": self.display_images}, about
        )

    def __repr__(self) -> str:
        shapes = optree.tree_map(lambda array: (*array.shape, str(array.dtype)), self.images)
        return f"<ProbeSet of {len(self)}: {shapes}, {'un' if self.labels is None else ''}labelled>"

    def __len__(self) -> int:
        return len(optree.tree_leaves(self.images)[0])

    def __reduce__(self) -> Any:
        return _rebuild, (
            {f.name: getattr(self, f.name) for f in fields(self)} | {"regions": dict(self.regions)},
        )

    def __deepcopy__(self, memo: Any) -> ProbeSet:
        return self

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256, as 64 hexadecimal digits, of the images and labels: the same for the same question."""
        digest = hashlib.sha256()
        paths, arrays, _ = optree.tree_flatten_with_path(self.images)
        inputs = sorted(
            zip(paths, arrays, strict=True), key=itemgetter(0)
        )  # an OrderedDict keeps its own order
        for name, array in [*((repr(path), array) for path, array in inputs), ("labels", self.labels)]:
            if array is not None:
                little_endian = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
                digest.update(f"{name} {little_endian.dtype.str} {array.shape}\n".encode())
                digest.update(little_endian.tobytes())
        return digest.hexdigest()


def with_channel_axis(probes: ProbeSet, channel_axis: int | None) -> ProbeSet:
    """The probe set, whose images have their channels there; None leaves it as it is.

    Raises:
        ValueError: it is no axis, or the probe set says another one.
    """
    if channel_axis is None or channel_axis == probes.channel_axis:
        return probes
    if probes.channel_axis is not None:
        raise ValueError(
            f"Expected the axis that the probe set says, {probes.channel_axis}, or None. "
            f"Received: channel_axis={channel_axis!r}"
        )
    return replace(probes, channel_axis=channel_axis)


def as_probes(probes: Any, *, seed: int = 0, channel_axis: int | None = None) -> ProbeSet:
    """The probe set itself, or one of at most 16 images from `(x, y)` or `x`, evenly over the labels."""
    if isinstance(probes, ProbeSet):
        return with_channel_axis(probes, channel_axis)
    images, labels = probes if isinstance(probes, tuple) and len(probes) == 2 else (probes, None)
    images = _checked_images(images)
    count = len(optree.tree_leaves(images)[0])
    labels = None if labels is None else class_indices(labels, count)
    if count <= DEFAULT_COUNT:
        return ProbeSet(images, labels, channel_axis=channel_axis)
    drawn = sampling.evenly(images, labels, DEFAULT_COUNT, seed)
    return ProbeSet(drawn.images, drawn.labels, names=_position_names(drawn), channel_axis=channel_axis)


def _rebuild(given: dict[str, Any]) -> ProbeSet:
    return ProbeSet(**given)


def _unpacked(
    cls: type[ProbeSet], path: str | Path, arrays: dict[str, np.ndarray], about: dict[str, Any]
) -> ProbeSet:
    try:
        positions, structure = optree.tree_flatten(about["structure"])
        if sorted(positions) != list(range(len(positions))):  # each array once: probe sets copy them
            raise ValueError(f"inputs {positions!r:.50}")
        return cls(
            optree.tree_unflatten(structure, [arrays[_leaf_name(i, len(positions))] for i in positions]),
            arrays.get("labels"),
            names=about["names"],
            class_names=about["class_names"],
            regions={k.removeprefix(_REGION): v for k, v in arrays.items() if k.startswith(_REGION)},
            display_images=arrays.get("display_images"),
            channel_axis=about.get("channel_axis"),
        )
    except (KeyError, ValueError, TypeError, RecursionError) as error:
        raise UnreadableFileError(f"{path} is damaged: {error}") from error


def _leaf_name(position: int, count: int) -> str:
    return "images" if count == 1 else f"images_{position}"


def _position_names(drawn: sampling.Drawn) -> tuple[str, ...]:
    return tuple(f"#{position}" for position in drawn.positions)


def _as_tuple(names: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if names is None else tuple(names)


def _frozen(array: np.ndarray) -> np.ndarray:
    copy = np.array(array)
    copy.flags.writeable = False
    return copy


def _checked_images(images: Any) -> Any:
    leaves = optree.tree_leaves(images)
    if images is None or not leaves:
        raise ValueError("Expected at least one image. Received: an empty probe set")
    for entry in chain.from_iterable(optree.tree_accessors(images)):
        if isinstance(entry, optree.MappingEntry) and _text(entry.entry) != entry.entry:
            raise TypeError(f"Expected the names of inputs to be strings. Received: {entry.entry!r}")
    checked = optree.tree_map(_checked_array, images)
    counts = {len(leaf) for leaf in optree.tree_leaves(checked)}
    if len(counts) > 1:
        raise ValueError(f"Expected as many examples in every input. Received: {sorted(counts)} examples")
    if counts == {0}:
        raise ValueError("Expected at least one image. Received: an empty probe set")
    return checked


def _checked_array(leaf: Any) -> np.ndarray:
    array = np.asarray(leaf)
    if array.dtype.name == "bfloat16":  # which no numpy file holds
        array = array.astype("float32")
    if array.dtype.kind not in "biuf":
        raise TypeError(
            f"Expected images of numbers. Received: dtype={array.dtype} from {type(leaf).__name__}"
        )
    if array.ndim < 2:
        raise ValueError(f"Expected a batch of images, (n, …). Received: shape={array.shape}")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        rows = np.flatnonzero(~np.isfinite(array).reshape(len(array), -1).all(1))
        raise ValueError(
            f"Expected finite images. Received: values that are NaN or infinite in image {rows[0]}"
        )
    return _frozen(array)


def _checked_names(names: Any, count: int) -> tuple[str, ...] | None:
    if names is None:
        return None
    if isinstance(names, (str, Mapping)):
        raise TypeError(f"Expected names as a sequence of strings. Received: {type(names).__name__}")
    if len(names) != count:
        raise ValueError(f"Expected one name per image, {count} in all. Received: {len(names)} names")
    return tuple(map(_text, names))


def _checked_class_names(names: Any, labels: np.ndarray | None) -> tuple[str, ...] | None:
    if names is None:
        return None
    if isinstance(names, (str, Mapping)):
        raise TypeError(f"Expected class names as a sequence of strings. Received: {type(names).__name__}")
    if labels is not None and labels.max() >= len(names):
        raise ValueError(
            f"Expected labels below {len(names)}, the number of class names. Received: label {labels.max()}"
        )
    return tuple(map(_text, names))


def _text(name: Any) -> str:
    """The name as text that every file can hold: the half characters of file names that are not UTF-8 become �."""
    return str(name).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _checked_axis(axis: Any) -> int | None:
    if axis is not None and (type(axis) is not int or axis not in (-1, 1)):
        raise ValueError(
            "Expected channel_axis to be 1 for images (n, channels, height, width), −1 for (n, height, width, "
            f"channels), or None. Received: channel_axis={axis!r}"
        )
    return axis


def _checked_regions(regions: Any, sizes: list[tuple[int, ...]], count: int) -> Mapping[str, np.ndarray]:
    if regions is None:
        return MappingProxyType({})
    if not isinstance(regions, Mapping):
        raise TypeError(f"Expected regions as boolean masks by name. Received: {type(regions).__name__}")
    return MappingProxyType(
        {name: _checked_region(name, mask, sizes, count) for name, mask in regions.items()}
    )


def _checked_region(name: Any, mask: Any, sizes: list[tuple[int, ...]], count: int) -> np.ndarray:
    if not is_name(name):
        raise ValueError(f"Expected region names like corner or top_left (lower case). Received: {name!r}")
    array = np.asarray(mask)
    if array.dtype.kind not in "biu" or not np.isin(array, (0, 1)).all():
        raise TypeError(f"Expected region {name!r} to be a boolean mask. Received: dtype={array.dtype}")
    if array.ndim not in (2, 3) or array.shape[-2:] not in sizes or (array.ndim == 3 and len(array) != count):
        expected = " or ".join(str(size) for size in sizes) or "the shape of an image; these inputs are none"
        raise ValueError(
            f"Expected the mask of region {name!r} to have the shape {expected}, or one such mask per image. "
            f"Received: shape={array.shape}"
        )
    inside = array.astype(bool)
    if not inside.any((-2, -1)).all():
        raise ValueError(f"Expected region {name!r} to hold at least one pixel. Received: an empty mask")
    return _frozen(inside)


def _possible_sizes(images: Any, channel_axis: int | None) -> list[tuple[int, ...]]:
    """Height and width of the inputs that may be images, for channels last and, where it can be, channels first."""
    sizes = []
    for leaf in optree.tree_leaves(images):
        if leaf.ndim == 3:
            sizes.append(leaf.shape[1:])
        elif leaf.ndim == 4:
            sizes += [] if channel_axis == 1 else [leaf.shape[1:3]]
            sizes += [] if channel_axis == -1 else [leaf.shape[2:4]]
    return list(dict.fromkeys(sizes))


def _checked_display(display: Any, count: int) -> np.ndarray | None:
    if display is None:
        return None
    array = _checked_array(display)
    if array.ndim not in (3, 4) or len(array) != count:
        raise ValueError(
            f"Expected display_images as ({count}, height, width) or ({count}, height, width, channels). "
            f"Received: shape={array.shape}"
        )
    if array.ndim == 4 and array.shape[1] <= 4 < array.shape[3]:
        raise ValueError(
            "Expected display_images with their channels last, as np.moveaxis(display_images, 1, -1) makes them. "
            f"Received: shape={array.shape}"
        )
    return array
