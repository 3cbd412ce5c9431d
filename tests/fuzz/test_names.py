"""Names from elsewhere do nothing: files stay in their folder, pages keep their elements, terminals their state."""

import dataclasses
import os
import re
import tempfile
import unicodedata
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from keras_saliency.looks.look import Look, MethodLook
from keras_saliency.looks.page.export import export_page
from keras_saliency.looks.page.log_store import LogStore
from keras_saliency.looks.writers import ArchiveWriter, FolderWriter, Run, TensorBoardWriter
from keras_saliency.probes import ProbeSet
from keras_saliency.records.file_names import file_name
from keras_saliency.records.scores import Scores
from keras_saliency.render.text import shorten, text_width
from keras_saliency.reports import as_github, as_html, as_json, read_report
from keras_saliency.reports.result import CheckResult
from tests.elements import Elements

from . import samples
from .damage import NAMES


@given(NAMES, NAMES)
def test_file_names_are_files_in_their_folder(name, other):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, file_name(name))
        path.write_bytes(b"")
        assert os.listdir(folder) == [path.name]
    assert len(os.fsencode(path.name)) <= 200
    assert (file_name(name) == file_name(other)) == (name == other)


def report_of(name):
    failed, skipped = samples.report().results
    named = dataclasses.replace(
        failed,
        name=f"my_{name}",
        sentence=name,
        pictures={name: failed.pictures["worst_probe"]},
        details={name: name},
    )
    waived = CheckResult("accuracy", "warned", f"Waived: {name}")
    return samples.report(
        results=(named, skipped, waived), model=name, method=name, versions={name: name}, waived={"accuracy"}
    )


@given(NAMES)
def test_a_page_has_the_elements_that_it_has_with_an_ordinary_name(name):
    assert (
        Elements(as_html.encode(report_of(name))).structure
        == Elements(as_html.encode(report_of("ordinary"))).structure
    )


def harmless(text):
    """Whether a terminal shows the text and does nothing else: no control, no turned direction, no half characters.

    A CI that reads it does nothing either: no line begins with `::`, none holds `##[`.
    """
    if any(line.lstrip().startswith("::") or re.search(r"##\w*\[", line) for line in text.split("\n")):
        return False
    ends = ("Cc", "Cs", "Zl", "Zp")
    turns = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
    return all(
        c == "\n" or (unicodedata.category(c) not in ends and unicodedata.bidirectional(c) not in turns)
        for c in text
    )


@given(NAMES)
def test_a_report_does_nothing_to_a_terminal(name):
    report = report_of(name)
    assert harmless(str(report))
    lines = as_github.workflow_commands(report).splitlines()
    assert [line.split(" ")[0] for line in lines] == ["::error", "::notice"]
    assert all(harmless(line.removeprefix("::")) for line in lines)
    assert harmless(as_github.summary(report))


@given(NAMES)
def test_reports_for_programs_can_be_read(name):
    report = report_of(name)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "report.json")
        report.to_json(path)
        assert as_json.encode(read_report(path)) == path.read_text(encoding="utf-8")
        report.to_junit(path)
        assert len(ElementTree.parse(path).findall("testsuite/testcase")) == len(report.results)


def look_of(method, input_name="image"):
    maps = np.ones((2, 4, 3), np.float32)
    numbers = np.ones(2, np.float32)
    seen = MethodLook(
        heatmaps=dict.fromkeys(("magnitude", "positive", "negative", "signed"), maps),
        model_scores=Scores(
            values=numbers,
            target_classes=np.array([0, 1]),
            predicted_classes=np.array([1, 1]),
            probabilities=numbers,
            kind="logit",
        ),
        per_probe={"entropy": numbers},
        explanation=type("Explained", (), {"maps": {input_name: maps}, "diagnostics": {}})(),
    )
    return Look(step=0, epoch=0, wall_time=1e9, methods={method: seen}, probe_accuracy=0.5)


@given(NAMES)
def test_writers_stay_in_the_folder_of_the_run_and_draw_any_name(name):
    probes = ProbeSet(np.ones((2, 4, 3)), [0, 1], names=[name, name], class_names=[name, "b"])
    with tempfile.TemporaryDirectory() as outside:
        folder = Path(outside, "log", "saliency")
        folder.mkdir(parents=True)
        run = Run(folder, probes, np.zeros((2, 4, 3, 3), np.uint8), {})
        for writer, look in ((FolderWriter(), look_of(name)), (ArchiveWriter(), look_of("gradient", name))):
            writer.open(run)
            assert writer.write(look, None) > 0
            writer.close()
        with np.load(folder / "archive" / "step_000000.npz") as archive:
            assert f"gradient/maps/{file_name(name)}" in archive.files
        assert os.listdir(outside) == ["log"]
        assert os.listdir(Path(outside, "log")) == ["saliency"]
        assert sorted(os.listdir(folder)) == ["archive", "numbers.csv", "sheets"]
        (sheets,) = (folder / "sheets").iterdir()
        assert [path.name for path in sheets.iterdir()] == ["step_000000.png"]


@given(NAMES)
def test_an_exported_page_has_the_elements_that_it_has_with_an_ordinary_name(name):
    found = [Elements(exported(text)).structure for text in (name, "ordinary")]
    assert found[0] == found[1]


def exported(name):
    probes = ProbeSet(np.ones((2, 4, 3)), [0, 1], names=[name, name], class_names=[name, "b"])
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder, file_name(name), "saliency")
        run.mkdir(parents=True)
        writer = TensorBoardWriter()
        writer.open(Run(run, probes, None, {"name": name}, sheets=False))
        writer.write(look_of("gradient"), None)
        writer.close()
        return export_page(LogStore(Path(folder)), 1, 200)


@given(NAMES, st.integers(0, 300))
def test_a_shortened_text_fits(text, width):
    shown = shorten(text, width, 12)
    assert text_width(shown, 12) <= width or shown == ""
