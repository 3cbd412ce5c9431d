"""Public names in prose, as links to the reference."""

from __future__ import annotations

import re

from keras_saliency import HOMES, metrics
from website.links import outside_code

_PATHS = {
    **{f"ks.{name}": f"keras_saliency.{name}" for name in HOMES},
    **{
        f"metrics.{name}": f"keras_saliency.metrics.{name}"
        for name in metrics.__all__
        if name != "infidelity"
    },
}
_CODE = re.compile(r"(?<![\[`\w])`((?:ks|metrics)\.\w+)[^`\n]*`(?![\]`])")


def linked(text: str) -> str:
    """The text, with code such as `ks.explain(model, images)` as a link to `keras_saliency.explain`."""
    return outside_code(lambda part: _CODE.sub(_link, part), text)


def _link(code: re.Match[str]) -> str:
    return f"[{code[0]}][{_PATHS[code[1]]}]" if code[1] in _PATHS else code[0]
