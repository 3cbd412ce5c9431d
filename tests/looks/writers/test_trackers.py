"""Looks in trackers: in packages that stand in for them, and in the real ones where they are installed."""

import dataclasses
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from keras_saliency import ProbeSet
from keras_saliency.looks.writers import MLflowWriter, TensorBoardWriter, TrackioWriter, WandbWriter
from keras_saliency.looks.writers.sheets import draw_sheet
from keras_saliency.looks.writers.trackers import scalars
from keras_saliency.reports.result import CheckResult

CHECKS = (
    CheckResult("finite", "passed", "."),
    CheckResult("region", "failed", "."),
    CheckResult("x", "errored", "."),
)


@pytest.fixture
def looks(a_look):
    first, *others = (a_look(step, step - 1) for step in range(3))
    return [first, *(dataclasses.replace(look, checks=CHECKS) for look in others)]


def write(writers, run, looks):
    for writer in writers:
        writer.open(run)
    for before, look in zip([None, *looks], looks, strict=False):
        assert [writer.write(look, before) for writer in writers][-1] == 0
    for writer in writers:
        writer.close()


def test_numbers_and_verdicts_by_their_tags(looks):
    look = looks[1]
    found = scalars(look)
    assert found.pop("saliency/checks/finite") == 1
    assert found.pop("saliency/checks/region") == 0
    numbers = {name.removeprefix("saliency/"): value for name, value in found.items()}
    assert numbers == look.numbers


@pytest.mark.parametrize(
    ("name", "writer"), [("mlflow", MLflowWriter), ("wandb", WandbWriter), ("trackio", TrackioWriter)]
)
class TestAny:
    def test_a_package_that_is_missing(self, monkeypatch, saliency_folder, a_run, name, writer):
        monkeypatch.setitem(sys.modules, name, None)
        with pytest.raises(
            ImportError, match=rf'writers="{name}" needs {name}: pip install keras_saliency\[{name}\]'
        ):
            writer().open(a_run(saliency_folder))

    def test_a_look_before_open(self, a_look, name, writer):
        with pytest.raises(RuntimeError, match="not open"):
            writer().write(a_look(0), None)

    def test_close_without_open(self, name, writer):
        writer().close()


class Rows(SimpleNamespace):
    """A run of W&B or Trackio that keeps its rows."""

    def __init__(self):
        super().__init__(rows=[], axes={}, finished=0)

    def define_metric(self, name, step_metric=None, hidden=False):
        self.axes[name] = step_metric

    def log(self, row, step=None):
        self.rows.append((step, row))


@pytest.fixture(params=["wandb", "trackio"])
def tracker(request, monkeypatch):
    """A package that stands in for a tracker: its writer, and the package, whose `run` may be active."""
    name = request.param
    fake = SimpleNamespace(run=None, started=[], Image=lambda pixels: ("image", pixels.shape))
    fake.context_vars = SimpleNamespace(current_run=SimpleNamespace(get=lambda: fake.run))

    def init(*args, **options):
        fake.run = Rows()
        fake.started.append((args, options))
        return fake.run

    def finish():
        fake.run.finished += 1

    fake.init, fake.finish = init, finish
    monkeypatch.setitem(sys.modules, name, fake)
    return {"wandb": WandbWriter, "trackio": TrackioWriter}[name], fake


class TestRows:
    def test_a_row_a_look(self, tracker, saliency_folder, a_run, looks):
        writer, fake = tracker
        run = a_run(saliency_folder)
        write([writer()], run, looks)
        assert [row["saliency/step"] for _, row in fake.run.rows] == [0, 1, 2]
        for (step, row), look in zip(fake.run.rows, looks, strict=True):
            assert step == (look.step if writer is TrackioWriter else None)
            assert {name: row[name] for name in scalars(look)} == scalars(look)
            sheet = draw_sheet(run, look, "smoothgrad", looks[look.step - 1] if look.step else None)
            assert row["saliency/smoothgrad/sheet"] == ("image", sheet.shape)
        assert fake.run.finished == 1
        assert fake.started[0][1]["name"] == saliency_folder.parent.name

    def test_in_wandb_they_stand_over_their_own_steps(self, tracker, saliency_folder, a_run, looks):
        writer, fake = tracker
        write([writer()], a_run(saliency_folder), looks)
        expected = {"saliency/step": None, "saliency/*": "saliency/step"}
        assert fake.run.axes == (expected if writer is WandbWriter else {})

    def test_a_run_that_is_active_is_used_and_stays_open(self, tracker, saliency_folder, a_run, looks):
        writer, fake = tracker
        fake.run = theirs = Rows()
        write([writer()], a_run(saliency_folder), looks)
        assert len(theirs.rows) == 3
        assert (theirs.finished, fake.started) == (0, [])

    def test_no_sheets(self, tracker, saliency_folder, a_run, looks):
        writer, fake = tracker
        write([writer()], a_run(saliency_folder, sheets=False), looks)
        assert not any("sheet" in name for _, row in fake.run.rows for name in row)


