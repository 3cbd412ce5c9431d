"""What is broken, foreign, newer, gone or strange: a sentence on the page, and the rest still works."""

import gzip
import json
import shutil
import struct

import numpy as np
import pytest
from tensorboard.compat.proto.summary_pb2 import DATA_CLASS_BLOB_SEQUENCE, Summary, SummaryMetadata
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.compat.proto.types_pb2 import DT_FLOAT
from werkzeug.test import Client

from keras_saliency import records
from keras_saliency.cli.view_server import view_app
from keras_saliency.looks import event_file as eventfile
from keras_saliency.looks.page.log_store import LogStore
from keras_saliency.tensorboard_plugin.answers import Answers
from keras_saliency.tensorboard_plugin.recent import Recent
from keras_saliency.tensorboard_plugin.routes import Routes

LOOKS = {"run": "bad/saliency", "method": "gradient"}
TAG = records.maps_tag("gradient")


@pytest.fixture
def folder(tmp_path, write_by_hand):
    """The folder of a run that is about to be damaged, beside one that is not."""
    write_by_hand(tmp_path / "good" / "saliency")
    return tmp_path / "bad" / "saliency"


@pytest.fixture
def show(page, tmp_path):
    """A function that shows the log, once its good run is seen to work."""

    def shown():
        made = page(tmp_path)
        assert made.run("good/saliency")["problems"] == []
        answer = made.json("looks", run="good/saliency", method="gradient")
        assert (answer["steps"], answer["problems"]) == ([0, 1, 2], {})
        return made

    return shown


def add(folder, step, tag, record, metadata):
    file = eventfile.EventFile(folder)
    file.write(step, [eventfile.blobs(tag, [record], records.PLUGIN_NAME, metadata)])
    file.close()


def corrupt(record):
    return record[:20] + bytes(byte ^ 0x55 for byte in record[20:60]) + record[60:]


@pytest.mark.parametrize("cut", [1, 20, 200])
def test_a_truncated_event_file(show, folder, write_by_hand, cut):
    path = write_by_hand(folder)
    path.write_bytes(path.read_bytes()[:-cut])
    page = show()
    assert page.run("bad/saliency")["methods"] == {"gradient": {"steps": [0, 1]}}
    assert page.json("looks", **LOOKS)["steps"] == [0, 1]
    assert "at step 2" in page.json("maps", 404, **LOOKS, step=2)["error"]


def test_an_event_file_that_is_none(show, folder):
    folder.mkdir(parents=True)
    (folder / "events.out.tfevents.1.x").write_bytes(b"something else altogether, and long enough")
    assert [run["run"] for run in show().json("runs")["runs"]] == ["good/saliency"]


@pytest.mark.parametrize("damage", [corrupt, lambda record: record[:40], lambda record: b""])
def test_a_damaged_record(show, folder, write_by_hand, damage):
    write_by_hand(folder, steps=(0,))
    whole = next(iter_records(folder))
    add(folder, 1, TAG, damage(whole), records.metadata(records.MAPS))
    write_by_hand(folder, steps=(2,), probes=False)
    answer = show().json("looks", **LOOKS)
    assert answer["steps"] == [0, 1, 2]
    assert list(answer["problems"]) == ["1"]
    assert answer["problems"]["1"].startswith("Expected a saliency record, which is a gzip stream.")
    assert [row is None for row in answer["scores"]] == [False, True, False]
    assert [row is None for row in answer["scales"]["magnitude"]] == [False, True, False]
    assert answer["probe_accuracy"] == [0.5, None, 0.5]


def iter_records(folder):
    for path in eventfile.event_files(folder):
        for event in eventfile.read_events(path):
            yield from (value.tensor.string_val[0] for value in event.summary.value if value.tag == TAG)


@pytest.mark.parametrize(
    "record",
    [
        records.encode({"kind": "maps"}, {}),
        records.encode({"kind": "film"}, {}),
        records.encode({"kind": "maps", "scores": 7}, {}),
        records.encode({}, {}),
    ],
)
def test_a_record_of_something_else(show, folder, write_by_hand, record):
    write_by_hand(folder, steps=(0,))
    add(folder, 1, TAG, record, records.metadata(records.MAPS))
    answer = show().json("looks", **LOOKS)
    assert answer["problems"]["1"].startswith("Expected a record of maps. Received")
    assert answer["scores"][0] == [0.0, 0.5]


