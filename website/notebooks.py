"""Notebooks as pages, as they were stored: nothing is executed."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbconvert import MarkdownExporter
from traitlets.config import Config

from website.formulas import with_formulas

LEFT_OUT = "checks"
"""The tag of cells that hold assertions about the text: tests run them, and no reader needs them."""


def as_markdown(notebook: Path, page: Path) -> str:
    """The Markdown of a notebook; its pictures are written into `<name>_files/` beside the page."""
    read = nbformat.read(notebook, as_version=4)
    for cell in read.cells:
        if cell.cell_type == "markdown":
            cell.source = with_formulas(cell.source)
    options = {"enabled": True, "remove_cell_tags": {LEFT_OUT}}
    exporter = MarkdownExporter(config=Config({"TagRemovePreprocessor": options}))
    names = {"output_files_dir": f"{page.stem}_files", "unique_key": "picture"}
    text, resources = exporter.from_notebook_node(read, resources=names)
    for name, content in resources["outputs"].items():
        (page.parent / name).parent.mkdir(exist_ok=True)
        (page.parent / name).write_bytes(content)
    return str(text)
