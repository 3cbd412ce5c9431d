"""Data sets and generators where arrays are given: drawn from evenly, or read as a whole."""

import itertools

import keras
import numpy as np
import pytest

from keras_saliency.probes import ProbeSet, as_probes, sampling
from keras_saliency.probes.probe_set import all_of

tf = pytest.importorskip("tensorflow")
torch = pytest.importorskip("torch")

COUNT = 100
IMAGES = np.broadcast_to(np.arange(COUNT, dtype="float32")[:, None, None, None], (COUNT, 3, 2, 1)).copy()
LABELS = np.array([0] * 80 + [1] * 16 + [2] * 4)
AGES = np.arange(COUNT) / 2


class Batches(keras.utils.PyDataset):
    """Batches of 7, each image brightened by numbers of the data set's own generators."""

    def __init__(self, labels=LABELS, endless=False):
        super().__init__()
        self.labels, self.endless = labels, endless
        self.rng, self.seeds = np.random.default_rng(3), keras.random.SeedGenerator(5)

    @property
    def num_batches(self):
        return None if self.endless else -(-COUNT // 7)

    def __getitem__(self, index):
        rows = slice(7 * index, 7 * index + 7)
        noise = self.rng.random() * keras.ops.convert_to_numpy(keras.random.uniform((), seed=self.seeds))
        images = IMAGES[rows] + 0.5 * noise
        return images if self.labels is None else (images, self.labels[rows])


class Torch(torch.utils.data.Dataset):
    def __init__(self):
        self.generator = torch.Generator().manual_seed(7)

    def __len__(self):
        return COUNT

    def __getitem__(self, index):
        return torch.tensor(IMAGES[index]) + 0.4 * torch.rand((), generator=self.generator), LABELS[index]


def tf_data(labels=LABELS):
    pairs = IMAGES if labels is None else (IMAGES, labels)
    return tf.data.Dataset.from_tensor_slices(pairs)


def batches():
    return ((IMAGES[start : start + 7], LABELS[start : start + 7]) for start in range(0, COUNT, 7))


STREAMS = {
    "tf.data": lambda: tf_data().batch(7),
    "tf.data, single examples": tf_data,
    "PyDataset": Batches,
    "DataLoader": lambda: torch.utils.data.DataLoader(Torch(), batch_size=7, shuffle=True),
}
WITHOUT_LABELS = {
    "tf.data": lambda: tf_data(None).batch(7),
    "PyDataset": lambda: Batches(None),
    "tuples of one": lambda: tf.data.Dataset.from_tensor_slices((IMAGES,)).batch(7),
}


def numbers(probes):
    return probes.images[:, 0, 0, 0].astype(int)


@pytest.mark.parametrize("make", STREAMS.values(), ids=STREAMS)
def test_sixteen_are_drawn_evenly_as_from_arrays(make):
    probes = as_probes(make(), seed=3)
    np.testing.assert_array_equal(np.bincount(probes.labels), [6, 6, 4])
    np.testing.assert_array_equal(LABELS[numbers(probes)], probes.labels)
    assert probes.names == tuple(f"#{number}" for number in numbers(probes))
    np.testing.assert_array_equal(numbers(as_probes(make(), seed=3)), numbers(probes))
    assert as_probes(make(), seed=4).fingerprint != probes.fingerprint


@pytest.mark.parametrize("make", WITHOUT_LABELS.values(), ids=WITHOUT_LABELS)
def test_sixteen_are_drawn_without_labels(make):
    probes = as_probes(make())
    assert len(set(numbers(probes))) == 16
    assert probes.labels is None
    with pytest.raises(ValueError, match="Drawing per class needs labels"):
        ProbeSet.sample(make())


def test_more_classes_than_probes_leave_one_of_each_of_sixteen():
    """Which classes is drawn: over some seeds each of the thirty has its turn."""
    source = tf_data(np.arange(COUNT) % 30).batch(7)
    drawn = [as_probes(source, seed=seed).labels for seed in range(12)]
    assert all(len(set(labels)) == len(labels) == 16 for labels in drawn)
    assert set(np.concatenate(drawn)) == set(range(30))


def test_inputs_beside_the_image_are_drawn_with_it():
    pairs = tf.data.Dataset.from_tensor_slices(({"image": IMAGES, "age": AGES}, LABELS))
    for source in (pairs, pairs.batch(7)):
        probes = as_probes(source)
        np.testing.assert_array_equal(2 * probes.images["age"], probes.images["image"][:, 0, 0, 0])


@pytest.mark.parametrize("make", [Batches, Torch], ids=["PyDataset", "torch"])
def test_generators_that_a_data_set_holds_are_left_as_they_were(make):
    source, untouched = make(), make()
    as_probes(source)
    for index in (0, 1):
        np.testing.assert_array_equal(np.asarray(source[index][0]), np.asarray(untouched[index][0]))


@pytest.mark.parametrize("make", [*STREAMS.values(), batches], ids=[*STREAMS, "generator"])
def test_all_examples_are_read_in_order(make):
    probes = all_of(make())
    np.testing.assert_array_equal(numbers(probes), np.arange(COUNT))
    np.testing.assert_array_equal(probes.labels, LABELS)


REFUSED = {
    "drawing from a generator": (
        lambda: as_probes(batches()),
        "A generator gives each example once, and a training",
    ),
    "sampling from a generator": (lambda: ProbeSet.sample(batches()), "A generator gives each example once"),
    "a pipeline without end": (
        lambda: all_of(tf_data().repeat().batch(7)),
        "Received: one without end; give a part",
    ),
    "a PyDataset without end": (
        lambda: all_of(Batches(endless=True)),
        "Received: one without end; give a part",
    ),
    "labels beside a data set": (
        lambda: as_probes((tf_data(), LABELS)),
        "brings its own labels. Received: y=ndarray",
    ),
    "labels here and there": (
        lambda: all_of(iter([IMAGES[:3], (IMAGES[:3], LABELS[:3])])),
        "all have labels, or none",
    ),
    "images of several sizes": (
        lambda: all_of(iter([IMAGES[:3], IMAGES[:3, :2]])),
        r"images of one size. Received: images of the shapes \(2, 2, 1\), \(3, 2, 1\)",
    ),
    "nothing": (lambda: all_of(iter([])), "The data set is empty"),
    "too much in an element": (
        lambda: all_of(iter([(1, 2, 3, 4)])),
        r"elements \(images, labels\). .* tuple of 4",
    ),
}


@pytest.mark.parametrize(("call", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()


def test_a_generator_without_end_is_read_as_far_as_memory_is_meant_to_go(monkeypatch):
    monkeypatch.setattr(sampling, "MOST_BYTES", 10 * IMAGES[0].nbytes)
    endless = iter(itertools.repeat(IMAGES[:4]))
    with pytest.raises(
        ValueError, match="fit into 1 GiB, .* Received: more, after 11 images; give a part of it"
    ):
        all_of(endless)


CORNERS = np.zeros((COUNT, 3, 2), bool)
CORNERS[np.arange(COUNT), np.arange(COUNT) % 3] = True


def test_masks_and_display_images_of_each_image_of_arrays():
    probes = ProbeSet.sample(
        IMAGES, LABELS, regions={"row": CORNERS, "top": CORNERS[0]}, display_images=255 - IMAGES
    )
    np.testing.assert_array_equal(probes.regions["row"], CORNERS[numbers(probes)])
    np.testing.assert_array_equal(probes.regions["top"], CORNERS[0])
    np.testing.assert_array_equal(probes.display_images, 255 - probes.images)


def test_functions_make_masks_and_display_images_of_what_was_drawn():
    probes = ProbeSet.sample(
        tf_data().batch(7),
        regions={"odd": lambda images: CORNERS[images[:, 0, 0, 0].astype(int)], "top": CORNERS[0]},
        display_images=lambda images: images / 2,
    )
    np.testing.assert_array_equal(probes.regions["odd"], CORNERS[numbers(probes)])
    np.testing.assert_array_equal(probes.display_images, probes.images / 2)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"regions": {"row": CORNERS}}, "give the mask of region 'row' as a function from the drawn images"),
        (
            {"display_images": IMAGES},
            r"give display_images as a function .* Received: shape=\(100, 3, 2, 1\)",
        ),
    ],
)
def test_what_is_given_for_each_image_cannot_be_told_apart_in_a_data_set(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        ProbeSet.sample(tf_data(), **options)


def test_display_images_of_another_number_are_refused():
    with pytest.raises(ValueError, match=r"display_images for each of the 100 images of the source. .*\(9, "):
        ProbeSet.sample(IMAGES, LABELS, display_images=IMAGES[:9])
