"""What people hold images in: taken, or refused in one sentence."""

import ml_dtypes
import numpy as np
import pytest
from PIL import Image

from keras_saliency.probes import ProbeSet

tf = pytest.importorskip("tensorflow")
torch = pytest.importorskip("torch")
jnp = pytest.importorskip("jax.numpy")

PIXELS = np.random.default_rng(0).integers(0, 256, (3, 6, 5, 3), "uint8")
FLOATS = PIXELS.astype("float32")
OBJECTS = np.empty(3, object)
OBJECTS[:] = list(FLOATS)

TAKEN = {
    "float64": (FLOATS.astype("float64"), "float64"),
    "big-endian": (FLOATS.astype(">f4"), ">f4"),
    "uint16": (PIXELS.astype("uint16"), "uint16"),
    "Fortran's order": (np.asfortranarray(FLOATS), "float32"),
    "a view that is not contiguous": (np.repeat(FLOATS, 2, 2)[:, :, ::2], "float32"),
    "a view that runs backwards": (FLOATS[::-1][::-1], "float32"),
    "an array of arrays": (OBJECTS, "float32"),
    "a masked array without masked values": (np.ma.masked_array(FLOATS), "float32"),
    "nested lists": (FLOATS.tolist(), "float64"),
    "bfloat16": (FLOATS.astype(ml_dtypes.bfloat16), "float32"),
    "a tensor of TensorFlow": (tf.constant(FLOATS), "float32"),
    "a variable of TensorFlow": (tf.Variable(FLOATS), "float32"),
    "a tensor of JAX": (jnp.asarray(FLOATS), "float32"),
    "a tensor of PyTorch with a history": (torch.tensor(FLOATS, requires_grad=True) * 1, "float32"),
    "bfloat16 of PyTorch": (torch.tensor(FLOATS).bfloat16(), "float32"),
    "images of Pillow": ([Image.fromarray(one) for one in PIXELS], "uint8"),
}


@pytest.mark.parametrize(("given", "dtype"), TAKEN.values(), ids=TAKEN)
def test_what_is_taken(given, dtype):
    images = ProbeSet(given).images
    assert images.dtype == dtype
    np.testing.assert_array_equal(images.astype("float32"), FLOATS)


def test_one_image_of_pillow_is_a_batch_of_one():
    np.testing.assert_array_equal(ProbeSet(Image.fromarray(PIXELS[0])).images, PIXELS[:1])


def test_what_lies_in_a_file_is_copied(tmp_path):
    np.save(tmp_path / "images.npy", FLOATS)
    mapped = np.load(tmp_path / "images.npy", mmap_mode="r")
    assert type(ProbeSet(mapped).images) is np.ndarray


def test_booleans_stay_booleans():
    assert ProbeSet(PIXELS > 99).images.dtype == bool


def test_single_numbers_beside_an_image():
    """One number for each image, such as an age, is an input of its own."""
    probes = ProbeSet({"image": FLOATS, "age": [31.0, 5.0, 70.0] * np.ones(3)})
    assert probes.images["age"].shape == (3,)
    assert len(probes) == 3


REFUSED = {
    "masked values": (
        np.ma.masked_array(FLOATS, PIXELS > 250),
        ValueError,
        r"without missing values. Received: a masked array with \d+ masked values; fill them",
    ),
    "rows of several lengths": (
        tf.ragged.constant([[1.0, 2.0], [3.0]]),
        TypeError,
        "Expected images of numbers. Received: dtype=object from RaggedTensor",
    ),
    "images of Pillow of several sizes": (
        [Image.new("RGB", (3, 4)), Image.new("RGB", (4, 4))],
        ValueError,
        r"images of one size: resize them. Received: images of the shapes \(4, 3, 3\), \(4, 4, 3\)",
    ),
    "a list of single images of several sizes": (
        [FLOATS[0], FLOATS[0, :5]],
        ValueError,
        r"as many examples in every input. Received: \[5, 6\] examples. A list is several inputs",
    ),
    "complex numbers": (FLOATS + 0j, TypeError, "images of numbers. Received: dtype=complex64 from ndarray"),
    "numbers alone": (FLOATS[:, 0, 0, 0], ValueError, r"a batch of images, \(n, …\). Received: shape=\(3,\)"),
    "a number for all": ([FLOATS, np.float32(3)], ValueError, r"a batch of images.* Received: shape=\(\)"),
    "a path": ("cat.jpg", TypeError, r"Received: a path; give ks.ProbeSet.from_folder\(path, "),
    "a sparse tensor": (tf.sparse.from_dense(FLOATS), TypeError, "dtype=object from SparseTensor"),
}


@pytest.mark.parametrize(("given", "error", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(given, error, sentence):
    with pytest.raises(error, match=sentence):
        ProbeSet(given)
