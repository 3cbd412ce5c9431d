"""What the writer shows below a cell, with the display of a notebook in the place of IPython's."""

import dataclasses
import re

import pytest

from keras_saliency.looks.writers import NotebookWriter, notebook
from keras_saliency.reports.result import CheckResult


@pytest.fixture
def cell(monkeypatch):
    """All outputs of a cell: for each, the bundles that it showed one after the other."""
    outputs = []

    class Handle:
        def __init__(self, shown):
            self.shown = shown

        def update(self, bundle, *, raw):
            assert raw
            self.shown.append(bundle)

    def display(bundle, *, raw, display_id):
        assert raw
        assert display_id
        outputs.append([bundle])
        return Handle(outputs[-1])

    monkeypatch.setattr(notebook, "_display", lambda: display)
    return outputs


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(notebook.time, "monotonic", lambda: now[0])
    return now


def test_one_output_is_replaced_at_every_look(cell, clock, saliency_folder, a_run, a_look):
    writer = NotebookWriter()
    writer.open(a_run(saliency_folder))
    looks = [a_look(step) for step in range(3)]
    for before, look in zip([None, *looks], looks, strict=False):
        assert writer.write(look, before) == 0
        clock[0] += 1.5
    ((_, *shown),) = cell
    assert [bundle["text/plain"] for bundle in shown] == [repr(look) for look in looks]
    assert [bundle["text/html"].count("data:image/png;base64,") for bundle in shown] == [2, 2, 2]
    assert list(saliency_folder.iterdir()) == []


def test_looks_within_a_second_wait_and_the_last_one_is_shown_in_the_end(
    cell, clock, saliency_folder, a_run, a_look
):
    writer = NotebookWriter()
    writer.open(a_run(saliency_folder))
    looks = [a_look(step) for step in range(4)]
    for look in looks:
        writer.write(look, None)
        clock[0] += 0.3
    assert len(cell[0]) == 2
    writer.close()
    writer.close()
    ((_, first, last),) = cell
    assert first["text/plain"] == repr(looks[0])
    assert last["text/plain"] == repr(looks[3])
    points = re.findall(r"points='([^']*)'", last["text/html"])
    assert {len(curve.split()) for curve in points} == {4}


def test_a_curve_lies_between_its_smallest_and_its_largest_value():
    drawn = notebook._curve([1.0, 3.0, 2.0])
    assert "points='2.0,34.0 90.0,2.0 178.0,18.0'" in drawn
    assert "aria-label='from 1 to 3'" in drawn
    assert "points='2.0,34.0'" in notebook._curve([5.0])


def test_every_fit_has_an_output_of_its_own(cell, clock, saliency_folder, a_run, a_look):
    writer = NotebookWriter()
    for _ in range(2):
        writer.open(a_run(saliency_folder))
        writer.write(a_look(0), None)
    assert len(cell) == 2


def test_no_picture_where_none_is_wanted(cell, clock, saliency_folder, a_run, a_look):
    writer = NotebookWriter()
    writer.open(a_run(saliency_folder, sheets=False))
    writer.write(a_look(0), None)
    assert "data:image" not in cell[0][-1]["text/html"]
    assert "gradient/entropy" in cell[0][-1]["text/html"]


def test_what_failed_stands_above_the_curves_and_is_no_html(cell, clock, saliency_folder, a_run, a_look):
    failed = CheckResult("region", "failed", "It reads the <b>corner</b>.")
    writer = NotebookWriter()
    writer.open(a_run(saliency_folder))
    writer.write(dataclasses.replace(a_look(0), checks=(failed,), lost={"<i>": "not finite"}), None)
    html = cell[0][-1]["text/html"]
    assert "<b>region</b>: It reads the &lt;b&gt;corner&lt;/b&gt;." in html
    assert "&lt;i&gt;" in html


def test_outside_of_a_notebook(saliency_folder, a_run):
    with pytest.raises(OSError, match=r'writers="notebook" draws below the cell of a notebook'):
        NotebookWriter().open(a_run(saliency_folder))


def test_a_look_before_open(a_look):
    with pytest.raises(RuntimeError, match="not open"):
        NotebookWriter().write(a_look(0), None)
