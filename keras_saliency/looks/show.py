"""Values and logs in the cell of a notebook."""

from __future__ import annotations

import os
from typing import Any

from keras_saliency.looks.page.export import export_page
from keras_saliency.looks.page.log_store import LogStore
from keras_saliency.render import frame


class Shown:
    """What a notebook shows in the place of this object."""

    def __init__(self, bundle: dict[str, str]) -> None:
        self._bundle = bundle

    def __repr__(self) -> str:
        return self._bundle["text/plain"]

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return self._bundle


def show(what: Any, *, every: int = 1, max_size: float = 50) -> Shown:
    """The Saliency page of a log folder, or a value, in a notebook: as the last line of a cell, or by `display`.

    Args:
        what: the `log_dir` of a `SaliencyCallback`, or a folder of several; or an `Explanation`, a `Look`, a `ProbeSet`
            or a `Report`.
        every: of a log, every N-th look and the last.
        max_size: of the page in megabytes, which the notebook keeps when it is saved.

    Raises:
        FileNotFoundError: no such folder, or no looks in it.
        ValueError: the page would be larger than `max_size`.
        TypeError: this is nothing that can be shown.

    Example:
        >>> ks.show(ks.explain(model, probes))
        <Explanation of 12 images by gradient: maps (12, 12, 12, 1), score: logit>
    """
    if hasattr(what, "_repr_mimebundle_"):
        return Shown(what._repr_mimebundle_())
    if not isinstance(what, (str, os.PathLike)):
        raise TypeError(
            "Expected the folder of a log, or an Explanation, a Look, a ProbeSet or a Report. "
            f"Received: {type(what).__name__}"
        )
    page = export_page(LogStore(what), every, max_size)
    return Shown({"text/plain": f"<The Saliency page of {what}>", "text/html": frame(page, scripts=True)})
