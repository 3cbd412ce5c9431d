"""The Saliency page with its data as one file, which makes no request."""

from __future__ import annotations

import json
import math
import posixpath
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from keras_saliency import records
from keras_saliency.tensorboard_plugin.answers import Answers
from keras_saliency.tensorboard_plugin.recent import Recent
from keras_saliency.tensorboard_plugin.static_files import static_file, static_names
from keras_saliency.tensorboard_plugin.store import NotStoredError, Point, Series, Store
from keras_saliency.tensorboard_plugin.trainings import Trainings

_MEGABYTE = 1_000_000
_KEPT = 64 * _MEGABYTE
START = "<!DOCTYPE html>\n<!-- keras_saliency view -->"
"""How an exported page begins."""

_SCRIPT = '<script type="module" src="./start.js"></script>'
_IMPORT = re.compile(r"""(\bfrom\s*|\bimport\s*\(?\s*)(["'])(\.{1,2}/[\w./-]+\.js)\2""")


def export_page(store: Store, every: int, max_size: float) -> str:
    """The page as HTML, with every `every`-th look and the last.

    Args:
        store: what to show.
        every: 1 for all looks.
        max_size: of the page, in megabytes.

    Raises:
        FileNotFoundError: there is nothing to show.
        ValueError: the page would be larger than `max_size`.
    """
    recent = Recent(_KEPT)
    answers = Answers(ThinnedStore(Trainings(store, recent), every), recent)
    carried = _carried(answers)
    if not carried["runs"]["runs"]:
        raise FileNotFoundError("No looks of a SaliencyCallback in this folder: there is nothing to export.")
    asked = _maps_of(carried["runs"])
    _check_size(answers, carried, asked, every, max_size)
    carried["maps"] = {_key(*one): found for one in asked if (found := _base64(answers, *one)) is not None}
    page = page_of({name: _text(name) for name in static_names()}, carried)
    return _replaced(page, "<!DOCTYPE html>", START)


class ThinnedStore:
    """A store with every n-th look and the last; its probes and checks stay."""

    def __init__(self, store: Store, every: int) -> None:
        self._store = store
        self._every = every

    def runs(self) -> Mapping[str, Mapping[str, Series]]:
        """All series by run and tag, thinned."""
        return {
            run: {
                tag: Series(series.metadata, self._thinned(tag, series.points))
                for tag, series in tags.items()
            }
            for run, tags in self._store.runs().items()
        }

    def problems(self) -> Mapping[str, Sequence[str]]:
        """What could not be read, as sentences by run."""
        return self._store.problems()

    def points(self, run: str, tag: str) -> Sequence[Point]:
        """The points of a series that are kept, by step."""
        return self._thinned(tag, self._store.points(run, tag))

    def point(self, run: str, tag: str, step: int) -> Point:
        """One point of a series, kept or not."""
        return self._store.point(run, tag, step)

    def record(self, point: Point) -> bytes:
        """The record at a point."""
        return self._store.record(point)

    def _thinned(self, tag: str, points: Sequence[Point]) -> Sequence[Point]:
        if records.method_of(tag) is None:
            return points
        last = len(points) - 1
        return [point for place, point in enumerate(points) if place % self._every == 0 or place == last]


def page_of(files: Mapping[str, str], carried: Mapping[str, Any]) -> str:
    """One HTML file of the page's files (by name, as text) and the data that it carries."""
    modules = {
        f"saliency/{name}": _module(name, text) for name, text in files.items() if name.endswith(".js")
    }
    import_map = json.dumps({"imports": modules})
    start = 'import "saliency/start.js";'
    head = (
        f'<meta http-equiv="Content-Security-Policy" content="{_policy(import_map, start)}">\n'
        f'<style id="saliency-style">\n{files["style.css"]}</style>\n</head>'
    )
    body = (
        f'<script id="saliency-data" type="application/json">{_json(carried)}</script>\n'
        f'<script type="importmap">{import_map}</script>\n<script type="module">{start}</script>'
    )
    return _replaced(_replaced(files["index.html"], "</head>", head), _SCRIPT, body)


def _carried(answers: Answers) -> dict[str, Any]:
    """All but the maps."""
    listed = answers.runs()
    names = [run["run"] for run in listed["runs"]]
    methods = [(run["run"], method) for run in listed["runs"] for method in run["methods"]]
    probes = {name: found for name in names if (found := _probes(answers, name)) is not None}
    return {
        "colormaps": json.loads(_text("colormaps.json")),
        "runs": listed,
        "looks": {_key(run, method): answers.looks(run, method) for run, method in methods},
        "probes": probes,
        "checks": {name: answers.checks(name) for name in names},
    }


def _probes(answers: Answers, run: str) -> str | None:
    try:
        return b64encode(answers.probes(run)).decode()
    except NotStoredError:
        return None


def _maps_of(listed: Mapping[str, Any]) -> list[tuple[str, str, int]]:
    return [
        (run["run"], method, step)
        for run in listed["runs"]
        for method, has in run["methods"].items()
        for step in has["steps"]
    ]


def _base64(answers: Answers, run: str, method: str, step: int) -> str | None:
    try:
        return b64encode(answers.maps(run, method, step)).decode()
    except NotStoredError:
        return None


def _check_size(
    answers: Answers,
    carried: Mapping[str, Any],
    asked: Sequence[tuple[str, str, int]],
    every: int,
    max_size: float,
) -> None:
    """Refuse a page that is too large before it is in memory."""
    maps = sum(len(_base64(answers, *one) or "") + len(_key(*one)) for one in asked)
    size = (len(_json(carried)) + maps) / _MEGABYTE
    if size > max_size:
        raise ValueError(
            f"The page would have {size:.1f} MB, more than --max-size {max_size:g}. Show fewer looks with "
            f"--every {every * math.ceil(size / max_size)}, export the folder of one run, or allow more with "
            f"--max-size {math.ceil(size)}."
        )


def _key(*parts: str | int) -> str:
    return "\0".join(map(str, parts))


def _json(value: Any) -> str:
    """JSON that no name can end the script element of."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def _module(name: str, text: str) -> str:
    """A module as data: URL. Modules there have no neighbours: they import each other by name."""

    def by_name(found: re.Match[str]) -> str:
        start, quote, path = found.groups()
        return f"{start}{quote}{posixpath.normpath(f'saliency/{posixpath.dirname(name)}/{path}')}{quote}"

    named = _IMPORT.sub(by_name, text).replace("import.meta.url", '"file:///"')
    return "data:text/javascript;base64," + b64encode(named.encode()).decode()


def _policy(*scripts: str) -> str:
    """The content policy: these two scripts and the modules, and no request at all."""
    hashes = " ".join(
        f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" for script in scripts
    )
    return f"default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; script-src {hashes} data:"


def _replaced(text: str, part: str, new: str) -> str:
    before, found, after = text.partition(part)
    if not found or part in after:
        raise ValueError(f"Expected one {part} in the page.")
    return before + new + after


def _text(name: str) -> str:
    return (static_file(name) or b"").decode()
