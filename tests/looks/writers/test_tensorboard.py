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

from keras_saliency import records
from keras_saliency.looks.event_file import event_files, read_events
from keras_saliency.looks.reading import last_step, load_looks
from keras_saliency.looks.writers import FolderWriter, TensorBoardWriter
from keras_saliency.looks.writers.sheets import draw_sheet
from keras_saliency.render import from_png, shrink
from tests.patience import LIMIT


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
                written.setdefault(f"saliency/{name}", []).append(
                    (look.step, look.wall_time, np.float32(value))
                )
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
        assert listed["saliency/gradient/drift"].description.startswith(
            "Mean over the probes that have it. 1 − Spearman"
        )

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

    @pytest.mark.parametrize(("side", "start"), [(52, b"\x89PNG"), (120, b"\xff\xd8\xff")])
    def test_maps_that_are_not_enlarged_stand_on_a_jpeg(
        self, saliency_folder, a_run, a_look, board, side, start
    ):
        run, look = a_run(saliency_folder, size=(side, side)), a_look(0, size=(side, side))
        write(run, [look])
        ((_, (*_, sheet)),) = board(run.folder.parent).blobs("images", "saliency/gradient/sheet")
        assert sheet.startswith(start)

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
        run, _ = run_and_looks
        later = [a_look(step) for step in range(5, 9)]
        write(run, later)
        seen = board(run.folder.parent)
        assert [point[0] for point in seen.scalars("saliency/gradient/entropy")] == list(range(-1, 9))
        assert [step for step, _ in seen.blobs("saliency", "saliency/gradient/maps")] == list(range(-1, 9))
        assert [step for step, _ in seen.texts("saliency/settings")] == [0, 5]
        assert [step for step, _ in seen.blobs("saliency", "saliency/probes")] == [0, 5]

    def test_a_look_cut_off_by_a_crash_is_absent_as_a_whole(self, run_and_looks, board):
        run, _ = run_and_looks
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
    assert (record.method, record.scores.kind) == (method, "logit")
    assert record.fingerprint == run.probes.fingerprint
    assert record.numbers == seen.numbers
    np.testing.assert_array_equal(record.scores.values, seen.scores)
    np.testing.assert_array_equal(record.scores.predicted_classes, seen.predicted_classes)
    for view, maps in seen.heatmaps.items():
        np.testing.assert_allclose(record.heatmaps[view], maps, atol=np.abs(maps).max() / 250)


SETTINGS = {
    "a|b": "x | y",
    "html": "<script>alert(1)</script> & <b>",
    "markdown": "*a* _b_ `c` [d](http://e) # f ~~g~~ \\| h",
    "lines": "one\ntwo",
    "nested": {"methods": ["SmoothGrad(samples=25)"], "target": None, "share": 0.5},
    "letters": "猫 π",
    "empty": "",
}


class TestText:
    @pytest.mark.filterwarnings("ignore:html5lib's sanitizer is deprecated:DeprecationWarning")
    def test_every_setting_is_shown_as_it_is(self, saliency_folder, a_run, board):
        write(a_run(saliency_folder, settings=SETTINGS), [])
        page = rendered(board(saliency_folder.parent), "saliency/settings")
        cells = [
            html.unescape(re.sub("<[^>]*>", "", cell)) for cell in re.findall(r"<td[^>]*>(.*?)</td>", page)
        ]
        shown = dict(zip(cells[::2], cells[1::2], strict=True))
        assert shown.pop("lines") == "one two"
        assert json.loads(shown.pop("nested")) == SETTINGS["nested"]
        assert shown == {key: value for key, value in SETTINGS.items() if key not in ("lines", "nested")}
        assert "<script" not in page


def rendered(board, tag):
    """The HTML that TensorBoard's text dashboard shows."""
    from tensorboard.backend import application
    from tensorboard.plugins import base_plugin
    from tensorboard.plugins.text import text_plugin
    from werkzeug.test import Client

    plugin = text_plugin.TextPlugin(base_plugin.TBContext(data_provider=board.source))
    client = Client(application.TensorBoardWSGI([plugin], data_provider=board.source))
    answer = client.get("/data/plugin/text/text", query_string={"run": "saliency", "tag": tag})
    assert answer.status_code == 200
    return answer.get_json()[0]["text"]


