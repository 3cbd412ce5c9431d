"""Pictures in folders: real photographs, written in the formats and shapes that people have."""

import keras
import numpy as np
import pytest
from PIL import Image
from skimage import data

import keras_saliency as ks
from keras_saliency.errors import UnreadableFileError

CAT = Image.fromarray(data.chelsea()).resize((60, 40))
CUP = Image.fromarray(data.coffee()).resize((50, 50))


@pytest.fixture
def pets(tmp_path):
    """A folder with one folder for each class, one of them empty, and what is no picture."""
    for name, picture in {
        "dogs/1.png": CUP,
        "cats/2.jpg": CAT,
        "cats/1.png": CAT,
        "cats/old/0.png": CUP,
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        picture.save(tmp_path / name)
    (tmp_path / "birds").mkdir()
    (tmp_path / ".cache").mkdir()
    (tmp_path / "cats" / "notes.txt").write_text("no picture")
    return tmp_path


def test_classes_by_subfolder_are_those_of_keras(pets):
    """Keras is the oracle: the same order, the same classes, an empty folder counted."""
    probes = ks.ProbeSet.from_folder(pets, size=(24, 32), scale=1 / 255)
    theirs = keras.utils.image_dataset_from_directory(
        pets, image_size=(24, 32), shuffle=False, batch_size=None, verbose=0
    )
    assert probes.class_names == tuple(theirs.class_names) == ("birds", "cats", "dogs")
    np.testing.assert_array_equal(probes.labels, [label for _, label in theirs.as_numpy_iterator()])
    assert [str(pets / name) for name in probes.names] == list(theirs.file_paths)
    assert probes.images.shape == (4, 24, 32, 3)
    assert probes.images.dtype == np.float32
    np.testing.assert_allclose(probes.images * 255, probes.display_images, atol=1e-4)


def test_a_folder_of_pictures_has_no_classes(pets):
    probes = ks.ProbeSet.from_folder(pets / "cats")
    assert probes.names == ("1.png", "2.jpg")
    assert probes.labels is None
    np.testing.assert_array_equal(probes.images[0], np.asarray(CAT))
    assert probes.images.dtype == np.uint8


def test_one_picture_and_a_list_of_pictures(pets):
    one = ks.ProbeSet.from_folder(str(pets / "dogs" / "1.png"))
    np.testing.assert_array_equal(one.images, np.asarray(CUP)[None])
    two = ks.ProbeSet.from_folder([pets / "dogs" / "1.png", pets / "cats" / "1.png"], size=(9, 8), channels=1)
    assert two.names == ("1.png", "1.png")
    assert two.images.shape == (2, 9, 8, 1)


def test_a_photograph_is_turned_as_its_camera_was_held(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned by a quarter
    CAT.save(tmp_path / "turned.jpg", exif=exif, quality=95)
    CAT.save(tmp_path / "plain.jpg", quality=95)
    turned, plain = (
        ks.ProbeSet.from_folder(tmp_path / f"{name}.jpg").images[0] for name in ("turned", "plain")
    )
    np.testing.assert_array_equal(turned, np.rot90(plain, -1))


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "1", "LA", "CMYK", "I;16"])
def test_every_mode_becomes_colour_or_grey(tmp_path, mode):
    grey = np.linspace(0, 255, 48).reshape(6, 8).astype("uint8")
    if mode == "I;16":
        picture = Image.fromarray(grey.astype("uint16") * 257)
    else:
        picture = Image.fromarray(grey).convert("RGB" if mode == "CMYK" else "L").convert(mode)
    path = tmp_path / ("one.tif" if mode == "CMYK" else "one.png")
    picture.save(path)
    expected = np.where(grey > 127, 255, 0) if mode == "1" else grey
    for channels in (1, 3):
        found = ks.ProbeSet.from_folder(path, channels=channels).images[0].astype(int)
        assert found.shape == (6, 8, channels)
        if mode != "1":  # which Pillow dithers
            assert np.abs(found - expected[..., None]).max() <= 3
        assert set(np.unique(found)) <= {0, 255} or mode != "1"


REFUSED = {
    "no such folder": (lambda folder: folder / "none", FileNotFoundError, "No such file or folder: .*none"),
    "an empty folder": (lambda folder: folder / "birds", FileNotFoundError, "No pictures .*birds"),
    "several sizes": (
        lambda folder: folder,
        ValueError,
        r"give size=\(height, width\), or --resize .* Received: 2.jpg of 40x60, .*png of 50x50",
    ),
    "no path": (lambda folder: 3, TypeError, "the path of a folder or a picture, .* Received: int"),
    "a broken picture": (
        lambda folder: folder / "cats" / "notes.txt",
        UnreadableFileError,
        "notes.txt cannot be read",
    ),
}


@pytest.mark.parametrize(("path", "error", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(pets, path, error, sentence):
    with pytest.raises(error, match=sentence):
        ks.ProbeSet.from_folder(path(pets))


def test_floating_point_numbers_are_no_brightness(tmp_path):
    Image.fromarray(np.linspace(0, 1, 12, dtype="float32").reshape(3, 4)).save(tmp_path / "depth.tif")
    with pytest.raises(UnreadableFileError, match=r"depth.tif holds floating-point numbers"):
        ks.ProbeSet.from_folder(tmp_path / "depth.tif")
