"""Looks in MLflow."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from typing_extensions import override

from keras_saliency.looks.event_file import event_files
from keras_saliency.looks.look import Look
from keras_saliency.looks.page.export import export_page
from keras_saliency.looks.page.log_store import LogStore
from keras_saliency.looks.writers.base import Run, Writer, opened
from keras_saliency.looks.writers.trackers import imported, run_name, scalars, sheets

_PAGE_MEGABYTES = 50
_THINNED = (1, 10, 100)


class MLflowWriter(Writer):
    """Every look in MLflow's active run, or in one that it starts and ends. Needs `keras_saliency[mlflow]`.

    Numbers and verdicts are metrics `saliency/<method>/<number>` and `saliency/checks/<name>` at the look's step;
    contact sheets are images of that step; settings and probe set are artifacts `saliency/settings.json` and
    `saliency/probes.npz`. In the end the Saliency page becomes `saliency/page.html`, where the writer `"tensorboard"`
    kept the looks: thinned where it would be larger than 50 MB. Without pictures (`store_images=False`) there is no
    probe set.
    """

    def __init__(self) -> None:
        self._run: Run | None = None
        self._client: Any = None
        self._run_id = ""
        self._is_ours = False

    @override
    def open(self, run: Run) -> None:
        """Find the active run or start one. Raises `ImportError` without MLflow, and what MLflow raises."""
        self.close()
        mlflow = imported("mlflow")
        active = mlflow.active_run()
        self._client, self._is_ours = mlflow.MlflowClient(), active is None
        self._run_id = (active or mlflow.start_run(run_name=run_name(run))).info.run_id
        self._run = run
        self._client.log_dict(self._run_id, _plain(run.settings), "saliency/settings.json")
        if run.pictures is not None:
            with tempfile.TemporaryDirectory() as folder:
                run.probes.save(Path(folder, "probes.npz"))
                self._client.log_artifact(self._run_id, str(Path(folder, "probes.npz")), "saliency")

    @override
    def write(self, look: Look, previous: Look | None) -> int:
        run, milliseconds = opened(self._run), int(1000 * look.wall_time)
        for name, value in scalars(look).items():
            self._client.log_metric(self._run_id, name, value, timestamp=milliseconds, step=look.step)
        for name, picture in sheets(run, look, previous):
            self._client.log_image(
                self._run_id, picture, key=name, step=look.step, timestamp=milliseconds, synchronous=True
            )
        return 0

    @override
    def close(self) -> None:
        run, self._run = self._run, None
        if run is None:
            return
        try:
            if page := _page(run.folder):
                self._client.log_text(self._run_id, page, "saliency/page.html")
        finally:
            if self._is_ours:
                imported("mlflow").end_run()


def _page(folder: Path) -> str:
    """The Saliency page of a folder, as many of its looks as fit; nothing where no looks were kept."""
    if event_files(folder):
        for every in _THINNED:
            with suppress(ValueError):
                return export_page(LogStore(folder), every, _PAGE_MEGABYTES)
    return ""


def _plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value if value is None else str(value) for name, value in settings.items()}
