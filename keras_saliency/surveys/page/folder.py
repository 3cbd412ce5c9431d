"""The page and the pictures in the folder of a survey."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from keras_saliency.records.whole_file import replace_file
from keras_saliency.surveys.folder import PARTS, SETTINGS
from keras_saliency.surveys.page.findings import Findings
from keras_saliency.surveys.page.page import encode
from keras_saliency.surveys.page.pictures import format_of
from keras_saliency.surveys.survey import ABOUT

PAGE, PICTURES = "report.html", "pictures"


def write_page(findings: Findings) -> None:
    """Write `report.html`, and where images are kept `pictures/`, into the folder of the survey."""
    folder = findings.survey.path
    pictures = folder / PICTURES
    if pictures.exists():
        shutil.rmtree(pictures)  # those of a page before
    if findings.keeps_images:
        pictures.mkdir(parents=True)
        for name, picture in _named_pictures(findings):
            (pictures / name).write_bytes(picture)
    replace_file(folder / PAGE, encode(findings).encode("utf-8", "replace"))


def _named_pictures(findings: Findings) -> Iterator[tuple[str, bytes]]:
    """The pictures of examples, named for their strategies: ids may be any text."""
    for strategy in findings.survey.strategies:
        for kind in ("typical", "extreme"):
            for place, one in enumerate(getattr(strategy, kind)):
                if one in findings.examples:
                    picture = findings.examples[one].picture
                    name = f"class_{strategy.class_index}_strategy_{strategy.number}_{kind}_{place}"
                    yield name + format_of(picture).ending, picture


def page_of(folder: Path) -> Path | None:
    """The page in the folder of a survey; None where the folder is none of a survey.

    Raises:
        FileNotFoundError: the survey is not finished, or its page is gone.
    """
    if not (folder / ABOUT).is_file():
        if (folder / PARTS / SETTINGS).is_file():
            raise FileNotFoundError(f"The survey in {folder} is not finished: run it again, and it goes on.")
        return None
    if not (folder / PAGE).is_file():
        raise FileNotFoundError(f"The survey in {folder} has no {PAGE}: run it again, which writes one.")
    return folder / PAGE
