"""The tests on all three backends: `python -m tests.every_backend [MARKERS [FOLDER]]`, as in `pytest -m MARKERS`.

TensorFlow and then JAX, as they take longer side by side; PyTorch takes what TensorFlow's tests leave of the machine,
while they wait for a browser, a server or another process. Each runs, also where another failed, and says how it went;
these sums stand at the end once more.
"""

import os
import re
import subprocess
import sys
import tempfile

PROCESSES = {"tensorflow": "3", "torch": "1", "jax": "2"}
"""On two cores."""
BEHIND = 10
"""How far behind TensorFlow PyTorch stands in line for a processor."""
QUICKLY_COMPILED = "--xla_backend_optimization_level=0 --xla_cpu_use_fusion_emitters=false"
"""On JAX the tests spend half their time in XLA and compute little. `make versions` compiles as users do."""
SUM = re.compile(r"^(?:no tests ran|\d+ \w+).* in [\d.]+s.*$", re.MULTILINE)


def start(backend, markers, folder, out):
    """pytest on a backend, which writes to a file."""
    wanted = [part for part in ("" if backend == "tensorflow" else "backend", markers) if part]
    command = [sys.executable, "-u", "-m", "pytest", folder, "-m", " and ".join(wanted), "--numprocesses"]
    flags = f"{os.environ.get('XLA_FLAGS', '')} {QUICKLY_COMPILED}"
    settings = {"XLA_FLAGS": flags.strip()} if backend == "jax" else {}
    process = subprocess.Popen(
        [*command, PROCESSES[backend]],
        env=os.environ | {"KERAS_BACKEND": backend} | settings,
        stdout=out,
        stderr=subprocess.STDOUT,
    )
    if backend == "torch":
        os.setpriority(os.PRIO_PROCESS, process.pid, BEHIND)
    return process


def follow(backend, process, file):
    """Print what comes until the process ends; its exit code and the last sum that it printed."""
    print(backend, flush=True)
    said = ""
    with open(file, encoding="utf-8", errors="replace") as lines:
        while True:
            ended = process.poll() is not None
            new = lines.read()
            sys.stdout.write(new)
            sys.stdout.flush()
            said += new
            if ended:
                break
            try:
                process.wait(0.5)
            except subprocess.TimeoutExpired:
                continue
    sums = SUM.findall(said)
    return process.returncode, sums[-1] if sums else "no sum"


def main(markers="", folder="tests"):
    done = {}
    with tempfile.TemporaryDirectory() as place:

        def started(backend):
            file = os.path.join(place, backend)
            with open(file, "wb") as out:
                return backend, start(backend, markers, folder, out), file

        for together in (("tensorflow", "torch"), ("jax",)):
            for backend, process, file in [started(backend) for backend in together]:
                done[backend] = follow(backend, process, file)
    for backend, (code, found) in done.items():
        print(f"{backend:<10} {found} (exit code {code})")
    return max(code for code, _ in done.values())


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
