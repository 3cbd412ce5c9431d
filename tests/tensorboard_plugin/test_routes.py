"""Every route, through TensorBoard's own application, on both of its loaders."""

import gzip
import json

import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency import records
from keras_saliency.looks import event_file as eventfile
from keras_saliency.looks.numbers import descriptions

RUN, ODD = "a/saliency", "deep/ünï <b>&'/saliency"
NAMES = ['猫 "quoted"', "a/b\\c", "naïve|π", "</script><b>bold</b>"]
LOOKS = {"run": RUN, "method": "gradient"}
ROUTES = [
    ("runs", {}),
    ("looks", LOOKS),
    ("probes", {"run": RUN}),
    ("maps", {**LOOKS, "step": 3}),
    ("checks", {"run": RUN}),
    ("static/index.js", {}),
    ("static/index.html", {}),
    ("static/data/maps.js", {}),
    ("static/colormaps.json", {}),
]


def test_runs(served):
    answer = served.json("runs")
    assert answer["version"] == 1
    first, second = answer["runs"]
    assert (first["run"], second["run"]) == (RUN, ODD)
    probes = ks.ProbeSet(
        np.random.default_rng(0).random((12, 6, 5, 1)).astype("float32")[:4], np.array([0, 1, 2, 0])
    )
    assert first["fingerprint"] == second["fingerprint"] == probes.fingerprint
    expected = {
        "count": 4,
        "names": NAMES,
        "labels": [0, 1, 2, 0],
        "class_names": ["<i>0</i>", "'one'", "zwei & 2"],
        "size": [6, 5],
        "regions": ["corner"],
        "has_pictures": True,
        "problems": [],
    }
    assert {name: first[name] for name in expected} == expected
    assert not second["has_pictures"]
    assert first["settings"]["target"] == "the label"
    assert (first["settings"]["epochs"], second["settings"]["epochs"]) == (14, 2)
    assert first["descriptions"] == descriptions(["corner"])
    assert first["methods"] == {name: {"steps": list(range(-1, 14))} for name in ("gradient", "smooth")}
    assert second["methods"]["smooth"] == {"steps": [-1, 0, 1]}
    assert list(first["methods"]) == ["smooth", "gradient"]  # as given to the callback


def test_looks_are_what_the_callback_logged(served, written):
    answer = served.json("looks", **LOOKS)
    looks = ks.load_looks(written / "a")
    seen = [look.methods["gradient"] for look in looks]
    assert answer["steps"] == answer["epochs"] == [look.step for look in looks] == list(range(-1, 14))
    assert answer["wall_times"] == [look.wall_time for look in looks]
    assert answer["score_kind"] == "logit"
    assert answer["problems"] == {}
    assert answer["more"] is False
    assert set(answer["numbers"]) == set(answer["per_probe"]) == set(seen[-1].per_probe)
    assert answer["numbers"]["drift"][0] is None
    for name in ("scores", "probabilities", "target_classes", "predicted_classes"):
        np.testing.assert_array_equal(
            np.array(answer[name], np.float32), np.stack([getattr(one, name) for one in seen])
        )
    for place, one in enumerate(seen):
        for name, values in one.per_probe.items():
            found = np.array(answer["per_probe"][name][place], float)
            np.testing.assert_allclose(found, values, rtol=1e-8)
        np.testing.assert_allclose(
            answer["scales"]["magnitude"][place], one.heatmaps["magnitude"].max((1, 2)), rtol=1e-6
        )
    assert answer["scales"]["signed"] == [None] * 15
    assert answer["logs"] == {"loss": [look.logs.get("loss") for look in looks]}
    assert answer["logs"]["loss"][0] is None
    assert None not in answer["logs"]["loss"][1:]
    assert answer["finite"] == [[True] * 4] * 15
    np.testing.assert_allclose(answer["probe_accuracy"], [look.probe_accuracy for look in looks], rtol=1e-6)


