"""The same examples from arrays, files and data sets of all kinds; what cannot be read; what is refused."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import keras_saliency as ks
from keras_saliency.surveys.examples import Source, keys_of
from tests.surveys.conftest import COUNT, assert_same, by_key
from tests.surveys.test_surveying import Batches


@pytest.fixture
def folder(tmp_path, images, labels):
    """The images as files, a folder for each class."""
    home = tmp_path / "photos"
    for row, (image, label) in enumerate(zip(images, labels, strict=True)):
        path = home / "abc"[label] / f"{row}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image.astype("uint8")).save(path)
    return home


def loader(images, labels):
    torch = pytest.importorskip("torch")
    pairs = [(torch.tensor(image), int(label)) for image, label in zip(images, labels, strict=True)]
    return torch.utils.data.DataLoader(pairs, batch_size=8, shuffle=True)


SOURCES = {
    "one-hot": lambda images, labels: (images, np.eye(3)[labels]),
    "probes": ks.ProbeSet,
    "lists": lambda images, labels: (list(images), labels.tolist()),
    "tensors": lambda images, labels: (tf.constant(images), tf.constant(labels)),
    "tf.data": lambda images, labels: tf.data.Dataset.from_tensor_slices((images, labels)).batch(7),
    "shuffled": lambda images, labels: (
        tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(COUNT).batch(7)
    ),
    "PyDataset": lambda images, labels: Batches(images, labels, np.arange(COUNT)[::-1]),
    "DataLoader": loader,
}


@pytest.mark.parametrize("kind", SOURCES)
def test_a_source_gives_the_same_rows(survey, images, labels, kind):
    reference = survey((images, labels), "reference")
    made = survey(SOURCES[kind](images, labels))
    assert_same(by_key(reference.table()), by_key(made.table()))


def test_a_memory_map_is_read_by_slices(survey, images, labels, tmp_path):
    np.save(tmp_path / "x.npy", images)
    made = survey((np.load(tmp_path / "x.npy", mmap_mode="r"), labels))
    assert_same(survey((images, labels), "reference").table(), made.table())


def test_pictures_in_folders_by_class(survey, images, labels, folder):
    made = survey(folder)
    table = made.table()
    assert made.class_names == ("a", "b", "c")
    assert table["id"][:3].tolist() == ["a/0.png", "a/12.png", "a/15.png"]
    reference = survey((images, labels), "reference").table()
    rows = [int(one.split("/")[1].split(".")[0]) for one in table["id"]]
    assert_same(
        {name: reference[name][rows] for name in table if name not in ("id", "key")},
        {name: table[name] for name in table if name not in ("id", "key")},
        1e-4,
    )


def test_a_list_of_files_has_no_classes(survey, folder):
    files = sorted(folder.glob("*/*.png"))[:5]
    table = survey(files).table()
    assert table["id"].tolist() == [path.relative_to(folder / "a").as_posix() for path in files]
    assert (table["label"] == -1).all()


def test_a_file_that_is_given_twice_is_one_example(survey, folder):
    assert survey([folder / "a" / "0.png", folder / "a", folder / "a" / "3.png"]).examples == 14


def test_files_of_a_tf_data_pipeline_have_their_names(survey, folder):
    dataset = keras.utils.image_dataset_from_directory(
        folder, image_size=(12, 12), batch_size=8, verbose=False
    )
    made = survey(dataset)
    assert made.table()["id"][0] == "a/0.png"
    assert made.class_names == ("a", "b", "c")


def test_a_broken_picture_costs_that_picture(survey, folder):
    (folder / "a" / "broken.png").write_bytes(b"no picture")
    (folder / "b" / "cut.png").write_bytes((folder / "b" / "1.png").read_bytes()[:60])
    made = survey(folder)
    assert (made.examples, made.unreadable_count) == (COUNT, 2)
    assert sorted(made.unreadable) == ["a/broken.png", "b/cut.png"]
    assert "40 examples, 2 more could not be read" in str(made)
    assert ks.Survey.load(made.path).unreadable == made.unreadable


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_an_image_that_is_not_finite_costs_that_image(survey, images, labels, value):
    images = images.copy()
    images[5, 3, 3, 0] = value
    made = survey((images, labels))
    assert (made.examples, made.unreadable) == (COUNT - 1, ("5",))
    assert "5" not in made.table()["id"].tolist()


def test_no_example_that_can_be_read_is_refused(survey, images):
    with pytest.raises(
        ValueError, match="at least one example that can be read. Received: none: 3 cannot be read, the"
    ):
        survey(np.full_like(images[:3], np.nan))
    with pytest.raises(ValueError, match="at least one example"):
        survey(images[:0])


def test_many_bad_images_are_counted_and_a_hundred_named(images):
    bad = np.full((150, 4, 4, 1), np.nan, "float32")
    source = Source.of(None, np.concatenate([bad, np.zeros((1, 4, 4, 1), "float32")]))
    assert sum(map(len, source.chunks(32))) == 1
    assert (source.unreadable_count, len(source.unreadable)) == (150, 100)


def test_copies_of_an_example_are_all_there(survey, images, labels):
    rows = np.array([0, 1, 0, 0, 2])
    made = survey(Batches(images, labels, rows, size=2))
    (key,) = keys_of(images[:1], labels[:1])
    assert made.examples == 5
    assert {key, f"{key}-2", f"{key}-3"} < set(made.table()["id"].tolist())


def test_a_key_is_that_of_the_image_and_its_label(images):
    keys = keys_of(images[:2], np.array([0, 1]))
    assert keys == keys_of(images[:2][:, ::-1][:, ::-1], np.array([0, 1]))
    assert len({*keys, *keys_of(images[:2], np.array([1, 1])), *keys_of(images[:2], None)}) == 5
    assert len(keys[0]) == 16


class TestLimit:
    def test_the_same_examples_whatever_the_order(self, survey, images, labels):
        reference = survey((images, labels), "reference", limit=11).table()
        assert len(reference["id"]) == 11
        for seed in range(2):
            order = np.random.default_rng(seed).permutation(COUNT)
            made = survey(Batches(images, labels, order), f"survey {seed}", limit=11, chunk=4)
            assert_same(by_key(reference), by_key(made.table()))

    def test_they_are_those_of_the_lowest_keys(self, survey, images, labels):
        table = survey((images, labels), limit=11).table()
        assert sorted(table["key"]) == sorted(keys_of(images, labels))[:11]

    def test_pictures_are_chosen_by_their_paths(self, survey, folder):
        (folder / "a" / "0.png").write_bytes(b"broken")
        made = survey(folder, limit=COUNT - 5)
        assert made.examples + made.unreadable_count == COUNT - 5

    def test_more_than_there_are(self, survey, images):
        assert survey(images, limit=10**6).examples == COUNT


class TestAgain:
    @pytest.mark.parametrize("kind", ["arrays", "PyDataset", "folder"])
    def test_examples_are_found_again(self, network, images, labels, folder, kind):
        order = np.random.default_rng(0).permutation(COUNT)
        dataset = {
            "arrays": (images, labels),
            "PyDataset": Batches(images, labels, order),
            "folder": folder,
        }[kind]
        source = Source.of(network, dataset)
        (chunk,) = source.chunks(COUNT)
        wanted = [17, 3, 30]
        probes = source.again([chunk.ids[row] for row in wanted])
        np.testing.assert_array_equal(probes.images, chunk.images[wanted])
        np.testing.assert_array_equal(probes.labels, chunk.labels[wanted])
        assert probes.names == tuple(chunk.ids[row] for row in wanted)

    def test_a_data_set_that_augments_is_refused(self, network, images, labels):
        class Augmenting(Batches):
            def __getitem__(self, index):
                batch, of = super().__getitem__(index)
                return batch + np.random.default_rng().random(), of

        source = Source.of(network, Augmenting(images, labels, np.arange(COUNT)))
        (chunk,) = source.chunks(COUNT)
        with pytest.raises(ValueError, match="the same images at every pass.*leave augmentation out"):
            source.again(chunk.ids[:2])


def generator():
    yield np.zeros((2, 12, 12, 3), "float32")


@pytest.mark.parametrize(
    ("dataset", "sentence"),
    [
        (generator(), "A generator gives each example once, and experiments look at some of them again"),
        (tf.data.Dataset.from_tensors(np.zeros((12, 12, 3))).repeat(), "Expected a data set that ends"),
        (({"a": 1}, [0]), "Expected a data set: .x, y., x, a ProbeSet, a folder of pictures"),
        (None, "Expected a data set"),
        (
            (np.zeros((4, 12, 12, 3)), np.zeros(3)),
            "Expected one label per image, 4 in all. Received: 3 labels",
        ),
        ((np.zeros((4, 12, 12, 3)), np.full(4, 0.5)), "Labels are class indices"),
        ([np.zeros((4, 12, 12, 3)), np.zeros((3, 2))], "as many in every input. Received: .3, 4. examples"),
    ],
)
def test_what_is_no_data_set_is_refused_at_the_start(survey, dataset, sentence):
    with pytest.raises((ValueError, TypeError), match=sentence):
        survey(dataset)


def test_images_of_several_sizes_are_refused(survey, images):
    class Mixed(keras.utils.PyDataset):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            return images[:4, index:], np.zeros(4, int)

    layers = [keras.Input((None, 12, 3)), keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(2)]
    with pytest.raises(ValueError, match="Expected (images|examples) of one size.*12, 12, 3"):
        survey(Mixed(), model=keras.Sequential(layers), chunk=4)


def test_some_labels_are_refused(survey, images):
    class Some(keras.utils.PyDataset):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            return (images[:16], np.zeros(16, int)) if index else (images[:16],)

    with pytest.raises(ValueError, match="all.* labels,? or none"):
        survey(Some())


def test_folders_that_are_not_the_classes_of_the_model(survey, folder):
    (folder / "d").mkdir()
    Image.new("RGB", (12, 12)).save(folder / "d" / "1.png")
    with pytest.raises(
        ValueError, match="Expected a folder for each of the 3 classes of the model. Received: 4 folders"
    ):
        survey(folder)
    made = survey(folder, target="predicted")
    assert (made.table()["label"] == -1).all()
    assert made.class_names is None


def test_a_limit_of_none_is_all_and_of_nothing_is_refused(survey, images):
    for limit in (0, -1, 2.5):
        with pytest.raises(ValueError, match="Expected limit to be a whole number of at least 1, or None"):
            survey(images, limit=limit)


def test_an_array_is_not_copied_where_chunks_fit(images):
    chunks = list(itertools.islice(Source.of(None, images).chunks(8), 2))
    assert all(np.shares_memory(chunk.images, images) for chunk in chunks)
