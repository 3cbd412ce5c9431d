"""Executes tutorials and stores what they say and show: `python -m examples.tutorials.execute [NAME ...]`.

Without a name all of them: `make tutorials`. A notebook runs offline, with the Python of this process, in a copy of
`examples/` that is gone afterwards; of the backends that its metadata name (`keras_backends`), on the first. Texts and
PNG pictures are kept, these in 256 colours. Seconds and what was said on stderr are not: they differ from run to run.
"""

import base64
import hashlib
import io
import os
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path

import nbclient
import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from PIL import Image

EXAMPLES = Path(__file__).parents[1]
TUTORIALS = EXAMPLES / "tutorials"
CHECKS = "checks"
"""The tag of cells that hold assertions of what the text states, and that readers need not see."""
KEPT = ("image/png", "text/plain")
COLOURS = 256
SECONDS = re.compile(r"(?<=evaluations), [\d.]+ s\b")
NOWHERE = "http://127.0.0.1:9"
OFFLINE = {"http_proxy": NOWHERE, "https_proxy": NOWHERE, "HF_HUB_OFFLINE": "1"}
NOT_COPIED = shutil.ignore_patterns("logs", "__pycache__", ".ipynb_checkpoints")


def tutorials():
    """The paths of all tutorials."""
    return sorted(TUTORIALS.glob("*.ipynb"))


def read(path):
    """The notebook at a path, without running it."""
    return nbformat.read(path, as_version=4)


def code(notebook):
    """The cells of a notebook that hold code."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def backends(notebook):
    """The backends that a notebook runs on. What is stored comes from the first one."""
    return notebook.metadata.get("keras_backends", ["tensorflow"])


def fingerprint(notebook):
    """Of the code: it tells whether the stored outputs are those of the cells as they are now."""
    return hashlib.sha256("\0".join(cell.source for cell in code(notebook)).encode()).hexdigest()


def executed(path, backend):
    """The notebook of a path below `examples/`, executed. A cell that raises is a `CellExecutionError`."""
    notebook = read(path)
    environment = {
        **os.environ,
        **OFFLINE,
        "KERAS_BACKEND": backend,
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONPATH": os.pathsep.join([str(EXAMPLES.parent), os.environ.get("PYTHONPATH", "")]),
    }
    # No folder of kernels: then the kernel is that of this interpreter, whatever a user has installed.
    kernel = AsyncKernelManager(kernel_spec_manager=KernelSpecManager(kernel_dirs=[]))
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "examples"
        shutil.copytree(EXAMPLES, copy, ignore=NOT_COPIED)
        place = {"metadata": {"path": str(copy / path.parent.relative_to(EXAMPLES))}}
        client = nbclient.NotebookClient(
            notebook, km=kernel, timeout=600, resources=place, coalesce_streams=True
        )
        client.execute(env=environment, cleanup_kc=True)
    return notebook


def store(notebook, path):
    """Write an executed notebook, without what differs from run to run."""
    for cell in notebook.cells:
        cell.metadata = {name: value for name, value in cell.metadata.items() if name == "tags"}
    for cell in code(notebook):
        cell.execution_count = None
        cell.outputs = [kept for output in cell.outputs if (kept := _kept(output)) is not None]
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
        "keras_backends": backends(notebook),
        "fingerprint": fingerprint(notebook),
    }
    nbformat.write(notebook, path)


def _kept(output):
    """An output as it is stored, or None."""
    if output.output_type == "stream":
        output.text = SECONDS.sub("", output.text)
        return output if output.name == "stdout" else None
    data = {kind: output.data[kind] for kind in KEPT if kind in output.data}
    if data.get("text/plain", "").startswith("<IPython.core.display."):
        del data["text/plain"]
    if "text/plain" in data:
        data["text/plain"] = SECONDS.sub("", data["text/plain"])
    if "image/png" in data:
        data["image/png"] = _smaller(data["image/png"])
    return nbformat.v4.new_output("display_data", data) if data else None


def _smaller(png):
    """A picture, in base64, with a palette: half the size or less."""
    picture = Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")
    out = io.BytesIO()
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return base64.b64encode(out.getvalue()).decode()


def main(names):
    """Execute and store; print the seconds and the size of each."""
    for path in [TUTORIALS / f"{name}.ipynb" for name in names] or tutorials():
        started = time.monotonic()
        notebook = executed(path, backends(read(path))[0])
        store(notebook, path)
        seconds, size = time.monotonic() - started, path.stat().st_size / 1000
        print(f"{path.stem}: {seconds:.0f} s, {size:.0f} kB", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
