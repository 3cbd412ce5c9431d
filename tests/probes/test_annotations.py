"""Labels, class names and masks of files: matched with the images by name, or refused in one sentence."""

import numpy as np
import pytest
from PIL import Image

from keras_saliency.errors import UnreadableFileError
from keras_saliency.probes import ProbeSet
from keras_saliency.probes.annotations import read_class_names, with_class_names, with_labels, with_regions
from keras_saliency.probes.pictures import picture_sizes, read_pictures

NAMES = ["1.png", "2.png"]


def probes(**fields):
    return ProbeSet(np.zeros((2, 4, 6, 3), "uint8"), **{"names": NAMES, **fields})


@pytest.fixture
def table(tmp_path):
    def write(text, encoding="utf-8"):
        (tmp_path / "labels.csv").write_text(text, encoding=encoding)
        return tmp_path / "labels.csv"

    return write


@pytest.mark.parametrize(
    "text",
    [
        "2.png,1\n1.png,3\n",
        "file,label\r\n1.png,3\r\n2.png,1\r\n",
        '\ufeff"1.png", 3\n\n"a/b/2.png",1\nother.png,7\nother.png,8\n',
        "1.png,3\n1.png,3\n2.png,1",
    ],
)
def test_labels_are_found_by_name(table, text):
    assert with_labels(probes(), table(text)).labels.tolist() == [3, 1]


def test_labels_by_the_names_of_classes(table):
    named = probes(class_names=["1", "b", "a"])
    assert with_labels(named, table("1.png,a\n2.png,b\n")).labels.tolist() == [2, 1]
    assert with_labels(named, table("1.png,1\n2.png,2\n")).labels.tolist() == [0, 2]  # a name before a number


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("1.png,3\n", "Expected one label for '2.png' in .* Received: none. Did you mean '1.png'"),
        ("1.png,3\n2.png,1\nx/2.png,2\n", "Received: two: 1, 2"),
        ("1.png;3\n2.png;1\n", "Expected two columns in .* Received: 1 in line 1"),
        ("1.png,3,0\n", "Received: 3 in line 1"),
        ("1.png,cat\n2.png,1\n", "the classes have no names; give them with --class-names FILE"),
        ("1.png,-1\n2.png,1\n", "Received: '-1', a label in"),
        ("1.png,1.5\n2.png,1\n", "Received: '1.5', a label in"),
        ("", "Received: none"),
    ],
)
def test_labels_that_are_in_doubt(table, text, sentence):
    with pytest.raises(ValueError, match=sentence):
        with_labels(probes(), table(text))


def test_labels_of_no_class(table):
    with pytest.raises(ValueError, match="No class 'catt', a label in .* Did you mean 'cat'"):
        with_labels(probes(class_names=["cat", "dog"]), table("1.png,catt\n2.png,dog\n"))
    with pytest.raises(ValueError, match="Expected labels below 2"):
        with_labels(probes(class_names=["cat", "dog"]), table("1.png,2\n2.png,0\n"))


def test_labels_of_images_without_names_or_of_one_name(table, tmp_path):
    with pytest.raises(ValueError, match=r"Expected images with names, .* Give them as an array \(.npy\)"):
        with_labels(probes(names=None), table("1.png,1\n"))
    with pytest.raises(
        ValueError, match="Two images are called 'x', and labels are matched with images by name"
    ):
        with_labels(probes(names=["x", "x"]), table("x,1\n"))
    np.save(tmp_path / "labels.npy", [4, 2])
    assert with_labels(probes(names=None), tmp_path / "labels.npy").labels.tolist() == [4, 2]


def test_tables_that_cannot_be_read(table, tmp_path):
    with pytest.raises(FileNotFoundError, match="No such table of labels: "):
        with_labels(probes(), tmp_path / "none.csv")
    with pytest.raises(FileNotFoundError, match="No such labels: "):
        with_labels(probes(), tmp_path / "none.npy")
    with pytest.raises(UnreadableFileError, match="cannot be read as a table of labels"):
        with_labels(probes(), table("é", "latin-1"))
    with pytest.raises(UnreadableFileError, match="cannot be read as a table of labels"):
        with_labels(probes(), tmp_path)


def test_class_names_are_a_line_each(tmp_path):
    (tmp_path / "names.txt").write_text("a cat \nчашка, кофе\n\n", encoding="utf-8")
    assert read_class_names(tmp_path / "names.txt") == ("a cat", "чашка, кофе")


@pytest.mark.parametrize(
    ("text", "received"), [("", "''"), ("cat\n\ndog\n", "''"), ("cat\ndog\ncat\n", "'cat'")]
)
def test_class_names_that_are_in_doubt(tmp_path, text, received):
    (tmp_path / "names.txt").write_text(text)
    with pytest.raises(ValueError, match=f"Expected a name on each line of .* Received: {received}"):
        read_class_names(tmp_path / "names.txt")


def test_other_class_names_find_the_labels_again():
    named = with_class_names(probes(labels=[1, 0], class_names=["cat", "dog"]), ["dog", "wolf", "cat"])
    assert (named.labels.tolist(), named.class_names) == ([0, 2], ("dog", "wolf", "cat"))
    assert with_class_names(probes(labels=[1, 0]), ["cat", "dog"]).labels.tolist() == [1, 0]
    with pytest.raises(
        ValueError, match="No class 'cat', a folder or class of the images. Did you mean 'cats'"
    ):
        with_class_names(probes(labels=[1, 0], class_names=["cat", "dog"]), ["cats", "dog"])


