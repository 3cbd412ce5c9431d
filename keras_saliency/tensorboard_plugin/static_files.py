"""The files of the page: ES modules, styles and pictures, in one flat folder."""

from __future__ import annotations

from importlib import resources

_CONTENT_TYPES = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml; charset=utf-8",
}


def static_names() -> list[str]:
    """The names of all files that may be served."""
    return sorted(file.name for file in _folder().iterdir() if content_type(file.name))


def static_file(name: str) -> bytes | None:
    """What is in a file; None for any name that is not one of `static_names`."""
    return (_folder() / name).read_bytes() if name in static_names() else None


def content_type(name: str) -> str | None:
    """The content type of a file by its name; None for what is not served."""
    return _CONTENT_TYPES.get(name.rpartition(".")[2])


def _folder() -> resources.abc.Traversable:
    return resources.files("keras_saliency.tensorboard_plugin") / "static"