def test_looks_after_a_step_and_a_page_at_a_time(served):
    everything = served.json("looks", **LOOKS)
    later = served.json("looks", **LOOKS, after=9)
    assert later["steps"] == [10, 11, 12, 13]
    assert later["scores"] == everything["scores"][-4:]
    some = served.json("looks", **LOOKS, after=-1, limit=2)
    assert (some["steps"], some["more"]) == ([0, 1], True)
    assert served.json("looks", **LOOKS, after=13)["steps"] == []
    assert served.json("looks", **LOOKS, after=11, limit=2)["more"] is False


def test_records_are_as_they_are_stored(served, written):
    probes = served.get("probes", run=ODD)
    assert records.decode_probes(probes.data).names == tuple(NAMES)
    maps = served.get("maps", run=ODD, method="smooth", step=-1)
    found = records.decode_maps(maps.data)
    assert (found.step, found.method) == (-1, "smooth")
    look = ks.load_looks(written / ODD)[0].methods["smooth"]
    np.testing.assert_array_equal(found.heatmaps["signed"], look.heatmaps["signed"])
    for response in (probes, maps):
        assert response.content_type == "application/octet-stream"
        assert "Content-Encoding" not in response.headers
        assert response.headers["Cache-Control"] == "private, no-cache"


def test_a_record_that_a_browser_has_is_not_sent_again(served):
    address = "/data/plugin/saliency/maps"
    first = served.client.get(address, query_string={**LOOKS, "step": 3})
    known = {"If-None-Match": first.headers["ETag"]}
    again = served.client.get(address, query_string={**LOOKS, "step": 3}, headers=known)
    assert (again.status_code, again.data) == (304, b"")
    other = served.client.get(address, query_string={**LOOKS, "step": 4}, headers=known)
    assert other.status_code == 200


def test_checks(page, logs):
    results = [
        {"name": "finite", "status": "passed", "sentence": "All <b>are</b>.", "value": float("nan")},
        {
            "name": "accuracy",
            "status": "failed",
            "sentence": "Low.",
            "value": 0.5,
            "limit": 0.9,
            "direction": "at_least",
        },
    ]
    record = records.encode_checks(records.ChecksRecord(3, 2, tuple(results)))
    file = eventfile.EventFile(logs / RUN)
    file.write(
        20,
        [
            eventfile.blobs(
                records.CHECKS_TAG, [record], records.PLUGIN_NAME, records.metadata(records.CHECKS)
            )
        ],
    )
    file.close()
    page = page(logs)
    (found,) = page.json("checks", run=RUN)["checks"]
    assert (found["step"], found["epoch"]) == (20, 2)
    assert found["results"][0] == {**results[0], "value": None, "limit": None, "direction": None}
    assert found["results"][1] == results[1]
    assert page.json("checks", run=ODD) == {"checks": []}
    assert page.run(RUN)["problems"] == []


@pytest.mark.parametrize("name", ["index.js", "style.css", "index.html", "views/grid.js", "colormaps.json"])
def test_the_files_of_the_page(served, name):
    response = served.get(f"static/{name}")
    kinds = {"js": "text/javascript", "css": "text/css", "html": "text/html", "json": "application/json"}
    assert response.content_type == f"{kinds[name.rpartition('.')[2]]}; charset=utf-8"
    assert response.status_code == 200
    assert len(response.data) > 100


def test_tensorboard_finds_the_tab_and_opens_it(served):
    client = served.client
    tab = client.get("/data/plugins_listing").get_json()["saliency"]
    assert (tab["enabled"], tab["tab_name"]) == (True, "Saliency")
    assert tab["loading_mechanism"]["type"] == "IFRAME"
    assert tab["loading_mechanism"]["module_path"] == "/data/plugin/saliency/static/index.js"
    assert 'import("./static/index.js")' in client.get("/data/plugin_entry.html?name=saliency").text


