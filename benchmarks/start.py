"""How long each step of docs/start.md takes a new user: in a fresh environment, from a wheel of this tree.

Run: `python -m benchmarks.start`, or `python -m benchmarks.start jax torch`; some minutes, most of them for the
installation. Torch is the version of `tests/constraints.txt`. Folders are temporary.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.pages import ROOT, fenced

EXTRAS = {"tensorflow": "demo", "jax": "demo,jax", "torch": "demo,torch"}
TIMED = """
import time
for step, source in enumerate({sources!r}, 1):
    started = time.perf_counter()
    exec(compile(source, "start.md", "exec"), globals())
    print("@ Python", step, source.splitlines()[0], "%.1f s" % (time.perf_counter() - started), flush=True)
"""


def main(backends: list[str]) -> None:
    """Print a line for each step on each backend."""
    page = fenced(ROOT / "docs" / "start.md")
    python = [block.source for block in page if block.language == "python"]
    shell = [line for block in page if block.language == "sh" for line in block.source.splitlines()]
    ours = [line.split() for line in shell if line.startswith("keras-saliency")]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        _run([sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", place, str(ROOT)], folder)
        (wheel,) = folder.glob("keras_saliency-*.whl")
        for backend in backends:
            work = folder / backend
            work.mkdir()
            environment = {
                **os.environ,
                "KERAS_BACKEND": backend,
                "PYTHONPATH": "",
                "TF_CPP_MIN_LOG_LEVEL": "3",
            }
            _run([sys.executable, "-m", "venv", "venv"], work)
            programs = work / "venv" / "bin"
            install = ["pip", "install", "--constraint", ROOT / "tests" / "constraints.txt"]
            _told(
                backend, "install", [programs / "python", "-m", *install, f"{wheel}[{EXTRAS[backend]}]"], work
            )
            code = TIMED.format(sources=python)
            done = _run([programs / "python", "-c", code], work, environment)
            for line in filter(lambda line: line.startswith("@"), done.stdout.splitlines()):
                print(f"{backend}: {line.removeprefix('@ ')}", flush=True)
            for program, command, *rest in ours:
                instead = ["--export", "page.html"] if command == "view" else []  # of a server that waits
                line = [programs / program, command, *rest, *instead]
                _told(backend, " ".join([command, *rest]), line, work, environment)


def _told(backend, step, command, folder, environment=None) -> None:
    started = time.perf_counter()
    done = _run(command, folder, environment, check=False)
    taken = time.perf_counter() - started
    print(f"{backend}: {step} {taken:.1f} s, exit code {done.returncode}", flush=True)


def _run(command, folder, environment=None, check=True) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        list(map(str, command)), cwd=folder, env=environment, check=check, stdout=subprocess.PIPE, text=True
    )


if __name__ == "__main__":
    main(sys.argv[1:] or list(EXTRAS))
