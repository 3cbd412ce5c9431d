"""The report of one run, which writes itself in every format."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from keras_saliency.errors import ChecksFailedError
from keras_saliency.records.whole_file import replace_file
from keras_saliency.render import frame
from keras_saliency.reports import as_html, as_json, as_junit, as_table
from keras_saliency.reports.regions import proven_places
from keras_saliency.reports.verdicts import Verdicts
from keras_saliency.terminal import visible


class Report(Verdicts):
    """What the checks of one model found, for people and programs.

    Its files are written as a whole or not at all; whatever file is at the path is replaced.

    Attributes:
        results: one per check, in order.
        model: the model's name.
        method: the name of the method whose maps were judged.
        fingerprint: that of the probe set.
        probes: how many probes there were.
        versions: of keras_saliency, Keras, the framework behind it (its name is a key) and numpy.
        seed: of the private generators.
        fail_on: what lets the report fail, see `ks.check`.
        evaluations: images that went through the model, forward or forward and backward.
        seconds: that it took.
        waived: the names of checks whose failure or warning was waived, and does not count.
        advice: where maps fail, which other method makes maps that do not, in words.

    Example:
        >>> report = ks.check(model, probes, ["finite", "nonzero"])
        >>> report.passed, report.counts["passed"]
        (True, 2)
        >>> report.to_html("report.html")
    """

    @property
    def regions(self) -> dict[str, np.ndarray]:
        """Where the model was proven to use what it must not: masks `(height, width)` in the size of its images.

        By the names of the checks that failed: forbidden regions that are at the same place in all probes, and the
        places of `unexpected_region` (the second is `unexpected_region_2`, and so on). Waived ones too. What
        `unexpected_content` proves has no place that is the same in all images, and is not among them.

        Example:
            >>> ks.check(model, probes, ks.Region("corner")).regions
            {}
        """
        failed = [result for result in self.results if result.status == "failed"]
        return {name: mask for result in failed for name, mask in proven_places(result)}

    def to_json(self, path: str | Path) -> None:
        """Write everything, pictures too, as JSON; `keras_saliency.reports.read_report` reads it back."""
        _write(path, as_json.encode(self))

    def to_junit(self, path: str | Path) -> None:
        """Write JUnit XML, a test case per check."""
        _write(path, as_junit.encode(self))

    def to_html(self, path: str | Path) -> None:
        """Write one page with pictures, which makes no request."""
        _write(path, as_html.encode(self))

    def table(self, width: int, *, colour: bool = False) -> str:
        """The report as a table of so many columns; with terminal colours if wanted."""
        return as_table.encode(self, width, colour=colour)

    def __str__(self) -> str:
        """The report as a table for a person."""
        return self.table(width=110)

    def __repr__(self) -> str:
        said = f"{'passed' if self.passed else 'not passed'}: {self.count_words()}"
        return f"<Report on {visible(self.model)}, maps by {visible(self.method)}, {said}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """What a notebook shows: the HTML page in a frame of its own, or the table."""
        return {"text/plain": str(self), "text/html": frame(as_html.encode(self))}

    def raise_for_failures(self) -> None:
        """Do nothing if the report passed.

        Raises:
            ChecksFailedError: it did not; the message is the report.
        """
        if not self.passed:
            raise ChecksFailedError(f"The checks did not pass.\n{self}")


def _write(path: str | Path, text: str) -> None:
    replace_file(path, text.encode("utf-8", "replace"))
