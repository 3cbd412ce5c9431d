"""Paths that no system has, and folders whose names are no text."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from werkzeug.test import Client

import keras_saliency as ks
from keras_saliency.cli.view_server import view_app
from keras_saliency.looks.page.log_store import LogStore
from keras_saliency.tensorboard_plugin.answers import Answers
from keras_saliency.tensorboard_plugin.recent import Recent


@pytest.mark.parametrize("log_dir", ["logs\0", "\0", "half \ud800"])
def test_a_log_dir_that_no_path_is(log_dir):
    with pytest.raises(ValueError, match="Expected log_dir to be the path of a folder. Received: log_dir='"):
        ks.SaliencyCallback(np.zeros((2, 4, 4, 1)), log_dir)


@pytest.mark.parametrize("log_dir", [None, b"logs", 3])
def test_a_log_dir_that_is_no_path(log_dir):
    with pytest.raises(
        TypeError, match=f"Expected log_dir to be the path of a folder. Received: log_dir={log_dir!r}"
    ):
        ks.SaliencyCallback(np.zeros((2, 4, 4, 1)), log_dir)


def test_no_log_is_at_a_path_that_there_is_not():
    with pytest.raises(FileNotFoundError, match="Expected the log_dir"):
        ks.load_looks("logs\0")


@pytest.fixture
def logs(tmp_path, write_by_hand):
    """A log of two runs; the name of one is no UTF-8."""
    write_by_hand(tmp_path / "plain" / "saliency")
    write_by_hand(tmp_path / os.fsdecode(b"caf\xe9") / "saliency")
    return tmp_path


def test_a_run_whose_name_is_no_utf8_is_shown_and_asked_for(logs):
    client = Client(view_app(Answers(LogStore(logs), Recent(10**6))))
    names = [run["run"] for run in client.get("/runs").get_json()["runs"]]
    assert sorted(names) == [r"caf\xe9/saliency", "plain/saliency"]
    for name in names:
        assert name.encode()  # a page can ask for it
        looks = client.get("/looks", query_string={"run": name, "method": "gradient"})
        assert looks.get_json()["steps"] == [0, 1, 2]


def test_a_log_directory_whose_name_is_no_utf8(logs, tmp_path):
    folder = logs / os.fsdecode(b"caf\xe9")
    command = [
        sys.executable,
        "-m",
        "keras_saliency",
        "view",
        os.fsencode(folder),
        "--export",
        tmp_path / "a.html",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.dumps("saliency") in (tmp_path / "a.html").read_text()
    assert len(ks.load_looks(folder)) == 3
