"""What people keep beside pictures: labels in a table, names of classes in a list, masks in files.

They are matched with the images by name, never by position.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np

from keras_saliency.errors import UnreadableFileError
from keras_saliency.probes.pictures import PICTURES, read_mask
from keras_saliency.probes.probe_set import ProbeSet, with_more_regions
from keras_saliency.records import npz
from keras_saliency.registry import nearest


def read_class_names(path: Path) -> tuple[str, ...]:
    """The names in a text file, a line each, in the order of the model's outputs.

    Raises:
        FileNotFoundError, UnreadableFileError: there is no such file, or it is no text in UTF-8.
        ValueError: a line is empty, or a name stands there twice.
    """
    names = [line.strip() for line in _text(path, "list of class names").rstrip().splitlines()]
    wrong = next((name for position, name in enumerate(names) if not name or name in names[:position]), None)
    if wrong is not None or not names:
        raise ValueError(
            f"Expected a name on each line of {path}, in the order of the model's outputs, each once. "
            f"Received: {wrong or ''!r}"
        )
    return tuple(names)


def with_class_names(probes: ProbeSet, names: Sequence[str]) -> ProbeSet:
    """The probes with these class names; labels whose classes have names already are found again by them.

    Raises:
        ValueError: a class of the probes has another name.
    """
    if probes.labels is None or probes.class_names is None:
        return replace(probes, class_names=tuple(names))
    labels = [
        _label(probes.class_names[label], names, "a folder or class of the images") for label in probes.labels
    ]
    return replace(probes, labels=np.array(labels), class_names=tuple(names))


def with_labels(probes: ProbeSet, path: Path) -> ProbeSet:
    """The probes with the labels of a file.

    Args:
        probes: images with names; for an array of labels also without.
        path: a table (`.csv`) of two columns, the name of a picture and its label: the number of a class, or its name
            where the probes have class names. Its order is of no account, and other rows are passed over, as is a line
            of headings. Or an array (`.npy`) with the label of each image.

    Raises:
        FileNotFoundError, UnreadableFileError: the file cannot be read.
        ValueError: an image has no label, or two, or one that is no class.
    """
    if path.suffix == ".npy":
        return replace(probes, labels=_there(path, "labels"))
    told: dict[str, set[str]] = {}
    for number, row in enumerate(csv.reader(_text(path, "table of labels").splitlines()), 1):
        if len(row) != 2 and row:
            raise ValueError(
                f"Expected two columns in {path}, the name of a picture and its label, with a comma between them. "
                f"Received: {len(row)} in line {number}"
            )
        for name in {row[0].strip(), PurePosixPath(row[0].strip()).name} if row else ():
            told.setdefault(name, set()).add(row[1].strip())
    names = _names(probes, "labels")
    for name in names:
        if len(told.get(name, ())) != 1:
            known = f"two: {', '.join(sorted(told[name]))}" if name in told else f"none.{nearest(name, told)}"
            raise ValueError(f"Expected one label for {name!r} in {path}. Received: {known}")
    labels = [_label(told[name].pop(), probes.class_names, f"a label in {path}") for name in names]
    return replace(probes, labels=np.array(labels))


def _label(text: str, class_names: Sequence[str] | None, what: str) -> int:
    if class_names is not None and text in class_names:
        return list(class_names).index(text)
    if text.isascii() and text.isdecimal():
        return int(text)
    if class_names is None:
        raise ValueError(
            f"Expected the number of a class, as the classes have no names; give them with --class-names FILE, in the "
            f"order of the model's outputs. Received: {text!r}, {what}"
        )
    raise ValueError(f"No class {text!r}, {what}.{nearest(text, class_names)}")


def with_regions(
    probes: ProbeSet, paths: Mapping[str, Path], sizes: Sequence[tuple[int, int]] | None = None
) -> ProbeSet:
    """The probes with further regions.

    Args:
        probes: the images.
        paths: by the name of the region: an array (`.npy`) of booleans, `(height, width)` for all images or one for
            each; a black and white picture, for all images; or a folder with such a picture for each image, of the same
            name but for its ending, which is black where an image has no mark.
        sizes: height and width that each picture had before it was resized. Masks of these sizes are resized alike.

    Raises:
        FileNotFoundError, UnreadableFileError: a mask is missing or cannot be read.
        ValueError: it has more than two values, or another size than its picture.
    """
    masks = {name: _region(probes, path, sizes) for name, path in paths.items()}
    return with_more_regions(probes, masks)


def _region(probes: ProbeSet, path: Path, sizes: Sequence[tuple[int, int]] | None) -> np.ndarray:
    if path.suffix == ".npy":
        return _there(path, "mask")
    size = None if probes.display_images is None else probes.display_images.shape[1:3]
    if not path.is_dir():
        alike = sizes[0] if sizes and len(set(sizes)) == 1 else None
        return read_mask(path, size, alike)
    names = _names(probes, "masks in a folder")
    before: Sequence[tuple[int, int] | None] = sizes or [None] * len(names)
    return np.stack(
        [read_mask(_mask_of(one, path), size, was) for one, was in zip(names, before, strict=True)]
    )


def _mask_of(name: str, folder: Path) -> Path:
    """The file that holds the mask of an image."""
    found = [path for ending in PICTURES if (path := (folder / name).with_suffix(ending)).is_file()]
    if len(found) != 1:
        wanted = f"{(folder / name).with_suffix('')} with the ending {', '.join(PICTURES)}"
        way_out = "" if found else ". For an image without the mark give a black picture"
        raise FileNotFoundError(
            f"Expected one mask for {name!r}: {wanted}. Received: {len(found)} files{way_out}"
        )
    return found[0]


def _names(probes: ProbeSet, what: str) -> tuple[str, ...]:
    """The names of the images, each of which is another one."""
    names = probes.names
    if names is None:
        raise ValueError(
            f"Expected images with names, as pictures have: {what} are matched by name. Give them as an array (.npy)."
        )
    if doubled := [name for name, count in Counter(names).items() if count > 1]:
        raise ValueError(f"Two images are called {doubled[0]!r}, and {what} are matched with images by name.")
    return names


def _there(path: Path, what: str) -> np.ndarray:
    try:
        return npz.read_array(path)
    except FileNotFoundError:
        raise FileNotFoundError(f"No such {what}: {path}") from None


def _text(path: Path, what: str) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise FileNotFoundError(f"No such {what}: {path}") from None
    except (OSError, UnicodeError) as error:
        raise UnreadableFileError(f"{path} cannot be read as a {what}: {error}") from error
