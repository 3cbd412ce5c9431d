"""Links of the repository as links of the site.

The pages are read on a code host too, so their links are those of the repository. A link to what is a page of the site
becomes a link to that page, and a link to any other file outside `docs/` a link to the repository.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from markdown.extensions.toc import slugify

REPOSITORY = "https://github.com/keras-saliency/keras-saliency"
_FENCED = re.compile(r"^([ \t]*```.*?^[ \t]*```$)", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"(?<=\]\()([^)\s#:]*)((?:#[^)\s]*)?)(?=[)\s])")


def outside_code(change: Callable[[str], str], text: str) -> str:
    """A Markdown text, changed where it is not a block of code."""
    return "".join(part if at % 2 else change(part) for at, part in enumerate(_FENCED.split(text)))


def with_links(text: str, source: Path, pages: Mapping[Path, str], root: Path) -> str:
    """The text of a source with links as its page needs them.

    Raises:
        FileNotFoundError: a link leads nowhere.
    """
    folder = Path(pages[source]).parent

    def replaced(link: re.Match[str]) -> str:
        path, anchor = link.groups()
        if (path or source.name).endswith(".ipynb") and anchor:
            anchor = f"#{slugify(anchor[1:].replace('-', ' '), '-')}"  # Jupyter keeps capitals and points
        if not path:
            return anchor
        target = Path(os.path.normpath(source.parent / path))
        if source.suffix == ".ipynb" and path.startswith(f"{source.stem}_files/"):
            return path  # a picture of the notebook, which stands beside its page
        if not target.exists():
            raise FileNotFoundError(f"{source.relative_to(root)} has a link that leads nowhere: {path}")
        if target in pages:
            return os.path.relpath(pages[target], folder) + anchor
        if target.is_relative_to(root / "docs") and target.is_file():
            return os.path.relpath(target.relative_to(root / "docs"), folder)
        kind = "tree" if target.is_dir() else "blob"
        return f"{REPOSITORY}/{kind}/main/{target.relative_to(root).as_posix()}{anchor}"

    return outside_code(lambda part: _LINK.sub(replaced, part), text)
