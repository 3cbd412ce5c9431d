"""Coverage-guided fuzzing of the readers of bytes: `python -m tests.fuzz.guided [READER [libFuzzer's options]]`.

Without a reader all of them, three minutes each, which takes an hour. To take more than 512 MB is a finding. Needs
atheris, which `make fuzz` installs. What breaks a reader is written to `runs/fuzz/`; to see it again:
`python -m tests.fuzz.guided READER runs/fuzz/crash-…`.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["keras_saliency"]):
    from tests.fuzz.readers import READERS

FOUND = Path("runs/fuzz")
LIMITS = ["-timeout=20", "-rss_limit_mb=512", "-print_final_stats=1", f"-artifact_prefix={FOUND}/"]


def fuzz(name: str, options: list[str]) -> None:
    """Fuzz a reader until an option ends the process, or run it on the files among the options."""
    with tempfile.TemporaryDirectory() as scratch, tempfile.TemporaryDirectory() as corpus:
        for place, seed in enumerate(READERS[name].seeds + READERS[name].claims):
            Path(corpus, str(place)).write_bytes(seed)
        start = [] if any(not option.startswith("-") for option in options) else [corpus]

        def once(data: bytes) -> None:
            READERS[name].takes(data, Path(scratch))

        atheris.Setup([name, *LIMITS, *options, *start], once)
        atheris.Fuzz()


def fuzz_all(seconds: int) -> None:
    """Fuzz every reader for so long, in a process of its own."""
    for name in READERS:
        sys.stdout.write(f"{name}\n")
        sys.stdout.flush()
        command = [
            sys.executable,
            "-m",
            "tests.fuzz.guided",
            name,
            f"-max_total_time={seconds}",
            "-verbosity=0",
        ]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    FOUND.mkdir(parents=True, exist_ok=True)
    if len(sys.argv) > 1:
        fuzz(sys.argv[1], sys.argv[2:])
    else:
        fuzz_all(180)