@pytest.mark.parametrize(("route", "parameters"), ROUTES)
def test_only_get_and_head(served, route, parameters):
    address = f"/data/plugin/saliency/{route}"
    for method in ("post", "put", "delete"):
        refused = getattr(served.client, method)(address, query_string=parameters)
        assert refused.status_code == 405
        assert refused.headers["Allow"] == "GET, HEAD"
    got, head = served.get(route, **parameters), served.client.head(address, query_string=parameters)
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["Content-Length"] == got.headers["Content-Length"] == str(len(got.data))


@pytest.mark.parametrize(("route", "parameters"), ROUTES)
def test_the_headers_of_every_answer(served, route, parameters, caplog):
    response = served.get(route, **parameters)
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    kept = "no-store" if response.content_type == "application/json" else "private, no-cache"
    assert response.headers["Cache-Control"] == kept
    assert caplog.text == ""  # TensorBoard warns of headers that it misses


@pytest.mark.parametrize(
    ("route", "parameters", "sentence"),
    [
        ("looks", {}, "Expected the parameter run."),
        ("looks", {"run": RUN}, "Expected the parameter method."),
        ("looks", {**LOOKS, "after": "x"}, "Expected an integer. Received: after='x'"),
        ("looks", {**LOOKS, "limit": "0"}, "Expected a limit of at least 1. Received: limit=0"),
        ("maps", LOOKS, "Expected the parameter step."),
        ("maps", {**LOOKS, "step": "1.5"}, "Expected an integer. Received: step='1.5'"),
        ("maps", {**LOOKS, "step": "9" * 400}, "Expected an integer. Received: step='999"),
        ("probes", {}, "Expected the parameter run."),
        ("checks", {}, "Expected the parameter run."),
    ],
)
def test_wrong_parameters(served, route, parameters, sentence):
    assert served.json(route, 400, **parameters)["error"].startswith(sentence)


@pytest.mark.parametrize("bad", ["no such run", "", "../a", "<script>", "a/saliency\0", "a"])
def test_unknown_runs(served, bad):
    for route, parameters in ROUTES[1:5]:
        answer = served.json(route, 404, **{**parameters, "run": bad})
        assert repr(bad) in answer["error"]


@pytest.mark.parametrize("bad", ["saliency", "", "../gradient", "gradient/maps", "<b>"])
def test_unknown_methods(served, bad):
    assert repr(bad) in served.json("looks", 404, run=RUN, method=bad)["error"]
    assert repr(bad) in served.json("maps", 404, run=RUN, method=bad, step=1)["error"]


@pytest.mark.parametrize("step", [14, -2, 10**17])
def test_a_step_that_is_not_there(served, step):
    error = served.json("maps", 404, **LOOKS, step=step)["error"]
    assert error.startswith(f"There are no maps by 'gradient' at step {step} in the run 'a/saliency'")


@pytest.mark.parametrize(
    "path",
    [
        "static/../routes.py",
        "static/..%2froutes.py",
        "static/%2e%2e/routes.py",
        "static//etc/passwd",
        "static/",
        "static/__init__.py",
        "static/index.js/..",
        "static/index.js%00.css",
        "static/sub/index.js",
        "static/data",
        "static/data/",
        "static/data/../index.js",
        "static/data%2fmaps.js%00",
        "static/data/../../routes.py",
        "static/views/../../../render/colormaps.py",
        "static/../../render/colormaps.json",
        "static/./index.js",
        "static/data//maps.js",
        "static/data\\maps.js",
    ],
)
def test_no_way_out_of_the_folder(served, path):
    response = served.client.get(f"/data/plugin/saliency/{path}")
    assert response.status_code == 404
    assert b"import" not in response.data


def test_json_is_zipped_where_the_browser_takes_it(served):
    client = served.client
    address = "/data/plugin/saliency/looks"
    plain = client.get(address, query_string=LOOKS)
    zipped = client.get(address, query_string=LOOKS, headers={"Accept-Encoding": "gzip"})
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert zipped.headers["Vary"] == "Accept-Encoding"
    assert json.loads(gzip.decompress(zipped.data)) == plain.get_json()
    refused = client.get(address, query_string=LOOKS, headers={"Accept-Encoding": "gzip;q=0"})
    assert "Content-Encoding" not in refused.headers
