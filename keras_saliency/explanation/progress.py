"""Telling a person who waits how far long work has come."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from keras_saliency.terminal import visible

Tell = Callable[[int], None]
"""Is told of every batch how many images went through the model."""


@contextmanager
def shown(what: str, console: Any = None) -> Iterator[Tell]:
    """A line on the console, for as long as the block lasts: what is done, the images so far, the time.

    How many there will be is not known beforehand, as some methods stop when they are good enough. Nothing is
    left on the console afterwards.

    Args:
        what: is done.
        console: a `rich.console.Console`; None: one on stderr.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    progress = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        TextColumn("{task.completed:,} images through the model"),
        TimeElapsedColumn(),
        console=console or Console(stderr=True),
        transient=True,
    )
    with progress:
        task = progress.add_task(visible(what), total=None)
        yield lambda images: progress.advance(task, images)