class TestSizes:
    def test_bytes_are_those_of_the_file(self, saliency_folder, a_run, a_look):
        sizes = write(a_run(saliency_folder), [a_look(step) for step in range(3)])
        (path,) = event_files(saliency_folder)
        with_settings = [event.ByteSize() + 16 for event in read_events(path)]
        assert sizes == with_settings[2:]
        assert path.stat().st_size == sum(with_settings)

    @pytest.mark.parametrize("channels", [1, 3])
    def test_large_maps_masks_and_pictures_are_stored_smaller(self, saliency_folder, a_run, a_look, channels):
        run = a_run(saliency_folder, size=(40, 30))
        look = a_look(0, size=(40, 30), channels=channels)
        write(run, [look], TensorBoardWriter(max_side=20))
        (read,) = load_looks(saliency_folder)
        for view, maps in look.methods["gradient"].heatmaps.items():
            smaller = shrink(maps, 20)
            assert smaller.shape == (4, 20, 15)
            np.testing.assert_allclose(
                read.heatmaps("gradient", view), smaller, atol=np.abs(smaller).max() / 200
            )
        stored = stored_probes(saliency_folder)
        assert stored.size == (40, 30)
        assert stored.pictures.shape == (4, 20, 15, 3)
        assert stored.regions["corner"].tolist() == (np.indices((20, 15)).max(0) < 1).tolist()

    def test_a_region_of_one_pixel_stays_visible(self, saliency_folder, a_run):
        size = (40, 32)
        dot = np.zeros((4, *size), bool)
        dot[np.arange(4), 7, 7 + np.arange(4)] = True
        run = a_run(saliency_folder, size=size)
        probes = dataclasses.replace(run.probes, regions={"dot": dot})
        write(dataclasses.replace(run, probes=probes), [], TensorBoardWriter(max_side=10))
        assert stored_probes(saliency_folder).regions["dot"].sum((1, 2)).tolist() == [1, 1, 1, 1]

    def test_small_maps_are_stored_as_they_are(self, saliency_folder, a_run, a_look):
        write(a_run(saliency_folder, size=(112, 100)), [a_look(0, size=(112, 100))])
        assert load_looks(saliency_folder)[0].heatmaps("gradient").shape == (4, 112, 100)

    def test_no_pixels_at_all(self):
        with pytest.raises(
            ValueError, match=r"Expected max_side to be a whole number of at least 1. Received: max_side=0"
        ):
            TensorBoardWriter(max_side=0)


def stored_probes(folder):
    tagged = {
        value.tag: value
        for path in event_files(folder)
        for e in read_events(path)
        for value in e.summary.value
    }
    return records.decode_probes(tagged["saliency/probes"].tensor.string_val[0])


class TestOptions:
    def test_no_sheets(self, saliency_folder, a_run, a_look):
        write(a_run(saliency_folder, sheets=False), [a_look(0)])
        assert not any(tag.endswith("/sheet") for tag in tags(saliency_folder))

    def test_no_picture_leaves_the_process(self, saliency_folder, a_run, a_look):
        run, look = a_run(saliency_folder, pictures=None), a_look(0)
        write(run, [look])
        stored = stored_probes(saliency_folder)
        assert stored.pictures is None
        assert stored.size == (8, 6)
        drawn = draw_sheet(run, look, "gradient", None)
        elsewhere = np.random.default_rng(1).integers(0, 256, (4, 8, 6, 3), np.uint8)
        other = dataclasses.replace(run, probes=dataclasses.replace(run.probes, display_images=elsewhere))
        np.testing.assert_array_equal(draw_sheet(other, look, "gradient", None), drawn)

    def test_neither_pictures_nor_regions(self, saliency_folder, a_run):
        run = a_run(saliency_folder, pictures=None)
        write(dataclasses.replace(run, probes=dataclasses.replace(run.probes, regions=None)), [])
        assert stored_probes(saliency_folder).size is None

    def test_no_labels_and_names(self, saliency_folder, a_run, a_look):
        run = a_run(saliency_folder)
        bare = dataclasses.replace(run.probes, labels=None, names=None, class_names=None)
        write(dataclasses.replace(run, probes=bare), [a_look(0, probe_accuracy=None)])
        stored = stored_probes(saliency_folder)
        assert (stored.labels, stored.names, stored.class_names) == (None, None, None)
        assert "saliency/probe_accuracy" not in tags(saliency_folder)
        assert load_looks(saliency_folder)[0].probe_accuracy is None


