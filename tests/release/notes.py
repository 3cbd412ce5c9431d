"""The notes of a release, if its tag may be released: `python -m tests.release.notes v1.2.3`. Standard library alone.

The tag is the version of the package and of CITATION.cff, and the newest section of CHANGELOG.md is this version's,
with the day of the release.
"""

import re
import sys
from datetime import date
from pathlib import Path

ROOT = Path(__file__).parents[2]
HEADING = re.compile(r"^## (\S+) \((.+)\)$", re.MULTILINE)
NOT_RELEASED = "not released"


class NotReadyError(Exception):
    """What has to be written before this tag is made."""


def version(root=ROOT):
    """The version in `keras_saliency/__init__.py`, which is the package's."""
    source = (root / "keras_saliency" / "__init__.py").read_text(encoding="utf-8")
    return re.search(r'^__version__ = "(.+)"$', source, re.MULTILINE)[1]


def sections(root=ROOT):
    """The changelog: version, date (None: not released) and text of each section, as they stand."""
    _, *parts = HEADING.split((root / "CHANGELOG.md").read_text(encoding="utf-8"))
    return [
        (name, None if day == NOT_RELEASED else date.fromisoformat(day), text.strip())
        for name, day, text in zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    ]


def notes(tag, root=ROOT):
    """The newest section of the changelog.

    Raises:
        NotReadyError: If tag, version, citation and changelog are not those of one release.
    """
    if tag != f"v{version(root)}":
        raise NotReadyError(
            f"The version in keras_saliency/__init__.py is {version(root)}. Received: tag={tag}"
        )
    newest, day, text = sections(root)[0]
    if newest != version(root):
        raise NotReadyError(f"CHANGELOG.md begins with {newest}. Expected: a section {version(root)}.")
    if day is None:
        raise NotReadyError(
            f"CHANGELOG.md says that {newest} is not released. Write the day: ## {newest} (YYYY-MM-DD)"
        )
    cited = f"version: {newest}\ndate-released: {day}\n"
    if cited not in (root / "CITATION.cff").read_text(encoding="utf-8"):
        raise NotReadyError(f"CITATION.cff does not cite this release. Expected:\n{cited}")
    return text


if __name__ == "__main__":
    try:
        print(notes(*sys.argv[1:]))
    except NotReadyError as error:
        sys.exit(str(error))