def test_no_probes(show, folder, write_by_hand):
    write_by_hand(folder, probes=False)
    page = show()
    run = page.run("bad/saliency")
    assert run["problems"] == ["The probes of this run are not in its log."]
    nothing = ("fingerprint", "count", "names", "labels", "class_names", "size")
    assert {run[name] for name in nothing} == {None}
    assert (run["regions"], run["has_pictures"], run["settings"], run["descriptions"]) == ([], False, {}, {})
    assert run["methods"]["gradient"]["steps"] == [0, 1, 2]
    answer = page.json("looks", **LOOKS)
    assert (answer["problems"], answer["probe_accuracy"]) == ({}, [None] * 3)
    assert "'bad/saliency'" in page.json("probes", 404, run="bad/saliency")["error"]


@pytest.mark.parametrize("damage", [corrupt, lambda record: record[:-9], lambda record: b"not ours"])
def test_damaged_probes(show, folder, write_by_hand, damage):
    write_by_hand(folder, probes=False)
    pictures = np.random.default_rng(0).integers(0, 256, (2, 9, 9, 3), np.uint8)
    whole = records.encode_probes(records.ProbesRecord("ab12", 2, pictures=pictures))
    add(folder, 0, records.PROBES_TAG, damage(whole), records.metadata(records.PROBES))
    page = show()
    (problem,) = page.run("bad/saliency")["problems"]
    assert problem.startswith(
        "The probes cannot be read. Expected a saliency record, which is a gzip stream."
    )
    assert page.json("looks", **LOOKS)["problems"] == {}
    assert page.get("probes", run="bad/saliency").data == damage(whole)


def test_the_newest_probes_count_and_looks_with_others_say_so(show, folder, write_by_hand):
    write_by_hand(folder, steps=(0, 1))
    about = records.ProbesRecord("cd34", 3, labels=(0, 1, 1))
    add(folder, 2, records.PROBES_TAG, records.encode_probes(about), records.metadata(records.PROBES))
    write_by_hand(
        folder,
        steps=(2,),
        probes=False,
        fingerprint="cd34",
    )
    page = show()
    run = page.run("bad/saliency")
    assert (run["fingerprint"], run["count"]) == ("cd34", 3)
    problems = page.json("looks", **LOOKS)["problems"]
    assert list(problems) == ["0", "1"]
    assert problems["0"] == "This look was taken with other probes than the newest of this run."


def test_a_newer_version(show, folder, write_by_hand):
    write_by_hand(folder, steps=(0,))
    add(folder, 0, "saliency/film", b"?", b'{"version": 2, "kind": "film"}')
    newer = records.encode({}, {})
    plain = bytearray(gzip.decompress(newer))
    plain[8] = 9
    add(folder, 1, TAG, gzip.compress(bytes(plain)), records.metadata(records.MAPS))
    page = show()
    (problem,) = page.run("bad/saliency")["problems"]
    assert problem.startswith("saliency/film: ")
    assert problem.endswith("upgrade keras_saliency to read it. Received: version=2")
    sentence = page.json("looks", **LOOKS)["problems"]["1"]
    assert sentence.endswith("upgrade keras_saliency to read it. Received: version=9")


def test_probes_of_a_newer_version(show, folder, write_by_hand):
    write_by_hand(folder, probes=False)
    add(folder, 0, records.PROBES_TAG, b"?", b'{"version": 2, "kind": "probes"}')
    run = show().run("bad/saliency")
    (problem,) = run["problems"]
    assert problem.startswith("saliency/probes: ")
    assert "upgrade keras_saliency" in problem
    assert (run["count"], run["methods"]["gradient"]["steps"]) == (None, [0, 1, 2])


def test_damaged_checks(show, folder, write_by_hand):
    write_by_hand(folder)
    kind = records.metadata(records.CHECKS)
    result = {"name": "finite", "status": "passed", "sentence": "Yes."}
    add(folder, 5, records.CHECKS_TAG, records.encode_checks(records.ChecksRecord(5, 5, (result,))), kind)
    add(folder, 6, records.CHECKS_TAG, b"not ours", kind)
    first, second = show().json("checks", run="bad/saliency")["checks"]
    assert [one["sentence"] for one in first["results"]] == ["Yes."]
    assert (second["step"], second["epoch"], second["results"]) == (6, None, [])
    assert second["problem"].startswith("Expected a saliency record, which is a gzip stream.")


