"""The tests on all three backends: `python -m tests.every_backend [MARKERS [FOLDER]]`, as in `pytest -m MARKERS`.

TensorFlow first; then JAX and PyTorch, at the same time. Each runs, also where another failed, and
says how it went; these sums stand at the end once more.
"""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

PROCESSES = {"tensorflow": "3", "jax": "2", "torch": "1"}
"""On two cores: some tests of TensorFlow wait for a browser, a server or another process."""
SUM = re.compile(r"^(?:no tests ran|\d+ \w+).* in [\d.]+s.*$", re.MULTILINE)


def run_on(backend, markers, folder, tell=lambda line: None):
    """The exit code of pytest on a backend, and what it said, which `tell` hears line by line."""
    wanted = [part for part in ("" if backend == "tensorflow" else "backend", markers) if part]
    command = [sys.executable, "-u", "-m", "pytest", folder, "-m", " and ".join(wanted), "--numprocesses"]
    process = subprocess.Popen(
        [*command, PROCESSES[backend]],
        env=os.environ | {"KERAS_BACKEND": backend},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    said = []
    for line in process.stdout:
        said.append(line)
        tell(line)
    return process.wait(), "".join(said)


def main(markers="", folder="tests"):
    def told(line):
        print(line, end="", flush=True)

    print("tensorflow", flush=True)
    done = {"tensorflow": run_on("tensorflow", markers, folder, told)}
    print("jax and torch, at the same time: what they say follows when both have ended", flush=True)
    others = ("jax", "torch")
    with ThreadPoolExecutor() as pool:
        done |= zip(others, pool.map(lambda backend: run_on(backend, markers, folder), others), strict=True)
    for backend in others:
        print(f"{backend}\n{done[backend][1]}")
    for backend, (code, said) in done.items():
        sums = SUM.findall(said)
        print(f"{backend:<10} {sums[-1] if sums else f'ended with exit code {code}'}")
    return max(code for code, _ in done.values())


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
