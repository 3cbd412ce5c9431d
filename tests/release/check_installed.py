"""The wheel in a fresh environment: what README, docs/ci.md and docs/installation.md tell a user to type.

The tests build on each other, from the wheel alone to the extras, and at last without TensorFlow.
"""

import json
import re
import subprocess
import tomllib
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.request import urlopen

import numpy as np
import pytest

import keras_saliency as ks
from tests.examples.test_ci import CI, COMMANDS, squares, trained
from tests.pages import ROOT, code
from tests.patience import wait_for
from tests.release.uv import uv

HERE = Path(__file__).parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
USES = {
    "plot": (
        "python",
        "-c",
        "import keras_saliency as ks; ks.Explanation.load('out').plot().savefig('plot.png')",
    ),
    "regions": (
        "keras-saliency",
        "explain",
        "model.keras",
        "probes.npz",
        "--method",
        "xrai",
        "--out",
        "regions",
    ),
    "demo": ("keras-saliency", "demo", "--epochs", "1", "--out", "demo"),
    "survey": ("keras-saliency", "survey", "model.keras", "probes.npz", "--out", "survey"),
}
"""What needs the extra, besides the two frameworks."""
ELSEWHERE = {"test", "tools", "zoo", "docs", "mlflow", "trackio", "wandb", "ray"}
"""Installed by other targets of make. Of the trackers and of Ray it is asked that they can be."""


@contextmanager
def served(fresh, *command):
    """A server in the background, and the address that it prints."""
    out = fresh.folder / "served.txt"
    with out.open("w") as file:
        process = subprocess.Popen(command, cwd=fresh.folder, env=fresh.settings(), stdout=file, stderr=file)
    try:
        found = wait_for(lambda: re.search(r"http://\S+:\d+/", out.read_text()), out.read_text)
        yield found[0]
    finally:
        process.terminate()
        process.wait()


def first_steps(fresh, backend):
    lines = fresh.folder / "lines.py"
    block = next(
        each
        for each in code((ROOT / "README.md").read_text(encoding="utf-8"))
        if "ks.SaliencyCallback(" in each
    )
    lines.write_text(block, encoding="utf-8")
    *_, last = fresh.run(fresh.python, HERE / "first_steps.py", lines, KERAS_BACKEND=backend).splitlines()
    assert str(fresh.environment) in last
    return last


def test_nothing_but_the_wheel_is_asked_for(fresh):
    uv("pip", "check", "--python", fresh.python)
    there = {
        package["name"]
        for package in json.loads(uv("pip", "list", "--format=json", "--python", fresh.python))
    }
    assert there & {"jax", "torch", "matplotlib", "scikit-image", "scikit-learn", "pytest"} == set()
    assert "keras-saliency" in there


def test_the_readmes_first_lines(fresh):
    assert first_steps(fresh, "tensorflow").startswith("tensorflow: 21 looks")
    assert (fresh.folder / "out").is_dir()


def test_the_gate_of_the_ci_example(fresh):
    """Its commands as they stand; the wheel is in the place of the repository's address. The first brings pytest."""
    folder = fresh.folder / "ci"
    folder.mkdir()
    for name in ("saliency.toml", "test_attention.py"):
        (folder / name).write_bytes((CI / name).read_bytes())
    images, labels = squares(np.random.default_rng(1), 32, lambda labels, rng: labels == 1)
    mask = np.zeros((12, 12), bool)
    mask[:3, :3] = True
    ks.ProbeSet(images, labels, regions={"corner": mask}).save(folder / "probes.npz")
    anywhere = squares(np.random.default_rng(0), 400, lambda labels, rng: rng.random(len(labels)) < 0.5)
    trained("clean", *anywhere).save(folder / "model.keras")

    install, *commands = COMMANDS
    fresh.install(*(str(fresh.wheel) if word.startswith("git+") else word for word in install.split()[2:]))
    here = replace(fresh, folder=folder)
    said = [here.run("bash", "-ec", command) for command in commands]
    assert "Passed" in said[0]
    assert re.search(r"\d passed", said[1])
    assert {"saliency.xml", "saliency.html"} <= {path.name for path in folder.iterdir()}


def test_a_model_that_reads_the_corner_is_refused(fresh):
    folder = fresh.folder / "ci"
    corner = squares(np.random.default_rng(0), 400, lambda labels, rng: labels == 1, brightness=0.3)
    trained("shortcut", *corner).save(folder / "shortcut.keras")
    command = ["bash", "-c", COMMANDS[1].replace("model.keras", "shortcut.keras")]
    ran = subprocess.run(
        command, cwd=folder, env=fresh.settings(), capture_output=True, text=True, check=False
    )
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "The model uses region 'corner'" in ran.stdout


def test_the_page_without_tensorboard(fresh):
    with served(fresh, "keras-saliency", "view", "logs") as address:
        assert b"start.js" in urlopen(address).read()
    fresh.run("keras-saliency", "view", "logs", "--export", "page.html")
    assert "<html" in (fresh.folder / "page.html").read_text(encoding="utf-8")


def test_tensorboard_finds_the_tab(fresh):
    with served(fresh, "tensorboard", "--logdir", "logs", "--port", "0") as address:
        tab = wait_for(lambda: json.load(urlopen(f"{address}data/plugins_listing"))["saliency"])
        assert tab["enabled"] or wait_for(
            lambda: json.load(urlopen(f"{address}data/plugins_listing"))["saliency"]["enabled"]
        )


@pytest.mark.parametrize("extra", USES)
def test_an_extra_brings_what_it_says(fresh, extra):
    fresh.install(f"keras_saliency[{extra}]")  # as errors say; the wheel that is there stays
    fresh.run(*USES[extra], MPLBACKEND="agg")


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_the_first_lines_on_the_other_frameworks_import_no_tensorflow(fresh, backend):
    fresh.install(extra=backend)
    assert first_steps(fresh, backend).startswith(f"{backend}: 21 looks")


def test_every_extra_can_be_installed(fresh):
    extras = PROJECT["optional-dependencies"].keys()
    assert extras - ELSEWHERE == {*USES, "jax", "torch"}
    for extra in ("mlflow", "trackio", "wandb", "ray"):
        uv("pip", "install", "--dry-run", "--python", fresh.python, f"{fresh.wheel}[{extra}]")


def test_the_other_frameworks_do_without_tensorflow(fresh):
    """What docs/installation.md says of an installation without it: the first lines, the page and the tab."""
    uv("pip", "uninstall", "--python", fresh.python, "tensorflow")
    for backend in ("jax", "torch"):
        assert first_steps(fresh, backend).startswith(f"{backend}: 21 looks")
    test_the_page_without_tensorboard(fresh)
    test_tensorboard_finds_the_tab(fresh)
