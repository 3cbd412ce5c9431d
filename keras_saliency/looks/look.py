"""One look at a network as a value: what was seen at one step, and the numbers about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_saliency.probes.captions import captions
from keras_saliency.records.scores import HasScores, Scores
from keras_saliency.render import MOST_DISPLAYED, below_each_other, bundle, contact_sheet
from keras_saliency.render.heatmaps import VIEWS

if TYPE_CHECKING:
    from keras_saliency.explanation import Explanation
    from keras_saliency.reports.result import CheckResult


@dataclass(frozen=True, repr=False)
class MethodLook(HasScores):
    """What one method showed at one step, for `n` probes.

    Attributes:
        heatmaps: for each view (`"magnitude"`, `"positive"`, `"negative"`, `"signed"`) an
            `(n, height, width)` float32 array, in units of score per input unit.
        model_scores: the scores, and what the model predicts; the attributes `scores`, `score_kind`,
            `target_classes`, `predicted_classes` and `probabilities` read them.
        per_probe: for each number `(n,)` values, NaN where the number is absent.
        explanation: the whole explanation at full precision; None for a look read back from a log.
    """

    heatmaps: Mapping[str, np.ndarray]
    model_scores: Scores
    per_probe: Mapping[str, np.ndarray]
    explanation: Explanation | None = None

    def __repr__(self) -> str:
        return f"<MethodLook at {len(self.scores)} probes: {_listed(self.numbers)}>"

    @property
    def diagnostics(self) -> Mapping[str, Any]:
        """What else the method says, see `Explanation`; empty for a look read back from a log."""
        return {} if self.explanation is None else self.explanation.diagnostics

    @property
    def numbers(self) -> dict[str, float]:
        """The mean over the probes of every number that at least one probe has."""
        return {
            name: float(np.mean(values[present]))
            for name, values in self.per_probe.items()
            if (present := np.isfinite(values)).any()
        }

    def sheet(self, title: str) -> np.ndarray:
        """One picture `(height, width, 3)` uint8 of the first 64 probes; a look from a log has their maps alone."""
        explanation, most = self.explanation, slice(MOST_DISPLAYED)
        probes = None if explanation is None else explanation.probes
        return contact_sheet(
            None if explanation is None or not explanation.has_image else explanation.pictures()[most],
            {view: maps[most] for view, maps in self.heatmaps.items()},
            None,
            captions(probes, self.model_scores, self.diagnostics)[most],
            title=title,
            changes=False,
        )


@dataclass(frozen=True, repr=False)
class Look:
    """All methods at one step.

    Attributes:
        step: the step under which the look is logged; steps only grow within one log folder.
        epoch: Keras' epoch after which the look was taken; `initial_epoch − 1` for the opening look. None where looks
            are counted otherwise: in batches, or by the steps of your own training loop.
        wall_time: seconds since 1970.
        methods: what each method showed, by the method's name.
        probe_accuracy: share of the labelled probes that the model predicts as labelled; None without labels.
        lost: the methods that failed at this look, or gave maps that are not finite, with the reason.
        checks: what the checks said, with the maps of the first method; from a log without pictures and details.
        run: the name of the run that the look was read back from, as the Saliency tab shows it: `"saliency_2"`, or
            `"fold_1"` where the callback had `run="fold_1"`; empty for a look that was just taken. Looks of different
            runs are looks at different networks.
        phase: which `fit` of the run it was read back from, from 1 on: a training may go on with another.
        logs: what the training said of itself, such as `"loss"` and `"val_accuracy"`: the newest value that Keras
            gave of each since the look before, where it is finite. Empty before training, in loops of your own and in
            older logs.

    Example:
        >>> saliency = ks.SaliencyCallback(probes, "logs")
        >>> look = saliency.look(model, step=0)
        >>> look.moment, look.probe_accuracy
        ('at step 0', 1.0)
        >>> look.heatmaps("gradient").shape
        (12, 12, 12)
    """

    step: int
    epoch: int | None
    wall_time: float
    methods: Mapping[str, MethodLook]
    probe_accuracy: float | None = None
    lost: Mapping[str, str] = field(default_factory=dict)
    checks: tuple[CheckResult, ...] = ()
    run: str = ""
    phase: int = 1
    logs: Mapping[str, float] = field(default_factory=dict)

    def __repr__(self) -> str:
        methods = ", ".join(self.methods) or "no method"
        return f"<Look {self.moment}, step {self.step}: {methods}{self._failed()}; {_listed(self.numbers)}>"

    def _failed(self) -> str:
        failed = ", ".join(result.name for result in self.checks if result.status in ("failed", "errored"))
        return f"; failed: {failed}" if failed else ""

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """What a notebook shows: a contact sheet of each method."""
        sheets = [seen.sheet(f"{name}, {self.moment}") for name, seen in self.methods.items()]
        return bundle(repr(self), below_each_other(sheets) if sheets else None)

    @property
    def moment(self) -> str:
        """When the look was taken, in words."""
        return moment(self.step, self.epoch)

    @property
    def numbers(self) -> dict[str, float]:
        """All numbers, keyed `<method>/<number>`, and `probe_accuracy`."""
        found = {
            f"{method}/{number}": value
            for method, seen in self.methods.items()
            for number, value in seen.numbers.items()
        }
        if self.probe_accuracy is not None:
            found["probe_accuracy"] = self.probe_accuracy
        return found

    def heatmaps(self, method: str, view: str = "magnitude") -> np.ndarray:
        """One method's maps, `(n, height, width)` float32, in one of the four views."""
        if method not in self.methods:
            raise ValueError(f"No method {method!r} in this look. It has: {', '.join(self.methods)}.")
        if view not in VIEWS:
            raise ValueError(f"No view {view!r}. Views: {', '.join(VIEWS)}.")
        return self.methods[method].heatmaps[view]


def moment(step: int, epoch: int | None) -> str:
    """When a look is taken, in words, with epochs counted from 1 as Keras prints them."""
    if epoch is None:
        return f"at step {step}"
    return "before training" if epoch < 0 else f"after epoch {epoch + 1}"


def _listed(numbers: Mapping[str, float]) -> str:
    """The first numbers in words."""
    shown = [f"{name} {value:.3g}" for name, value in numbers.items()]
    return ", ".join(shown[:3]) + (", …" if len(shown) > 3 else "")
