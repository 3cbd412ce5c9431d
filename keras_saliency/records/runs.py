"""The runs of a log directory: what their folders are called, and where a training begins in a log of several."""

from __future__ import annotations

import re

from keras_saliency.records.tags import PLUGIN_NAME

_NAME = re.compile(rf"{PLUGIN_NAME}(?:_([2-9]|[1-9][0-9]+))?")


def run_folder(number: int) -> str:
    """The name of a run's folder: `saliency`, then `saliency_2`, …"""
    return PLUGIN_NAME if number == 1 else f"{PLUGIN_NAME}_{number}"


def run_number(name: str) -> int | None:
    """The number of the run whose folder has this name; None for the folder of something else."""
    found = _NAME.fullmatch(name)
    return None if found is None else int(found[1] or 1)


def part_name(run: str, part: int) -> str:
    """The name of one of the trainings that an older version logged as one run, counted from 1."""
    return run if part == 1 else f"{run}#{part}"


def parse_part_name(name: str) -> tuple[str, int]:
    """The run and the number of the training in it that `part_name` gave this name."""
    run, _, part = name.rpartition("#")
    return (run, int(part)) if run and part.isascii() and part.isdigit() and len(part) < 10 else (name, 1)


def begins_anew(goes_on: bool | None, step: int, epoch: int | None, last_step: int | None) -> bool:
    """Whether an event file begins another training than the one before it in the same folder.

    Older versions kept all trainings of a folder as one run and did not write `goes_on`. They counted the steps of a
    training from epoch 0 on from the last step: that tells it from one that goes on with `initial_epoch`.

    Args:
        goes_on: what the file says, see `ProbesRecord`; None where an older version wrote it.
        step: of the first look in the file.
        epoch: of that look; None where batches are counted, which gives nothing away.
        last_step: the highest step before; None where there is none.
    """
    if last_step is None:
        return False
    if goes_on is not None:
        return not goes_on
    return epoch is not None and last_step >= 0 and step - epoch == last_step + 1
