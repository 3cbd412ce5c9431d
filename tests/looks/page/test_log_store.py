"""Records found and read in event files, without TensorBoard."""

import os
import shutil

import pytest
from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer

from keras_saliency import records
from keras_saliency.looks import event_file as eventfile
from keras_saliency.looks.page.log_store import LogStore
from keras_saliency.tensorboard_plugin.store import NotStoredError
from tests.fuzz import claims

TAG = records.maps_tag("gradient")


def steps(store, run="a/saliency", tag=TAG):
    return [point.step for point in store.points(run, tag)]


def test_runs_have_the_names_that_tensorboard_gives(tmp_path, write_by_hand):
    for folder in ("saliency", "a/saliency", "deep/down/<b> 猫/saliency", "saliency/saliency"):
        write_by_hand(tmp_path / folder)
    multiplexer = EventMultiplexer()
    multiplexer.AddRunsFromDirectory(str(tmp_path))
    found = LogStore(tmp_path).runs()
    assert set(found) == set(multiplexer.Runs())
    assert len(found) == 4


def test_the_folder_of_one_run(tmp_path, write_by_hand):
    write_by_hand(tmp_path / "saliency")
    assert steps(LogStore(tmp_path / "saliency"), ".") == [0, 1, 2]


def test_the_folder_of_one_run_as_the_present_one(tmp_path, write_by_hand, monkeypatch):
    write_by_hand(tmp_path / "saliency")
    monkeypatch.chdir(tmp_path / "saliency")
    assert list(LogStore(type(tmp_path)(".")).runs()) == ["."]


def test_links_are_followed_and_circles_end(tmp_path, write_by_hand):
    write_by_hand(tmp_path / "elsewhere" / "saliency")
    (tmp_path / "logs" / "a").mkdir(parents=True)
    os.symlink(tmp_path / "elsewhere", tmp_path / "logs" / "linked")
    os.symlink(tmp_path / "logs", tmp_path / "logs" / "a" / "circle")
    assert list(LogStore(tmp_path / "logs").runs()) == ["linked/saliency"]


def test_what_is_not_ours_is_left_out(tmp_path, write_by_hand):
    write_by_hand(tmp_path / "other")
    (tmp_path / "empty" / "saliency").mkdir(parents=True)
    (tmp_path / "foreign" / "saliency").mkdir(parents=True)
    file = eventfile.EventFile(tmp_path / "foreign" / "saliency")
    file.write(0, [eventfile.scalar("loss", 1.0), eventfile.blobs("x", [b"y"], "another plugin")])
    file.close()
    assert LogStore(tmp_path).runs() == {}


def test_series_points_and_records(tmp_path, write_by_hand):
    path = write_by_hand(tmp_path / "a" / "saliency", steps=(-1, 0, 5))
    store = LogStore(tmp_path)
    series = store.runs()["a/saliency"]
    assert set(series) == {TAG, records.PROBES_TAG}
    assert series[TAG].metadata == records.metadata(records.MAPS)
    points = store.points("a/saliency", TAG)
    assert [(point.step, point.wall_time) for point in points] == [(-1, 1e9 - 1), (0, 1e9), (5, 1e9 + 5)]
    stored = [
        value.tensor.string_val[0]
        for event in eventfile.read_events(path)
        for value in event.summary.value
        if value.tag == TAG
    ]
    assert [store.record(point) for point in points] == stored
    assert store.record(store.point("a/saliency", TAG, 5)) == stored[2]


def test_what_is_not_there(tmp_path, write_by_hand):
    write_by_hand(tmp_path / "a" / "saliency")
    store = LogStore(tmp_path)
    for run, tag in (("b", TAG), ("a/saliency", "saliency/x/maps"), ("../a", TAG)):
        with pytest.raises(NotStoredError, match="There is no series"):
            store.points(run, tag)
    with pytest.raises(NotStoredError, match="There is nothing at step 3"):
        store.point("a/saliency", TAG, 3)
    with pytest.raises(FileNotFoundError, match="No such folder"):
        LogStore(tmp_path / "missing")


