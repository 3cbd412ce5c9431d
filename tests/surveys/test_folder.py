"""The folder of a survey: what goes on, what is refused, and what is read back."""

import json
import shutil

import keras
import numpy as np
import pytest
from filelock import FileLock

import keras_saliency as ks
from tests.surveys.conftest import COUNT, assert_same
from tests.surveys.test_surveying import Batches


class Broken(Batches):
    """Ends with an error at one of its batches, as long as it is told to."""

    error = KeyboardInterrupt

    def __init__(self, *given, at, **settings):
        super().__init__(*given, **settings)
        self.at = at

    def __getitem__(self, index):
        if index == self.at:
            raise self.error
        return super().__getitem__(index)


@pytest.mark.parametrize("at", [2, 5])
def test_it_goes_on_after_an_interrupt(survey, images, labels, tmp_path, at):
    order = np.random.default_rng(1).permutation(COUNT)
    reference = survey(Batches(images, labels, order), "reference", chunk=4)
    dataset = Broken(images, labels, order, at=at)
    with pytest.raises(KeyboardInterrupt) as interrupt:
        survey(dataset, chunk=4)
    parts = {path: path.stat().st_mtime_ns for path in (tmp_path / "survey" / "parts").glob("*.parquet")}
    assert len(parts) == 6 * at // 4
    (note,) = interrupt.value.__notes__
    assert f"{4 * len(parts)} examples are measured, in {tmp_path / 'survey'}: the same call goes on" in note
    with pytest.raises(FileNotFoundError, match="is not finished; ks.survey goes on with it"):
        ks.Survey.load(tmp_path / "survey")
    dataset.at = at + 1
    with pytest.raises(KeyboardInterrupt):
        survey(dataset, chunk=16)
    assert all(path.stat().st_mtime_ns == before for path, before in parts.items())
    dataset.at = None
    dataset.order = order[::-1]
    made = survey(dataset, chunk=16)
    assert_same(reference.table(), made.table())
    assert not (tmp_path / "survey" / "parts").exists()


def test_what_a_kill_left_half_written_is_no_part(survey, images, labels, tmp_path):
    parts = tmp_path / "survey" / "parts"
    parts.mkdir(parents=True)
    (parts / ".0123456789abcdef.unfinished").write_bytes(b"PAR1 half")
    assert survey((images, labels)).examples == COUNT
    assert not parts.exists()


def test_what_a_kill_at_the_end_left_is_removed(survey, images, labels):
    made = survey((images, labels))
    (made.path / "parts").mkdir()
    for name in ("parts/0123.parquet", "parts/settings.json", ".0123.unfinished"):
        (made.path / name).write_bytes(b"")
    assert survey((images, labels)).examples == COUNT
    assert not (made.path / "parts").exists()
    assert not (made.path / ".0123.unfinished").exists()


def test_a_finished_survey_is_read_again(survey, network, images, labels):
    first = survey((images, labels))
    written = (first.path / "survey.json").stat().st_mtime_ns
    again = survey((images, labels), chunk=5)
    assert (again.path / "survey.json").stat().st_mtime_ns == written
    assert_same(first.table(), again.table())
    assert repr(again) == repr(first)


@pytest.mark.parametrize("finished", [pytest.param(True, marks=pytest.mark.repeats), False])
@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"method": "smoothgrad"}, "method"),
        ({"target": "predicted"}, "target"),
        ({"target": 1}, "target"),
        ({"regions": {"corner": np.eye(12, dtype=bool)}}, "regions"),
        ({"seed": 1}, "seed"),
        ({"limit": 3}, "limit"),
        ({"maps": False}, "maps"),
        ({"store_images": False}, "store_images"),
        ({"model": None}, "weights"),
    ],
)
def test_other_settings_are_refused(survey, network, images, labels, settings, name, finished):
    begin(survey, images, labels, finished=finished)
    if "model" in settings:
        settings = {"model": keras.models.clone_model(network)}
    with pytest.raises(
        ValueError, match=f"was made with another {name}: .* Choose another folder, or delete it"
    ):
        survey((images, labels), **settings)


def begin(survey, images, labels, *, finished):
    if finished:
        survey((images, labels))
    else:
        with pytest.raises(KeyboardInterrupt):
            survey((Interrupting(images), labels), chunk=4)


class Interrupting:
    """An array that stands for itself until its second half is read."""

    def __init__(self, images):
        self.images = images
        self.shape, self.dtype = images.shape, images.dtype

    def __array__(self, dtype=None, copy=None):
        return self.images

    def __len__(self):
        return len(self.images)

    def __getitem__(self, rows):
        if isinstance(rows, slice) and rows.stop > len(self.images) // 2:
            raise KeyboardInterrupt
        return self.images[rows]


OTHERS = {
    "one pixel": lambda images, labels: (
        np.where(np.arange(COUNT)[:, None, None, None] == 1, images[::-1], images),
        labels,
    ),
    "another label": lambda images, labels: (
        images,
        np.where(np.arange(COUNT) == 1, (labels + 1) % 3, labels),
    ),
    "more": lambda images, labels: (np.concatenate([images, images[:1]]), np.append(labels, 0)),
    "fewer": lambda images, labels: (images[:-1], labels[:-1]),
    "no labels": lambda images, labels: images,
}


@pytest.mark.parametrize("finished", [True, False])
@pytest.mark.parametrize("other", OTHERS)
def test_another_data_set_is_refused(survey, images, labels, other, finished):
    begin(survey, images, labels, finished=finished)
    with pytest.raises(ValueError, match=r"another data.*Choose another folder, or delete it"):
        survey(OTHERS[other](images, labels))


