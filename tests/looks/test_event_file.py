import os
import resource
import struct
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from tensorboard.backend.event_processing import event_file_loader

from keras_saliency.looks import event_file as eventfile
from tests.patience import LIMIT


def written(folder, count=3):
    """A file with `count` events, and its length after each."""
    file = eventfile.EventFile(folder)
    ends = [file.size]
    for step in range(count):
        file.write(
            step, [eventfile.scalar("a", step / 7), eventfile.blobs("b", [bytes(20)], "p")], step + 0.5
        )
        ends.append(file.size)
    file.close()
    return file.path, ends


def steps(path):
    return [event.step for event in eventfile.read_events(path) if event.summary.value]


def test_the_name_is_one_that_tensorboard_looks_for(tmp_path):
    path, _ = written(tmp_path)
    start, seconds, *_, process, number, end = path.name.removeprefix("events.out.").split(".")
    assert (start, end, len(seconds)) == ("tfevents", "saliency", 10)
    assert seconds.isdigit()
    assert process.isdigit()
    assert number.isdigit()


def test_every_file_is_a_new_one(tmp_path):
    paths = {written(tmp_path)[0] for _ in range(5)}
    assert len(paths) == 5
    assert set(eventfile.event_files(tmp_path)) == paths


def test_what_was_written_is_read(tmp_path):
    path, ends = written(tmp_path)
    assert path.stat().st_size == ends[-1]
    version, *events = eventfile.read_events(path)
    assert version.file_version == "brain.Event:2"
    assert [(event.step, event.wall_time) for event in events] == [(0, 0.5), (1, 1.5), (2, 2.5)]
    values = [event.summary.value[0].tensor.float_val[0] for event in events]
    np.testing.assert_array_equal(values, np.array([0, 1 / 7, 2 / 7], np.float32))


def test_tensorboard_reads_the_same_records(tmp_path):
    path, _ = written(tmp_path)
    theirs = list(event_file_loader.RawEventFileLoader(str(path)).Load())
    assert theirs == [event.SerializeToString() for event in eventfile.read_events(path)]


def test_write_returns_its_bytes_and_they_are_in_the_file(tmp_path):
    file = eventfile.EventFile(tmp_path)
    before = file.path.stat().st_size
    count = file.write(-1, [eventfile.text("t", "é")])
    assert file.path.stat().st_size == before + count
    assert steps(file.path) == [-1]
    file.close()
    file.close()


def test_truncated_at_every_byte_of_the_last_record(tmp_path):
    path, ends = written(tmp_path)
    whole = path.read_bytes()
    for length in range(ends[-2], ends[-1]):
        path.write_bytes(whole[:length])
        assert steps(path) == [0, 1]
    path.write_bytes(whole[: ends[1] - 1])
    assert steps(path) == []


def test_damaged_at_every_byte_of_the_last_record(tmp_path):
    path, ends = written(tmp_path)
    whole = path.read_bytes()
    for position in range(ends[-2], ends[-1]):
        damaged = bytearray(whole)
        damaged[position] ^= 1
        path.write_bytes(damaged)
        assert steps(path) == [0, 1]


@pytest.mark.parametrize("foreign", [b"", b"x", b"something else altogether, and long enough"])
def test_a_foreign_file_has_no_events(tmp_path, foreign):
    path = tmp_path / "events.out.tfevents.1.foreign"
    path.write_bytes(foreign)
    assert list(eventfile.read_events(path)) == []


def test_a_record_that_is_no_event_ends_the_file(tmp_path):
    path, _ = written(tmp_path)
    with path.open("ab") as file:
        file.write(eventfile._framed(b"\xff" * 10))
    assert steps(path) == [0, 1, 2]


def test_another_process_sees_each_event_at_once_and_a_crash_loses_none(tmp_path):
    code = """
        import os, pathlib, sys
        from keras_saliency.looks import event_file as eventfile
        file = eventfile.EventFile(pathlib.Path(sys.argv[1]))
        for step in range(50):
            file.write(step, [eventfile.scalar("a", step)])
        os._exit(1)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code), tmp_path], check=False, timeout=LIMIT)
    assert done.returncode == 1
    (path,) = eventfile.event_files(tmp_path)
    assert steps(path) == list(range(50))


def test_a_full_disk_leaves_whole_records_and_later_ones_are_found(tmp_path):
    file = eventfile.EventFile(tmp_path)
    file.write(0, [eventfile.text("t", "kept")])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file.size + 100, hard))
    try:
        with pytest.raises(OSError, match="too large"):
            file.write(1, [eventfile.text("t", "x" * 1000)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    file.write(2, [eventfile.text("t", "after")])
    file.close()
    assert steps(file.path) == [0, 2]


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        eventfile.EventFile(tmp_path / "missing")


def test_values_that_fail_leave_no_trace(tmp_path):
    file = eventfile.EventFile(tmp_path)
    before = file.path.read_bytes()

    def values():
        yield eventfile.scalar("a", 1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        file.write(0, values())
    file.close()
    assert file.path.read_bytes() == before


def test_a_file_that_grows_is_read_on_from_the_last_end(tmp_path):
    path, ends = written(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[: ends[2] + 5])
    found = list(eventfile.events_from(path, 0))
    assert [(start, end) for start, end, _ in found] == list(zip([0, *ends[:2]], ends[:3], strict=True))
    path.write_bytes(whole)
    ((start, end, event),) = eventfile.events_from(path, found[-1][1])
    assert (start, end, event.step) == (ends[2], ends[3], 2)
    assert list(eventfile.events_from(path, end)) == []
    assert list(eventfile.events_from(path, ends[1] + 1)) == []


@pytest.mark.parametrize("length", [2**40, 2**62, 2**64 - 1])
def test_a_record_longer_than_its_file_ends_it(tmp_path, length):
    path, _ = written(tmp_path)
    start = struct.pack("<Q", length)
    with path.open("ab") as file:
        file.write(start + eventfile._CHECKSUM.pack(eventfile._masked_checksum(start)) + bytes(50))
    assert steps(path) == [0, 1, 2]


def test_what_is_no_file_is_no_event_file(tmp_path):
    path, _ = written(tmp_path)
    (tmp_path / "events.out.tfevents.1.folder").mkdir()
    os.mkfifo(tmp_path / "events.out.tfevents.1.pipe")
    assert eventfile.event_files(tmp_path) == [path]


def test_half_characters_in_a_text_are_replaced():
    assert eventfile.text("t", "half \ud800").tensor.string_val == [b"half ?"]


def test_names_keep_their_order_where_the_clock_goes_back(tmp_path, monkeypatch):
    paths = []
    for now in (2e9, 1e9, 1e9, 3e9, 5):
        monkeypatch.setattr("time.time", lambda now=now: now)
        for _ in range(12):  # within one second
            file = eventfile.EventFile(tmp_path)
            file.close()
            paths.append(file.path)
    assert eventfile.event_files(tmp_path) == paths


@pytest.mark.parametrize("time", ["9999999999", "99999999999999999999", "x", "-5", "000000000"])
def test_a_foreign_name_does_not_lead_the_order_astray(tmp_path, time):
    (tmp_path / f"events.out.tfevents.{time}.foreign").touch()
    file = eventfile.EventFile(tmp_path)
    file.close()
    assert len(file.path.name.split(".")[3]) == 10
