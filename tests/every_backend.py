"""The tests on all three backends: `python -m tests.every_backend [MARKERS [FOLDER]]`, as in `pytest -m MARKERS`.

One backend after the other, as they take longer side by side. Each runs, also where another failed, and says how it
went; these sums stand at the end once more.
"""

import os
import re
import subprocess
import sys

PROCESSES = {"tensorflow": "3", "jax": "2", "torch": "2"}
"""On two cores: some tests of TensorFlow wait for a browser, a server or another process."""
SUM = re.compile(r"^(?:no tests ran|\d+ \w+).* in [\d.]+s.*$", re.MULTILINE)


def run_on(backend, markers, folder):
    """The exit code of pytest on a backend, and the last sum that it printed."""
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
        print(line, end="", flush=True)
    sums = SUM.findall("".join(said))
    return process.wait(), sums[-1] if sums else "no sum"


def main(markers="", folder="tests"):
    done = {}
    for backend in PROCESSES:
        print(backend, flush=True)
        done[backend] = run_on(backend, markers, folder)
    for backend, (code, found) in done.items():
        print(f"{backend:<10} {found} (exit code {code})")
    return max(code for code, _ in done.values())


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
