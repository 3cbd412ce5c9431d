"""Files given by hand that claim more than they hold, or unfold a thousandfold: refused, in little memory."""

import json
import os
import re
import sys
from base64 import b64encode

import numpy as np
import pytest

from keras_saliency.engine.model_files import load_model
from keras_saliency.errors import UnreadableFileError
from keras_saliency.explanation import Explanation
from keras_saliency.probes import ProbeSet
from tests.fuzz import claims, samples
from tests.hostile.memory import LIMIT, measured

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory and holes are asked for as on Linux")

READERS = {
    "probes.npz": ["probes.load_probes(path)", "ProbeSet.load(path)", "GoldenFile.read(path)"],
    "mask.npy": ["Config(forbid=(str(path),)).with_masks(None)", "images([path])"],
    "picture.png": ["images([path])"],
    "report.json": ["read_report(path)"],
    "saliency.toml": ["read_config(path)"],
}
READ = """
from functools import partial
from keras_saliency.checks.gate.config import Config, read_config
from keras_saliency.checks.shared.golden_file import GoldenFile
from keras_saliency.probes import ProbeSet, files as probes
from keras_saliency.reports import read_report
images = partial(probes.load_images, size=None, scale=1.0, channels=3)
answers = []
for read in {readers}:
    try:
        eval(read)
        answers.append(["taken", read])
    except Exception as error:
        answers.append([type(error).__name__, str(error)])
return answers
"""


def npz_that_unfolds(path):
    path.write_bytes(claims.npz_of_zeros("images", 600 * 10**6))


def npz_with_one_array_many_times(path):
    """Its images are one array a thousand times, which probe sets copy."""
    about = {"kind": "probes", "version": 1, "structure": [0] * 1000, "names": None, "class_names": None}
    arrays = {f"images_{n}": np.zeros((1, 1), "u1") for n in range(1, 1000)}
    path.write_bytes(
        samples.with_description(
            {**arrays, "images_0": np.zeros((1, 10**6), "u1")},
            json.dumps(about | {"fingerprint": ""}).encode(),
        )
    )


def npz_with_a_description_of_600_mb(path):
    path.write_bytes(claims.npz_of_zeros("about", 600 * 10**6))


def sparse(path):
    """A file of 60 GB that nobody wrote, with the header of an array of this size."""
    path.write_bytes(claims.npy_header(f"({60 * 10**9 - 128},)", "'|u1'"))
    os.truncate(path, 60 * 10**9)


def picture_of_pixels(width, height):
    return lambda path: path.write_bytes(claims.png_of(width, height))


def report_of_pictures(path):
    """A report with a hundred pictures of 16 million pixels each, all in 120 kB."""
    report = json.loads(samples.report_file())
    png = b64encode(claims.png_of(4096, 4096)).decode()
    report["results"][0]["pictures"] = {str(n): png for n in range(100)}
    path.write_text(json.dumps(report))


def report_that_is_nested(path):
    path.write_text(samples.report_file().decode().replace('"tried": 4', f'"tried": {claims.NESTED}'))


def config_with_a_long_key(path):
    path.write_text("a." * 100_000 + "b = 1")


ATTACKS = [
    ("probes.npz", npz_that_unfolds),
    ("probes.npz", npz_with_one_array_many_times),
    ("probes.npz", npz_with_a_description_of_600_mb),
    ("probes.npz", sparse),
    ("mask.npy", sparse),
    ("picture.png", picture_of_pixels(10**5, 10**5)),
    ("picture.png", picture_of_pixels(13_000, 13_000)),
    ("picture.png", picture_of_pixels(9_000, 9_000)),
    ("report.json", report_of_pictures),
    ("report.json", report_that_is_nested),
    ("report.json", sparse),
    ("saliency.toml", config_with_a_long_key),
    ("saliency.toml", sparse),
]


@pytest.mark.parametrize(("name", "attack"), ATTACKS)
def test_it_is_refused(tmp_path, name, attack):
    path = tmp_path / name
    attack(path)
    readers = READERS[name]
    answers, peak = measured(READ.replace("{readers}", repr(readers)), path)
    assert [answer[0] for answer in answers] == ["UnreadableFileError"] * len(readers), answers
    assert all(str(path) in answer[1] for answer in answers)
    assert peak < LIMIT


@pytest.mark.parametrize("about", claims.DESCRIBED)
def test_an_explanation(tmp_path, about):
    samples.probes().save(tmp_path / "probes.npz")
    (tmp_path / "maps.npz").write_bytes(
        samples.with_description({}, about.replace(b"probes", b"explanation"))
    )
    with pytest.raises(UnreadableFileError, match=re.escape(str(tmp_path))):
        Explanation.load(tmp_path)


def test_a_model(tmp_path):
    (tmp_path / "model.keras").write_bytes(claims.npz_of_zeros("model.weights", 600 * 10**6))
    with pytest.raises(UnreadableFileError, match=r"to unfold to at most 100 times what is stored"):
        load_model(tmp_path / "model.keras")


def test_what_we_write_is_read_whatever_it_unfolds_to(tmp_path):
    probes = ProbeSet(np.zeros((150, 224, 224, 3), "float32"))
    probes.save(tmp_path / "zeros.npz")
    assert ProbeSet.load(tmp_path / "zeros.npz").fingerprint == probes.fingerprint
