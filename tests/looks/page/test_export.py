"""The exported page, read back by its own rules."""

import json
import re
from base64 import b64decode, b64encode
from hashlib import sha256

import pytest

from keras_saliency import cli, records
from keras_saliency.looks.page.export import ThinnedStore, export_page, page_of
from keras_saliency.looks.page.log_store import LogStore
from keras_saliency.tensorboard_plugin.answers import Answers
from keras_saliency.tensorboard_plugin.recent import Recent
from keras_saliency.tensorboard_plugin.static_files import static_file, static_names
from tests.elements import Elements


def scripts(page):
    return [(about, text.strip()) for about, text in Elements(page).all("script")]


def carried(page):
    ((_, text),) = [one for one in scripts(page) if one[0].get("id") == "saliency-data"]
    return json.loads(text)


def modules(page):
    ((_, text),) = [one for one in scripts(page) if one[0].get("type") == "importmap"]
    return json.loads(text)["imports"]


@pytest.fixture
def store(tmp_path, write_by_hand):
    write_by_hand(tmp_path / "a" / "saliency", steps=range(10))
    write_by_hand(tmp_path / "</script><b>" / "saliency", method="x</script>", steps=(0, 1), probes=False)
    return LogStore(tmp_path)


def test_it_carries_what_the_routes_answer(store):
    found = carried(export_page(store, 1, 200))
    answers = Answers(store, Recent(10**6))
    odd = "</script><b>/saliency"
    assert found["runs"] == answers.runs()
    assert found["colormaps"] == json.loads(static_file("colormaps.json"))
    assert [run["run"] for run in found["runs"]["runs"]] == [odd, "a/saliency"]
    assert found["looks"] == {
        "a/saliency\0gradient": answers.looks("a/saliency", "gradient"),
        f"{odd}\0x</script>": answers.looks(odd, "x</script>"),
    }
    assert {run: b64decode(text) for run, text in found["probes"].items()} == {
        "a/saliency": answers.probes("a/saliency")
    }
    assert len(found["maps"]) == 12
    assert b64decode(found["maps"]["a/saliency\0gradient\0007"]) == answers.maps("a/saliency", "gradient", 7)
    assert found["checks"] == {"a/saliency": {"checks": []}, odd: {"checks": []}}


def test_no_name_gets_out_of_its_element(store):
    page = export_page(store, 1, 200)
    assert len(scripts(page)) == 3
    assert Elements(page).all("b") == []
    assert page.count("</script>") == 3


def test_every_nth_look_and_the_last(store):
    found = carried(export_page(store, 4, 200))
    run = found["runs"]["runs"][1]
    assert run["methods"]["gradient"]["steps"] == [0, 4, 8, 9]
    assert found["looks"]["a/saliency\0gradient"]["steps"] == [0, 4, 8, 9]
    assert [key for key in found["maps"] if key.startswith("a/")] == [
        f"a/saliency\0gradient\0{step}" for step in (0, 4, 8, 9)
    ]
    thinned = ThinnedStore(store, 4)
    assert len(thinned.points("a/saliency", records.PROBES_TAG)) == 1
    assert thinned.record(thinned.point("a/saliency", records.maps_tag("gradient"), 8))


def test_modules_import_each_other_by_name_and_nothing_else():
    page = page_of({name: static_file(name).decode() for name in static_names()}, {"runs": {}})
    found = modules(page)
    assert set(found) == {f"saliency/{name}" for name in static_names() if name.endswith(".js")}
    for address in found.values():
        kind, _, code = address.partition(",")
        assert kind == "data:text/javascript;base64"
        text = b64decode(code).decode()
        imported = re.findall(r"""(?:\bfrom|\bimport)\s*\(?\s*["']([^"']+)["']""", text)
        assert set(imported) <= set(found)
        assert "import.meta" not in text


def test_imports_are_found_however_they_are_spelled():
    code = """import { a } from "./a.js";\nimport './b.js';\nexport * from "./x/c-d.js";\nconst e = import("./e.js");"""
    html = '<head></head><script type="module" src="./start.js"></script>'
    files = {"index.html": html, "style.css": "p {}", "start.js": code}
    text = b64decode(modules(page_of(files, {}))["saliency/start.js"].partition(",")[2]).decode()
    assert text == code.replace("./", "saliency/")


def test_imports_are_named_from_the_folder_that_they_stand_in():
    code = """import "../a.js";\nimport "./b.js";\nimport "../y/./c.js";"""
    html = '<head></head><script type="module" src="./start.js"></script>'
    text = b64decode(
        modules(page_of({"index.html": html, "style.css": "", "x/d.js": code}, {}))[
            "saliency/x/d.js"
        ].partition(",")[2]
    ).decode()
    assert (
        text.replace("import ", "").replace('"', "") == "saliency/a.js;\nsaliency/x/b.js;\nsaliency/y/c.js;"
    )


def test_it_asks_no_server(store):
    page = export_page(store, 1, 200)
    elements = Elements(page)
    for tag, attributes, _ in elements.found:
        for name in ("src", "href"):
            assert dict(attributes).get(name, "data:").startswith("data:"), tag
    policy = next(about["content"] for about, _ in elements.all("meta") if "http-equiv" in about)
    start, import_map = scripts(page)[2][1], scripts(page)[1][1]
    hashes = [b64encode(sha256(text.encode()).digest()).decode() for text in (import_map, start)]
    assert policy == (
        "default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{hashes[0]}' 'sha256-{hashes[1]}' data:"
    )
    style = next(text for about, text in elements.all("style") if about.get("id") == "saliency-style")
    assert style.strip() == static_file("style.css").decode().strip()


def test_too_large(store):
    size = len(export_page(store, 1, 200)) / 1e6
    pattern = r"The page would have 0\.0 MB, more than --max-size 0\.001\. .*--every (\d+), .*--max-size 1\."
    with pytest.raises(ValueError, match=pattern) as error:
        export_page(store, 1, 0.001)
    assert size > 0.001
    assert int(re.search(r"--every (\d+)", str(error.value))[1]) >= 10


def test_nothing_to_show(tmp_path):
    with pytest.raises(FileNotFoundError, match="No looks of a SaliencyCallback"):
        export_page(LogStore(tmp_path), 1, 200)


def test_a_look_that_went_is_left_out(store, monkeypatch):
    gone = store.point("a/saliency", records.maps_tag("gradient"), 3)
    read = store.record

    def record(point):
        return read(store.point("a/saliency", "no such tag", 0)) if point == gone else read(point)

    monkeypatch.setattr(store, "record", record)
    found = carried(export_page(store, 1, 200))
    assert "a/saliency\0gradient\0003" not in found["maps"]
    assert found["looks"]["a/saliency\0gradient"]["problems"].keys() == {"3"}


def test_a_folder_is_no_page(tmp_path, write_by_hand, capsys):
    write_by_hand(tmp_path / "saliency")
    assert cli.main(["view", str(tmp_path), "--export", str(tmp_path)]) == cli.WRONG_USE
    assert "Expected a file to write. The page cannot be written to" in capsys.readouterr().err