@pytest.mark.parametrize("metadata", [b"", b"\xff\xfe", b"[]", b'{"version": "x"}'])
def test_foreign_data_under_our_name(show, folder, metadata):
    folder.mkdir(parents=True)
    add(folder, 0, "<b>their</b>/tag", b"theirs", metadata)
    page = show()
    run = page.run("bad/saliency")
    assert run["methods"] == {}
    assert run["problems"][0].startswith("<b>their</b>/tag: Expected the metadata of a saliency series")
    assert run["problems"][1] == "The probes of this run are not in its log."
    assert page.json("checks", run="bad/saliency") == {"checks": []}


def test_series_without_any_data(show, folder, write_by_hand):
    write_by_hand(folder, steps=(0,))
    file = eventfile.EventFile(folder)
    kind = records.metadata(records.MAPS)
    file.write(1, [eventfile.blobs(TAG, [], records.PLUGIN_NAME, kind)])
    plugin = SummaryMetadata.PluginData(plugin_name="saliency", content=kind)
    floats = TensorProto(dtype=DT_FLOAT, float_val=[1.0], tensor_shape=TensorShapeProto())
    metadata = SummaryMetadata(plugin_data=plugin, data_class=DATA_CLASS_BLOB_SEQUENCE)
    file.write(2, [Summary.Value(tag="saliency/odd/maps", tensor=floats, metadata=metadata)])
    file.close()
    page = show()
    answer = page.json("looks", **LOOKS)
    assert answer["scores"][0] == [0.0, 0.5]
    assert answer["steps"][0] == 0
    for step in answer["steps"][1:]:
        assert answer["problems"][str(step)]
    for place, step in enumerate(page.run("bad/saliency")["methods"].get("odd", {"steps": []})["steps"]):
        odd = page.json("looks", run="bad/saliency", method="odd")
        assert odd["problems"][str(step)]
        assert odd["scores"][place] is None


@pytest.mark.parametrize("method", ["smooth/<b>grad' π", "a/maps/maps", "../..", "猫 &amp;", "probes"])
def test_strange_names_of_methods(show, folder, write_by_hand, method):
    write_by_hand(folder, method=method)
    page = show()
    assert page.run("bad/saliency")["methods"] == {method: {"steps": [0, 1, 2]}}
    assert page.json("looks", run="bad/saliency", method=method)["epochs"] == [10, 11, 12]
    found = records.decode_maps(page.get("maps", run="bad/saliency", method=method, step=1).data)
    assert found.method == method


def test_quotes_in_the_name_of_a_run(page, tmp_path, write_by_hand):
    """TensorBoard's data server refuses them (tensorboard-data-server 0.7.2); the Python loader does not."""
    write_by_hand(tmp_path / 'the "best"' / "saliency")
    write_by_hand(tmp_path / "good" / "saliency")
    page = page(tmp_path)
    run = page.run('the "best"/saliency')
    assert run["methods"]["gradient"]["steps"] == [0, 1, 2]
    assert page.run("good/saliency")["count"] == 2
    if run["problems"]:
        assert "start tensorboard with --load_fast=false" in run["problems"][0]
        error = page.json("maps", 404, run='the "best"/saliency', method="gradient", step=1)["error"]
        assert "start tensorboard with --load_fast=false" in error
    else:
        assert run["names"] == ["<b>", "猫"]


def test_maps_that_are_not_finite(show, folder, write_by_hand):
    bad = np.full((2, 4, 3), np.nan, np.float32)
    views = dict.fromkeys(records.VIEWS, bad)
    write_by_hand(
        folder,
        steps=(0,),
        heatmaps=views,
        values=np.array([np.inf, np.nan]),
        per_probe={"drift": np.array([np.nan, np.nan])},
    )
    answer = show().json("looks", **LOOKS)
    assert answer["finite"] == [[False, False]]
    assert answer["scores"] == answer["per_probe"]["drift"] == [[None, None]]


def test_a_foreign_record_with_numbers_that_are_none(show, folder, write_by_hand):
    write_by_hand(folder, steps=(0,))
    header = records.decode_header(next(iter_records(folder)))
    header |= {"numbers": {"drift": float("nan")}, "step": 1}
    head = json.dumps({"header": header, "arrays": {}}).encode()
    head += b" " * (-len(head) % 8)
    record = gzip.compress(struct.pack("<8sII", b"SALIENCY", 1, len(head)) + head)
    add(folder, 1, TAG, record, records.metadata(records.MAPS))
    assert show().json("looks", **LOOKS)["numbers"]["drift"] == [None, None]


