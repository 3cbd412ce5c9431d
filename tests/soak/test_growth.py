"""The memory of a process that fits, looks or explains again and again grows no more than without us."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("growth.py")
MOST = {"fits": 0.5, "cleared": 0.5, "looks": 0.05, "explains": 0.05, "models": 0.5}
"""MiB more with us. On JAX the slope over 100 fits scatters by 0.2."""


def growth(what, count, how):
    command = [sys.executable, PROGRAM, what, str(count), how]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return float(done.stdout.split()[-1])


@pytest.mark.parametrize(
    ("what", "count"), [("fits", 100), ("cleared", 100), ("looks", 1000), ("explains", 1000), ("models", 100)]
)
def test_memory_does_not_grow(what, count, size):
    if not size(False, True):
        pytest.skip("only in `make soak`; `tests/training/callback/test_memory.py` shows what is kept alive")
    alone, watched = (growth(what, count, how) for how in ("alone", "watched"))
    print(f"{count} {what}: {alone:.3f} MiB each alone, {watched:.3f} MiB watched")
    assert watched - alone < MOST[what]
