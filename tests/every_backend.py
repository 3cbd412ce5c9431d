"""The tests on all three backends: `python -m tests.every_backend [MARKERS [FOLDER]]`, as in `pytest -m MARKERS`.

TensorFlow in front; PyTorch and then JAX take what its tests leave of the machine, while they wait for a browser, a
server or another process, and all of it once they have ended. Each runs, also where another failed, and says how it
went; these sums stand at the end once more.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

PROCESSES = {"tensorflow": "2", "torch": "1", "jax": "2"}
"""On two cores."""
BEHIND = 10
"""How far behind TensorFlow the others stand in line for a processor."""
QUICKLY_COMPILED = "--xla_backend_optimization_level=0 --xla_cpu_use_fusion_emitters=false"
"""On JAX the tests spend half their time in XLA and compute little. `make versions` compiles as users do."""
SUM = re.compile(r"^(?:no tests ran|\d+ \w+).* in [\d.]+s.*$", re.MULTILINE)


def run(backend, markers, folder, file):
    """pytest on a backend, which writes to a file; its exit code."""
    wanted = [part for part in ("" if backend == "tensorflow" else "backend", markers) if part]
    command = [sys.executable, "-u", "-m", "pytest", folder, "-m", " and ".join(wanted), "--numprocesses"]
    flags = f"{os.environ.get('XLA_FLAGS', '')} {QUICKLY_COMPILED}"
    settings = {"XLA_FLAGS": flags.strip()} if backend == "jax" else {}
    with open(file, "wb") as out:
        process = subprocess.Popen(
            [*command, PROCESSES[backend]],
            env=os.environ | {"KERAS_BACKEND": backend} | settings,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    if backend != "tensorflow":
        os.setpriority(os.PRIO_PROCESS, process.pid, BEHIND)
    return process.wait()


def follow(backend, code: Future, file):
    """Print what comes until the exit code is known; that code and the last sum that was printed."""
    print(backend, flush=True)
    said = ""
    with open(file, encoding="utf-8", errors="replace") as lines:
        while True:
            ended = code.done()
            new = lines.read()
            sys.stdout.write(new)
            sys.stdout.flush()
            said += new
            if ended:
                break
            time.sleep(0.5)
    sums = SUM.findall(said)
    return code.result(), sums[-1] if sums else "no sum"


def main(markers="", folder="tests"):
    done = {}
    with (
        tempfile.TemporaryDirectory() as place,
        ThreadPoolExecutor(1) as in_front,
        ThreadPoolExecutor(1) as behind,
    ):
        started = {}
        for backend in PROCESSES:
            file = Path(place, backend)
            file.touch()
            line = in_front if backend == "tensorflow" else behind
            started[backend] = line.submit(run, backend, markers, folder, file), file
        try:
            for backend, (code, file) in started.items():
                done[backend] = follow(backend, code, file)
        finally:  # nothing more starts after Ctrl-C
            behind.shutdown(wait=False, cancel_futures=True)
    for backend, (code, found) in done.items():
        print(f"{backend:<10} {found} (exit code {code})")
    return max(code for code, _ in done.values())


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
