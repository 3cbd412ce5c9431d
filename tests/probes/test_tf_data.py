"""Drawing from a `tf.data` pipeline leaves it as it was: bit for bit what it gives without."""

import keras
import numpy as np
import pytest

from keras_saliency.probes import ProbeSet, tf_data

tf = pytest.importorskip("tensorflow")

COUNT = 60
IMAGES = np.broadcast_to(np.arange(COUNT, dtype="float32")[:, None, None, None], (COUNT, 3, 2, 1)).copy()
LABELS = np.arange(COUNT) % 4


def source():
    return tf.data.Dataset.from_tensor_slices((IMAGES, LABELS))


def with_a_generator():
    generator = tf.random.Generator.from_seed(3)
    return source().map(lambda image, label: (image + generator.uniform(()), label))


def with_a_layer():
    layer = keras.layers.RandomBrightness(0.5, value_range=(0, 60), seed=3)
    return source().batch(9).map(lambda image, label: (layer(image, training=True), label))


def with_a_variable():
    count = tf.Variable(0.0)
    return source().map(lambda image, label: (image + count.assign_add(1.0), label))


def with_a_table():
    keys = tf.range(4, dtype=tf.int64)
    table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, 3 - keys), -1)
    return source().shuffle(60, seed=1).map(lambda image, label: (image, table.lookup(label)))


def with_rows_of_a_shuffled_one():
    shuffled = source().shuffle(60, seed=2)
    return tf.data.Dataset.range(3).flat_map(lambda _: shuffled.take(30))


def of_python(rng=None):
    def examples():
        for row in (np.random if rng is None else rng).permutation(COUNT):
            yield IMAGES[row], LABELS[row]

    return tf.data.Dataset.from_generator(examples, output_types=("float32", "int64")).prefetch(2)


def mixed():
    parts = [source().shuffle(60, seed=1), source()]
    return tf.data.Dataset.sample_from_datasets(parts, seed=4, rerandomize_each_iteration=True)


PIPELINES = {
    "plain": source,
    "shuffled": lambda: source().shuffle(60),
    "shuffled by a seed": lambda: source().shuffle(60, seed=3),
    "shuffled once": lambda: source().shuffle(60, seed=3, reshuffle_each_iteration=False),
    "shuffled and repeated": lambda: source().shuffle(60, seed=3).repeat().take(300),
    "in memory": lambda: source().shuffle(60, seed=3).cache(),
    "random numbers": lambda: source().map(lambda image, label: (image + tf.random.uniform(()), label)),
    "a generator": with_a_generator,
    "a layer of Keras": with_a_layer,
    "a variable": with_a_variable,
    "a table": with_a_table,
    "rows of a shuffled one": with_rows_of_a_shuffled_one,
    "mixed": mixed,
    "Python": of_python,
    "Python with its own generator": lambda: of_python(np.random.default_rng(5)),
}


def epochs(pipeline):
    """What a training of two epochs would read, and the next random number that it would draw."""
    read = [[image.tobytes() for image, _ in pipeline.as_numpy_iterator()] for _ in range(2)]
    return read, float(tf.random.uniform(())), np.random.random()


@pytest.mark.parametrize("make", PIPELINES.values(), ids=PIPELINES)
def test_what_a_training_reads_is_the_same_after_drawing(make):
    keras.utils.set_random_seed(1)
    expected = epochs(make())
    keras.utils.set_random_seed(1)
    pipeline = make()
    ProbeSet.sample(pipeline, limit=20)
    assert epochs(pipeline) == expected


def test_a_cache_in_a_file_is_left_to_the_training(tmp_path):
    pipeline = source().shuffle(60, seed=3).cache(str(tmp_path / "cache"))
    ProbeSet.sample(pipeline, limit=20)
    assert list(tmp_path.iterdir()) == []
    assert len(list(pipeline)) == COUNT


def test_the_seed_of_drawing_decides_what_is_drawn_from_a_shuffled_pipeline():
    pipeline = source().shuffle(60).batch(7)
    first, same, other = (ProbeSet.sample(pipeline, seed=seed, limit=30) for seed in (1, 1, 2))
    assert first.fingerprint == same.fingerprint != other.fingerprint


def test_a_pipeline_that_holds_too_much_is_refused(monkeypatch):
    monkeypatch.setattr(tf_data, "MOST_BYTES", IMAGES.nbytes)
    with pytest.raises(ValueError, match=r"holds arrays of 0.0 GiB. .* Give the arrays themselves: \(x, y\)"):
        ProbeSet.sample(source().shuffle(60).batch(7))


def test_a_state_that_cannot_be_copied_is_refused():
    other = iter(source().batch(60).repeat())
    taken = source().map(lambda image, label: (image + next(other)[0][0], label))
    with pytest.raises(ValueError, match=r"cannot be copied, and drawing from it would change .*give arrays"):
        ProbeSet.sample(taken)


@pytest.fixture
def folder(tmp_path):
    from PIL import Image

    for number in range(12):
        path = tmp_path / ("cat", "dog", "owl")[number % 3] / f"{number:02}.png"
        path.parent.mkdir(exist_ok=True)
        Image.new("L", (4, 4), 20 * number).save(path)
    return tmp_path


@pytest.mark.parametrize("then", ["nothing", "scaled", "cached and shuffled"])
def test_class_names_and_files_are_taken_over(folder, then):
    """Each image holds the number in its file's name, so that the names can be told to be right."""
    dataset = keras.utils.image_dataset_from_directory(
        folder, image_size=(4, 4), batch_size=5, seed=1, verbose=0
    )
    if then != "nothing":
        dataset = dataset.map(lambda image, label: (image / 1.0, label), num_parallel_calls=2)
    if then == "cached and shuffled":
        dataset = dataset.cache().unbatch().shuffle(12).batch(3).prefetch(1)
    probes = ProbeSet.sample(dataset)
    assert probes.class_names == ("cat", "dog", "owl")
    numbers = (probes.images[:, 0, 0, 0] / 20).round().astype(int)
    assert [f"{('cat', 'dog', 'owl')[n % 3]}/{n:02}.png" for n in numbers] == list(probes.names)
    np.testing.assert_array_equal(probes.labels, numbers % 3)


def test_files_are_not_named_where_examples_are_left_out(folder):
    dataset = keras.utils.image_dataset_from_directory(folder, image_size=(4, 4), batch_size=None, verbose=0)
    probes = ProbeSet.sample(dataset.filter(lambda image, _: tf.reduce_max(image) > 50))
    assert probes.class_names == ("cat", "dog", "owl")
    assert all(name.startswith("#") for name in probes.names)


def test_class_names_that_are_given_count():
    dataset = source()
    dataset.class_names = list("abcd")
    assert ProbeSet.sample(dataset, class_names="wxyz").class_names == tuple("wxyz")
    assert ProbeSet.sample(dataset).class_names == tuple("abcd")
