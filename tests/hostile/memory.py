"""What a piece of Python takes and says, run in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

LIMIT = 512
"""MB that no reader may take, whatever it is given."""

_RUN = """
import json, sys
from pathlib import Path
def main(path):
    {}
answer = main(Path(sys.argv[1]))
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps([answer, int(peak.split()[1]) / 1024]))
"""


def measured(body: str, path: Path) -> tuple[Any, float]:
    """What the body of a function returns for a path, and the most memory in MB that its process held at once."""
    code = _RUN.format(body.strip().replace("\n", "\n    "))
    done = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, timeout=100, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    answer, peak = json.loads(done.stdout.splitlines()[-1])
    return answer, peak