def test_new_looks_runs_and_fits_appear(tmp_path, write_by_hand):
    path = write_by_hand(tmp_path / "a" / "saliency")
    whole = path.read_bytes()
    path.write_bytes(whole[:-50])
    store = LogStore(tmp_path)
    assert steps(store) == [0, 1]
    path.write_bytes(whole)
    assert steps(store) == [0, 1, 2]
    write_by_hand(tmp_path / "a" / "saliency", steps=(3, 4))
    write_by_hand(tmp_path / "b" / "saliency")
    assert store.record(store.point("a/saliency", TAG, 4))
    assert set(store.runs()) == {"a/saliency", "b/saliency"}


def test_where_a_step_is_written_twice_the_later_file_counts(tmp_path, write_by_hand):
    write_by_hand(tmp_path / "a" / "saliency", steps=(0, 1), kind="logit")
    write_by_hand(tmp_path / "a" / "saliency", steps=(1, 2), kind="output")
    store = LogStore(tmp_path)
    kinds = [
        records.decode_header(store.record(point))["score_kind"] for point in store.points("a/saliency", TAG)
    ]
    assert kinds == ["logit", "output", "output"]


def test_a_run_that_is_deleted_or_replaced(tmp_path, write_by_hand):
    folder = tmp_path / "a" / "saliency"
    path = write_by_hand(folder)
    store = LogStore(tmp_path)
    old = store.points("a/saliency", TAG)
    shutil.rmtree(folder)
    with pytest.raises(NotStoredError, match="The data of step 1 is gone"):
        store.record(old[1])
    assert store.runs() == {}
    new = write_by_hand(folder, steps=(7,))
    new.rename(path)  # under the old name
    assert steps(store) == [7]
    with pytest.raises(NotStoredError):
        store.record(old[1])


def test_a_file_that_was_cut_is_read_anew(tmp_path, write_by_hand):
    path = write_by_hand(tmp_path / "a" / "saliency")
    store = LogStore(tmp_path)
    assert steps(store) == [0, 1, 2]
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 10)
    assert steps(store) == [0, 1]


def test_a_series_without_data(tmp_path):
    (tmp_path / "saliency").mkdir()
    file = eventfile.EventFile(tmp_path / "saliency")
    file.write(0, [eventfile.blobs(TAG, [], records.PLUGIN_NAME, records.metadata(records.MAPS))])
    file.close()
    store = LogStore(tmp_path)
    with pytest.raises(NotStoredError, match="There is no data at step 0"):
        store.record(store.point("saliency", TAG, 0))


def test_a_file_that_cannot_be_read_is_a_problem_of_its_run_while_it_is_there(
    tmp_path, write_by_hand, monkeypatch
):
    write_by_hand(tmp_path / "a" / "saliency")
    write_by_hand(tmp_path / "b" / "saliency")
    store = LogStore(tmp_path)
    hostile = tmp_path / "a" / "saliency" / "events.out.tfevents.9.x"
    hostile.write_bytes(claims.event_start(2 * 10**9))
    os.truncate(hostile, 3 * 10**9)
    assert steps(store) == [0, 1, 2]
    (problem,) = store.problems()["a/saliency"]
    assert problem == f"{hostile} claims an event of 2000000000 bytes; none has more than {2**30}."
    assert list(store.problems()) == ["a/saliency"]
    monkeypatch.setattr("keras_saliency.looks.page.log_store.events_from", None)  # nothing is read again
    assert steps(store) == [0, 1, 2]
    assert store.problems()["a/saliency"] == [problem]
    monkeypatch.undo()
    hostile.write_bytes(b"")
    assert steps(store) == [0, 1, 2]
    assert store.problems() == {}
    hostile.unlink()
    assert steps(store) == [0, 1, 2]
    assert store.problems() == {}