@pytest.mark.parametrize(
    "changes",
    [{"numbers": [1]}, {"per_probe": {"drift": 1}}, {"predicted_classes": ["0", "0"]}, {"scores": [{}, {}]}],
)
def test_a_foreign_record_whose_fields_are_something_else(show, folder, write_by_hand, changes):
    write_by_hand(folder, steps=(0,))
    header, arrays = records.decode(next(iter_records(folder)))
    add(folder, 1, TAG, records.encode(header | changes, arrays), records.metadata(records.MAPS))
    answer = show().json("looks", **LOOKS)
    assert answer["problems"]["1"].startswith("Expected a record of maps. Received a damaged one")
    assert answer["probe_accuracy"] == [0.5, None]


def test_a_foreign_event_without_a_time(tmp_path, write_by_hand):
    folder = tmp_path / "bad" / "saliency"
    write_by_hand(folder, steps=(0,))
    file = eventfile.EventFile(folder)
    file.write(
        1, [eventfile.blobs(TAG, [next(iter_records(folder))], "saliency", records.metadata("maps"))], np.inf
    )
    file.close()
    page = Client(view_app(Answers(LogStore(tmp_path), Recent(1_000))))
    assert page.get("/looks", query_string=LOOKS).get_json()["wall_times"] == [1e9, None]


def test_a_look_that_is_half_written_comes_when_it_is_whole(page, tmp_path, write_by_hand):
    path = write_by_hand(tmp_path / "bad" / "saliency")
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    page = page(tmp_path)
    assert page.json("looks", **LOOKS)["steps"] == [0, 1]
    with path.open("ab") as file:
        file.write(whole[-100:])
    page.reload()
    assert page.json("looks", **LOOKS, after=1)["steps"] == [2]
    assert page.get("maps", **LOOKS, step=2).status_code == 200


def test_a_run_that_is_deleted_meanwhile(page, tmp_path, write_by_hand):
    write_by_hand(tmp_path / "bad" / "saliency")
    write_by_hand(tmp_path / "good" / "saliency")
    page = page(tmp_path)
    assert page.get("maps", **LOOKS, step=1).status_code == 200
    shutil.rmtree(tmp_path / "bad")
    page.reload()
    assert page.run("good/saliency")["problems"] == []
    gone = "bad/saliency" not in [run["run"] for run in page.json("runs")["runs"]]
    for route, parameters in (
        ("looks", LOOKS),
        ("maps", {**LOOKS, "step": 1}),
        ("probes", {"run": LOOKS["run"]}),
    ):
        response = page.get(route, **parameters)
        assert response.status_code == (404 if gone else 200)  # the Python loader keeps what it has read


def test_ten_thousand_looks(page, tmp_path, write_by_hand):
    folder = tmp_path / "bad" / "saliency"
    write_by_hand(folder, steps=(0,))
    record = next(iter_records(folder))
    file = eventfile.EventFile(folder)
    for step in range(1, 10_000):
        value = eventfile.blobs(TAG, [record], records.PLUGIN_NAME, records.metadata(records.MAPS))
        file.write(step, [value], 1e9 + step)
    file.close()
    page = page(tmp_path)
    assert page.run("bad/saliency")["methods"]["gradient"]["steps"] == list(range(10_000))
    first = page.json("looks", **LOOKS, limit=1000)
    assert (first["steps"], first["more"]) == (list(range(1000)), True)
    last = page.json("looks", **LOOKS, after=9_989)
    assert last["steps"] == list(range(9_990, 10_000))
    assert last["wall_times"][-1] == 1e9 + 9_999
    assert page.get("maps", **LOOKS, step=9_999).data == record


def test_an_error_of_ours_is_a_sentence_and_a_line_in_the_log(caplog):
    class Broken:
        def runs(self):
            raise RuntimeError("no <b>idea</b>")

    routes = Routes(lambda request: Answers(Broken(), Recent(10)))
    response = Client(routes.apps()["/runs"]).get("/runs")
    assert response.status_code == 500
    assert response.get_json() == {"error": "Internal error: RuntimeError: no <b>idea</b>"}
    assert "The Saliency tab could not answer /runs" in caplog.text
