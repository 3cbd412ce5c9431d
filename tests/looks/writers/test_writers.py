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
    assert isinstance(writers.WRITERS.make(name), kind)
    assert writers.WRITERS.make(name) is not writers.WRITERS.make(name)


def test_a_writer_comes_back_as_it_is():
    writer = writers.TensorBoardWriter(max_side=20)
    assert writers.WRITERS.make(writer) is writer


def test_an_unknown_name():
    with pytest.raises(
        ValueError,
        match=r"No writer 'tensorbord'\. Did you mean 'tensorboard'\? Writers: archive, folder, ",
    ):
        writers.WRITERS.make("tensorbord")
    with pytest.raises(ValueError, match=r"No writer 'xyz'. Writers: archive"):
        writers.WRITERS.make("xyz")


class Half:
    def open(self, run): ...
    def close(self): ...


@pytest.mark.parametrize("wrong", [None, 3, writers.TensorBoardWriter, object(), Half()])
def test_something_else(wrong):
    with pytest.raises(
        TypeError, match=r"Expected the name of a writer, or an object with open, write and close"
    ):
        writers.WRITERS.make(wrong)


def test_a_writer_of_another_package(offer):
    class OtherWriter(Half):
        name = None

        def write(self, look, previous):
            return 0

    offer("keras_saliency.writers", other=OtherWriter)
    assert type(writers.WRITERS.make("other")) is OtherWriter
    assert writers.WRITERS.names() == [
        "archive",
        "folder",
        "mlflow",
        "notebook",
        "other",
        "tensorboard",
        "trackio",
        "wandb",
    ]


def test_the_public_list_is_what_there_is():
    assert all(hasattr(writers, name) for name in writers.__all__)
