"""Looks in Weights & Biases, and in Trackio, which has the same interface."""

from __future__ import annotations

from typing import Any

from typing_extensions import override

from keras_saliency.looks.look import Look
from keras_saliency.looks.writers.base import Run, Writer, opened
from keras_saliency.looks.writers.trackers import imported, run_name, scalars, sheets

_STEP = "saliency/step"


class WandbWriter(Writer):
    """Every look in the active run of W&B, or in one that it starts and finishes. Needs `keras_saliency[wandb]`.

    Numbers, verdicts and contact sheets are logged under their tags, `saliency/<method>/<number>`,
    `saliency/checks/<name>` and `saliency/<method>/sheet`, in one row a look. They stand over `saliency/step`, as W&B
    drops what comes after a larger step of the training's own.
    """

    package_name = "wandb"

    def __init__(self) -> None:
        self._run: Run | None = None
        self._tracker: Any = None
        self._package: Any = None
        self._is_ours = False

    @override
    def open(self, run: Run) -> None:
        """Find the active run or start one. Raises `ImportError` without the package, and what it raises."""
        self.close()
        self._package = package = imported(self.package_name)
        active = self._active(package)
        self._tracker, self._is_ours = active or self._start(package, run), active is None
        self._define()
        self._run = run

    @override
    def write(self, look: Look, previous: Look | None) -> int:
        pictures = {
            name: self._package.Image(picture) for name, picture in sheets(opened(self._run), look, previous)
        }
        self._log({_STEP: look.step, **scalars(look), **pictures}, look.step)
        return 0

    @override
    def close(self) -> None:
        if self._run is not None and self._is_ours:
            self._package.finish()
        self._run = self._tracker = None

    def _active(self, package: Any) -> Any:
        return package.run

    def _start(self, package: Any, run: Run) -> Any:
        return package.init(name=run_name(run), config={"saliency": dict(run.settings)})

    def _define(self) -> None:
        """Tell the tracker over what the numbers stand."""
        self._tracker.define_metric(_STEP, hidden=True)
        self._tracker.define_metric("saliency/*", step_metric=_STEP)

    def _log(self, row: dict[str, Any], step: int) -> None:
        self._tracker.log(row)


class TrackioWriter(WandbWriter):
    """Every look in the active run of Trackio, or in one that it starts and finishes. Needs `keras_saliency[trackio]`.

    The names are those of `WandbWriter`; the rows stand at the looks' own steps. A run that it starts belongs to the
    project `keras_saliency`.
    """

    package_name = "trackio"

    @override
    def _active(self, package: Any) -> Any:
        return package.context_vars.current_run.get()

    @override
    def _start(self, package: Any, run: Run) -> Any:
        settings = {"saliency": {name: str(value) for name, value in run.settings.items()}}
        return package.init("keras_saliency", name=run_name(run), config=settings, embed=False)

    @override
    def _define(self) -> None:
        """Nothing: rows have steps of their own."""

    @override
    def _log(self, row: dict[str, Any], step: int) -> None:
        self._tracker.log(row, step=step)
