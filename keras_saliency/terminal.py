"""Other people's text where people and programs read it: terminals, logs, reports.

Names come from files that others wrote, and sentences from code that others wrote. Printed as they are, they could
move the cursor, forge further lines, turn the direction of the text, or be taken for commands by a CI that reads along:
GitHub Actions obeys lines that begin with `::` after white space, and `##[` anywhere in a line; Azure Pipelines and
TeamCity obey `##vso[` and `##teamcity[`.
"""

from __future__ import annotations

import re
from html import escape

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_COMMAND = re.compile(r"^(?P<space>[^\S\n]*):(?=:)|#(?=#[\w-]*\[)", re.MULTILINE)


def visible(text: str) -> str:
    """The text on one line: control characters and commands are spelled out, as in `\\x1b`; a line end is a space.

    This is for whatever others may have written: names, paths, error sentences.
    """
    if "\n" in text:
        text = " ".join(filter(None, map(str.strip, text.split("\n"))))
    return without_commands(_CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text))


def html_text(text: str) -> str:
    """The text as `visible`, as a piece of an HTML page."""
    return escape(visible(text))


def visible_lines(text: str) -> str:
    """The text as `visible`, line by line, for what has lines of its own, such as a traceback."""
    return "\n".join(map(visible, text.split("\n")))


def without_commands(text: str) -> str:
    """The lines with commands spelled out, `\\x3a:` and `\\x23#[`; for visible text that was wrapped into lines."""
    return _COMMAND.sub(lambda found: "\\x23" if found["space"] is None else f"{found['space']}\\x3a", text)
