"""The plugin in a process of its own: what it loads, and `tensorboard` as people start it."""

import argparse
import json
import re
import subprocess
import sys
import urllib.request

import pytest
from tensorboard import program
from tensorboard.backend.application import TensorBoardWSGIApp
from tensorboard.plugins.core.core_plugin import CorePluginLoader
from werkzeug.test import Client

from keras_saliency.tensorboard_plugin.loader import SaliencyLoader
from tests.patience import LIMIT, wait_for

RUN = "a/saliency"


def loaded_by(code):
    """The packages outside the standard library that a fresh process has loaded after this code."""
    report = (
        "import sys; print(*{name.partition('.')[0] for name in sys.modules} - set(sys.stdlib_module_names))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", f"{code}\n{report}"],
        capture_output=True,
        text=True,
        check=True,
        timeout=LIMIT,
    )
    return set(done.stdout.split())


def test_tensorboard_loads_nothing_more_with_the_plugin():
    bare = "import tensorboard.default; tensorboard.default.get_static_plugins()"
    bare += "\nimport tensorboard.backend.application, tensorboard.data.grpc_provider, numpy"
    ours = "import keras_saliency.tensorboard_plugin.plugin, keras_saliency.tensorboard_plugin.loader"
    assert loaded_by(f"{bare}\n{ours}") - loaded_by(bare) == {"keras_saliency"}


def test_the_plugin_loads_neither_a_framework_nor_what_draws():
    loaded = loaded_by("import keras_saliency.tensorboard_plugin.plugin")
    assert not loaded & {
        "keras",
        "tensorflow",
        "jax",
        "torch",
        "matplotlib",
        "scipy",
        "PIL",
        "rich",
        "optree",
    }
    assert {"numpy", "tensorboard", "werkzeug"} <= loaded


def test_the_loader_loads_next_to_nothing():
    ours = loaded_by("import keras_saliency.tensorboard_plugin.loader")
    assert ours - loaded_by("import tensorboard.plugins.base_plugin") == {"keras_saliency"}


@pytest.mark.parametrize("mode", ["--load_fast=auto", "--load_fast=false"])
def test_tensorboard_keeps_every_look_without_a_flag(written, mode):
    command = [sys.executable, "-m", "tensorboard.main", f"--logdir={written}", "--port=0", mode]
    process = subprocess.Popen([*command, "--host=127.0.0.1"], stderr=subprocess.PIPE, text=True)
    try:
        address = _address(process)
        runs = wait_for(lambda: _read_to_the_end(_json(f"{address}/runs")["runs"]))
        steps = {run["run"]: run["methods"]["gradient"]["steps"] for run in runs}
        assert steps[RUN] == list(range(-1, 14))
        assert _json(f"{address}/looks?run=a%2Fsaliency&method=smooth")["steps"] == steps[RUN]
    finally:
        process.terminate()
        process.communicate(timeout=LIMIT)


def _read_to_the_end(runs):
    last = {method["steps"][-1] for run in runs if run["run"] == RUN for method in run["methods"].values()}
    return last == {13} and runs


def _address(process):
    for line in process.stderr:
        if found := re.search(r"http://[^ /]+:\d+", line):
            return f"{found[0]}/data/plugin/saliency"
    raise RuntimeError("TensorBoard did not start.")


def _json(address):
    with urllib.request.urlopen(address, timeout=LIMIT) as response:
        return json.load(response)


@pytest.mark.parametrize(
    ("asked", "samples"),
    [([], {"saliency": 0}), (["--samples_per_plugin=saliency=7,images=3"], {"saliency": 7, "images": 3})],
)
def test_the_users_own_flag_wins(asked, samples):
    board = program.TensorBoard(plugins=[CorePluginLoader, SaliencyLoader])
    board.configure(argv=["tensorboard", "--logdir=.", *asked])
    assert board.flags.samples_per_plugin == samples


@pytest.mark.parametrize("flags", [argparse.Namespace(), argparse.Namespace(samples_per_plugin=None)])
def test_flags_of_another_tensorboard_do_no_harm(flags):
    before = vars(flags).copy()
    SaliencyLoader().fix_flags(flags)
    assert vars(flags) == before


def test_the_package_offers_the_loader():
    from tensorboard.default import get_dynamic_plugins

    assert SaliencyLoader in get_dynamic_plugins()


def test_a_plugin_that_cannot_be_imported_leaves_tensorboard_alone(monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "keras_saliency.tensorboard_plugin.plugin", None)
    flags = argparse.Namespace(logdir=".", samples_per_plugin={}, window_title="", path_prefix="")
    app = TensorBoardWSGIApp(flags, [SaliencyLoader])
    assert Client(app).get("/data/plugins_listing").get_json() == {}
    assert "Failed to load plugin SaliencyLoader.load; ignoring it." in caplog.text
