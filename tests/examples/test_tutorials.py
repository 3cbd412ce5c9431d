"""Tutorials run from their first cell to their last; what is stored of them is theirs, and fit for a page."""

import base64
import io
import re
import sys

import nbformat
import numpy as np
import pytest
from nbclient.exceptions import CellExecutionError
from PIL import Image

from examples.tutorials import execute

MOST_BYTES = 600_000
TUTORIALS = execute.tutorials()
every_tutorial = pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)


@pytest.mark.repeats
@pytest.mark.parametrize(
    ("path", "backend"),
    [
        pytest.param(path, backend, id=f"{path.stem}-{backend}")
        for path in TUTORIALS
        for backend in execute.backends(execute.read(path))
    ],
)
def test_it_runs(path, backend):
    """No cell raises, and those that are tagged hold every number of the text against what came out."""
    execute.executed(path, backend)


@every_tutorial
def test_what_is_stored_is_of_the_cells_as_they_are(path):
    notebook = execute.read(path)
    assert notebook.metadata["fingerprint"] == execute.fingerprint(notebook), "run `make tutorials`"


@every_tutorial
def test_what_is_stored_is_text_and_pictures(path):
    outputs = [output for cell in execute.code(execute.read(path)) for output in cell.outputs]
    assert {kind for output in outputs for kind in output.get("data", {})} <= set(execute.KEPT)
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert {output.get("name", "stdout") for output in outputs} == {"stdout"}


@every_tutorial
def test_nothing_in_it_differs_from_run_to_run(path):
    notebook = execute.read(path)
    texts = [
        output.get("text", "") + output.get("data", {}).get("text/plain", "")
        for cell in execute.code(notebook)
        for output in cell.outputs
    ]
    assert re.findall(r" at 0x\w+|\x1b\[|/tmp/|\d+ms/step", "".join(texts)) == []
    assert {cell.execution_count for cell in execute.code(notebook)} == {None}


@every_tutorial
def test_its_links_lead_somewhere(path):
    texts = [cell.source for cell in execute.read(path).cells if cell.cell_type == "markdown"]
    links = re.findall(r"\]\(([^)#:]+)\)", "".join(texts))
    assert [link for link in links if not (path.parent / link).exists()] == []


@every_tutorial
def test_it_is_small(path):
    assert path.stat().st_size <= MOST_BYTES


@every_tutorial
def test_its_checks_assert_and_show_nothing(path):
    checks = [
        cell for cell in execute.code(execute.read(path)) if execute.CHECKS in cell.metadata.get("tags", [])
    ]
    assert checks
    assert all("assert " in cell.source and not cell.outputs for cell in checks)


def test_what_is_stored(tmp_path):
    """Of each kind of output."""
    output, drawn = nbformat.v4.new_output, io.BytesIO()
    colours = np.stack([*(4 * np.indices((64, 64))), np.full((64, 64), 99)], -1)
    Image.fromarray(colours.astype("uint8")).save(drawn, "PNG", compress_level=0)
    png = base64.b64encode(drawn.getvalue()).decode()
    outputs = [
        output("stream", name="stdout", text="said"),
        output("stream", name="stderr", text="warned"),
        output(
            "execute_result",
            {"text/html": "<b>", "text/plain": "a table"},
            execution_count=3,
            metadata={"a": 1},
        ),
        output("display_data", {"image/png": png, "text/plain": "<Figure>"}),
        output("display_data", {"text/html": "<b>", "text/plain": "<IPython.core.display.HTML object>"}),
    ]
    cell = nbformat.v4.new_code_cell(
        "1 + 1", outputs=outputs, execution_count=3, metadata={"execution": {}, "tags": ["a"]}
    )
    notebook = nbformat.v4.new_notebook(cells=[cell], metadata={"widgets": {}, "keras_backends": ["jax"]})
    execute.store(notebook, tmp_path / "a.ipynb")
    stored = execute.read(tmp_path / "a.ipynb")
    assert stored.metadata.keys() == {"kernelspec", "language_info", "keras_backends", "fingerprint"}
    assert stored.metadata["keras_backends"] == ["jax"]
    (cell,) = stored.cells
    assert (cell.metadata, cell.execution_count) == ({"tags": ["a"]}, None)
    said, table, figure = cell.outputs
    assert said.text == "said"
    assert (table.data, table.metadata) == ({"text/plain": "a table"}, {})
    assert figure.data["text/plain"] == "<Figure>"
    with Image.open(io.BytesIO(base64.b64decode(figure.data["image/png"]))) as picture:
        off = np.abs(np.asarray(picture.convert("RGB"), int) - colours)
    assert 0 < off.max() <= 16
    assert len(figure.data["image/png"]) < len(png)


def test_how_it_runs(tmp_path, monkeypatch):
    """With this Python, on the backend that was asked for, in a copy; a cell that raises is an error."""
    monkeypatch.setattr(execute, "EXAMPLES", tmp_path)
    source = "import os, pathlib, sys; pathlib.Path('left').touch(); print(sys.executable, os.environ['KERAS_BACKEND'])"
    cells = [nbformat.v4.new_code_cell(source), nbformat.v4.new_code_cell("1 / 0")]
    for name, some in (("sound", cells[:1]), ("faulty", cells)):
        nbformat.write(nbformat.v4.new_notebook(cells=some), tmp_path / f"{name}.ipynb")
    (cell,) = execute.executed(tmp_path / "sound.ipynb", "jax").cells
    assert cell.outputs[0].text == f"{sys.executable} jax\n"
    assert not (tmp_path / "left").exists()
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        execute.executed(tmp_path / "faulty.ipynb", "jax")
