"""Public names in prose, as links to the reference."""

from __future__ import annotations

import re

from keras_saliency import HOMES
from website.links import outside_code

_CODE = re.compile(r"(?<![\[`\w])`(ks\.(\w+)[^`\n]*)`(?![\]`])")


def linked(text: str) -> str:
    """The text, with code such as `ks.explain(model, images)` as a link to `keras_saliency.explain`."""
    return outside_code(lambda part: _CODE.sub(_link, part), text)


def _link(code: re.Match[str]) -> str:
    return f"[{code[0]}][keras_saliency.{code[2]}]" if code[2] in HOMES else code[0]
