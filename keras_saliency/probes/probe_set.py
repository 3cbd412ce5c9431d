"""The probe set: a fixed set of images that is looked at again and again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from operator import itemgetter
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import optree

from keras_saliency.arguments import whole
from keras_saliency.errors import UnreadableFileError
from keras_saliency.probes import sampling, streams, tf_data
from keras_saliency.probes.arrays import as_array, count_of
from keras_saliency.probes.fields import (
    checked_axis,
    checked_class_names,
    checked_display,
    checked_images,
    checked_names,
    checked_regions,
    frozen,
)
from keras_saliency.probes.labels import class_indices
from keras_saliency.probes.names import class_name, probe_name
from keras_saliency.probes.pictures import read_pictures
from keras_saliency.probes.shown import shown_images
from keras_saliency.records import npz
from keras_saliency.render import Caption, bundle, picture_grid

DEFAULT_COUNT = 16
_REGION = "region_"


@dataclass(frozen=True, eq=False)
class ProbeSet:
    """A fixed set of `n` images, checked once and frozen: its arrays are read-only copies.

    Args:
        images: what the model takes: an array or tensor `(n, …)`, or a list or dict of them for several inputs, of
            which some may be `(n,)`; or images of Pillow. Floats must be finite; integers stay integers.
        labels: `(n,)` or `(n, 1)` class indices or one-hot rows; kept as `(n,)` int64. None: no labels.
        names: one name per image.
        class_names: one name per class.
        regions: boolean masks by name, `(height, width)` for all images or `(n, height, width)`, which is empty for an
            image without the mark. Names are lower-case words (`[a-z][a-z0-9_]*`).
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
        checked: dict[str, Any] = {"images": checked_images(self.images)}
        checked["channel_axis"] = axis = checked_axis(self.channel_axis)
        count = count_of(checked["images"])
        checked["labels"] = None if self.labels is None else frozen(class_indices(self.labels, count))
        checked["names"] = checked_names(self.names, count)
        checked["class_names"] = checked_class_names(self.class_names, checked["labels"])
        checked["regions"] = checked_regions(self.regions, checked["images"], count, axis)
        checked["display_images"] = checked_display(self.display_images, count)
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
        regions: Mapping[str, Any] | None = None,
        display_images: Any = None,
        channel_axis: int | None = None,
    ) -> ProbeSet:
        """A probe set of `per_class` images of each class, drawn reproducibly; names tell the positions, or the files.

        Args:
            source: arrays (with `y`), a `tf.data.Dataset`, a `keras.utils.PyDataset`, or a PyTorch `DataLoader`
                with a dataset that can be indexed.
            y: the labels, for arrays.
            per_class: images of each class; a class that has fewer gives what it has.
            seed: of a private generator. No random state is touched: a `tf.data` pipeline is copied, and shuffles of
                the copy are seeded by this seed.
            limit: at most so many examples of a dataset are read; it may repeat forever.
            class_names: one name per class. None: those of `keras.utils.image_dataset_from_directory`, whose
                `file_paths` are the names of the images.
            regions: masks by name: `(height, width)`; for arrays also one per image of the source; or a function
                from the drawn images to their masks. None of the drawn images needs to have the mark.
            display_images: for arrays, what people should see of each image of the source; or a function from the
                drawn images, such as one that undoes the preprocessing.
            channel_axis: as for a `ProbeSet`.

        Example:
            >>> probes = ks.ProbeSet.sample(images, labels, per_class=2, display_images=lambda images: 1 - images)
            >>> len(probes), probes.names[0]
            (6, '#0')
        """
        drawn = sampling.per_class(
            source, y, whole("per_class", per_class, 1), whole("seed", seed, 0), whole("limit", limit, 1)
        )
        rows = _Rows(drawn, count_of(source) if sampling.is_arrays(source) else None)
        return cls(
            drawn.images,
            drawn.labels,
            names=_names_of(drawn, source),
            class_names=_class_names_of(drawn, source) if class_names is None else tuple(class_names),
            regions=rows.of_regions(regions or {}),
            display_images=None if display_images is None else rows.of("display_images", display_images),
            channel_axis=channel_axis,
        )

    @classmethod
    def from_folder(
        cls,
        folder: str | Path | Sequence[str | Path],
        *,
        size: tuple[int, int] | None = None,
        scale: float = 1.0,
        channels: int = 3,
    ) -> ProbeSet:
        """The pictures of a folder, by name; where it has subfolders with pictures, each of them is a class.

        Classes are counted in the order of their names, as `keras.utils.image_dataset_from_directory` does. Pictures
        are turned as their EXIF tag says. Transparency is left out, as in Keras. Of moving pictures the first
        is read.

        Args:
            folder: a folder; or a picture, or a list of pictures and folders, which then have no classes.
            size: height and width that pictures are resized to, which need not keep their shape; None leaves them.
            scale: what the pixels, 0 … 255, are multiplied with, such as 1/255; 1.0 keeps them uint8.
            channels: 3 for colour, 1 for grey.

        Raises:
            FileNotFoundError: no such file or folder, or no pictures in it.
            UnreadableFileError: a file is no picture; the sentence has its name.
            ValueError: pictures of several sizes, and no `size`.

        Example:
            >>> from PIL import Image
            >>> for name in ("cat/1.png", "cat/2.png", "dog/1.png"):
            ...     Path("pets", name).parent.mkdir(parents=True, exist_ok=True)
            ...     Image.new("RGB", (40, 30)).save(Path("pets", name))
            >>> probes = ks.ProbeSet.from_folder("pets", size=(12, 12), scale=1 / 255)
            >>> probes.names, probes.class_names, probes.labels.tolist()
            (('cat/1.png', 'cat/2.png', 'dog/1.png'), ('cat', 'dog'), [0, 0, 1])
        """
        return cls(**read_pictures(folder, size=size, scale=scale, channels=channels))

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
        arrays |= {"labels": self.labels, "display_images": self.display_images}
        version = 1 if all(mask.any((-2, -1)).all() for mask in self.regions.values()) else 2
        npz.write(path, "probes", arrays, about, version=version)

    def __repr__(self) -> str:
        shapes = optree.tree_map(lambda array: (*array.shape, str(array.dtype)), self.images)
        return f"<ProbeSet of {len(self)}: {shapes}, {'un' if self.labels is None else ''}labelled>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """What a notebook shows: the first 64 images with their names and labels, where they are images."""
        shown = shown_images(self.images, self.display_images, self.channel_axis)
        if shown is None:
            return bundle(repr(self), None)
        return bundle(repr(self), picture_grid(shown, [self._caption(i) for i in range(len(shown))]))

    def _caption(self, probe: int) -> Caption:
        lines = [probe_name(self.names, probe)]
        if self.labels is not None:
            lines.append(f"label {class_name(self.class_names, int(self.labels[probe]))}")
        return Caption(tuple(lines))

    def __len__(self) -> int:
        return count_of(self.images)

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


def with_more_regions(probes: ProbeSet, regions: Mapping[str, Any]) -> ProbeSet:
    """The probe set with further regions. Raises `TypeError` or `ValueError` as a new one does."""
    more = checked_regions(regions, probes.images, len(probes), probes.channel_axis)
    return replace(probes, regions=MappingProxyType({**probes.regions, **more}))


def as_probes(probes: Any, *, seed: int = 0, channel_axis: int | None = None) -> ProbeSet:
    """The probe set itself, or one of at most 16 images from `(x, y)`, `x` or a data set, evenly over the labels.

    Raises:
        ValueError: a data set cannot be drawn from without a trace in the training that reads it.
    """
    if isinstance(probes, ProbeSet):
        return with_channel_axis(probes, channel_axis)
    images, labels = probes if isinstance(probes, tuple) and len(probes) == 2 else (probes, None)
    if not streams.is_stream(images):
        images = checked_images(images)
        if count_of(images) <= DEFAULT_COUNT:
            return ProbeSet(images, labels, channel_axis=channel_axis)
    drawn = sampling.evenly(images, labels, DEFAULT_COUNT, seed)
    return with_channel_axis(_drawn_from(images, drawn), channel_axis)


def all_of(images: Any) -> ProbeSet:
    """The probe set itself, or one of all these images, with the labels of a data set.

    Raises:
        ValueError: a data set has no end, or more images than `sampling.MOST_BYTES`.
    """
    if isinstance(images, ProbeSet):
        return images
    return _drawn_from(images, sampling.everything(images)) if streams.is_stream(images) else ProbeSet(images)


def _drawn_from(source: Any, drawn: sampling.Drawn) -> ProbeSet:
    return ProbeSet(
        drawn.images, drawn.labels, names=_names_of(drawn, source), class_names=_class_names_of(drawn, source)
    )


def _rebuild(given: dict[str, Any]) -> ProbeSet:
    return ProbeSet(**given | {"regions": MappingProxyType(given["regions"])})


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
            regions=MappingProxyType(
                {k.removeprefix(_REGION): v for k, v in arrays.items() if k.startswith(_REGION)}
            ),
            display_images=arrays.get("display_images"),
            channel_axis=about.get("channel_axis"),
        )
    except (KeyError, ValueError, TypeError, RecursionError) as error:
        raise UnreadableFileError(f"{path} is damaged: {error}") from error


def _leaf_name(position: int, count: int) -> str:
    return "images" if count == 1 else f"images_{position}"


def _names_of(drawn: sampling.Drawn, source: Any) -> tuple[str, ...]:
    """The files of the drawn examples, where they are known, else their positions."""
    files = tf_data.file_names(source) if tf_data.is_tf_data(source) else None
    return tuple(files[position] if files else f"#{position}" for position in drawn.positions)


def _class_names_of(drawn: sampling.Drawn, source: Any) -> tuple[str, ...] | None:
    """The names that the source has for its classes; None where a `map` made other classes."""
    names = tf_data.class_names(source) if tf_data.is_tf_data(source) else None
    if names is None or drawn.labels is None:
        return names
    classes = class_indices(drawn.labels, len(drawn.positions))
    return names if classes.max() < len(names) else None


@dataclass(frozen=True)
class _Rows:
    """What belongs to the images of a source, for those that were drawn; `count`: of arrays, how many there are."""

    drawn: sampling.Drawn
    count: int | None

    def of_regions(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """The masks of the drawn images, which may all be without a region that others of the source have."""
        masks = {name: self.of(f"the mask of region {name!r}", mask, 3) for name, mask in given.items()}
        are_somewhere = all(callable(mask) or np.any(as_array(mask)) for mask in given.values())
        return MappingProxyType(masks) if are_somewhere else masks

    def of(self, what: str, given: Any, per_image: int | None = None) -> Any:
        """The rows of what was given for each image, or what a function makes of the drawn images.

        With `per_image`, what has fewer axes than this is for all images.
        """
        if callable(given):
            return given(self.drawn.images)
        array = as_array(given)
        if per_image is not None and array.ndim < per_image:
            return array
        if self.count is None:
            raise ValueError(
                f"Images of a data set are told by no number: give {what} as a function from the drawn images. "
                f"Received: shape={array.shape}"
            )
        if len(array) != self.count:
            raise ValueError(
                f"Expected {what} for each of the {self.count} images of the source. Received: shape={array.shape}"
            )
        return array[self.drawn.positions]
