"""What is a page of the site: `docs/`, the notebooks, and what stands at the root."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
NOTEBOOKS = ("examples/tutorials", "examples/notebooks")


def sources(root: Path) -> Iterator[tuple[Path, str]]:
    """The files that are pages, and where each page stands."""
    for source in sorted((root / "docs").rglob("*.md")):
        yield source, source.relative_to(root / "docs").as_posix()
    for folder in NOTEBOOKS:
        for source in sorted((root / folder).glob("*.ipynb")):
            yield source, f"{Path(folder).name}/{source.stem}.md"
    yield root / "CHANGELOG.md", "changelog.md"
    yield root / "CONTRIBUTING.md", "contributing.md"
