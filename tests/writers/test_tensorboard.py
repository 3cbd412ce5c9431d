import dataclasses
import html
import itertools
import json
import re
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from tensorboard.backend import application
from tensorboard.plugins import base_plugin
from tensorboard.plugins.text import text_plugin
from werkzeug.test import Client

from keras_saliency import records
from keras_saliency.render import from_png, shrink
from keras_saliency.writers import FolderWriter, TensorBoardWriter, last_step, load_looks
from keras_saliency.writers.eventfile import event_files, read_events
from keras_saliency.writers.sheets import draw_sheet


def write(run, looks, writer=None):
    """Writes the looks as one fit would; returns the bytes of each."""
    writer = writer or TensorBoardWriter()
    writer.open(run)
    sizes = [writer.write(look, before) for before, look in itertools.pairwise([None, *looks])]
    writer.close()
    return sizes


@pytest.fixture
def run_and_looks(saliency_folder, a_run, a_look):
    run, looks = a_run(saliency_folder), [a_look(step) for step in range(-1, 5)]
    write(run, looks)
    return run, looks


class TestReadByTensorBoard:
    """Both of TensorBoard's loaders see everything that was written."""

    def test_scalars(self, run_and_looks, board):
        run, looks = run_and_looks
        seen = board(run.folder.parent)
        written = {}
        for look in looks:
            for name, value in look.numbers.items():
                written.setdefault(f"saliency/{name}", []).append((look.step, look.wall_time, np.float32(value)))
        assert set(seen.listed("scalars", "scalars")["saliency"]) == set(written)
        assert "saliency/probe_accuracy" in written
        assert [point[0] for point in written["saliency/gradient/drift"]] == [0, 1, 2, 3, 4]
        assert [point[0] for point in written["saliency/gradient/entropy"]] == [-1, 0, 1, 2, 3, 4]
        for tag, points in written.items():
            assert seen.scalars(tag) == points

    def test_descriptions(self, run_and_looks, board):
        listed = board(run_and_looks[0].folder.parent).listed("scalars", "scalars")["saliency"]
        assert "Higher is better" in listed["saliency/probe_accuracy"].description
        assert "Neither way is better" in listed["saliency/gradient/entropy"].description
        assert "region `corner`" in listed["saliency/gradient/corner_enrichment"].description

    def test_sheets(self, run_and_looks, board):
        run, looks = run_and_looks
        seen = board(run.folder.parent)
        for method in ("gradient", "smoothgrad"):
            points = seen.blobs("images", f"saliency/{method}/sheet")
            assert [step for step, _ in points] == [look.step for look in looks]
            pairs = itertools.pairwise([None, *looks])
            for (_, (width, height, png)), (before, look) in zip(points, pairs, strict=True):
                sheet = draw_sheet(run, look, method, before)
                np.testing.assert_array_equal(from_png(png), sheet)
                assert (int(height), int(width)) == sheet.shape[:2]

    def test_settings(self, run_and_looks, board):
        ((step, markdown),) = board(run_and_looks[0].folder.parent).texts("saliency/settings")
        assert step == 0
        assert "| every | 1 |" in markdown

    def test_maps(self, run_and_looks, board):
        run, looks = run_and_looks
        seen = board(run.folder.parent)
        listed = seen.listed("blob_sequences", "saliency")["saliency"]
        assert set(listed) == {"saliency/probes", "saliency/gradient/maps", "saliency/smoothgrad/maps"}
        for tag, series in listed.items():
            kind = "probes" if tag == "saliency/probes" else "maps"
            assert records.parse_metadata(series.plugin_content) == kind
        points = seen.blobs("saliency", "saliency/gradient/maps")
        assert [step for step, _ in points] == [look.step for look in looks]
        for (_, (record,)), look in zip(points, looks, strict=True):
            assert_same_maps(records.decode_maps(record), look, "gradient", run)

    def test_probes(self, run_and_looks, board):
        run, _ = run_and_looks
        ((step, (record,)),) = board(run.folder.parent).blobs("saliency", "saliency/probes")
        stored = records.decode_probes(record)
        assert step == 0
        assert (stored.fingerprint, stored.count, stored.size) == (run.probes.fingerprint, 4, (8, 6))
        assert (stored.names, stored.class_names) == (run.probes.names, run.probes.class_names)
        assert stored.labels == (0, 1, 2, 0)
        assert stored.settings == run.settings
        np.testing.assert_array_equal(stored.pictures, run.pictures)
        np.testing.assert_array_equal(stored.regions["corner"], run.probes.regions["corner"])

    def test_a_second_fit_in_the_same_folder(self, run_and_looks, board, a_look):
        run, looks = run_and_looks
        later = [a_look(step) for step in range(5, 9)]
        write(run, later)
        seen = board(run.folder.parent)
        assert [point[0] for point in seen.scalars("saliency/gradient/entropy")] == list(range(-1, 9))
        assert [step for step, _ in seen.blobs("saliency", "saliency/gradient/maps")] == list(range(-1, 9))
        assert [step for step, _ in seen.texts("saliency/settings")] == [0, 5]
        assert [step for step, _ in seen.blobs("saliency", "saliency/probes")] == [0, 5]

    def test_a_look_cut_off_by_a_crash_is_absent_as_a_whole(self, run_and_looks, board):
        run, looks = run_and_looks
        (path,) = event_files(run.folder)
        path.write_bytes(path.read_bytes()[:-1])
        seen = board(run.folder.parent)
        for tag in ("saliency/probe_accuracy", "saliency/gradient/entropy"):
            assert [point[0] for point in seen.scalars(tag)] == [-1, 0, 1, 2, 3]
        assert [step for step, _ in seen.blobs("saliency", "saliency/gradient/maps")] == [-1, 0, 1, 2, 3]

    def test_a_method_with_a_name_in_other_letters(self, saliency_folder, a_run, a_look, board):
        write(a_run(saliency_folder), [a_look(0, methods=("градиент 3×",))])
        ((step, (record,)),) = board(saliency_folder.parent).blobs("saliency", "saliency/градиент 3×/maps")
        assert step == 0
        assert records.decode_maps(record).method == "градиент 3×"


