"""Every example runs as it stands."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.patience import LIMIT

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize("example", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_example_runs(example, tmp_path):
    done = subprocess.run(
        [sys.executable, str(example)],
        cwd=tmp_path,
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "corner enrichment" in done.stdout
    assert list(tmp_path.glob("runs/*/saliency/events.out.tfevents.*"))
