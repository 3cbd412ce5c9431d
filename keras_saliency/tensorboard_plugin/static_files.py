"""The files of the page: ES modules in folders, styles and pictures, and the colour maps that Python draws with too."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

_CONTENT_TYPES = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json; charset=utf-8",
    "svg": "image/svg+xml; charset=utf-8",
}


def static_names() -> list[str]:
    """The names of all files that may be served, such as `data/maps.js`."""
    return sorted(_files())


def static_file(name: str) -> bytes | None:
    """What is in a file; None for any name that is not one of `static_names`."""
    file = _files().get(name)
    return None if file is None else file.read_bytes()


def content_type(name: str) -> str | None:
    """The content type of a file by its name; None for what is not served."""
    return _CONTENT_TYPES.get(name.rpartition(".")[2])


@cache
def _files() -> dict[str, Traversable]:
    package = resources.files("keras_saliency")
    page = dict(_below(package / "tensorboard_plugin" / "static"))
    return {**page, "colormaps.json": package / "render" / "colormaps.json"}


def _below(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, Traversable]]:
    for entry in folder.iterdir():
        name = prefix + entry.name
        if entry.is_dir():
            yield from _below(entry, f"{name}/")
        elif content_type(name):
            yield name, entry
