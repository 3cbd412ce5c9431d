import dataclasses
import json
import os
import shutil

import numpy as np
import pytest

from keras_saliency import records
from keras_saliency.errors import UnreadableFileError
from keras_saliency.looks.event_file import EventFile, blobs, event_files, read_events, scalar
from keras_saliency.looks.look import VIEWS
from keras_saliency.looks.reading import last_step, load_looks, outer_looks
from keras_saliency.looks.writers import TensorBoardWriter


def write(run, looks):
    writer = TensorBoardWriter()
    writer.open(run)
    for look in looks:
        writer.write(look, None)
    writer.close()


@pytest.fixture
def run(saliency_folder, a_run):
    return a_run(saliency_folder, sheets=False)


class TestLoadLooks:
    def test_looks_come_back(self, run, a_look):
        written = [
            a_look(-1, epoch=-1),
            a_look(0, epoch=5, channels=3),
            a_look(1, epoch=6, probe_accuracy=None),
        ]
        write(run, written)
        read = load_looks(run.folder.parent)
        assert len(read) == 3
        for ours, theirs in zip(read, written, strict=True):
            assert (ours.step, ours.epoch, ours.wall_time) == (theirs.step, theirs.epoch, theirs.wall_time)
            assert ours.probe_accuracy == theirs.probe_accuracy
            assert list(ours.methods) == list(theirs.methods)
            assert ours.numbers == pytest.approx(theirs.numbers, rel=1e-8)
            for method in ours.methods:
                assert_same(ours.methods[method], theirs.methods[method])

    def test_the_saliency_folder_itself(self, run, a_look):
        write(run, [a_look(0)])
        for log_dir in (run.folder, str(run.folder), str(run.folder.parent)):
            assert [look.step for look in load_looks(log_dir)] == [0]

    def test_by_step_over_several_files(self, run, a_look):
        for steps in ((3, 5), (4,), (1, 2)):
            write(run, [a_look(step) for step in steps])
        assert [look.step for look in load_looks(run.folder)] == [1, 2, 3, 4, 5]

    def test_the_later_file_wins(self, run, a_look):
        write(run, [a_look(0, methods=("old",)), a_look(1, methods=("old",))])
        write(run, [a_look(1, methods=("new",))])
        assert [list(look.methods) for look in load_looks(run.folder)] == [["old"], ["new"]]

    def test_truncated_in_the_last_look(self, run, a_look):
        writer = TensorBoardWriter()
        writer.open(run)
        writer.write(a_look(0), None)
        (path,) = event_files(run.folder)
        kept = path.stat().st_size
        writer.write(a_look(1), None)
        writer.close()
        whole = path.read_bytes()
        for length in range(kept, len(whole), 97):
            path.write_bytes(whole[:length])
            assert [look.step for look in load_looks(run.folder)] == [0]

    def test_no_folder(self, tmp_path):
        with pytest.raises(FileNotFoundError, match=r"No folder .*missing.* log_dir of a SaliencyCallback"):
            load_looks(tmp_path / "missing")

    def test_no_looks(self, run):
        write(run, [])
        with pytest.raises(
            FileNotFoundError, match=r"No looks in .*saliency.*pass the log_dir.*Received: log_dir="
        ):
            load_looks(run.folder.parent)

    def test_events_of_others_are_no_looks(self, run, a_look):
        file = EventFile(run.folder)
        file.write(9, [scalar("loss", 1), blobs("x", [b"data"], "another_plugin")])
        file.close()
        write(run, [a_look(0)])
        assert [look.step for look in load_looks(run.folder)] == [0]

    def test_a_newer_series(self, run):
        newer = json.dumps({"version": records.VERSION + 1, "kind": "film"}).encode()
        file = EventFile(run.folder)
        file.write(0, [blobs("saliency/gradient/maps", [b""], "saliency", newer)])
        file.close()
        with pytest.raises(
            UnreadableFileError, match=r"events.out.*version 1 or older.*upgrade keras_saliency"
        ):
            load_looks(run.folder)

    def test_a_damaged_record(self, run):
        file = EventFile(run.folder)
        file.write(0, [blobs("saliency/gradient/maps", [b"?"], "saliency", records.metadata("maps"))])
        file.close()
        with pytest.raises(UnreadableFileError, match=r"events.out.*Expected a saliency record"):
            load_looks(run.folder)

    def test_a_series_without_data(self, run):
        file = EventFile(run.folder)
        file.write(0, [blobs("saliency/gradient/maps", [], "saliency", records.metadata("maps"))])
        file.close()
        with pytest.raises(UnreadableFileError, match=r"events.out.*no data"):
            load_looks(run.folder)

    def test_an_accuracy_without_a_value(self, run, a_look):
        write(run, [a_look(0, probe_accuracy=None)])
        (path,) = event_files(run.folder)
        *_, event = read_events(path)
        file = EventFile(run.folder)
        file.write(0, [*event.summary.value, blobs(records.PROBE_ACCURACY_TAG, [b"much"], "scalars")])
        file.close()
        assert load_looks(run.folder)[0].probe_accuracy is None


