"""Paths that no system has, and folders whose names are no text."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from werkzeug.test import Client

import keras_saliency as ks
from keras_saliency.cli import main
from keras_saliency.cli.view_server import view_app
from keras_saliency.engine.model_files import load_model
from keras_saliency.looks.page.log_store import LogStore
from keras_saliency.records.whole_file import replace_file
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
    with pytest.raises(ValueError, match="Expected log_dir to be the path of a folder. .*no path has"):
        ks.load_looks("logs\0")


ADDRESSES = [
    "gs://bucket/logs",
    "s3://bucket",
    Path("hdfs://host/logs"),
    "dbfs:/logs",
    "file://elsewhere/logs",
]
TAKING = {
    "log_dir of the callback": lambda at: ks.SaliencyCallback(np.zeros((2, 4, 4, 1)), at),
    "log_dir to read": ks.load_looks,
    "probes to save": lambda at: ks.ProbeSet(np.zeros((2, 4, 4, 1))).save(at),
    "probes to load": ks.ProbeSet.load,
    "pictures": lambda at: ks.ProbeSet.from_folder(at, size=(4, 4)),
    "an explanation": ks.Explanation.load,
    "a report": lambda at: replace_file(at, b"{}"),
    "a model": load_model,
    "a log to view": lambda at: LogStore(at),
    "a log to show": ks.show,
}


@pytest.mark.parametrize("address", ADDRESSES, ids=str)
@pytest.mark.parametrize("what", TAKING)
def test_an_address_is_no_path(what, address, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        ValueError, match="on this machine, and not an address. Mount what is at .* and give the path"
    ):
        TAKING[what](address)
    assert list(tmp_path.iterdir()) == []


def test_a_file_address_is_a_path(tmp_path, write_by_hand):
    write_by_hand(tmp_path / "my logs" / "saliency")
    address = (tmp_path / "my logs").as_uri()
    assert address.startswith("file:///")
    assert "my%20logs" in address
    assert ks.load_looks(address)[0].run == "saliency"
    ks.ProbeSet(np.zeros((2, 4, 4, 1))).save(f"{address}/probes.npz")
    assert (tmp_path / "my logs" / "probes.npz").is_file()


@pytest.mark.parametrize(
    "options",
    [["view"], ["view", ".", "--export"], ["explain", "m.keras", "x.npz", "--out"], ["diff", "m.keras"]],
)
def test_an_address_on_the_command_line(options, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main([*options, "gs://bucket/x"])
    assert ended.value.code == 2
    assert "Mount what is at gs:// as a folder" in capsys.readouterr().err


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
