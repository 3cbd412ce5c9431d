"""uv, which keeps what it downloaded, and here looks for packages where pip does."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CONSTRAINTS = ("--constraint", str(ROOT / "tests" / "constraints.txt"))
FOR_PIP = {"PIP_FIND_LINKS": "UV_FIND_LINKS", "PIP_EXTRA_INDEX_URL": "UV_INDEX"}


def uv(*words):
    """What it printed."""
    places = {theirs: os.environ[pips] for pips, theirs in FOR_PIP.items() if pips in os.environ}
    ran = subprocess.run(
        [sys.executable, "-m", "uv", *map(str, words)],
        env=os.environ | places | {"UV_INDEX_STRATEGY": "unsafe-best-match"},
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise RuntimeError(f"uv {' '.join(map(str, words))}\n{ran.stdout}{ran.stderr}")
    return ran.stdout


def venv(place):
    """A fresh environment of this Python, and its interpreter."""
    uv("venv", "--clear", "--python", sys.executable, place)
    return Path(place, "bin", "python")
