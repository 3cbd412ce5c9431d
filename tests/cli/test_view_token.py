"""`keras-saliency view --host`: who has no token sees nothing, by whatever name the server is called."""

import json
import re
import socket
import threading
import urllib.error
import urllib.request
from http.cookiejar import CookieJar
from urllib.parse import urljoin, urlsplit

import pytest
from werkzeug.test import Client

from keras_saliency import cli
from keras_saliency.cli import view
from keras_saliency.cli.view_server import make_view_server, view_app
from keras_saliency.cli.view_token import REFUSAL, view_token
from tests.cli.prefix_proxy import PREFIX, below_a_prefix
from tests.patience import LIMIT

TOKEN = "a-token_of-the-test-0123456789"
EVERYTHING = ["/", "/runs", "/static/index.html", "/static/index.js", "/maps?run=a", "/nothing", "/../x"]


@pytest.fixture
def client(answers):
    return Client(view_app(answers, TOKEN))


@pytest.fixture
def server(answers):
    server = make_view_server(answers, 0, "127.0.0.1", TOKEN)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("path", EVERYTHING)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
def test_nothing_without_the_token(client, path, method):
    response = client.open(path, method=method)
    assert response.status_code == 403
    assert "Set-Cookie" not in response.headers
    if method != "HEAD":
        assert response.get_json() == {"error": REFUSAL}


@pytest.mark.parametrize(
    "wrong", ["", "x", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "%00", "%ff%fe", "%ed%a0%80", "猫"]
)
def test_nothing_with_another_token(client, wrong):
    assert client.get(f"/runs?token={wrong}").status_code == 403
    assert client.get("/?" + f"token={wrong}&token={TOKEN}").status_code == 403  # the first one counts
    for scheme in "Bearer", "token":
        header = {"Authorization": f"{scheme} {wrong.encode().decode('latin-1')}"}
        assert client.get("/runs", headers=header).status_code == 403
    client.set_cookie(_cookie_name(client), wrong)
    assert client.get("/runs").status_code == 403


def _cookie_name(client):
    made = Client(client.application).get(f"/?token={TOKEN}").headers["Set-Cookie"]
    return made.partition("=")[0]


@pytest.mark.parametrize("header", [f"Bearer {TOKEN}", f"bearer {TOKEN}", f"token {TOKEN}"])
def test_programs_send_a_header(client, header):
    assert client.get("/runs", headers={"Authorization": header}).status_code == 200
    assert client.get("/runs").status_code == 403


@pytest.mark.parametrize("header", [TOKEN, f"Basic {TOKEN}", f"Digest {TOKEN}", f"Bearer a={TOKEN}"])
def test_other_headers_are_none(client, header):
    assert client.get("/runs", headers={"Authorization": header}).status_code == 403


def test_the_address_with_the_token_leaves_a_cookie_and_no_trace_of_it(client):
    entered = client.get(f"/?token={TOKEN}")
    assert entered.status_code == 200
    assert TOKEN not in entered.text
    assert (entered.headers["Cache-Control"], entered.headers["Referrer-Policy"]) == (
        "no-store",
        "no-referrer",
    )
    kept, _, attributes = entered.headers["Set-Cookie"].partition("; ")
    assert kept.endswith(f"={TOKEN}")
    assert set(attributes.split("; ")) == {
        "HttpOnly",
        "SameSite=Strict",
    }  # no path: the one that the browser sees
    (leads_to,) = re.findall('content="0; url=([^"]*)"', entered.text)
    page = client.get(f"/{leads_to}")
    assert (page.status_code, TOKEN in page.text) == (200, False)
    assert client.get("/runs").get_json()["runs"][0]["run"] == "a/saliency"


@pytest.mark.parametrize("host", ["hub.example", "10.0.0.7:6061", "evil.example", "127.0.0.1"])
def test_any_name_of_the_server_will_do(client, host):
    assert client.get("/runs", headers={"Host": host, "Authorization": f"Bearer {TOKEN}"}).status_code == 200
    assert client.get("/runs", headers={"Host": host}).status_code == 403


