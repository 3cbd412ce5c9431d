"""The sources of the site: `docs/`, the notebooks, and what stands at the root; and its folder of Markdown, made of them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from website.command_line import with_help
from website.links import with_links
from website.names import linked
from website.notebooks import as_markdown

ROOT = Path(__file__).parents[1]
NOTEBOOKS = ("examples/tutorials", "examples/notebooks")


def write(folder: Path) -> list[str]:
    """Write every page and picture of the site; returns the pages, as paths in the folder."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "docs", folder, ignore=shutil.ignore_patterns("*.md"))
    shutil.copytree(ROOT / "website" / "assets", folder / "assets")
    pages = dict(sources(ROOT))
    for source, page in pages.items():
        path = folder / page
        path.parent.mkdir(parents=True, exist_ok=True)
        text = as_markdown(source, path) if source.suffix == ".ipynb" else source.read_text(encoding="utf-8")
        path.write_text(with_help(linked(with_links(text, source, pages, ROOT))), encoding="utf-8")
    return sorted(pages.values())


def sources(root: Path) -> Iterator[tuple[Path, str]]:
    """The files that are pages, and where each page stands."""
    for source in sorted((root / "docs").rglob("*.md")):
        yield source, source.relative_to(root / "docs").as_posix()
    for folder in NOTEBOOKS:
        for source in sorted((root / folder).glob("*.ipynb")):
            yield source, f"{Path(folder).name}/{source.stem}.md"
    yield root / "CHANGELOG.md", "changelog.md"
    yield root / "CONTRIBUTING.md", "contributing.md"
