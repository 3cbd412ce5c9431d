"""What each installation weighs on disk and takes. Run: `make sizes`.

Each is made in a fresh virtual environment of this Python by uv, with the versions of `tests/constraints.txt` (of the
trackers the newest), three times: the first downloads, the faster of the others is told. Megabytes are all files in
site-packages.
"""

from __future__ import annotations

import tempfile
import time
import tomllib
from pathlib import Path

from tests.release.uv import CONSTRAINTS, ROOT, uv, venv

TRACKERS = ("mlflow", "trackio", "wandb")
EXTRAS = ("jax", "torch", "plot", "regions", "demo", "survey", "ray", *TRACKERS)


def megabytes(environment: Path) -> float:
    (packages,) = (environment / "lib").glob("python3.*/site-packages")
    return sum(path.stat().st_size for path in packages.rglob("*") if path.is_file()) / 1e6


def installed(*words: str | Path) -> tuple[float, int, float]:
    """Megabytes, packages and seconds of `uv pip install` with these words."""
    with tempfile.TemporaryDirectory() as place:
        seconds = []
        for _ in range(3):
            python = venv(place)
            start = time.perf_counter()
            uv("pip", "install", "--python", python, *words)
            seconds.append(time.perf_counter() - start)
        packages = uv("pip", "list", "--python", python).count("\n") - 2
        return megabytes(Path(place)), packages, min(seconds[1:])


def row(name: str, size: tuple[float, int, float], more_than: float = 0.0) -> None:
    weight, packages, seconds = size
    shown = f"+ {weight - more_than:.0f}" if more_than else f"{weight:.0f}"
    print(f"| {name} | {shown} | {packages} | {seconds:.0f} |", flush=True)


def main() -> None:
    required = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    alone = [name for name in required if not name.startswith("tensorflow")]
    print("| installation | MB | packages | seconds |\n|---|---|---|---|")
    base = installed(*CONSTRAINTS, ROOT)
    row("`keras_saliency`", base)
    for extra in EXTRAS:
        versions = () if extra in TRACKERS else CONSTRAINTS
        row(f"`keras_saliency[{extra}]`", installed(*versions, f"{ROOT}[{extra}]"), more_than=base[0])
    for framework in ("jax", "torch"):
        # The same as `--no-deps` and all that is required but TensorFlow, in one step.
        row(f"{framework}, without TensorFlow", installed(*CONSTRAINTS, *alone, framework))


if __name__ == "__main__":
    main()
