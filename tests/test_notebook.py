"""What IPython shows of our values, by its own rules, and a notebook that is executed as people execute it."""

import base64
import os
import subprocess
import sys

import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter

import keras_saliency as ks
from examples.tutorials import execute
from keras_saliency.explanation.plot import plot
from keras_saliency.render import Caption, from_png
from keras_saliency.reports.result import CheckResult


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def shown():
    """A function: what IPython shows of a value, by media type."""
    return lambda value: DisplayFormatter().format(value)[0]


def picture(bundle):
    return from_png(base64.b64decode(bundle["image/png"]))


class TestProbeSet:
    def test_pictures(self, rng, shown):
        images = rng.random((10, 12, 12, 3)).astype("float32")
        found = shown(ks.ProbeSet(images, np.arange(10) % 2, names=[f"image {i}" for i in range(10)]))
        assert found["text/plain"].startswith("<ProbeSet of 10: ")
        drawn = picture(found)
        assert drawn.shape[1] > 8 * 96
        assert len({tuple(pixel) for pixel in drawn.reshape(-1, 3)}) > 1000

    def test_what_people_see_is_shown(self, shown):
        probes = ks.ProbeSet(np.zeros((2, 5)), display_images=np.full((2, 6, 6, 3), 255, "uint8"))
        assert "image/png" in shown(probes)

    @pytest.mark.parametrize(
        ("images", "axis", "is_shown"),
        [
            (np.zeros((2, 9, 9)), None, True),
            (np.zeros((2, 9, 5)), None, False),
            (np.zeros((2, 9, 5)), -1, True),
            (np.zeros((2, 3, 9, 9)), None, False),
            (np.zeros((2, 3, 9, 9)), 1, True),
            (np.zeros((2, 9, 9, 7)), None, False),
            (np.zeros((2, 9)), None, False),
            ([np.zeros((2, 9, 9, 3)), np.zeros(2)], None, False),
        ],
    )
    def test_only_what_is_known_to_be_images(self, shown, images, axis, is_shown):
        assert ("image/png" in shown(ks.ProbeSet(images, channel_axis=axis))) == is_shown

    def test_thousands_are_a_picture_of_the_first(self, shown):
        first, all_of_them = (shown(ks.ProbeSet(np.zeros((n, 8, 8, 1), "uint8"))) for n in (64, 3000))
        assert first["image/png"] == all_of_them["image/png"]


class TestReport:
    REPORT = ks.Report(
        (CheckResult("region", "failed", "It reads the <corner>."),), "mnist", "gradient", "f" * 64, 16, {}
    )

    def test_a_page_in_a_frame_of_its_own(self, shown):
        found = shown(self.REPORT)
        assert found["text/html"].startswith('<iframe sandbox="" srcdoc="&lt;!doctype html&gt;')
        assert "It reads the &amp;lt;corner&amp;gt;." in found["text/html"]
        assert found["text/plain"] == str(self.REPORT)

    def test_short(self):
        assert repr(self.REPORT) == "<Report on mnist, maps by gradient, not passed: 1 failed>"

    def test_the_table_is_text_in_a_notebook_too(self):
        """rich takes a notebook for its console, and would show the table there instead of writing it."""
        code = (
            "import builtins; import keras_saliency as ks\n"
            "class ZMQInteractiveShell: pass\n"
            "builtins.get_ipython = ZMQInteractiveShell\n"
            "from rich.console import Console; assert Console().is_jupyter\n"
            "result = ks.CheckResult('region', 'failed', 'It reads the corner.')\n"
            "print(str(ks.Report((result,), 'mnist', 'gradient', 'f' * 64, 16, {})))"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert "It reads the corner." in done.stdout


def test_a_figure_is_shown_without_pyplot(rng, shown):
    pictures, views = np.zeros((1, 8, 8, 3), "uint8"), {"signed": rng.normal(size=(1, 8, 8))}
    figure = plot(pictures, views, [Caption(("a",))], "title")
    assert shown(figure)["image/png"].startswith(b"\x89PNG")


@pytest.mark.parametrize("thing", [None, 3, ["logs"]])
def test_what_cannot_be_shown(thing):
    with pytest.raises(TypeError, match="Expected the folder of a log, or an Explanation, .* Received: "):
        ks.show(thing)


def test_a_folder_without_looks(tmp_path):
    with pytest.raises(FileNotFoundError, match="No looks of a SaliencyCallback"):
        ks.show(tmp_path)


def executed(name):
    """The outputs of each cell of an example, by the end of its source; a cell that raises fails the test."""
    notebook = execute.executed(execute.EXAMPLES / "notebooks" / f"{name}.ipynb", os.environ["KERAS_BACKEND"])
    return {cell.source.split("\n")[-1]: cell.outputs for cell in execute.code(notebook)}


def test_the_notebook_that_watches():
    """Each cell as a person sees it, and one output of a fit that was replaced at its looks."""
    cells = executed("watch")
    (fit,) = [outputs for source, outputs in cells.items() if source.startswith("history = ")]
    (live,) = [output["data"] for output in fit if "data" in output]
    assert "<p>after epoch 8, step 7</p>" in live["text/html"]
    assert live["text/html"].count("data:image/png;base64,") == 1
    for source in ("probes", "looks[-1]"):
        assert picture(cells[source][-1]["data"]).std() > 10
    assert "saliency-data" in cells['ks.show("logs")'][-1]["data"]["text/html"]


@pytest.mark.repeats
def test_the_notebook_that_checks():
    cells = executed("check")
    for report in ("report", "marked_report"):
        assert "<iframe" in cells[report][-1]["data"]["text/html"]
    assert "The model uses region 'corner'" in cells["    print(error)"][-1]["text"]
    assert "The model rests on the top left corner" in cells["report"][-1]["data"]["text/plain"].replace(
        "\n", " "
    )


@pytest.mark.repeats
def test_the_notebook_that_explains():
    cells = executed("explain")
    shown = [outputs[-1]["data"] for outputs in cells.values() if outputs and "data" in outputs[-1]]
    assert sum("image/png" in data and picture(data).std() > 10 for data in shown) == 5
