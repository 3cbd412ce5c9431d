"""`keras-saliency view` of a survey: its page, served as logs are, or copied."""

import pytest
from werkzeug.test import Client

from keras_saliency import cli
from keras_saliency.cli.view_server import view_app
from keras_saliency.surveys.page.page import START
from keras_saliency.surveys.survey import ABOUT

PAGE = f"{START}<p>the survey</p>"


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "survey"
    folder.mkdir()
    (folder / "report.html").write_text(PAGE)
    (folder / ABOUT).write_text('{\n "format": "keras_saliency/survey"')
    return folder


def test_the_page_and_nothing_else(folder):
    client = Client(view_app(folder / "report.html"))
    response = client.get("/", follow_redirects=True)
    assert response.text == PAGE
    assert response.content_type == "text/html; charset=utf-8"
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    for path in ("/static/survey.json", "/static/../survey.json", "/static/", "/survey.json", "/runs"):
        assert client.get(path).status_code == 404
    assert client.get("/", headers={"Host": "elsewhere.example"}).status_code == 400


def test_a_page_that_is_gone(folder):
    client = Client(view_app(folder / "report.html"))
    (folder / "report.html").unlink()
    assert client.get("/static/index.html").get_json() == {"error": "The page is gone."}


def test_with_a_token(folder):
    token = "a-token_of-the-test-0123456789"
    client = Client(view_app(folder / "report.html", token))
    assert client.get("/static/index.html").status_code == 403
    assert client.get(f"/?token={token}").status_code == 200
    assert client.get("/static/index.html").text == PAGE


def test_it_is_served_where_a_log_would_be(folder, capsys, monkeypatch):
    served = []

    def serve(self):
        served.append(Client(self.app).get("/static/index.html").text)
        self.server_close()

    monkeypatch.setattr("keras_saliency.cli.view_server._ViewServer.serve_forever", serve)
    assert cli.main(["view", str(folder), "--port", "0"]) == cli.INTERRUPTED
    assert served == [PAGE]
    assert f"{folder}: http://127.0.0.1:" in capsys.readouterr().out


def test_export_copies_the_page(folder, tmp_path, capsys):
    target = tmp_path / "page.html"
    assert cli.main(["view", str(folder), "--export", str(target)]) == 0
    assert target.read_text() == PAGE
    assert "page.html: 0.0 MB" in capsys.readouterr().out
    target.write_text("of somebody")
    assert cli.main(["view", str(folder), "--export", str(target)]) == cli.WRONG_USE
    assert "was not written as one" in capsys.readouterr().err
    assert cli.main(["view", str(folder), "--export", str(folder / "report.html")]) == cli.WRONG_USE
    assert "the path of the survey's page" in capsys.readouterr().err


def test_a_page_that_is_too_large_for_an_export(folder, tmp_path, capsys):
    (folder / "report.html").write_text(PAGE + "x" * 2000)
    arguments = ["view", str(folder), "--export", str(tmp_path / "page.html"), "--max-size", "0.001"]
    assert cli.main(arguments) == cli.WRONG_USE
    assert "Received: --max-size 0.001" in capsys.readouterr().err


def test_a_survey_under_way_is_no_empty_log(folder, capsys):
    (folder / ABOUT).unlink()
    (folder / "parts").mkdir()
    (folder / "parts" / "settings.json").write_text("{}")
    assert cli.main(["view", str(folder)]) == cli.WRONG_USE
    assert "not finished: run it again, and it goes on" in capsys.readouterr().err
