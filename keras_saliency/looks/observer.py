"""Makes looks: explanations, and the numbers about them against the looks before."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_saliency import metrics
from keras_saliency.engine import Anatomy, Question, ScoredModel
from keras_saliency.engine.layout import way_out
from keras_saliency.errors import SaliencyError
from keras_saliency.explanation import bind_target, explain_question
from keras_saliency.looks.look import Look, MethodLook
from keras_saliency.looks.numbers import enrichments
from keras_saliency.methods import Method
from keras_saliency.metrics import Metric
from keras_saliency.metrics.rows import in_blocks
from keras_saliency.probes import ProbeSet
from keras_saliency.probes.targets import PREDICTED
from keras_saliency.render import shrink
from keras_saliency.render.heatmaps import VIEWS


@dataclass(frozen=True)
class _Reference:
    """What later looks of one method are compared with."""

    ranked: np.ndarray
    magnitude: np.ndarray

    @classmethod
    def of(cls, views: Mapping[str, np.ndarray], side: int | None = None) -> _Reference:
        """From heatmaps; `side` is the longest side to shrink them to."""
        signed, magnitude = (
            views[view] if side is None else shrink(views[view], side) for view in ("signed", "magnitude")
        )
        return cls(_ranked(signed), magnitude)

    def at_size_of(self, other: _Reference, views: Mapping[str, np.ndarray]) -> _Reference:
        """This reference at the size of another one, from these heatmaps: a log may hold smaller maps."""
        if self.magnitude.shape == other.magnitude.shape:
            return self
        return _Reference.of(views, max(other.magnitude.shape[1:]))


class Observer:
    """Looks at one model, always at the same probes by the same methods. It knows neither Keras' hooks nor files.

    Args:
        model: a Keras model.
        probes: what is looked at; its first input that is an image is shown and measured.
        methods: the methods, of different names.
        target: see `explain`.
        output: the name or position of the output, for models with several.
        logits: see `explain`.
        seed: of the private generators; the same at every look, so that noise does not count as drift.
        after: the observer whose looks these go on from.

    Attributes:
        model: the model as a function with gradients.
        layout: which inputs are images, and where their channels are.

    Raises:
        ValueError, SaliencyError: these settings cannot work with this model; nothing was computed.
    """

    def __init__(
        self,
        model: Any,
        probes: ProbeSet,
        methods: tuple[Method, ...],
        *,
        target: Any = None,
        output: str | int | None = None,
        logits: str = "auto",
        seed: int = 0,
        after: Observer | None = None,
    ) -> None:
        self._probes = probes
        self._methods = methods
        self._seed = seed
        self._target = bind_target(target, probes)
        self.model = ScoredModel(model, output=output, logits=logits, channel_axis=probes.channel_axis)
        self._first: dict[str, _Reference] = dict(after._first) if after else {}
        self._last: dict[str, _Reference] = dict(after._last) if after else {}
        anatomy = self.model.inspect(probes.images, self._target)
        self.layout = anatomy.layout
        _check_regions(probes, _image_size(anatomy))

    def go_on_from(self, first: Look, last: Look) -> None:
        """Compare later looks with these two, which were read back from a log."""
        for kept, look in ((self._first, first), (self._last, last)):
            kept |= {name: _Reference.of(seen.heatmaps) for name, seen in look.methods.items()}

    def forget(self) -> None:
        """Compare later looks with none before."""
        self._first.clear()
        self._last.clear()

    def question(self) -> Question:
        """The question of one look: all who ask it within that look share its answers."""
        return Question(self.model, self._probes.images, self._target)

    def look(
        self,
        step: int,
        epoch: int | None,
        question: Question | None = None,
        *,
        compare: bool = True,
        strict: bool = False,
    ) -> Look:
        """Look now.

        A method that fails is missing from the look, which says why, unless `strict` is set. It fails if it
        raises, or if none of its maps is finite; where only some are not, the look says how many.

        Args:
            step: see `Look`.
            epoch: see `Look`.
            question: a new one, as `question()` gives it, where others share its answers.
            compare: whether the numbers against the looks before are wanted.
            strict: whether a failure is raised.
        """
        seen: dict[str, MethodLook] = {}
        lost: dict[str, str] = {}
        question = question or self.question()
        for method in self._methods:
            try:
                seen[method.name] = self._see(question, method, compare=compare)
                if bad := _bad_maps(seen[method.name].heatmaps):
                    lost[method.name] = f"{bad} of its {len(self._probes)} maps are not finite"
            except Exception as error:
                if strict:
                    raise
                lost[method.name] = f"{type(error).__name__}: {error}"
        return Look(step, epoch, time.time(), seen, _accuracy(self._probes, seen), lost)

    def _see(self, question: Question, method: Method, *, compare: bool) -> MethodLook:
        explanation = explain_question(question, self._probes, method, self._seed)
        views = {view: explanation.heatmaps(view) for view in VIEWS}
        if _bad_maps(views) == len(self._probes):
            raise SaliencyError(
                f"None of the maps of {method.name} is finite: on every probe the score or its gradient is "
                "infinite or not a number."
            )
        now = _Reference.of(views)
        first, last = self._first.get(method.name), self._last.get(method.name)
        self._first.setdefault(method.name, now)
        self._last[method.name] = now
        return MethodLook(
            heatmaps=views,
            model_scores=explanation.model_scores,
            per_probe=(_comparisons(views, now, last, first) if compare else {})
            | _descriptions(explanation.image_maps, now.magnitude)
            | _enrichments(now.magnitude, self._probes),
            explanation=explanation,
        )


def _bad_maps(views: Mapping[str, np.ndarray]) -> int:
    """How many maps have a value that is not finite in any view."""
    return int(np.any([~np.isfinite(maps).all((1, 2)) for maps in views.values()], axis=0).sum())


def _comparisons(
    views: Mapping[str, np.ndarray], now: _Reference, last: _Reference | None, first: _Reference | None
) -> dict[str, np.ndarray]:
    """The numbers against the look before and the first look; none at the first look."""
    if last is None or first is None:
        return {}
    pairs = {
        "reference": (now.at_size_of(last, views), last),
        "first": (now.at_size_of(first, views), first),
    }
    compared = (metric for metric in metrics.NUMBERS.values() if metric.compares)
    return {
        metric.name: in_blocks(metric.function, *(getattr(look, what) for look in pairs[against]))
        for metric in compared
        for what, against in [metric.needs]
    }


def _descriptions(maps: np.ndarray, magnitude: np.ndarray) -> dict[str, np.ndarray]:
    """The numbers that need this look alone."""
    given = {"maps": maps, "magnitude": magnitude}
    alone = (metric for metric in metrics.NUMBERS.values() if not metric.compares)
    return {
        metric.name: in_blocks(metric.function, *(given[need] for need in metric.needs)) for metric in alone
    }


def _enrichments(magnitude: np.ndarray, probes: ProbeSet) -> dict[str, np.ndarray]:
    return {
        metric.name: _enrichment(metric, magnitude, probes.regions[region])
        for region, metric in enrichments(probes.regions).items()
    }


def _enrichment(metric: Metric, magnitude: np.ndarray, region: np.ndarray) -> np.ndarray:
    if region.ndim == 2:
        return in_blocks(lambda maps: metric.function(maps, region), magnitude)
    return in_blocks(metric.function, magnitude, region)


def _ranked(signed: np.ndarray) -> np.ndarray:
    """The ranks of the maps, in float32 where that holds them exactly: looks to compare with are kept."""
    exact = signed[0].size < 2**23
    return in_blocks(lambda maps: metrics.ranks(maps).astype(np.float32 if exact else np.float64), signed)


def _accuracy(probes: ProbeSet, seen: Mapping[str, MethodLook]) -> float | None:
    """The share of labelled probes that the model predicts as labelled."""
    predicted = next((method.predicted_classes for method in seen.values()), None)
    if predicted is None or probes.labels is None or (predicted == PREDICTED).any():
        return None
    return float((predicted == probes.labels).mean())


def _image_size(anatomy: Anatomy) -> tuple[int, int]:
    """Height and width of the maps; refuses inputs that are not images."""
    image = anatomy.image
    if image is None:
        raise ValueError(
            "None of the inputs is an image, so there is nothing to watch. ks.explain gives the maps of any "
            f"model. Received: {', '.join(anatomy.explained)} of shape {', '.join(map(str, anatomy.shapes))}."
            f"{way_out(anatomy.shapes)}"
        )
    return image.height, image.width


def _check_regions(probes: ProbeSet, size: tuple[int, ...]) -> None:
    for name, mask in probes.regions.items():
        if mask.shape[-2:] != size:
            raise ValueError(
                f"Expected the mask of region {name!r} to have the size of the maps, {size}. "
                f"Received: shape={mask.shape}"
            )
