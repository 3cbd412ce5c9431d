import csv
import dataclasses

import numpy as np
import pytest

from keras_saliency.looks.writers import FolderWriter
from keras_saliency.looks.writers.sheets import draw_sheet
from keras_saliency.records.file_names import file_name, step_name
from keras_saliency.render import from_png


def table(folder):
    with (folder / "numbers.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def write(run, looks):
    writer, before, sizes = FolderWriter(), None, []
    writer.open(run)
    for look in looks:
        sizes.append(writer.write(look, before))
        before = look
    writer.close()
    writer.close()
    return sizes


def test_numbers(tmp_path, a_run, a_look):
    looks = [a_look(-1, epoch=-1), a_look(7, epoch=0)]
    write(a_run(tmp_path), looks)
    header, *rows = table(tmp_path)
    assert header == ["step", "epoch", "method", "number", "value"]
    written = {
        (int(step), int(epoch), f"{method}/{number}".lstrip("/")): float(v)
        for step, epoch, method, number, v in rows
    }
    assert written == {
        (look.step, look.epoch, name): value for look in looks for name, value in look.numbers.items()
    }
    assert rows[-1][2:4] == ["", "probe_accuracy"]


def test_sheets(tmp_path, a_run, a_look):
    run, first, second = a_run(tmp_path), a_look(-1), a_look(12)
    write(run, [first, second])
    for method in ("gradient", "smoothgrad"):
        files = sorted((tmp_path / "sheets" / method).iterdir())
        assert [file.name for file in files] == ["step_-00001.png", "step_000012.png"]
        for file, look, before in zip(files, (first, second), (None, first), strict=True):
            np.testing.assert_array_equal(from_png(file.read_bytes()), draw_sheet(run, look, method, before))


def test_bytes_are_those_of_the_files(tmp_path, a_run, a_look):
    sizes = write(a_run(tmp_path), [a_look(0), a_look(1)])
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert len(files) == 5
    assert sum(sizes) == sum(file.stat().st_size for file in files) - len("step,epoch,method,number,value\n")


def test_no_sheets(tmp_path, a_run, a_look):
    write(a_run(tmp_path, sheets=False), [a_look(0)])
    assert [file.name for file in tmp_path.iterdir()] == ["numbers.csv"]


def test_each_look_is_there_when_write_returns(tmp_path, a_run, a_look):
    writer = FolderWriter()
    writer.open(a_run(tmp_path))
    writer.write(a_look(0), None)
    assert {row[0] for row in table(tmp_path)[1:]} == {"0"}
    writer.close()


def test_a_later_fit_adds_to_the_table(tmp_path, a_run, a_look):
    for step in range(3):
        write(a_run(tmp_path), [a_look(step)])
    rows = table(tmp_path)
    assert [row[0] for row in rows].count("step") == 1
    assert {row[0] for row in rows[1:]} == {"0", "1", "2"}


def test_a_row_that_a_crash_tore_spoils_no_other(tmp_path, a_run, a_look):
    write(a_run(tmp_path), [a_look(0)])
    path = tmp_path / "numbers.csv"
    path.write_bytes(path.read_bytes()[:-5])
    before = table(tmp_path)
    write(a_run(tmp_path), [a_look(1)])
    assert table(tmp_path)[: len(before)] == before
    assert {row[0] for row in table(tmp_path)[len(before) :]} == {"1"}


def test_names_of_methods(tmp_path, a_run, a_look):
    names = ('a/b "c"', "..", "градиент", "a,b")
    write(a_run(tmp_path), [a_look(0, methods=names)])
    folders = {folder.name for folder in (tmp_path / "sheets").iterdir()}
    assert folders == {"a%2fb %22c%22", "%2e%2e", "градиент", "a,b"}
    assert {row[2] for row in table(tmp_path)[1:]} == {*names, ""}


def test_not_open(a_look):
    with pytest.raises(RuntimeError, match=r"call open\(run\) first"):
        FolderWriter().write(a_look(0), None)


def test_a_folder_that_cannot_be_written(tmp_path, a_run):
    run = dataclasses.replace(a_run(tmp_path), folder=tmp_path / "missing")
    with pytest.raises(FileNotFoundError):
        FolderWriter().open(run)


class TestFiles:
    def test_step_names_sort_by_step(self):
        steps = [-1, 0, 9, 10, 999_999]
        assert sorted(map(step_name, steps)) == [step_name(step) for step in steps]

    @pytest.mark.parametrize(
        "name",
        [
            *("con:", "a\\b", "a/b", ".hidden", "end.", "end ", "new\nline", "50%", "?*<>|"),
            *("", "..", "a\0b", "\x85", "\ud800", "x" * 10_000, "猫" * 100, "/" * 10_000),
        ],
    )
    def test_file_names_are_safe(self, tmp_path, name):
        safe = file_name(name)
        (tmp_path / safe).mkdir()
        assert [path.name for path in tmp_path.iterdir()] == [safe]
        assert not set(safe) & set('\\/:*?"<>|\n')
        assert safe[-1] not in ". "
        assert safe[0] != "."
        assert len(safe.encode()) <= 200

    @pytest.mark.parametrize("name", ["nul", "CON", "aux.png", "com1", "lpt³.txt", "conin$"])
    def test_names_that_are_devices_elsewhere_are_none(self, name):
        assert file_name(name) == f"%{ord(name[0]):02x}{name[1:]}"
        assert file_name(f"a{name}") == f"a{name}"

    def test_different_names_stay_different(self):
        names = ["a/b", "a%2fb", "a%b", "a_b", "a b", "..", "%2e%2e", ".", "", "%", "con", "%63on"]
        names += ["x" * 200, "x" * 201, "x" * 202]
        assert len(set(map(file_name, names))) == len(names)

    def test_ordinary_names_stay_as_they_are(self):
        assert file_name("grad_cam_conv5, σ = 0.15 (25)") == "grad_cam_conv5, σ = 0.15 (25)"
