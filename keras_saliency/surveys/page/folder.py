"""The page and the pictures in the folder of a survey."""

from __future__ import annotations

from pathlib import Path

_PAGE, _FINISHED, _UNFINISHED = "report.html", "survey.json", "parts"


def page_of(folder: Path) -> Path | None:
    """The page in the folder of a survey; None where the folder is none of a survey.

    Raises:
        FileNotFoundError: the survey is not finished, or its page is gone.
    """
    if not (folder / _FINISHED).is_file():
        if (folder / _UNFINISHED / "settings.json").is_file():
            raise FileNotFoundError(f"The survey in {folder} is not finished: run it again, and it goes on.")
        return None
    if not (folder / _PAGE).is_file():
        raise FileNotFoundError(f"The survey in {folder} has no {_PAGE}: run it again, which writes one.")
    return folder / _PAGE
