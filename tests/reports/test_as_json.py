import json
import math
from dataclasses import replace

import numpy as np
import pytest

from keras_saliency.errors import UnreadableFileError
from keras_saliency.reports import SCHEMA, as_json, read_report


def test_everything_comes_back(report, tmp_path):
    report = replace(report, fail_on="warned", waived=frozenset({"accuracy"}))
    path = tmp_path / "new folder" / "report.json"
    report.to_json(path)
    back = read_report(path)
    assert replace(back, results=()) == replace(report, results=())
    assert back.passed is report.passed
    for result, original in zip(back.results, report.results, strict=True):
        for name in ("name", "status", "sentence", "limit", "direction", "evaluations", "seconds"):
            assert getattr(result, name) == getattr(original, name)
        np.testing.assert_equal(result.value, original.value)
        np.testing.assert_equal(dict(result.per_probe), dict(original.per_probe))
        np.testing.assert_equal(dict(result.pictures), dict(original.pictures))
    assert as_json.encode(back) == as_json.encode(report)


def test_any_json_reader_can_read_it(report):
    def refuse(constant):
        raise ValueError(constant)

    stored = json.loads(as_json.encode(report), parse_constant=refuse)
    assert stored["schema"] == SCHEMA
    assert stored["passed"] is False
    assert stored["counts"] == {"passed": 2, "warned": 1, "failed": 1, "skipped": 1, "errored": 1}
    corner = stored["results"][3]
    assert corner["value"] == "NaN"
    assert corner["limit"] == "Infinity"
    assert corner["per_probe"] == {"enrichment": [1.5, None, "Infinity"]}
    assert corner["details"] == {"classes": [{"class": 3}], "low": "-Infinity", "mask": [0, 1, 2]}
    assert math.isinf(float(corner["limit"]))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda text: "{", "it is not JSON"),
        (lambda text: "[]", "is not a report of keras_saliency"),
        (lambda text: text.replace('"schema": 2', '"schema": 3'), "by a newer keras_saliency"),
        (lambda text: text.replace('"status": "failed"', '"status": "well"'), "is damaged"),
        (lambda text: text.replace('"results"', '"outcomes"'), "is damaged"),
        (lambda text: text.replace("iVBORw0", "AAAAAA0"), "is damaged"),
        (lambda text: text.replace("iVBORw0KGgo", "iVBORw0KGgoAAAAA"), "is damaged"),
        (lambda text: text.replace('"seed": 7', '"seed": 1e999'), "is damaged"),
        (lambda text: text.replace('"seed": 7', '"seed": ' + "[" * 100_000), "it is not JSON"),
    ],
)
def test_what_is_no_report(report, tmp_path, change, sentence):
    path = tmp_path / "report.json"
    path.write_text(change(as_json.encode(report)), encoding="utf-8")
    with pytest.raises(UnreadableFileError, match=sentence):
        read_report(path)


def test_an_older_report_counts_every_failure(report, tmp_path):
    results = tuple(replace(r, about="maps", counts=False) for r in report.results[:4])
    path = tmp_path / "old.json"
    stored = json.loads(as_json.encode(replace(report, results=results)))
    assert stored["passed"] is True
    stored["schema"] = 1
    del stored["advice"]
    for result in stored["results"]:
        del result["about"], result["counts"]
    path.write_text(json.dumps(stored), encoding="utf-8")
    old = read_report(path)
    assert not old.passed
    assert {(r.about, r.counts) for r in old.results} == {("model", True)}


def test_what_a_result_is_about_comes_back(report, tmp_path):
    free = replace(report.results[3], about="maps", counts=False, details={"region": np.eye(2, dtype=bool)})
    path = tmp_path / "report.json"
    replace(report, results=(free,), fail_on="any", advice="Maps by smoothgrad pass.").to_json(path)
    back = read_report(path)
    assert (back.results[0].about, back.results[0].counts) == ("maps", False)
    assert (back.fail_on, back.advice) == ("any", "Maps by smoothgrad pass.")
    assert back.results[0].details["region"] == ["10", "01"]
    path.write_text(path.read_text().replace('"about": "maps"', '"about": "weather"'))
    with pytest.raises(UnreadableFileError, match="is damaged.*about='weather'"):
        read_report(path)


def test_a_missing_report(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_report(tmp_path / "none.json")
