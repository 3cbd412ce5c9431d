"""`keras-saliency view`: real processes, and the server's application."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import contextmanager

import pytest
from werkzeug.test import Client

from keras_saliency import cli, records
from keras_saliency.cli import view_server
from keras_saliency.cli.view_server import view_app
from keras_saliency.looks.page.log_store import LogStore
from keras_saliency.tensorboard_plugin.answers import Answers
from keras_saliency.tensorboard_plugin.recent import Recent
from tests.patience import LIMIT

LOOKS = {"run": "a/saliency", "method": "gradient"}


@contextmanager
def viewed(*arguments):
    """A process that serves, and its address."""
    command = [sys.executable, "-m", "keras_saliency", "view", *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline()
        yield process, re.search(r"http://127\.0\.0\.1:\d+/", line)[0]
    finally:
        process.kill()
        process.communicate(timeout=LIMIT)


def answered(address):
    with urllib.request.urlopen(address, timeout=LIMIT) as response:
        return response.read()


@pytest.fixture
def logs(tmp_path, write_by_hand):
    write_by_hand(tmp_path / "logs" / "a" / "saliency")
    return tmp_path / "logs"


@pytest.fixture
def client(logs):
    return Client(view_app(Answers(LogStore(logs), Recent(10**6))))


def test_it_serves_until_ctrl_c(logs, write_by_hand):
    with viewed(logs) as (process, address):
        assert b'<script type="module" src="./start.js">' in answered(address)
        assert json.loads(answered(f"{address}runs"))["runs"][0]["run"] == "a/saliency"
        write_by_hand(logs / "a" / "saliency", steps=(3,))
        assert json.loads(answered(f"{address}looks?run=a/saliency&method=gradient&after=2"))["steps"] == [3]
        process.send_signal(signal.SIGINT)
        out, error = process.communicate(timeout=LIMIT)
        assert (process.returncode, error) == (cli.INTERRUPTED, "")
        assert out == ""


def test_it_loads_no_framework(logs):
    code = (
        "import sys, threading; from keras_saliency.cli import view_server as v;"
        "from keras_saliency.looks.page import log_store as l, export as e;"
        "from keras_saliency.tensorboard_plugin.answers import Answers;"
        "from keras_saliency.tensorboard_plugin.recent import Recent; from pathlib import Path;"
        f"s = l.LogStore(Path({str(logs)!r})); v.view_app(Answers(s, Recent(9))); e.export_page(s, 1, 200);"
        "print(*{'keras', 'tensorflow', 'jax', 'torch', 'matplotlib', 'grpc'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=LIMIT
    )
    assert done.stdout.strip() == ""


def test_it_listens_on_this_machine_alone_and_finds_a_free_port(logs, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        usual = taken.getsockname()[1]
        monkeypatch.setattr(view_server, "USUAL_PORT", usual)
        server = view_server.make_view_server(Answers(LogStore(logs), Recent(10)), None)
        try:
            assert server.socket.getsockname() == ("127.0.0.1", server.port)
            assert server.port not in (0, usual)
        finally:
            server.server_close()


def test_a_port_that_is_taken(logs, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert cli.main(["view", str(logs), "--port", str(port)]) == cli.WRONG_USE
    assert f"keras-saliency view: Port {port} cannot be used" in capsys.readouterr().err


@pytest.mark.parametrize("port", ["-1", "70000"])
def test_a_port_that_is_none(logs, capsys, port):
    assert cli.main(["view", str(logs), "--port", port]) == cli.WRONG_USE
    assert f"Expected a port from 0 to 65535. Received: port={port}" in capsys.readouterr().err


def test_the_same_routes_as_in_tensorboard(client, logs):
    assert client.get("/runs").get_json()["runs"][0]["names"] == ["<b>", "猫"]
    assert client.get("/looks", query_string=LOOKS).get_json()["epochs"] == [10, 11, 12]
    assert records.decode_maps(client.get("/maps", query_string={**LOOKS, "step": 1}).data).step == 1
    assert records.decode_probes(client.get("/probes", query_string=LOOKS).data).count == 2
    assert client.get("/checks", query_string=LOOKS).get_json() == {"checks": []}
    assert client.get("/static/index.js").content_type == "text/javascript; charset=utf-8"
    assert client.post("/runs").status_code == 405


def test_the_start_page(client):
    assert client.get("/").headers["Location"] == "static/index.html"
    page = client.get("/", follow_redirects=True)
    assert "connect-src 'self'" in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/static/../view.py",
        "/static/..%2froutes.py",
        "/static//etc/passwd",
        "/../runs",
        "/runs/x",
    ],
)
def test_no_such_page(client, path):
    response = client.get(path)
    assert response.status_code == 404
    assert response.get_json()["error"]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:6061", "localhost", "localhost:9"])
def test_names_of_this_machine(client, host):
    assert client.get("/runs", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:6061", "127.0.0.1.evil.example", "0.0.0.0:6061"]
)
def test_a_page_from_elsewhere_cannot_read_the_log(client, host):
    for path in ("/", "/runs", "/static/index.js"):
        assert client.get(path, headers={"Host": host}).status_code == 400


def test_a_run_that_is_deleted_meanwhile(client, logs):
    assert client.get("/maps", query_string={**LOOKS, "step": 1}).status_code == 200
    shutil.rmtree(logs / "a")
    for path in ("/maps?step=1", "/looks?", "/probes?", "/checks?"):
        response = client.get(f"{path}&run=a/saliency&method=gradient")
        assert response.status_code == 404
        assert response.get_json()["error"]
    assert client.get("/runs").get_json()["runs"] == []


def test_export(logs, tmp_path, capsys):
    page = tmp_path / "made here" / "page.html"
    assert cli.main(["view", str(logs), "--export", str(page), "--every", "2"]) == cli.PASSED
    assert capsys.readouterr().out.strip() == f"{page}: {page.stat().st_size / 1e6:.1f} MB"
    assert page.read_text().startswith("<!DOCTYPE html>")
    assert os.listdir(page.parent) == ["page.html"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["{logs}/missing"], "No such folder: "),
        (["{logs}/missing", "--export", "x.html"], "No such folder: "),
        (["{logs}/a/saliency/..", "--export", "{logs}"], "Expected a file to write"),
        (["{logs}", "--export", "{logs}/p.html", "--max-size", "0.001"], "allow more with --max-size 1."),
    ],
)
def test_wrong_use_is_exit_code_2_and_a_sentence(logs, capsys, arguments, sentence):
    assert cli.main(["view", *(argument.format(logs=logs) for argument in arguments)]) == cli.WRONG_USE
    error = capsys.readouterr().err
    assert error.startswith("keras-saliency view: ")
    assert sentence in error
    assert "Traceback" not in error
    assert not (logs / "p.html").exists()


@pytest.mark.parametrize("size", ["0", "-1", "nan", "1e-320"])
def test_a_size_that_no_page_has(logs, capsys, size):
    with pytest.raises(SystemExit) as stopped:
        cli.main(["view", str(logs), "--export", str(logs / "p.html"), f"--max-size={size}"])
    assert stopped.value.code == cli.WRONG_USE
    assert "at least 0.001" in capsys.readouterr().err


def test_every_must_be_positive(logs, capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(["view", str(logs), "--every", "0"])
    assert stopped.value.code == cli.WRONG_USE
    assert "Expected every to be a whole number of at least 1. Received: every=0" in capsys.readouterr().err
