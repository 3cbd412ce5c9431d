"""What a piece of Python takes and says, run in a process of its own."""

from __future__ import annotations

import atexit
import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

LIMIT = 480
"""MB that no reader may take, whatever it is given: half a GB with what was imported before the fork."""

_FORKING = """
import json, os, signal, sys, traceback
from pathlib import Path

def measured(code, path):
    names = {}
    exec(code, names)
    answer = names["main"](Path(path))
    peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
    return [answer, int(peak.split()[1]) / 1024]

def answer_to(question):
    signal.alarm(100)
    try:
        said = measured(*question)
    except BaseException:
        said = traceback.format_exc()[-2000:]
    print(json.dumps(said), flush=True)
    os._exit(0)

for line in sys.stdin:
    child = os.fork() or answer_to(json.loads(line))
    if ended := os.waitpid(child, 0)[1]:
        print(json.dumps(f"It ended by signal {ended}."), flush=True)
"""
"""A process that imports what is asked about, and forks itself for each question."""


@cache
def _forking(imports: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", f"{imports}\n{_FORKING}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(process.communicate)
    return process


def measured(body: str, path: Path) -> tuple[Any, float]:
    """What the body of a function returns for a path, and the most memory in MB that its process held at once."""
    lines = body.strip().splitlines()
    process = _forking("\n".join(line for line in lines if line.startswith(("from ", "import "))))
    code = "\n    ".join(["def main(path):", *lines])
    process.stdin.write(json.dumps([code, str(path)]) + "\n")
    process.stdin.flush()
    said = json.loads(process.stdout.readline())
    if isinstance(said, str):
        raise RuntimeError(said)
    answer, peak = said
    return answer, peak
