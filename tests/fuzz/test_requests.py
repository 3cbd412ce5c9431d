"""Whatever a browser asks of the page's server: an answer, or a sentence as JSON. Never an internal error."""

from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import Client

from keras_saliency.cli.view_server import view_app
from keras_saliency.looks.page.log_store import LogStore
from keras_saliency.tensorboard_plugin.answers import Answers
from keras_saliency.tensorboard_plugin.recent import Recent

from . import samples
from .damage import NAMES

VALUES = st.one_of(
    NAMES, st.sampled_from(["saliency", "gradient", "3", "-1", "0", "٣", "1" * 19, "1e3", "../saliency"])
)
PARAMETERS = st.dictionaries(st.sampled_from(["run", "method", "step", "after", "limit"]), VALUES, max_size=5)
ROUTES = [
    "runs",
    "looks",
    "probes",
    "maps",
    "checks",
    "static/index.js",
    "static/state/app.js",
    "static/state/../index.js",
    "static/../index.js",
    "static/state",
    "static/..",
    "static/",
]


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    folder = tmp_path_factory.mktemp("log")
    Path(folder, "saliency").mkdir()
    Path(folder, "saliency", "events.out.tfevents.1.x").write_bytes(samples.log())
    return Client(view_app(Answers(LogStore(folder), Recent(1_000_000))))


@given(route=st.sampled_from(ROUTES) | NAMES.map(lambda name: f"static/{name}"), parameters=PARAMETERS)
def test_any_request(client, route, parameters):
    asked = {name: value.encode("utf-8", "surrogatepass") for name, value in parameters.items()}
    answer = client.get("/" + quote(route.encode("utf-8", "surrogatepass")), query_string=asked)
    assert answer.status_code in (200, 304, 400, 404)
    if answer.status_code in (400, 404):
        assert answer.get_json()["error"]
