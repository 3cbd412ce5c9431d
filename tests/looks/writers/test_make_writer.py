import textwrap

import pytest

from keras_saliency.looks import writers


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("tensorboard", writers.TensorBoardWriter),
        ("folder", writers.FolderWriter),
        ("archive", writers.ArchiveWriter),
    ],
)
def test_by_name(name, kind):
    assert isinstance(writers.make_writer(name), kind)
    assert writers.make_writer(name) is not writers.make_writer(name)


def test_a_writer_comes_back_as_it_is():
    writer = writers.TensorBoardWriter(max_side=20)
    assert writers.make_writer(writer) is writer


def test_an_unknown_name():
    with pytest.raises(
        ValueError,
        match=r"No writer named 'tensorbord'. Did you mean 'tensorboard'\? "
        r"Writers: archive, folder, tensorboard. Received: writer='tensorbord'",
    ):
        writers.make_writer("tensorbord")
    with pytest.raises(ValueError, match=r"No writer named 'xyz'. Writers: archive"):
        writers.make_writer("xyz")


@pytest.mark.parametrize("wrong", [None, 3, writers.TensorBoardWriter, object()])
def test_something_else(wrong):
    with pytest.raises(
        TypeError, match=r"Expected a writer's name \(archive, .*\) or an object with open, write"
    ):
        writers.make_writer(wrong)


def test_a_writer_of_another_package(tmp_path, monkeypatch):
    (tmp_path / "other_writer.py").write_text(
        textwrap.dedent("""
        class OtherWriter:
            def open(self, run): ...
            def write(self, look, previous): return 0
            def close(self): ...
        """)
    )
    info = tmp_path / "other-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[keras_saliency.writers]\nother = other_writer:OtherWriter\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert type(writers.make_writer("other")).__name__ == "OtherWriter"
    assert writers.writer_names() == ["archive", "folder", "other", "tensorboard"]


def test_the_public_list_is_what_there_is():
    assert all(hasattr(writers, name) for name in writers.__all__)
