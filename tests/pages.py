"""The pages of the documentation, and the code on them."""

import re
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
MADE = "tutorials"
"""A folder of `docs/` that is made of notebooks, which are tested themselves."""
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *(page for page in sorted((ROOT / "docs").rglob("*.md")) if MADE not in page.parts),
    *sorted((ROOT / "examples").rglob("*.md")),
]


class Block(NamedTuple):
    """A fenced block of code; `language` is empty where none is said."""

    language: str
    source: str


def fenced(page):
    """All blocks of code on a page, in order."""
    return _fenced(page.read_text(encoding="utf-8"))


def code(markdown, language="python"):
    """The blocks of code of this language in a text."""
    return [block.source for block in _fenced(markdown) if block.language == language]


def _fenced(markdown):
    found = re.findall(r"^( *)```(\w*)[^\n]*\n(.*?)^\1```$", markdown, re.DOTALL | re.MULTILINE)
    return [Block(language, dedent(source)) for _, language, source in found]


def text(page):
    """A page of `docs/`."""
    return (ROOT / "docs" / page).read_text(encoding="utf-8")


def blocks(page, language="python"):
    """The code of this language on a page of `docs/`."""
    return code(text(page), language)
