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
_LINK_OR_CODE = re.compile(r"\[(?:`[^`]*`|[^\[\]`])*\]\([^)]*\)|`((?:ks|metrics)\.\w+)?[^`]*`")


def linked(text: str) -> str:
    """The text, with code such as `ks.explain(model, images)` as a link to `keras_saliency.explain`."""
    return outside_code(lambda part: _LINK_OR_CODE.sub(_link, part), text)


def _link(found: re.Match[str]) -> str:
    return f"[{found[0]}][{_PATHS[found[1]]}]" if found[1] in _PATHS else found[0]
