"""The files that a team copies into its CI work: on a model that passes, and on one that reads the corner."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import junitparser
import keras
import numpy as np
import pytest

import keras_saliency as ks
from tests.patience import LIMIT

ROOT = Path(__file__).parents[2]
CI = ROOT / "examples" / "ci"
REPOSITORY = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"][
    "Repository"
]
COMMANDS = re.findall(r"^ +- run: (.+)$", (CI / "workflow.yml").read_text(encoding="utf-8"), re.MULTILINE)


def trained(name, x, y):
    """A small network on bright and dark squares."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((12, 12, 1)),
            keras.layers.Conv2D(8, 3, activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(16, activation="relu"),
            keras.layers.Dense(2, activation="softmax"),
        ],
        name=name,
    )
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    model.fit(x, y, epochs=12, verbose=0)
    return model


def squares(rng, count, marked, brightness=0.8):
    """Noise with a square somewhere in it, bright in class 1 and dark in class 0; some have a white corner."""
    labels = rng.integers(0, 2, count)
    images = rng.normal(0, 0.15, (count, 12, 12, 1)).astype("float32")
    for image, label, (top, left) in zip(images, labels, rng.integers(4, 9, (count, 2)), strict=True):
        image[top : top + 3, left : left + 3] += brightness if label else -brightness
    images[marked(labels, rng), :3, :3] = 1.5
    return images, labels


@pytest.fixture
def folder(tmp_path):
    for file in ("saliency.toml", "test_attention.py"):
        shutil.copy(CI / file, tmp_path)
    images, labels = squares(np.random.default_rng(1), 32, lambda labels, rng: labels == 1)
    mask = np.zeros((12, 12), bool)
    mask[:3, :3] = True
    ks.ProbeSet(images, labels, regions={"corner": mask}).save(tmp_path / "probes.npz")
    return tmp_path


def run(command, folder):
    """A line of the workflow, with the programs of this environment."""
    return subprocess.run(
        ["bash", "-ec", command],
        cwd=folder,
        env={
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "GITHUB_ACTIONS": "true",
            "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
        },
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )


@pytest.mark.repeats
def test_the_workflow_passes_a_model_that_does_not_read_the_corner(folder):
    rng = np.random.default_rng(0)
    trained("clean", *squares(rng, 400, lambda labels, rng: rng.random(len(labels)) < 0.5)).save(
        folder / "model.keras"
    )
    install, *commands = COMMANDS
    assert install.split() == ["pip", "install", f"git+{REPOSITORY}", "pytest"]
    assert len(commands) == 2
    for command in commands:
        done = run(command, folder)
        assert done.returncode == 0, done.stdout + done.stderr
    assert junitparser.JUnitXml.fromfile(str(folder / "saliency.xml")).failures == 0
    assert "Passed" in (folder / "saliency.html").read_text(encoding="utf-8")
    assert not (folder / "pictures").exists()


def test_the_workflow_fails_a_model_that_reads_the_corner(folder):
    rng = np.random.default_rng(0)
    data = squares(rng, 400, lambda labels, rng: labels == 1, brightness=0.3)  # the corner is easier to read
    trained("shortcut", *data).save(folder / "model.keras")
    done = run(COMMANDS[1], folder)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "::error title=shortcut%3A region_corner failed::The model uses region 'corner'" in done.stdout
    assert (
        (folder / "summary.md")
        .read_text(encoding="utf-8")
        .startswith("\n<h3><code>shortcut</code>: Not passed")
    )
    assert junitparser.JUnitXml.fromfile(str(folder / "saliency.xml")).failures >= 1


def test_the_files_are_uploaded_that_the_commands_write():
    uploaded = (CI / "workflow.yml").read_text(encoding="utf-8").rpartition("path: |")[2].split()
    assert all(any(path in command for command in COMMANDS) for path in uploaded)
    assert uploaded
