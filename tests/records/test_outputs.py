import os

import pytest

from keras_saliency.records.outputs import OutputFile, begins_with, check_outputs


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "input").write_text("ours: input")
    (tmp_path / "folder").mkdir()
    return tmp_path


def check(here, *paths, inputs=("input",)):
    outputs = [OutputFile(here / path, f"Report {n}", begins_with("ours:")) for n, path in enumerate(paths)]
    check_outputs(outputs, [(f"the input {path}", here / path) for path in inputs])


def test_new_files_empty_ones_and_ours_may_be_written(here):
    (here / "empty").touch()
    (here / "old").write_text("ours: 3")
    check(here, "new", "empty", "old", "new folder/below/new", "folder/new")
    assert sorted(os.listdir(here)) == ["empty", "folder", "input", "old"]


@pytest.mark.parametrize("name", ["input", "folder/../input", "symlink", "hard", "linked/input", "INPUT"])
def test_an_input_is_refused_by_any_of_its_names(here, name):
    (here / "symlink").symlink_to("input")
    (here / "hard").hardlink_to(here / "input")
    (here / "linked").symlink_to(here)
    if name == "INPUT":  # as on a file system that ignores case
        (here / "INPUT").symlink_to("input")
    with pytest.raises(
        ValueError, match="Report 0 cannot be written to .*, the path of the input input: give"
    ):
        check(here, name)


@pytest.mark.parametrize("name", ["new", "./new", "folder/../new", "New", "linked/new"])
def test_another_output_is_refused_by_any_of_its_names(here, name):
    (here / "linked").symlink_to(here)
    with pytest.raises(ValueError, match="Report 1 cannot be written to .*, the path of report 0"):
        check(here, "new", name)


def test_names_that_are_made_of_other_characters_alone_are_one(here):
    with pytest.raises(ValueError, match="the path of report 0"):
        check(here, "\xe9", "e\u0301")


def test_names_that_differ_in_case_are_two_where_there_is_a_file(here):
    if (here / "INPUT").exists():
        pytest.skip("this file system ignores case")
    check(here, "INPUT")
    (here / "INPUT").write_text("ours: another")
    check(here, "INPUT")


@pytest.mark.parametrize(("content", "is_earlier"), [("", False), ("o", True)])
def test_an_empty_file_is_no_earlier_one(here, content, is_earlier):
    (here / "file").write_text(content)
    assert OutputFile(here / "file", "Report", lambda _: True).is_earlier is is_earlier
    assert not OutputFile(here / "file", "Report", lambda _: False).is_earlier


@pytest.mark.parametrize("content", [b"theirs", b"our", b"not ours: 3", b"\0" * 9])
def test_what_somebody_else_wrote_is_refused(here, content):
    (here / "theirs").write_bytes(content)
    with pytest.raises(FileExistsError, match="the file that is there was not written as one"):
        check(here, "theirs")
    assert (here / "theirs").read_bytes() == content


def test_folders_and_what_is_below_files(here):
    with pytest.raises(IsADirectoryError, match="Expected a file to write. Report 0 cannot be written to"):
        check(here, "folder")
    with pytest.raises(NotADirectoryError, match="input is no folder"):
        check(here, "input/below/new")
    with pytest.raises(ValueError, match="in the folder of the input folder"):
        check(here, "folder/new", inputs=("folder",))
    check(here, "folder/below/new", inputs=("folder",))


def test_pipes_and_devices_are_written_as_they_come(here):
    os.mkfifo(here / "pipe")
    check(here, "pipe", "pipe", "/dev/null")
    with pytest.raises(ValueError, match="Report 1 cannot be written to .*, the path of the input input"):
        check(here, "pipe", "input")


def test_a_link_to_nothing_may_become_a_file(here):
    (here / "link").symlink_to("folder/not yet")
    check(here, "link")
    with pytest.raises(ValueError, match="the path of report 0"):
        check(here, "link", "folder/not yet")