@pytest.fixture
def pictures(tmp_path):
    """Two pictures of 8x12 and of 16x24, read as 4x6; the probes, and the sizes before."""
    for name, side in (("1.png", 8), ("2.png", 16)):
        Image.new("RGB", (side * 3 // 2, side)).save(tmp_path / name)
    paths = [tmp_path / name for name in NAMES]
    return ProbeSet(**read_pictures(paths, size=(4, 6))), picture_sizes(paths)


def save_mask(path, values, **options):
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(np.asarray(values, "uint8")).save(path, **options)
    return path


def left_half(height, width, value=255):
    return np.where(np.arange(width) < width // 2, value, 0) * np.ones((height, 1))


def test_masks_are_stretched_as_their_pictures_were(pictures, tmp_path):
    given, sizes = pictures
    assert sizes == [(8, 12), (16, 24)]
    save_mask(tmp_path / "masks" / "1.bmp", left_half(8, 12, 1))
    save_mask(tmp_path / "masks" / "2.png", left_half(4, 6))
    found = with_regions(given, {"left": tmp_path / "masks"}, sizes).regions["left"]
    np.testing.assert_array_equal(found, np.broadcast_to(left_half(4, 6) > 0, (2, 4, 6)))
    opaque = np.stack([left_half(4, 6)] * 3 + [np.full((4, 6), 255)], axis=-1)
    one = save_mask(tmp_path / "one.png", opaque)
    np.testing.assert_array_equal(
        with_regions(given, {"left": one}, sizes).regions["left"], left_half(4, 6) > 0
    )


def test_masks_lie_as_their_pictures_do(tmp_path):
    """A camera's picture lies on its side, and its EXIF tag says so; the mask was drawn on what people see."""
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (8, 12)).save(tmp_path / "1.jpg", exif=exif)
    assert picture_sizes([tmp_path / "1.jpg"]) == [(8, 12)]


@pytest.mark.parametrize(
    ("mask", "sentence"),
    [
        (left_half(12, 8), "Expected a mask of 8x12 or 4x6. Received: .*1.png of 12x8"),
        (left_half(8, 12, 254) + 1, "Expected a mask of two values, black and another. Received: .* 1 to"),
        (np.arange(96).reshape(8, 12), "Received: .*1.png with 96 values, from 0 to 95"),
        (np.full((8, 12, 4), 0), "Received: .*1.png with transparent parts"),
        (
            255 * np.eye(8, 12) * (np.arange(12) == 0),
            "a pixel left when it is resized to 4x6: .*1.png of 8x12",
        ),
    ],
)
def test_masks_that_are_in_doubt(pictures, tmp_path, mask, sentence):
    given, sizes = pictures
    save_mask(tmp_path / "masks" / "1.png", mask)
    save_mask(tmp_path / "masks" / "2.png", left_half(16, 24))
    with pytest.raises(ValueError, match=sentence):
        with_regions(given, {"left": tmp_path / "masks"}, sizes)


def test_a_black_mask_is_that_of_a_picture_without_the_mark(pictures, tmp_path):
    given, sizes = pictures
    save_mask(tmp_path / "masks" / "1.png", np.zeros((8, 12)))
    with pytest.raises(ValueError, match="Expected region 'left' to hold at least one pixel"):
        with_regions(given, {"left": save_mask(tmp_path / "all.png", np.zeros((4, 6)))}, sizes)
    save_mask(tmp_path / "masks" / "2.png", left_half(16, 24))
    found = with_regions(given, {"left": tmp_path / "masks"}, sizes).regions["left"]
    np.testing.assert_array_equal(found, np.stack([np.zeros((4, 6), bool), left_half(4, 6) > 0]))


def test_masks_that_are_missing_or_doubled(pictures, tmp_path):
    given, sizes = pictures
    save_mask(tmp_path / "masks" / "1.png", left_half(8, 12))
    with pytest.raises(
        FileNotFoundError, match=r"mask for '2.png': .* 0 files. For an image .* a black picture"
    ):
        with_regions(given, {"left": tmp_path / "masks"}, sizes)
    save_mask(tmp_path / "masks" / "2.png", left_half(16, 24))
    save_mask(tmp_path / "masks" / "2.bmp", left_half(16, 24))
    with pytest.raises(FileNotFoundError, match="Received: 2 files$"):
        with_regions(given, {"left": tmp_path / "masks"}, sizes)
    with pytest.raises(FileNotFoundError, match="No such mask: "):
        with_regions(given, {"left": tmp_path / "none.png"}, sizes)
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(UnreadableFileError, match="cannot be read as .png"):
        with_regions(given, {"left": tmp_path / "text.png"}, sizes)
    one = save_mask(tmp_path / "one.png", left_half(8, 12))
    with pytest.raises(
        ValueError, match="Expected a mask of 4x6. Received: "
    ):  # the pictures were of two sizes
        with_regions(given, {"left": one}, sizes)
