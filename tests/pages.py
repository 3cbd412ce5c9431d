"""The pages of the documentation, and the code on them."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def text(page):
    """A page of `docs/`."""
    return (ROOT / "docs" / page).read_text(encoding="utf-8")


def blocks(page, language="python"):
    """The code of this language on a page of `docs/`."""
    return code(text(page), language)


def code(markdown, language="python"):
    """The blocks of code of this language in a text."""
    return re.findall(rf"^```{language}\n(.*?)^```$", markdown, re.DOTALL | re.MULTILINE)
