"""Are the maps those that were once approved? And how to store approved maps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from typing_extensions import override

from keras_saliency import metrics
from keras_saliency.arguments import keep_real, whole
from keras_saliency.checks.base import Check, judged, skipped
from keras_saliency.checks.shared.exhibits import probe_and_maps
from keras_saliency.checks.shared.golden_file import GoldenFile, Training
from keras_saliency.checks.shared.training_numbers import Judgement, numbers_of
from keras_saliency.render.heatmaps import heatmap
from keras_saliency.reports.result import CheckResult

if TYPE_CHECKING:
    from keras_saliency.checks.shared.subject import Subject
    from keras_saliency.methods import Method
    from keras_saliency.probes import ProbeSet

__all__ = ["Golden", "GoldenFile", "add_golden", "save_golden"]

FEWEST_TRAININGS = 2
_ONE = (
    "One training does not tell how far equal trainings differ, so this is no verdict: it takes "
    f"{FEWEST_TRAININGS} stored trainings, better three (`keras-saliency golden … --add`)."
)


@dataclass(frozen=True)
class Golden(Check):
    """The maps are those that were approved and stored.

    For the weights of a stored training (told by their hash) the maps must be the same: for every probe a signed
    rank correlation of at least `correlation` and a top overlap of at least `overlap`. Even the same data give
    another training other maps, so for other weights only statistics are compared: accuracy on the probes (a
    better one is fine), entropy of the magnitude, and its enrichment in each region, the border and the corners
    (as logarithms), each a mean over probes.

    How far they may lie from the mean of the stored trainings is Student's prediction interval, from the spread
    of the stored trainings together with a spread measured on our demo, which counts as four trainings: trainings
    of your own soon outweigh it. With one stored training the tolerance is a guess: leaving it is a
    warning, and staying within it no pass: one training says nothing of another. From two on the check passes or fails.
    Costs the maps of the probes.

    Args:
        path: a file by `save_golden`, or by `keras-saliency golden`.
        correlation: the least rank correlation for the same weights.
        overlap: the least top overlap for the same weights.
        error: how often an equal training may leave the interval by chance, for all statistics together.

    Example:
        >>> from keras_saliency.checks.golden import save_golden
        >>> save_golden("golden.npz", model, probes, "gradient")
        >>> report = ks.check(model, probes, ks.Golden("golden.npz"))
        >>> report.results[0].status
        'passed'
    """

    path: str | Path
    correlation: float = 0.99
    overlap: float = 0.9
    error: float = 0.01
    name: str = "golden"

    registered: ClassVar[str] = "golden"
    cheap: ClassVar[bool] = False

    def __post_init__(self) -> None:
        keep_real(self, "correlation", least=-1, most=1)
        keep_real(self, "overlap", least=0, most=1)
        keep_real(self, "error", above=0, below=1)

    @override
    def run(self, subject: Subject) -> CheckResult:
        golden = GoldenFile.read(self.path)
        golden.check_subject(subject)
        weights = subject.question.model.weights_fingerprint()
        same = next((training for training in golden.trainings if training.weights == weights), None)
        return self._retrained(subject, golden) if same is None else self._same(subject, same)

    def _same(self, subject: Subject, stored: Training) -> CheckResult:
        """The verdict where the weights are those of a stored training."""
        maps = subject.rows()
        if maps.shape != stored.maps.shape:
            raise ValueError(
                f"Expected maps as stored, {stored.maps.shape}. Received: shape={maps.shape}: other settings"
            )
        if (subject.explanation.target_classes != stored.target_classes).any():
            raise ValueError(
                "The stored maps are those of other classes: give the target they were made with."
            )
        identical = (maps == stored.maps).all(1)
        correlation = metrics.rank_correlation(maps, stored.maps)
        overlap = metrics.top_overlap(np.abs(maps), np.abs(stored.maps))
        # Constant maps have neither number, and are the same only if they are identical.
        correlation, overlap = (
            np.where(np.isnan(found), identical.astype("float64"), found) for found in (correlation, overlap)
        )
        value = float(correlation.min())
        held = bool(overlap.min() >= self.overlap)
        alike = held and value >= self.correlation
        worst = f"rank correlation at least {value:.3f}, top overlap at least {overlap.min():.2f}"
        sentence = (
            f"The weights are those of a stored training, and so are the maps ({worst})."
            if alike
            else f"The weights are those of a stored training, but the maps are not ({worst}): the method, its "
            "settings or the software have changed."
        )
        found = {"correlation": correlation, "top overlap": overlap}
        pictures = (
            {}
            if alike
            else _stored_and_now(subject, stored, int((correlation if held else overlap).argmin()))
        )
        value, limit = (value, self.correlation) if held else (float(overlap.min()), self.overlap)
        return judged(self, value, limit, "at_least", sentence, per_probe=found, pictures=pictures)

    def _retrained(self, subject: Subject, golden: GoldenFile) -> CheckResult:
        """The verdict on other weights: statistics alone."""
        numbers = numbers_of(subject)
        stored = {
            name: np.array([training.numbers[name] for training in golden.trainings])
            for name in numbers
            if all(name in training.numbers for training in golden.trainings)
        }
        if not stored:
            return skipped(self, "The weights are new, and there are no statistics to compare.")
        error = self.error / len(stored)
        judgements = {
            name: Judgement.of(name, numbers[name], values, error) for name, values in stored.items()
        }
        value = max(judgement.distance for judgement in judgements.values())
        left = [judgement.sentence for judgement in judgements.values() if judgement.distance > 1]
        count = len(golden.trainings)
        trainings = f"{count} stored training{'s' if count > 1 else ''}"
        sentence = (
            f"The weights are new; accuracy and statistics of the maps are as in {trainings}."
            if not left
            else f"The weights are new, and unlike in {trainings}: {'; '.join(left)}."
        )
        details = {name: judgement.as_json() for name, judgement in judgements.items()}
        result = judged(self, value, 1.0, "at_most", sentence, details=details)
        return (
            result
            if count >= FEWEST_TRAININGS
            else replace(result, status="warned", sentence=f"{sentence} {_ONE}")
        )


def save_golden(
    path: str | Path,
    model: Any,
    probes: ProbeSet,
    method: str | Method = "gradient",
    *,
    target: Any = None,
    output: str | int | None = None,
    logits: str = "auto",
    seed: int = 0,
) -> None:
    """Store the maps of an approved model, for `Golden(path)` to hold later models against.

    Args:
        path: the file, an `.npz`; whatever file is at the path is replaced.
        model: a Keras model.
        probes: what is explained; only their fingerprint is stored.
        method: see `ks.explain`, also for the other arguments. Give the same ones to `ks.check`.

    Costs the maps of the probes.

    Raises:
        OSError: the file cannot be written.
        SaliencyError, ValueError, TypeError: as `ks.explain`.

    Example:
        >>> from keras_saliency.checks.golden import save_golden
        >>> save_golden("golden.npz", model, probes)
        >>> ks.check(model, probes, ks.Golden("golden.npz")).passed
        True
    """
    from keras_saliency.checks.shared.subject import Subject

    seed = whole("seed", seed, 0)
    subject = Subject.of(model, probes, method, target=target, output=output, logits=logits, seed=seed)
    GoldenFile(probes.fingerprint, subject.method.name, (_training(subject),)).write(path)


def add_golden(
    path: str | Path,
    model: Any,
    probes: ProbeSet,
    method: str | Method = "gradient",
    *,
    target: Any = None,
    output: str | int | None = None,
    logits: str = "auto",
    seed: int = 0,
) -> None:
    """Add another training of the same network to a golden file: how far trainings differ sets the tolerance.

    The arguments are those of `save_golden`, and so is the cost.

    Raises:
        OSError, SaliencyError, ValueError, TypeError: as `save_golden`.
        FileNotFoundError, UnreadableFileError: there is no golden file to add to.
        ValueError: it is about other probes or another method, or holds these very weights already.

    Example:
        >>> from keras_saliency.checks.golden import add_golden, save_golden
        >>> save_golden("golden.npz", model, probes)
        >>> another = keras.models.clone_model(model)  # in life: another training
        >>> add_golden("golden.npz", another, probes)
    """
    from keras_saliency.checks.shared.subject import Subject

    seed = whole("seed", seed, 0)
    golden = GoldenFile.read(path)
    subject = Subject.of(model, probes, method, target=target, output=output, logits=logits, seed=seed)
    golden.check_subject(subject)
    added = _training(subject)
    if added.weights in {training.weights for training in golden.trainings}:
        raise ValueError(f"{path} holds these very weights already: add another training, with another seed.")
    GoldenFile(golden.fingerprint, golden.method, (*golden.trainings, added)).write(path)


def _stored_and_now(subject: Subject, stored: Training, probe: int) -> dict[str, np.ndarray]:
    """The picture of a probe, its stored map and its map now; nothing where the maps are not images."""
    now, axis = subject.explanation.image_maps, subject.explanation.channel_axis
    if not subject.explanation.has_image or now.size != stored.maps.size:
        return {}
    maps = [heatmap(maps.reshape(now.shape), "signed", axis)[probe] for maps in (stored.maps, now)]
    return {"probe_stored_and_now": probe_and_maps(subject, probe, *maps)}


def _training(subject: Subject) -> Training:
    return Training(
        weights=subject.question.model.weights_fingerprint(),
        maps=subject.rows(),
        target_classes=subject.explanation.target_classes,
        numbers=numbers_of(subject),
    )