def assert_same(ours, theirs):
    assert ours.explanation is None
    assert ours.score_kind == theirs.score_kind
    for name in ("scores", "target_classes", "predicted_classes", "probabilities"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name), strict=True)
    assert set(ours.per_probe) == set(theirs.per_probe)
    for name, values in theirs.per_probe.items():
        np.testing.assert_allclose(ours.per_probe[name], values, rtol=1e-8)
    for view, maps in theirs.heatmaps.items():
        np.testing.assert_allclose(ours.heatmaps[view], maps, atol=np.abs(maps).max() / 250)


class TestOuterLooks:
    def test_what_cannot_be_read_is_passed_over(self, run, a_look):
        write(run, [a_look(step) for step in (1, 2, 3)])
        os.symlink("/proc/self/mem", run.folder / "events.out.tfevents.0.mem")
        file = EventFile(run.folder)
        file.write(4, [blobs("saliency/gradient/maps", [b"?"], "saliency", records.metadata("maps"))])
        file.close()
        first, last = outer_looks(run.folder, run.probes.fingerprint)
        assert (first.step, last.step) == (1, 3)


class TestLastStep:
    def test_of_all_files(self, run, a_look):
        write(run, [a_look(3), a_look(7)])
        write(run, [a_look(5)])
        assert last_step(run.folder) == 7

    def test_of_an_opening_look(self, run, a_look):
        write(run, [a_look(-1)])
        assert last_step(run.folder) == -1

    def test_a_fit_that_died_before_its_first_look_does_not_count(self, run, a_look):
        write(run, [])
        assert last_step(run.folder) is None
        write(run, [a_look(2)])
        write(run, [])
        assert last_step(run.folder) == 2

    def test_no_files_or_no_folder(self, tmp_path):
        assert last_step(tmp_path) is None
        assert last_step(tmp_path / "missing") is None

    def test_a_look_whose_methods_all_failed_counts(self, run, a_look):
        look = a_look(4)
        write(run, [dataclasses.replace(look, methods={}, lost=dict.fromkeys(look.methods, "reason"))])
        assert last_step(run.folder) == 4

    def test_a_file_that_cannot_be_read_is_told_and_passed_over(self, run, a_look):
        write(run, [a_look(3)])
        os.symlink("/proc/self/mem", run.folder / "events.out.tfevents.9.mem")
        told = []
        assert last_step(run.folder, told.append) == last_step(run.folder) == 3
        assert len(told) == 1
        assert "events.out.tfevents.9.mem cannot be read" in told[0]

    def test_a_torn_look_does_not_count(self, run, a_look):
        write(run, [a_look(0), a_look(1)])
        (path,) = event_files(run.folder)
        path.write_bytes(path.read_bytes()[:-1])
        assert last_step(run.folder) == 0


def test_a_log_that_was_moved(run, a_look, tmp_path):
    write(run, [a_look(0)])
    shutil.move(run.folder.parent, tmp_path / "elsewhere")
    assert len(load_looks(tmp_path / "elsewhere")) == 1


def test_records_know_the_views_of_a_look():
    assert records.VIEWS == VIEWS
