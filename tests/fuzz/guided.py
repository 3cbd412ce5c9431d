"""Coverage-guided fuzzing of the readers of bytes: `python -m tests.fuzz.guided READER [libFuzzer's options]`.

Needs atheris, which `make fuzz` installs. What breaks a reader is written to a file named in the output; to see it
again: `python -m tests.fuzz.guided READER FILE`.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["keras_saliency"]):
    from tests.fuzz.readers import READERS


def main() -> None:
    """Fuzz until an option of libFuzzer's ends it."""
    program, name, *options = sys.argv
    reader = READERS[name]
    with tempfile.TemporaryDirectory() as scratch, tempfile.TemporaryDirectory() as corpus:
        for place, seed in enumerate(reader.seeds):
            Path(corpus, f"seed{place}").write_bytes(seed)
        files = [option for option in options if not option.startswith("-")]
        atheris.Setup(
            [program, "-timeout=20", "-rss_limit_mb=3000", *options, *([] if files else [corpus])],
            lambda data: reader.takes(data, Path(scratch)),
        )
        atheris.Fuzz()


if __name__ == "__main__":
    main()
