"""One browser, one log and one TensorBoard for each of its loaders, for all tests of the page."""

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from keras_saliency.probes import ProbeSet

from . import chromium, logs, servers
from .page import ENTRY, Page


class Written(NamedTuple):
    """A log directory, the probes of its runs `a` and `b`, and the run `torn` before it was damaged."""

    folder: Path
    probes: ProbeSet
    whole: Path


@pytest.fixture(scope="package")
def driver(tmp_path_factory):
    if not (chromium.browser_path() and chromium.driver_path()):
        pytest.skip(
            "No browser: install chromium and chromedriver, or set KERAS_SALIENCY_CHROMIUM and "
            "KERAS_SALIENCY_CHROMEDRIVER to where they are."
        )
    driver = chromium.launch(tmp_path_factory.mktemp("profile"))
    yield driver
    driver.quit()


@pytest.fixture
def page(driver):
    return Page(driver)


@pytest.fixture(scope="package")
def _rust_and_log(driver, tmp_path_factory):
    """TensorBoard on its fast loader, and the log, which is written while it starts."""
    folder, whole = tmp_path_factory.mktemp("logs"), tmp_path_factory.mktemp("whole") / "torn"
    server = servers.tensorboard(folder, folder.parent / "rust.txt")
    try:
        probes = logs.train(folder / "a", logs.EPOCHS, methods=logs.METHODS)
        logs.train(folder / "b", logs.EPOCHS, methods=logs.METHODS, seed=1)
        logs.train(folder / "other", 2, watched=logs.probes(seed=1))
        logs.train(whole, 4)
        shutil.copytree(whole, folder / "torn")
        logs.damage(folder / "torn", 2)
        server.wait_until("data/plugin/saliency/runs", _complete)
        yield server.address, Written(folder, probes, whole)
    finally:
        server.stop()


def _complete(answer):
    steps = {
        run["run"]: min((len(m["steps"]) for m in run["methods"].values()), default=0)
        for run in answer["runs"]
    }
    return steps == {
        "a/saliency": logs.EPOCHS + 1,
        "b/saliency": logs.EPOCHS + 1,
        "other/saliency": 3,
        "torn/saliency": 5,
    }


@pytest.fixture(scope="package")
def written(_rust_and_log):
    """The log: runs `a` and `b` of many epochs, `other` with other probes, `torn` with a damaged step."""
    return _rust_and_log[1]


@pytest.fixture(scope="package")
def rustboard(_rust_and_log):
    """The address of a TensorBoard, where the loader does not matter."""
    return _rust_and_log[0]


@pytest.fixture(scope="package")
def pythonboard(written, tmp_path_factory):
    """The address of a TensorBoard on its loader in Python."""
    log = tmp_path_factory.mktemp("board") / "python.txt"
    server = servers.tensorboard(written.folder, log, "--load_fast=false")
    try:
        server.wait_until("data/plugin/saliency/runs", _complete)
        yield server.address
    finally:
        server.stop()


@pytest.fixture(params=["rust", pytest.param("python", marks=pytest.mark.repeats)])
def tensorboard(request):
    """The address of a TensorBoard, once for each loader.

    That both give the page the same is asked of their answers, in `tests/tensorboard_plugin`.
    """
    return request.getfixturevalue(f"{request.param}board")


@pytest.fixture(scope="package")
def entry(rustboard):
    """The address of the tab's own document in TensorBoard."""
    return rustboard + ENTRY