def assert_same_maps(record, look, method, run):
    seen = look.methods[method]
    assert (record.step, record.epoch, record.wall_time) == (look.step, look.epoch, look.wall_time)
    assert (record.method, record.score_kind) == (method, "logit")
    assert record.fingerprint == run.probes.fingerprint
    assert record.numbers == seen.numbers
    np.testing.assert_array_equal(record.scores, seen.scores)
    np.testing.assert_array_equal(record.predicted_classes, seen.predicted_classes)
    for view, maps in seen.heatmaps.items():
        np.testing.assert_allclose(record.heatmaps[view], maps, atol=np.abs(maps).max() / 250)


class TestText:
    SETTINGS = {
        "a|b": "x | y",
        "html": "<script>alert(1)</script> & <b>",
        "markdown": "*a* _b_ `c` [d](http://e) # f ~~g~~ \\| h",
        "lines": "one\ntwo",
        "nested": {"methods": ["SmoothGrad(samples=25)"], "target": None, "share": 0.5},
        "letters": "猫 π",
        "empty": "",
    }

    def test_every_setting_is_shown_as_it_is(self, saliency_folder, a_run, board):
        write(a_run(saliency_folder, settings=self.SETTINGS), [])
        page = rendered_settings(saliency_folder.parent)
        cells = [html.unescape(re.sub("<[^>]*>", "", cell)) for cell in re.findall(r"<td[^>]*>(.*?)</td>", page)]
        shown = dict(itertools.batched(cells, 2)) if hasattr(itertools, "batched") else pairs(cells)
        assert shown.pop("lines") == "one two"
        assert json.loads(shown.pop("nested")) == self.SETTINGS["nested"]
        assert shown == {key: self.SETTINGS[key] for key in shown}
        assert set(shown) | {"lines", "nested"} == set(self.SETTINGS)
        assert "<script" not in page


def pairs(cells):
    return dict(zip(cells[::2], cells[1::2], strict=True))