def tags(folder):
    return {
        value.tag
        for path in event_files(folder)
        for event in read_events(path)
        for value in event.summary.value
    }


class TestOpening:
    def test_a_look_before_open(self, a_look):
        with pytest.raises(RuntimeError, match=r"not open: call open\(run\) first"):
            TensorBoardWriter().write(a_look(0), None)

    def test_a_look_after_close(self, saliency_folder, a_run, a_look):
        writer = TensorBoardWriter()
        writer.open(a_run(saliency_folder))
        writer.close()
        writer.close()
        with pytest.raises(RuntimeError, match="not open"):
            writer.write(a_look(0), None)

    def test_a_writer_can_be_used_for_several_fits(self, saliency_folder, a_run, a_look):
        writer = TensorBoardWriter()
        write(a_run(saliency_folder), [a_look(0)], writer)
        write(a_run(saliency_folder), [a_look(1)], writer)
        assert len(event_files(saliency_folder)) == 2
        assert last_step(saliency_folder) == 1

    def test_a_folder_that_cannot_be_written(self, saliency_folder, a_run):
        run = a_run(saliency_folder)
        with pytest.raises(OSError, match="No such file"):
            TensorBoardWriter().open(dataclasses.replace(run, folder=saliency_folder / "missing"))

    def test_maps_that_are_not_finite_stay_visible(self, saliency_folder, a_run, a_look):
        look = a_look(0, size=(40, 30), methods=("gradient",))
        for maps in look.methods["gradient"].heatmaps.values():
            maps[2, 5, 5] = np.nan
        write(a_run(saliency_folder, size=(40, 30)), [look], TensorBoardWriter(max_side=20))
        read = load_looks(saliency_folder)[0].heatmaps("gradient")
        assert np.isnan(read).all((1, 2)).tolist() == [False, False, True, False]
        assert np.isnan(read).any((1, 2)).tolist() == [False, False, True, False]


def test_neither_writing_nor_reading_imports_tensorflow(saliency_folder, a_run, a_look):
    write(a_run(saliency_folder), [a_look(0)])
    code = """
        import dataclasses, pathlib, sys
        import numpy as np
        from keras_saliency.probes import ProbeSet
        from keras_saliency.looks.reading import load_looks
        from keras_saliency.looks.writers import FolderWriter, Run, TensorBoardWriter
        folder = pathlib.Path(sys.argv[1])
        (look,) = load_looks(folder)
        pictures = np.zeros((4, 8, 6, 3), np.uint8)
        for writer in (TensorBoardWriter(), FolderWriter()):
            writer.open(Run(folder, ProbeSet(pictures), pictures, {}))
            writer.write(dataclasses.replace(look, step=1), look)
            writer.close()
        assert len(load_looks(folder)) == 2
        print(*sorted({"tensorflow", "keras", "jax", "torch"} & sys.modules.keys()))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), saliency_folder],
        capture_output=True,
        text=True,
        check=True,
        timeout=LIMIT,
    )
    assert done.stdout.strip() == ""


def test_two_writers_do_not_disturb_each_other(saliency_folder, a_run, a_look):
    run = a_run(saliency_folder)
    for writer in (TensorBoardWriter(), FolderWriter()):
        write(run, [a_look(0), a_look(1)], writer)
    assert [look.step for look in load_looks(saliency_folder)] == [0, 1]
