"""Text for people's terminals and logs."""

from __future__ import annotations

import re

_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: str) -> str:
    """The text with its control characters spelled out, as in `\\x1b`; line ends stay.

    Names come from files that others wrote: printed as they are, they could move the cursor, hide other lines
    or turn the direction of the text.
    """
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