@pytest.mark.filterwarnings("ignore")
class TestMLflow:
    @pytest.fixture
    def mlflow(self, tmp_path, monkeypatch):
        mlflow = pytest.importorskip("mlflow")
        monkeypatch.chdir(tmp_path)
        mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
        mlflow.set_experiment(experiment_name="looks")
        yield mlflow
        mlflow.end_run()

    def test_everything_is_read_back(self, mlflow, saliency_folder, a_run, looks, tmp_path):
        run = a_run(saliency_folder)
        write([TensorBoardWriter(), MLflowWriter()], run, looks)
        (stored,) = mlflow.search_runs(output_format="list")
        client, run_id = mlflow.MlflowClient(), stored.info.run_id
        assert (stored.info.status, stored.info.run_name) == ("FINISHED", saliency_folder.parent.name)
        for name in scalars(looks[-1]):
            history = [(point.step, point.value) for point in client.get_metric_history(run_id, name)]
            assert history == [(look.step, scalars(look)[name]) for look in looks if name in scalars(look)]
        probes = mlflow.artifacts.download_artifacts(
            run_id=run_id, artifact_path="saliency/probes.npz", dst_path=tmp_path
        )
        assert ProbeSet.load(probes).fingerprint == run.probes.fingerprint
        assert "saliency-data" in mlflow.artifacts.load_text(f"runs:/{run_id}/saliency/page.html")
        assert mlflow.artifacts.load_dict(f"runs:/{run_id}/saliency/settings.json")["every"] == "1"
        sheets = [file.path for file in client.list_artifacts(run_id, "images") if file.path.endswith(".png")]
        last = next(path for path in sheets if "smoothgrad" in path and "step+2+" in path)
        found = np.asarray(mlflow.artifacts.load_image(f"runs:/{run_id}/{last}").convert("RGB"))
        np.testing.assert_array_equal(found, draw_sheet(run, looks[2], "smoothgrad", looks[1]))
        assert len(sheets) == 6

    def test_a_run_that_is_active_is_used_and_stays_open(self, mlflow, saliency_folder, a_run, looks):
        with mlflow.start_run() as theirs:
            write([MLflowWriter()], a_run(saliency_folder, pictures=None), looks)
            assert mlflow.active_run().info.run_id == theirs.info.run_id
            names = [
                file.path for file in mlflow.MlflowClient().list_artifacts(theirs.info.run_id, "saliency")
            ]
        assert names == [
            "saliency/settings.json"
        ]  # neither probes, which may not leave, nor a page without a log


@pytest.mark.filterwarnings("ignore")
def test_trackio(saliency_folder, a_run, looks, tmp_path, monkeypatch):
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path / "trackio"))
    pytest.importorskip("trackio")
    from trackio.sqlite_storage import SQLiteStorage

    write([TrackioWriter()], a_run(saliency_folder), looks)
    rows = SQLiteStorage.get_logs("keras_saliency", saliency_folder.parent.name)
    assert [row["step"] for row in rows] == [look.step for look in looks]
    for row, look in zip(rows, looks, strict=True):
        assert {name: row[name] for name in scalars(look)} == pytest.approx(scalars(look))
    assert len(list((tmp_path / "trackio").rglob("*.png"))) == 6


@pytest.mark.filterwarnings("ignore")
def test_wandb_offline(saliency_folder, a_run, looks, tmp_path, monkeypatch):
    wandb = pytest.importorskip("wandb")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WANDB_MODE", "offline")
    write([WandbWriter()], a_run(saliency_folder), looks)
    wandb.teardown()  # what is queued is on disk then
    (stored,) = (tmp_path / "wandb").glob("offline-run-*/*.wandb")
    content = stored.read_bytes()
    for name in scalars(looks[-1]):
        assert name.encode() in content
    assert len(list((tmp_path / "wandb").rglob("media/images/**/*.png"))) == 6
