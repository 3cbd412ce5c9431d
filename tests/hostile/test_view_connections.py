"""`keras-saliency view` among clients that ask for odd things, or for nothing at all."""

import os
import socket
import threading
import time
import urllib.request

import pytest
from werkzeug.test import Client

from keras_saliency import cli
from keras_saliency.cli import view_server
from keras_saliency.looks.page import log_store
from keras_saliency.looks.page.log_store import LogStore


@pytest.fixture
def client(answers):
    return Client(view_server.view_app(answers))


@pytest.fixture
def server(answers):
    server = view_server.make_view_server(answers, 0)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()


@pytest.mark.parametrize("host", ["[::1]", "[::1]:6061", "LOCALHOST", "LocalHost:9", "127.0.0.1:80"])
def test_all_names_of_this_machine(client, host):
    assert client.get("/runs", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["[::2]", "::1", "[::1].evil.example", "localhost:1:2", "localhost:evil", "[::1]x"]
)
def test_no_other_name(client, host):
    assert client.get("/runs", headers={"Host": host}).status_code == 400


@pytest.mark.parametrize("path", ["/", "/runs", "/static/index.js", "/nothing"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW"])
def test_nothing_but_get_and_head(client, path, method):
    response = client.open(path, method=method)
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD")
    assert response.get_json() == {"error": "Expected GET or HEAD."}


def test_silent_connections_fill_nothing_up(server):
    most = view_server._MOST_CONNECTIONS
    threads = threading.active_count()
    silent = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(2 * most)]
    address = f"http://127.0.0.1:{server.port}/runs"
    with urllib.request.urlopen(address, timeout=10) as response:
        assert response.status == 200
    until = time.monotonic() + 10
    while threading.active_count() > threads + most and time.monotonic() < until:
        time.sleep(0.01)
    assert threading.active_count() <= threads + most
    silent[0].settimeout(10)
    assert silent[0].recv(1) == b""  # the first one was ended
    for connection in silent:
        connection.close()


def test_a_silent_connection_is_ended(server, monkeypatch, capfd):
    monkeypatch.setattr(view_server._QuietHandler, "timeout", 0.1)
    for said in (b"", b"GET /runs HTTP/1.1\r\nHost: local"):
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
            connection.sendall(said)
            assert connection.recv(1) == b""
    assert capfd.readouterr().err == ""
    assert view_server._SECONDS < 60


def test_a_link_to_a_whole_disk_is_searched_last_and_not_for_ever(
    tmp_path, write_by_hand, monkeypatch, capsys
):
    for number in range(30):
        (tmp_path / "disk" / str(number)).mkdir(parents=True)
    write_by_hand(tmp_path / "disk" / "29" / "saliency")
    (tmp_path / "logs").mkdir()
    os.symlink(tmp_path / "disk", tmp_path / "logs" / "a link")
    os.symlink("circle", tmp_path / "logs" / "circle")
    write_by_hand(tmp_path / "logs" / "z" / "saliency")
    assert set(LogStore(tmp_path / "logs").runs()) == {"a link/29/saliency", "z/saliency"}
    monkeypatch.setattr(log_store, "_MOST_FOLDERS", 20)
    store = LogStore(tmp_path / "logs")
    assert (list(store.runs()), store.is_whole) == (["z/saliency"], False)
    assert cli.main(["view", str(tmp_path / "logs"), "--export", str(tmp_path / "page.html")]) == cli.PASSED
    assert "There are too many folders here" in capsys.readouterr().out
