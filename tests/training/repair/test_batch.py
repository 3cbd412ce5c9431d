"""The pipelines: numpy, `tf.data`, PyTorch and JAX, with labels and with masks of single images."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch

import keras_saliency as ks

SIDE = 6
MASK = np.zeros((SIDE, SIDE), bool)
MASK[:2, :3] = True
LABELS = np.arange(12) % 3
IMAGES = np.broadcast_to(np.arange(12, dtype="uint8").reshape(12, 1, 1, 1), (12, SIDE, SIDE, 3)).copy()


def check(images, labels):
    """Content is that of images of other classes, and all else is the image's own; how many were changed."""
    images, labels = np.asarray(images), np.asarray(labels)
    own, content = images[:, -1, -1, 0], images[:, 0, 0, 0]
    assert (images[:, ~MASK] == own[:, None, None]).all()
    assert (images[:, MASK] == content[:, None, None]).all()
    assert (labels == LABELS[own]).all()
    changed = own != content
    assert (LABELS[own[changed]] != LABELS[content[changed]]).all()
    return changed.mean()


def test_numpy():
    swap = ks.SwapRegions(MASK)
    results = [swap.batch(IMAGES, LABELS) for _ in range(40)]
    assert 0.4 < np.mean([check(*result) for result in results]) < 0.6
    assert all(labels is LABELS and images.dtype == "uint8" for images, labels in results)
    assert (IMAGES[:, :1, :1] == IMAGES).all()


def test_what_stands_beside_the_images_comes_back():
    swap, weights = ks.SwapRegions(MASK), np.ones(12)
    assert isinstance(swap.batch(IMAGES), np.ndarray)
    assert len(swap.batch(IMAGES, LABELS)) == 2
    assert swap.batch(IMAGES, LABELS, weights)[2] is weights
    assert swap.batch(IMAGES, None, weights)[1:] == (None, weights)


@pytest.mark.parametrize("labels", [np.eye(3)[LABELS], LABELS[:, None], LABELS.astype("float32")])
def test_labels_in_every_form(labels):
    images, same = ks.SwapRegions(MASK, 1.0).batch(IMAGES, labels)
    assert same is labels
    check(images, LABELS)


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (LABELS[:5], "one label per image, 12 in all"),
        (np.ones((12, 3)), "one-hot"),
        (np.ones((12, 6, 6), int), "Expected labels"),
    ],
)
def test_labels_that_are_no_classes_are_refused(labels, said):
    with pytest.raises(ValueError, match=said):
        ks.SwapRegions(MASK).batch(IMAGES, labels)


@pytest.mark.backend
@pytest.mark.parametrize("calls", [None, 2])
def test_tf_data(calls):
    swap = ks.SwapRegions(MASK)
    rows = tf.data.Dataset.from_tensor_slices((IMAGES, LABELS))
    dataset = rows.repeat(20).batch(12).map(swap.batch, num_parallel_calls=calls)
    assert dataset.element_spec[0] == tf.TensorSpec((None, SIDE, SIDE, 3), tf.uint8)
    assert 0.35 < np.mean([check(*element) for element in dataset.as_numpy_iterator()]) < 0.65
    model = keras.Sequential([keras.Input((SIDE, SIDE, 3)), keras.layers.Flatten(), keras.layers.Dense(3)])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(dataset, shuffle=False, verbose=0)


def test_tf_data_with_masks_and_without_labels():
    masks = np.broadcast_to(MASK, (12, SIDE, SIDE))
    swap = ks.SwapRegions(None, 1.0)
    dataset = tf.data.Dataset.from_tensor_slices((IMAGES, LABELS, masks)).batch(12)
    check(*next(iter(dataset.map(lambda x, y, m: swap.batch(x, y, masks=m)))))
    plain = tf.data.Dataset.from_tensor_slices(IMAGES).batch(12).map(ks.SwapRegions(MASK).batch)
    assert next(iter(plain)).shape == IMAGES.shape


def test_autograph_can_read_it():
    """Else `map` says so, in four lines of TensorFlow's, to everybody who calls it."""
    assert tf.autograph.to_graph(ks.SwapRegions(MASK).batch)


def test_tf_data_that_is_not_batched_is_refused_where_it_is_mapped():
    dataset = tf.data.Dataset.from_tensor_slices((IMAGES, LABELS))
    with pytest.raises(ValueError, match=r"as in dataset.batch\(32\).map\(swap.batch\)"):
        dataset.map(ks.SwapRegions(MASK).batch)


class Rows(torch.utils.data.Dataset):
    def __len__(self):
        return 12

    def __getitem__(self, row):
        return torch.tensor(IMAGES[row]), LABELS[row]


class Collate:
    def __init__(self, swap):
        self.swap = swap

    def __call__(self, rows):
        return self.swap.batch(*torch.utils.data.default_collate(rows))


def test_torch():
    swap = ks.SwapRegions(MASK, 1.0)
    images, labels = swap.batch(torch.tensor(IMAGES), torch.tensor(LABELS))
    assert images.dtype == torch.uint8
    assert check(images, labels) > 0.3
    for images, labels in torch.utils.data.DataLoader(Rows(), batch_size=12, collate_fn=Collate(swap)):
        check(images, labels)


def test_jax():
    import jax

    images, labels = ks.SwapRegions(MASK, 1.0).batch(jax.numpy.asarray(IMAGES), jax.numpy.asarray(LABELS))
    assert isinstance(images, jax.Array)
    check(images, labels)


@pytest.mark.parametrize(("first", "place"), [(False, -1), (True, 1)])
def test_channels_first_and_grey(first, place):
    swap = ks.SwapRegions(MASK, 1.0)
    given = np.moveaxis(IMAGES, -1, 1) if first else IMAGES
    images, labels = swap.batch(given, LABELS)
    check(np.moveaxis(images, place, -1), labels)
    check(swap.batch(IMAGES[..., 0], LABELS)[0][..., None], LABELS)


@pytest.mark.parametrize(
    ("masks", "said"),
    [
        (np.zeros((12, SIDE, 5), bool), "images of the masks' size"),
        (np.zeros((5, SIDE, SIDE), bool), r"for each image of the batch, \(12, 6, 6\)"),
        (MASK, r"for each image of the batch, \(12, 6, 6\)"),
        (
            np.ones((12, SIDE, SIDE), bool),
            "leave a part of each image.*Received: region, which cover all of image 0",
        ),
    ],
)
def test_masks_that_do_not_fit_are_refused(masks, said):
    with pytest.raises(ValueError, match=said):
        ks.SwapRegions(None).batch(IMAGES, LABELS, masks=masks)


def test_masks_of_single_images_by_name():
    mine, other = np.zeros((2, 12, SIDE, SIDE), bool)
    mine[:] = MASK
    other[::2, 4, 4] = True
    images, _ = ks.SwapRegions(None, 1.0).batch(IMAGES, LABELS, masks={"one": mine, "two": other})
    changed = (images != IMAGES).any((0, 3))
    assert changed[4, 4]
    assert not changed[~(MASK | other.any(0))].any()