def test_without_a_host_no_token_is_asked_for_and_none_is_taken(answers):
    client = Client(view_app(answers))
    assert client.get("/runs").status_code == 200
    assert client.get(f"/runs?token={TOKEN}", headers={"Host": "hub.example"}).status_code == 400
    assert "Set-Cookie" not in client.get(f"/?token={TOKEN}").headers


def test_the_page_below_the_prefix_of_a_proxy(server):
    """As a browser: the token once, then every address relative to the one before."""
    jar = CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))

    def opened(address):
        with browser.open(address, timeout=LIMIT) as response:
            return response.read().decode(), response.geturl()

    with below_a_prefix(server.port) as address:
        with pytest.raises(urllib.error.HTTPError, match="403"):
            opened(urljoin(address, "runs"))
        text, here = opened(f"{address}?token={TOKEN}")
        assert [cookie.path for cookie in jar] == [PREFIX]
        text, here = opened(urljoin(here, re.search('url=([^"]*)', text)[1]))
        start = urljoin(here, re.search('src="([^"]*)"', text)[1])
        text, here = opened(start)
        assert "render()" in text
        source = urljoin(here, "data/source.js")
        assert 'new URL("../../", import.meta.url)' in opened(source)[0]
        runs = urljoin(urljoin(source, "../../"), "runs")
        assert urlsplit(runs).path == f"{PREFIX}/runs"
        assert json.loads(opened(runs)[0])["runs"][0]["run"] == "a/saliency"


def test_tokens_of_the_command(monkeypatch):
    monkeypatch.delenv("KERAS_SALIENCY_TOKEN", raising=False)
    one, other = view_token(), view_token()
    assert one != other
    assert min(len(one), len(other)) >= 43  # 256 random bits
    monkeypatch.setenv("KERAS_SALIENCY_TOKEN", TOKEN)
    assert view_token() == TOKEN


@pytest.mark.parametrize(
    "given", ["", "secret", "x" * 15, "a token with spaces in it", "tökentökentöken1234", "a&b" * 9]
)
def test_a_token_that_can_be_guessed_or_is_no_part_of_an_address(monkeypatch, capsys, tmp_path, given):
    monkeypatch.setenv("KERAS_SALIENCY_TOKEN", given)
    (tmp_path / "logs").mkdir()
    assert cli.main(["view", str(tmp_path / "logs"), "--host", "127.0.0.1"]) == cli.WRONG_USE
    said = capsys.readouterr().err
    assert "Expected KERAS_SALIENCY_TOKEN to have at least 16 letters, digits, - and _. Received: " in said
    assert not given or given not in said


@pytest.mark.parametrize(
    ("host", "shown"),
    [("0.0.0.0", "127.0.0.1"), ("127.0.0.1", "127.0.0.1"), ("::1", "[::1]"), ("10.0.0.7", "10.0.0.7")],
)
def test_the_printed_address(host, shown):
    assert view._address(host, 6061, TOKEN) == f"http://{shown}:6061/?token={TOKEN}"


def test_all_addresses_of_this_machine(answers):
    server = make_view_server(answers, 0, "0.0.0.0", TOKEN)
    assert server.socket.getsockname() == ("0.0.0.0", server.port)
    server.server_close()


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6")
def test_an_address_of_ipv6(answers):
    try:
        server = make_view_server(answers, 0, "::1", TOKEN)
    except OSError:
        pytest.skip("IPv6 is off")
    assert server.socket.family == socket.AF_INET6
    server.server_close()


@pytest.mark.parametrize("host", ["203.0.113.9", "no-such-host.invalid", "http://x", "a\0b", "x" * 70])
def test_a_host_that_is_not_this_machine(capsys, tmp_path, host):
    (tmp_path / "logs").mkdir()
    assert cli.main(["view", str(tmp_path / "logs"), "--host", host]) == cli.WRONG_USE
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "Expected the host to be a name or address of this machine, or 0.0.0.0 for all of them: " in said
