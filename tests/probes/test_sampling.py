"""`ProbeSet.sample` from everything that people train on."""

import random

import keras
import numpy as np
import pytest

from keras_saliency.probes import ProbeSet

tf = pytest.importorskip("tensorflow")
torch = pytest.importorskip("torch")

COUNT, CLASSES = 60, 4
# Image i holds the number i, so that labels and positions can be told from it.
IMAGES = np.broadcast_to(np.arange(COUNT, dtype="float32")[:, None, None, None], (COUNT, 3, 2, 1)).copy()
LABELS = np.array([3] + [0, 1, 2] * 19 + [0, 1])  # one example of class 3


def number_of(probes):
    images = probes.images["image"] if isinstance(probes.images, dict) else probes.images
    return images[:, 0, 0, 0].astype(int)


class Batches(keras.utils.PyDataset):
    def __init__(self, labels=LABELS, weights=False, size=8):
        super().__init__()
        self.labels, self.weights, self.size = labels, weights, size

    @property
    def num_batches(self):
        return -(-COUNT // self.size)

    def __getitem__(self, index):
        rows = slice(index * self.size, (index + 1) * self.size)
        np.random.random(), random.random()
        batch = IMAGES[rows], self.labels[rows]
        return (*batch, np.ones(len(batch[1]))) if self.weights else batch


class OldSequence:
    """What had a length before `num_batches`."""

    def __len__(self):
        return COUNT // 10

    def __getitem__(self, index):
        return IMAGES[index * 10 : index * 10 + 10], LABELS[index * 10 : index * 10 + 10]


class Torch(torch.utils.data.Dataset):
    """A map-style dataset whose transform draws from every global generator."""

    def __init__(self, labels=LABELS, name=None):
        self.labels, self.name = labels, name

    def __len__(self):
        return COUNT

    def __getitem__(self, index):
        random.random(), np.random.random(), torch.rand(1)
        image = torch.tensor(IMAGES[index])
        return ({self.name: image} if self.name else image), self.labels[index]


def loader(dataset, **options):
    return torch.utils.data.DataLoader(dataset, **options)


def collated(examples):
    """Leaves the pairs to PyTorch and adds a third element."""
    images, labels = torch.utils.data.default_collate(examples)
    return images, labels, torch.ones(len(labels))


def tf_data(labels=LABELS):
    return tf.data.Dataset.from_tensor_slices((IMAGES, labels))


ONE_HOT = np.eye(CLASSES, dtype="float32")[LABELS]
SOURCES = {
    "arrays": lambda: (IMAGES, LABELS),
    "arrays, a column of labels": lambda: (IMAGES, LABELS[:, None]),
    "arrays, one-hot": lambda: (IMAGES, ONE_HOT),
    "arrays, by name": lambda: ({"image": IMAGES}, list(LABELS)),
    "torch tensors": lambda: (torch.tensor(IMAGES), torch.tensor(LABELS)),
    "tf.data": lambda: (tf_data(), None),
    "tf.data, batched": lambda: (tf_data().batch(7), None),
    "tf.data, batches of one size": lambda: (tf_data().batch(10, drop_remainder=True), None),
    "tf.data, one-hot": lambda: (tf_data(ONE_HOT), None),
    "tf.data, one-hot, batched": lambda: (tf_data(ONE_HOT).batch(7), None),
    "tf.data, a column of labels": lambda: (tf_data(LABELS[:, None]), None),
    "tf.data, a column of labels, batched": lambda: (tf_data(LABELS[:, None]).batch(7), None),
    "tf.data, by name": lambda: (tf_data().map(lambda x, y: ({"image": x}, y)).batch(7), None),
    "tf.data, weights": lambda: (tf_data().map(lambda x, y: (x, y, 1.0)), None),
    "tf.data, of unknown shape": lambda: (
        tf.data.Dataset.from_generator(
            lambda: zip(IMAGES, LABELS, strict=True), output_types=("float32", "int64")
        ),
        None,
    ),
    "PyDataset": lambda: (Batches(), None),
    "PyDataset, weights": lambda: (Batches(weights=True), None),
    "PyDataset, one-hot": lambda: (Batches(labels=ONE_HOT), None),
    "a sequence of batches": lambda: (OldSequence(), None),
    "DataLoader": lambda: (loader(Torch(), batch_size=8, shuffle=True), None),
    "DataLoader, one-hot": lambda: (loader(Torch(labels=ONE_HOT), batch_size=8), None),
    "DataLoader, by name": lambda: (loader(Torch(name="image"), batch_size=8), None),
    "DataLoader, own collation": lambda: (loader(Torch(), batch_size=8, collate_fn=collated), None),
    "DataLoader without batches": lambda: (loader(Torch(), batch_size=None), None),
    "torch dataset": lambda: (Torch(), None),
}
ALL = pytest.mark.parametrize("make", SOURCES.values(), ids=SOURCES)


@ALL
def test_every_class_has_its_share(make):
    """Two of each, but one of the class that has one; images, labels and names belong together."""
    probes = ProbeSet.sample(*make(), seed=1)
    np.testing.assert_array_equal(probes.labels, [0, 0, 1, 1, 2, 2, 3])
    numbers = number_of(probes)
    assert len(set(numbers)) == 7
    np.testing.assert_array_equal(LABELS[numbers], probes.labels)
    assert probes.names == tuple(f"#{number}" for number in numbers)
    assert keras.tree.flatten(probes.images)[0].shape == (7, 3, 2, 1)


@ALL
def test_the_seed_decides_and_global_random_states_are_untouched(make):
    sources = [make() for _ in range(3)]
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    first, same, other = (
        ProbeSet.sample(*source, per_class=3, seed=seed)
        for source, seed in zip(sources, (1, 1, 2), strict=True)
    )
    assert first.fingerprint == same.fingerprint
    assert first.fingerprint != other.fingerprint
    assert random.getstate() == states[0]
    np.testing.assert_equal(np.random.get_state(), states[1])
    np.testing.assert_array_equal(torch.get_rng_state(), states[2])


def test_streams_are_drawn_from_evenly():
    """Each of twenty examples of a class is drawn about as often as the others."""
    source = tf_data()
    times = np.zeros(COUNT)
    for seed in range(60):
        times[number_of(ProbeSet.sample(source, per_class=5, seed=seed))] += 1
    assert times[0] == 60  # the only one of its class
    assert times[1:].min() >= 3  # expected: 15
    assert times[1:].max() <= 32


def test_a_source_without_end_is_read_up_to_the_limit():
    endless = tf_data().repeat().batch(7)
    probes = ProbeSet.sample(endless, limit=100)
    np.testing.assert_array_equal(np.bincount(probes.labels), [2, 2, 2, 2])  # class 3 came twice: #0 and #60
    assert max(int(name[1:]) for name in probes.names) < 100


@pytest.mark.parametrize("make", [tf_data, Batches, Torch], ids=["tf.data", "PyDataset", "torch"])
def test_the_limit_holds(make):
    probes = ProbeSet.sample(make(), per_class=50, limit=20)
    assert len(probes) == 20
    assert set(number_of(probes)) == set(range(20))


def test_the_limit_holds_for_data_loaders():
    probes = ProbeSet.sample(loader(Torch()), per_class=50, limit=20)
    assert len(set(number_of(probes))) == 20
    assert set(number_of(probes)) != set(range(20))  # by random indices


class Endless(Batches):
    """A PyDataset without end, as Keras has it: no number of batches."""

    num_batches = None

    def __getitem__(self, index):
        return super().__getitem__(index % 7)


def test_a_pydataset_without_end_is_read_up_to_the_limit():
    assert len(ProbeSet.sample(Endless(), per_class=50, limit=20)) == 20


def counting(kind):
    """The kind of dataset, noting which positions are asked for."""

    class Counting(kind):
        asked = ()

        def __getitem__(self, index):
            self.asked = (*self.asked, index)
            return super().__getitem__(index)

    return Counting()


@pytest.mark.parametrize(
    ("kind", "wrap", "reads"),
    [
        (Torch, lambda dataset: dataset, 20),
        (Torch, loader, 20),
        (Batches, lambda dataset: dataset, 3),  # batches of 8
        (Endless, lambda dataset: dataset, 3),
    ],
    ids=["torch", "DataLoader", "PyDataset", "PyDataset without end"],
)
def test_no_more_than_the_limit_is_read(kind, wrap, reads):
    dataset = counting(kind)
    ProbeSet.sample(wrap(dataset), limit=20)
    assert len(dataset.asked) == len(set(dataset.asked)) == reads


def test_no_more_than_the_limit_is_taken_from_tf_data():
    taken = []

    def generate():
        for image, label in zip(IMAGES, LABELS, strict=True):
            taken.append(label)
            yield image, label

    source = tf.data.Dataset.from_generator(generate, output_types=("float32", "int64"))
    options = tf.data.Options()
    options.experimental_optimization.inject_prefetch = False  # TensorFlow's own reading ahead
    ProbeSet.sample(source.with_options(options), limit=20)
    assert len(taken) == 20


def test_a_data_loader_is_not_iterated():
    class Refuses(torch.utils.data.Sampler):
        def __init__(self):
            pass

        def __iter__(self):
            raise AssertionError("iterating draws from the global generator")

        def __len__(self):
            return COUNT

    assert len(ProbeSet.sample(loader(Torch(), batch_size=8, sampler=Refuses()))) == 7


class Stream(torch.utils.data.IterableDataset):
    def __iter__(self):
        yield from zip(IMAGES, LABELS, strict=True)


REFUSED = {
    "arrays without labels": (
        lambda: (IMAGES,),
        ValueError,
        "needs labels: give y=, or choose the images yourself",
    ),
    "labels beside a dataset": (
        lambda: (Batches(), LABELS),
        ValueError,
        "A Batches brings its own labels. Received: y=ndarray",
    ),
    "label count": (
        lambda: (IMAGES, LABELS[:9]),
        ValueError,
        "one label per image, 60 in all. Received: 9 labels",
    ),
    "inputs of different length": (
        lambda: ([IMAGES, IMAGES[:9]], LABELS),
        ValueError,
        "one label per image, 9 in all. Received: 60 labels",
    ),
    "tf.data without labels": (
        lambda: (tf.data.Dataset.from_tensor_slices(IMAGES).batch(7),),
        ValueError,
        r"needs labels: expected elements \(images, labels\)",
    ),
    "iterable DataLoader": (
        lambda: (loader(Stream()),),
        ValueError,
        "draws from PyTorch's global random generator, which would change the training. Draw the probes yourself",
    ),
    "multi-hot": (lambda: (tf_data(np.ones((COUNT, 3))).batch(7),), ValueError, "must be one-hot"),
    "regression": (lambda: (tf_data(LABELS + 0.5),), ValueError, "For a regression give no labels"),
    "labels by name": (
        lambda: (tf_data().map(lambda x, y: (x, {"y": y})),),
        ValueError,
        "Expected labels as",
    ),
    "empty": (lambda: (tf_data().take(0),), ValueError, "The source of probes is empty"),
    "empty arrays": (lambda: (IMAGES[:0], LABELS[:0]), ValueError, "an empty probe set"),
    "a path": (lambda: ("images/",), TypeError, "Expected arrays, a tf.data.Dataset, .* Received: str"),
    "nothing": (lambda: (None,), TypeError, "Received: NoneType"),
    "a number": (lambda: (3,), TypeError, "Received: int"),
}


@pytest.mark.parametrize(("make", "error", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(make, error, sentence):
    with pytest.raises(error, match=sentence):
        ProbeSet.sample(*make())


@pytest.mark.parametrize("options", [{"per_class": 0}, {"per_class": 1.5}, {"limit": 0}, {"limit": "all"}])
def test_counts_are_positive_integers(options):
    (name,) = options
    with pytest.raises(
        ValueError, match=f"Expected {name} to be a whole number of at least 1. Received: {name}="
    ):
        ProbeSet.sample(IMAGES, LABELS, **options)


def test_class_names():
    probes = ProbeSet.sample(IMAGES, LABELS, class_names=["a", "b", "c", "d"])
    assert probes.class_names == ("a", "b", "c", "d")
    with pytest.raises(ValueError, match="Expected labels below 2, the number of class names"):
        ProbeSet.sample(IMAGES, LABELS, class_names=["a", "b"])
