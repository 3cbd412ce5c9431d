"""The experiment on a region: take its content out, put it into others, and see where a class goes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_saliency.checks.experiment.interventions import (
    Moved,
    box_of,
    elsewhere,
    filled,
    margins,
    pasted,
)
from keras_saliency.checks.shared.statistics import Proportion, more_often, pooled
from keras_saliency.errors import CheckDoesNotApplyError

if TYPE_CHECKING:
    from keras_saliency.checks.shared.subject import Subject

UNSPECIFIC = 0.3
"""More of the images than content that means nothing moves on a sound model, wherever it is (docs/checks.md)."""
ERROR = 0.01
NOTHING = Moved.between(np.empty(0), np.empty(0))
_CONTENT = 0.1
_SAME = 0.25
_PLACES = 8


@dataclass(frozen=True)
class Evidence:
    """What the experiment says about one class.

    Attributes:
        class_index: the class that the content is said to mean.
        taken_out: from images of that class: how far they moved away from it.
        put_in: into images of other classes: how far they moved towards it.
        elsewhere: of the same content at other places: how many went half of the way.
        comparisons: how many classes and places were tried in all.
        whole_way: whether images that the content is put into must arrive at the class, not go half of the way alone.
    """

    class_index: int
    taken_out: Moved
    put_in: Moved
    elsewhere: Proportion
    comparisons: int = 1
    whole_way: bool = False

    @property
    def value(self) -> float:
        """The share of images that the content moves, 0 … 1, NaN where nothing was tried.

        The smaller one of both directions, of images that went half of the way (`whole_way`: into the class).
        Where only one direction could be tried, the share of predictions that changed: an unseen patch often goes
        half of the way, rarely all of it.
        """
        tried = [moved for moved in (self.taken_out, self.put_in) if len(moved.way)]
        if len(tried) == 2:
            return min(self.taken_out.half.share, self.reached.share)
        return tried[0].flipped.share if tried else float("nan")

    @property
    def is_certain(self) -> bool:
        """Whether more images moved than chance, an unspecific effect or the content elsewhere would move.

        The exact lower bound of the share, both directions together, lies above what an unseen patch does to a
        sound model; it allows for all comparisons. Against the same content at other places Fisher's exact test
        decides, unless these move half of the images themselves: then the model reads the content wherever it is.
        """
        specific = self.together.lower(ERROR / self.comparisons) > UNSPECIFIC
        return specific and (self.is_read_anywhere or more_often(self.reached, self.elsewhere, ERROR))

    @property
    def reached(self) -> Proportion:
        """How many images went half of the way to the class, or all of it."""
        return self.put_in.flipped if self.whole_way else self.put_in.half

    @property
    def together(self) -> Proportion:
        """How many images went half of the way, or as far as they must, both directions together."""
        return pooled([self.taken_out.half, self.reached])

    @property
    def is_read_anywhere(self) -> bool:
        """Whether the content moves half of the images at other places as well."""
        return self.elsewhere.count > 0 and self.elsewhere.share >= 0.5

    def in_words(self, name: str) -> str:
        """What was done and what came of it, without a verdict."""
        parts = []
        if len(self.taken_out.way):
            parts.append(
                f"taken out of {len(self.taken_out.way)} images of class {name}, it moves {self.taken_out.half.hits} "
                f"of them at least half of the way out of that class ({self.taken_out.flipped.hits} leave it)"
            )
        if len(self.put_in.way):
            parts.append(
                f"put into {len(self.put_in.way)} other images, it moves {self.put_in.half.hits} at least half of "
                f"the way to class {name} ({self.put_in.flipped.hits} arrive)"
            )
        if self.elsewhere.count:
            parts.append(f"at other places it moves {self.elsewhere.share:.0%} of them as far")
        return "; ".join(parts)

    def as_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "class": self.class_index,
            "taken out": _as_json(self.taken_out),
            "put in": _as_json(self.put_in),
            "put elsewhere": self.elsewhere.as_json(),
            "comparisons": self.comparisons,
        }


def _as_json(moved: Moved) -> dict[str, Any]:
    return {
        "half of the way": moved.half.as_json(),
        "changed predictions": moved.flipped.as_json(),
        "median way": float(np.median(moved.way)) if len(moved.way) else None,
    }


class Experiment:
    """Interventions on one region of the probes of a subject.

    Args:
        subject: whose model is asked; its first input that is an image is changed.
        masks: `(n, height, width)` booleans, the region in each probe. A probe may have none: nothing is taken out of
            it, and content is put into it at the place of another probe, drawn at random.
        fill: what takes the content's place, see `filled`.
        content: what is put in, an array of an image's shape; None: the content of probes of the class.
        holders: `(n,)` booleans, the probes that hold what is looked for; None: all whose region has content.
    """

    def __init__(
        self,
        subject: Subject,
        masks: np.ndarray,
        *,
        fill: Any = "mean",
        content: np.ndarray | None = None,
        holders: np.ndarray | None = None,
    ) -> None:
        self._subject = subject
        self._images = subject.image
        self._content = None if content is None else _as_image(content, self._images.shape[1:])
        self._rng = subject.rng("experiment")
        has_region = np.any(masks, axis=(1, 2))
        self._holders = np.ones(len(masks), bool) if holders is None else holders
        self._places_of = np.arange(len(masks))
        if not has_region.all():
            others = self._rng.choice(np.flatnonzero(has_region), (~has_region).sum())
            self._places_of[~has_region] = others
            masks = masks[self._places_of]
        self._masks = masks
        self._box = (slice(None), *box_of(np.any(masks, axis=0)))
        self._filling = filled(self._images, masks, fill)[self._box].copy()
        self._filling[~has_region] = self._images[self._box][~has_region]

    @property
    def emptied(self) -> np.ndarray:
        """The images with the content taken out; made at each use, as there is an experiment for every place."""
        return self._emptied(np.arange(len(self._images)))

    def _emptied(self, rows: np.ndarray) -> np.ndarray:
        images = np.asarray(self._images[rows])
        images[self._box] = self._filling[rows]
        return images

    @property
    def classes(self) -> np.ndarray:
        """See `Subject.classes`."""
        return self._subject.classes

    @cached_property
    def has_content(self) -> np.ndarray:
        """`(n,)` whether the region of each probe holds something: a tenth of the images' deviation or more."""
        differ = self._differ(self._images[self._box], self._filling, self._masks)
        present = differ >= _CONTENT * max(self._subject.deviation, 1e-12)
        return np.asarray(present & self._holders)

    @cached_property
    def table_full(self) -> np.ndarray:
        """The scores of all classes for the probes."""
        return class_scores(self._subject)

    @cached_property
    def table_emptied(self) -> np.ndarray:
        """The same, with the content taken out."""
        return self._table(self.emptied, np.arange(len(self._images)))

    def about(self, class_index: int, comparisons: int = 1) -> Evidence:
        """The evidence that the content means this class."""
        put_in = self.put_in(class_index)
        control = self.put_elsewhere(class_index) if len(put_in.way) else Proportion(0, 0)
        return Evidence(class_index, self.taken_out(class_index), put_in, control, comparisons)

    def about_if_left(
        self,
        class_index: int,
        comparisons: int,
        limit: float,
        *,
        by_chance: bool = True,
        whole_way: bool = False,
    ) -> Evidence:
        """The same, for one class among several: it goes on only where the limit may be reached.

        Nothing is put in where fewer images than the limit leave when the content is taken out (with `by_chance`:
        fewer than few images could leave by chance), and nothing elsewhere where fewer move when it is put in.
        """
        out, nowhere = self.taken_out(class_index), Proportion(0, 0)
        if len(out.way) and (out.half.upper(ERROR) if by_chance else out.half.share) < limit:
            return Evidence(class_index, out, NOTHING, nowhere, comparisons, whole_way)
        found = Evidence(class_index, out, self.put_in(class_index), nowhere, comparisons, whole_way)
        if not found.reached.share >= limit:
            return found
        return replace(found, elsewhere=self.put_elsewhere(class_index, whole_way=whole_way))

    def taken_out(self, class_index: int) -> Moved:
        """How far the probes of a class, predicted as such and with content, move away from it without content."""
        rows = np.flatnonzero((self.classes == class_index) & self.has_content)
        rows = rows[self.table_full[rows].argmax(1) == class_index]
        there = np.full(len(rows), class_index)
        return Moved.between(margins(self.table_full[rows], there), margins(self.table_emptied[rows], there))

    def receivers(self, class_index: int) -> np.ndarray:
        """The probes that the content of a class can be put into: of other classes, and not predicted as this one.

        None where there is no content: none was given, and no probe of the class has any.
        """
        if self._content is None and not len(self.donors(class_index)):
            return np.empty(0, int)
        predicted = self.table_emptied.argmax(1)
        return np.flatnonzero((self.classes != class_index) & (predicted != class_index))

    def donors(self, class_index: int) -> np.ndarray:
        """The probes that have the content of a class; where the class has no probes, all that have content."""
        own = self.classes == class_index
        return np.flatnonzero(self.has_content & own if own.any() else self.has_content)

    def put(self, class_index: int, rows: np.ndarray, masks: np.ndarray | None = None) -> np.ndarray:
        """The emptied probes of these rows with the content of a class in the region, or in other masks."""
        images, masks = self._emptied(rows), self._masks[rows] if masks is None else masks
        if self._content is not None:
            donors = np.broadcast_to(self._content, images.shape)
            return pasted(images, masks, donors, self._masks[rows])
        donors, places_of = self.donors(class_index), self._places_of[rows]
        chosen = self._rng.choice(donors, len(rows))
        is_given = (places_of != rows) & np.isin(places_of, donors)  # content and place from the same probe
        chosen[is_given] = places_of[is_given]
        return pasted(images, masks, [self._images[row] for row in chosen], self._masks[chosen])

    def put_in(self, class_index: int) -> Moved:
        """How far probes of other classes move towards a class when its content replaces their own.

        From without any content; and, where their own is another one, from with it, if that is nearer to the class:
        what fills an empty region moves images too, and any content would move them back.
        """
        rows = self.receivers(class_index)
        if not len(rows):
            return NOTHING
        images = self.put(class_index, rows)
        there = np.full(len(rows), class_index)
        differ = self._differ(images[self._box], self._images[self._box][rows], self._masks[rows])
        is_other = differ >= _SAME * self._subject.deviation
        with_own = np.where(is_other, margins(self.table_full[rows], there), -np.inf)
        moved = with_own < 0
        return self._moved(class_index, rows[moved], images[moved], with_own[moved])

    def put_elsewhere(
        self, class_index: int, places: int = _PLACES, *, whole_way: bool = False
    ) -> Proportion:
        """How many of them go half of the way, or all of it, with that content elsewhere, and their own taken out."""
        rows = self.receivers(class_index)
        found = []
        for mask in elsewhere(self._masks[rows[0]], places, self._rng):
            images = self.put(class_index, rows, np.broadcast_to(mask, self._masks[rows].shape))
            moved = self._moved(class_index, rows, images)
            found.append(moved.flipped if whole_way else moved.half)
        return pooled(found)

    @staticmethod
    def _differ(boxes: np.ndarray, others: np.ndarray, masks: np.ndarray) -> np.ndarray:
        """By how much regions differ between two images, the root mean square; around a region its box is the same."""
        squares = (np.subtract(boxes, others, dtype="float64") ** 2).sum((1, 2, 3))
        return np.asarray(np.sqrt(squares / (masks.sum((1, 2)) * boxes.shape[-1])))

    def _moved(
        self, class_index: int, rows: np.ndarray, images: np.ndarray, least: float | np.ndarray = -np.inf
    ) -> Moved:
        """From the margins of the emptied probes, or from these where they are higher."""
        if not len(rows):
            return NOTHING
        there = np.full(len(rows), class_index)
        before = np.maximum(margins(self.table_emptied[rows], there), least)
        return Moved.between(before, margins(self._table(images, rows), there))

    def _table(self, images: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """The class scores of probes with other images; padded to the number of probes, so that one trace serves."""
        changed = self._subject.with_images(images, rows)
        if len(rows) < len(self._images):
            changed = changed.take(np.resize(np.arange(len(rows)), len(self._images)))
        return np.asarray(self._subject.predictions(changed).table)[: len(rows)]


def class_scores(subject: Subject) -> np.ndarray:
    """The scores of all classes for the probes.

    Raises:
        CheckDoesNotApplyError: the model predicts no class.
    """
    table = subject.predictions().table
    if table is None or table.shape[1] < 2:
        raise CheckDoesNotApplyError(
            "The model predicts no class, so nothing tells which way it should move."
        )
    return table


def _as_image(content: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    array = np.asarray(content, "float64")
    if array.ndim == 2:
        array = array[..., None]
    return np.broadcast_to(array, shape)
