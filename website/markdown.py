"""The folder of Markdown from which Zensical builds."""

from __future__ import annotations

import shutil
from pathlib import Path

from website.command_line import with_help
from website.links import REPOSITORY, with_links
from website.names import linked
from website.notebooks import as_markdown
from website.pages import ROOT, sources


def write(folder: Path) -> list[str]:
    """Write every page and picture of the site; returns the pages, as paths in the folder."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "docs", folder, ignore=shutil.ignore_patterns("*.md"))
    shutil.copytree(ROOT / "website" / "assets", folder / "assets")
    pages = dict(sources(ROOT))
    for source, page in pages.items():
        path = folder / page
        path.parent.mkdir(parents=True, exist_ok=True)
        text = _notebook(source, path) if source.suffix == ".ipynb" else source.read_text(encoding="utf-8")
        path.write_text(with_help(linked(with_links(text, source, pages, ROOT))), encoding="utf-8")
    return sorted(pages.values())


def _notebook(source: Path, page: Path) -> str:
    where = f"{REPOSITORY}/blob/main/{source.relative_to(ROOT).as_posix()}"
    return f"{as_markdown(source, page)}\n*This page is a notebook: [{source.name}]({where}).*\n"
