"""The settings of a run as Markdown."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from keras_saliency.terminal import visible

_SPECIAL = re.compile(r"[\\`*_{}\[\]()<>#+!|&~:@]")


def settings_table(settings: Mapping[str, Any]) -> str:
    """A table of names and values. Characters that mean something in Markdown or HTML are shown as they are."""
    rows = [f"| {_plain(name)} | {_plain(_shown(value))} |" for name, value in settings.items()]
    return "\n".join(["| setting | value |", "|---|---|", *rows])


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _plain(text: str) -> str:
    """The text on one line, its special characters as HTML entities."""
    return _SPECIAL.sub(lambda found: f"&#{ord(found[0])};", visible(text))
