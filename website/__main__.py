"""Build the site: `python -m website`. It fails at the first thing that a reader would miss."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time

from website.built import faults
from website.markdown import write
from website.nav import check_nav
from website.pages import ROOT

BUILD = ROOT / "build"
SITE = BUILD / "site"


def main() -> int:
    """Build everything anew; the exit code is 1 where something is missing."""
    began = time.monotonic()
    shutil.rmtree(SITE, ignore_errors=True)
    try:
        written = write(BUILD / "docs")
        check_nav(config := (ROOT / "zensical.toml").read_text(encoding="utf-8"), written)
    except (FileNotFoundError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    (BUILD / "zensical.toml").write_text(config, encoding="utf-8")
    command = [sys.executable, "-m", "zensical", "build", "--clean", "--strict"]
    built = subprocess.run(command, cwd=BUILD, check=False, capture_output=True, text=True)
    said = re.sub(r"\x1b\[[\d;]*m", "", f"{built.stderr}\n{built.stdout}")
    if built.returncode:
        print(said, file=sys.stderr)
        return built.returncode
    found = [*_warnings(said), *faults(SITE)]
    for fault in found:
        print(fault, file=sys.stderr)
    size = sum(file.stat().st_size for file in SITE.rglob("*") if file.is_file())
    print(
        f"{len(written)} pages, {size / 1e6:.1f} MB, {len(found)} faults, {time.monotonic() - began:.0f} s: "
        f"{SITE.relative_to(ROOT)}"
    )
    return bool(found)


def _warnings(said: str) -> list[str]:
    """The lines of Zensical that are no progress: it does not count the warnings of what reads docstrings."""
    return [
        line
        for line in said.splitlines()
        if line and not re.match("Build (started|finished)|No issues", line)
    ]


if __name__ == "__main__":
    sys.exit(main())
