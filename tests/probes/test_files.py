"""Files that are not what their names say, in one sentence."""

import zlib

import numpy as np
import pytest
from PIL import Image

from keras_saliency.engine.model_files import load_model
from keras_saliency.errors import UnreadableFileError
from keras_saliency.probes.files import load_images, load_probes


def read(path):
    return load_images([path], size=None, scale=1.0, channels=3)


def test_an_npz_that_is_cut_off_damaged_or_an_npy(tmp_path):
    path = tmp_path / "images.npz"
    np.savez(path, images=np.ones((2, 4, 3)))
    whole = path.read_bytes()
    assert len(load_probes(path)) == 2
    for spoiled in (whole[:100], whole.replace(np.float64(1).tobytes(), np.float64(2).tobytes(), 1)):
        path.write_bytes(spoiled)
        with pytest.raises(UnreadableFileError, match=r"images.npz cannot be read as .npz."):
            load_probes(path)
    with path.open("wb") as file:
        np.save(file, np.ones((2, 4, 3)))
    with pytest.raises(UnreadableFileError, match=r"images.npz cannot be read as .npz."):
        load_probes(path)


@pytest.mark.parametrize("shape", ["(1000000000000000, 2, 2)", "(4294967296, 4294967296)", "(" * 200])
def test_an_npy_whose_header_lies(tmp_path, shape):
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}}}\n".encode()
    (tmp_path / "images.npy").write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
    with pytest.raises(UnreadableFileError, match=r"images.npy cannot be read as .npy."):
        read(tmp_path / "images.npy")


def test_a_picture_of_more_pixels_than_any(tmp_path, monkeypatch):
    Image.new("RGB", (30, 30)).save(tmp_path / "large.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(UnreadableFileError, match=r"large.png cannot be read as .png."):
        read(tmp_path / "large.png")


@pytest.mark.parametrize(("name", "dtype"), [("deep.png", "uint16"), ("deep.tiff", "int32")])
def test_a_picture_of_16_bits_keeps_its_shades(tmp_path, name, dtype):
    Image.fromarray(np.array([[0, 255, 256, 65_535]], dtype)).save(tmp_path / name)
    np.testing.assert_array_equal(read(tmp_path / name).images[0, 0, :, 0], [0, 0, 1, 255])


def test_a_picture_in_the_colours_of_printers_and_one_that_moves(tmp_path):
    Image.new("CMYK", (3, 4), (0, 0, 0, 255)).save(tmp_path / "cmyk.jpg")
    assert read(tmp_path / "cmyk.jpg").images.max() <= 2
    frames = [Image.new("RGB", (3, 4), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    np.testing.assert_array_equal(read(tmp_path / "moving.gif").images[0, 0, 0], [255, 0, 0])


def test_a_picture_that_another_program_would_have_to_read(tmp_path):
    """Pillow starts Ghostscript for PostScript, whatever the file is called."""
    Image.new("RGB", (3, 4)).save(tmp_path / "script.png", format="EPS")
    with pytest.raises(UnreadableFileError, match=r"script.png cannot be read as .png."):
        read(tmp_path / "script.png")


def test_a_picture_that_is_cut_off(tmp_path):
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (90, 90, 3), np.uint8)).save(
        tmp_path / "cut.png"
    )
    (tmp_path / "cut.png").write_bytes((tmp_path / "cut.png").read_bytes()[:9000])
    with pytest.raises(UnreadableFileError, match=r"cut.png cannot be read as .png."):
        read(tmp_path / "cut.png")


def test_a_keras_file_whose_very_version_cannot_be_read(tmp_path):
    import zipfile

    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("metadata.json", '{"keras_version": "3.0.0"}' * 20)
    path.write_bytes(
        path.read_bytes().replace(zlib.compress(b'{"keras_version": "3.0.0"}' * 20)[2:12], b"\xff" * 10)
    )
    with pytest.raises(UnreadableFileError, match=r"model.keras cannot be loaded: "):
        load_model(path)