@pytest.mark.parametrize("finished", [True, False])
@pytest.mark.parametrize("rows", [COUNT - 2, COUNT + 2])
def test_another_data_set_of_a_kind_that_tells_no_number(survey, images, labels, rows, finished):
    order = np.arange(rows) % COUNT
    if finished:
        survey(Batches(images, labels, np.arange(COUNT)))
    else:
        with pytest.raises(KeyboardInterrupt):
            survey(Broken(images, labels, np.arange(COUNT)[::-1], at=5), chunk=4)
    if finished or rows < COUNT:
        with pytest.raises(ValueError, match=r"[Cc]hoose another folder, or delete it"):
            survey(Batches(images, labels, order))
    else:  # it had not come so far
        assert survey(Batches(images, labels, order)).examples == rows


def test_a_folder_with_other_files_is_refused(survey, images, tmp_path):
    (tmp_path / "survey").mkdir()
    (tmp_path / "survey" / "notes.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="Expected a folder that is empty, or one that ks.survey wrote"):
        survey(images)
    with pytest.raises(NotADirectoryError, match="notes.txt, which is a file"):
        survey(images, "survey/notes.txt")
    assert [path.name for path in (tmp_path / "survey").iterdir()] == ["notes.txt"]


def test_a_folder_inside_of_the_pictures_is_refused(network, tmp_path):
    from PIL import Image

    (tmp_path / "photos" / "a").mkdir(parents=True)
    Image.new("RGB", (12, 12)).save(tmp_path / "photos" / "a" / "1.png")
    for out in ("photos", "photos/survey"):
        with pytest.raises(ValueError, match="Expected out outside of the pictures"):
            ks.survey(network, tmp_path / "photos", tmp_path / out, progress=False)


def test_one_process_at_a_time(survey, images, tmp_path):
    (tmp_path / "survey" / "parts").mkdir(parents=True)
    with (
        FileLock(tmp_path / "survey" / "parts" / ".lock"),
        pytest.raises(ks.UnwritableFolderError, match="Another process is at work on the survey"),
    ):
        survey(images)


def test_what_is_refused_leaves_no_folder(survey, images, labels, tmp_path):
    mask = np.ones((5, 5), bool)
    for settings, sentence in (
        (
            {"regions": {"corner": mask}},
            r"region 'corner' to have the size of the maps, \(12, 12\).*\(5, 5\)",
        ),
        ({"regions": {"corner": np.ones((COUNT, 12, 12), bool)}}, "the same for all images"),
        ({"regions": {"corner": np.zeros((12, 12), bool)}}, "to hold at least one pixel"),
        ({"regions": {"Corner!": mask}}, "Expected region names"),
        ({"target": labels}, "Expected a target that is the same for all examples"),
        ({"target": 7}, "Expected class indices below 3"),
        ({"target": ks.PerImage(lambda outputs, rows: outputs[:, 0], labels)}, "the same for all examples"),
        ({"method": "gradeint"}, "Did you mean 'gradient'"),
        ({"on": "spark"}, 'Expected on to be None, "ray" or settings'),
        ({"output": "other"}, "output"),
    ):
        with pytest.raises((ValueError, TypeError), match=sentence):
            survey((images, labels), **settings)
    assert not (tmp_path / "survey").exists()


def test_a_label_that_is_no_class_is_refused(survey, images, labels):
    for target in (None, "predicted"):
        with pytest.raises(ValueError, match="Received: (class|label) 3"):
            survey((images, np.where(np.arange(COUNT) == 30, 3, labels)), f"{target}", target=target, chunk=8)


def test_tables_of_numbers_have_no_places(survey):
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(2)])
    with pytest.raises(ValueError, match="None of the inputs is an image, so there are no maps to compare"):
        survey(np.zeros((4, 5), "float32"), model=model)


def test_it_is_read_back(survey, images, labels):
    made = survey((images, labels), regions={"corner": np.eye(12, dtype=bool)})
    read = ks.Survey.load(str(made.path))
    assert (read.examples, read.settings, read.seconds) == (made.examples, made.settings, dict(made.seconds))
    assert repr(read) == repr(made)
    assert str(read) == str(made)
    assert read.regions.keys() == made.regions.keys()
    assert read.passed == made.passed


DAMAGE = {
    "not JSON": lambda path: (path / "survey.json").write_text("{"),
    "another kind": lambda path: (path / "survey.json").write_text('{"format": "photos"}'),
    "newer": lambda path: edit(path, version=2),
    "no report": lambda path: edit(path, report=None),
    "no settings": lambda path: edit(path, settings=3),
    "strategies without maps": lambda path: edit(path, strategies=[{}]),
}


def edit(path, **changes):
    about = json.loads((path / "survey.json").read_text())
    (path / "survey.json").write_text(json.dumps({**about, **changes}))


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_one_is_refused(survey, images, damage):
    made = survey(images)
    DAMAGE[damage](made.path)
    with pytest.raises(ks.UnreadableFileError):
        ks.Survey.load(made.path)


def test_a_table_that_is_gone_or_damaged(survey, images):
    made = survey(images)
    (made.path / "table.parquet").write_bytes(b"PAR1")
    with pytest.raises(ks.UnreadableFileError, match="cannot be read as a table"):
        made.table()
    (made.path / "table.parquet").unlink()
    with pytest.raises(FileNotFoundError):
        made.table()
    shutil.rmtree(made.path)
    with pytest.raises(FileNotFoundError, match="Expected a folder that ks.survey wrote"):
        ks.Survey.load(made.path)
