"""The Markdown of the site, made of the repository: `build/docs/`, from which Zensical builds.

The pages of `docs/` are read on a code host too, so their links are those of the repository. Here a link to what is a
page of the site becomes a link to that page, and a link to any other file a link to the repository.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from website.command_line import with_help
from website.names import linked
from website.notebooks import as_markdown

ROOT = Path(__file__).parents[1]
REPOSITORY = "https://github.com/keras-saliency/keras-saliency"
NOTEBOOKS = ("examples/tutorials", "examples/notebooks")
_FENCED = re.compile(r"^(```.*?^```$)", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"(?<=\]\()([^)\s#:]+)((?:#[^)\s]*)?)(?=[)\s])")


def write(folder: Path) -> list[str]:
    """Write every page and picture of the site; returns the pages, as paths in the folder."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "docs", folder, ignore=shutil.ignore_patterns("*.md"))
    shutil.copytree(ROOT / "website" / "assets", folder / "assets")
    pages = dict(_pages())
    for source, page in pages.items():
        path = folder / page
        path.parent.mkdir(parents=True, exist_ok=True)
        text = as_markdown(source, path) if source.suffix == ".ipynb" else source.read_text(encoding="utf-8")
        path.write_text(with_help(with_links(text, source, pages)), encoding="utf-8")
    return sorted(pages.values())


def _pages() -> Iterator[tuple[Path, str]]:
    """The sources of pages, and where their page stands."""
    for source in sorted((ROOT / "docs").rglob("*.md")):
        yield source, source.relative_to(ROOT / "docs").as_posix()
    for folder in NOTEBOOKS:
        for source in sorted((ROOT / folder).glob("*.ipynb")):
            yield source, f"{Path(folder).name}/{source.stem}.md"
    yield ROOT / "CHANGELOG.md", "changelog.md"
    yield ROOT / "CONTRIBUTING.md", "contributing.md"


def with_links(text: str, source: Path, pages: dict[Path, str]) -> str:
    """The text of a source with links as the site needs them.

    Raises:
        FileNotFoundError: a link leads nowhere.
    """

    def replaced(link: re.Match[str]) -> str:
        path, anchor = link.groups()
        if source.suffix == ".ipynb" and path.startswith(f"{source.stem}_files/"):
            return link[0]
        target = Path(os.path.normpath(source.parent / path))
        if not target.exists():
            raise FileNotFoundError(f"{source.relative_to(ROOT)} has a link that leads nowhere: {path}")
        if target in pages:
            return os.path.relpath(pages[target], Path(pages[source]).parent) + anchor
        if target.is_relative_to(ROOT / "docs") and target.is_file():
            return os.path.relpath(target.relative_to(ROOT / "docs"), Path(pages[source]).parent)
        kind = "tree" if target.is_dir() else "blob"
        return f"{REPOSITORY}/{kind}/main/{target.relative_to(ROOT).as_posix()}{anchor}"

    parts = _FENCED.split(text)
    return "".join(part if at % 2 else linked(_LINK.sub(replaced, part)) for at, part in enumerate(parts))


def with_nav(config: str, pages: list[str]) -> str:
    """The configuration with the pages that there are in the place of each `*`.

    Raises:
        ValueError: a page is not in the nav, or the nav has a page that is not there.
    """

    def found(pattern: re.Match[str]) -> str:
        return "".join(f'"{page}", ' for page in pages if fnmatchcase(page, pattern[1]))

    config = re.sub(r'"([\w/]+/\*\.md)"(?:, )?', found, config)
    listed = set(re.findall(r'"([^"]+\.md)"', config))
    if listed != set(pages):
        missing, unknown = sorted(set(pages) - listed), sorted(listed - set(pages))
        raise ValueError(
            f"Expected the nav of zensical.toml to have every page. Not in it: {missing}. Not there: {unknown}."
        )
    return config
