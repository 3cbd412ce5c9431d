"""What a callback was asked for."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from keras_saliency.methods import Method
from keras_saliency.probes import ProbeSet
from keras_saliency.probes.targets import Target
from keras_saliency.reports.result import CheckResult
from keras_saliency.reports.verdicts import FailOn, fails
from keras_saliency.training.schedule import Batches


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The arguments of `SaliencyCallback`, which documents them: the same for every `fit`, and all that a copy takes.

    `checks`, `log_keys`, `writers` and `max_disk` stand here as they were given. What the callback makes of them
    remembers its training, so a copy makes its own.

    Raises:
        ValueError: `on_error` or `missing` is none of its two values, or `log_dir` is a path that no system has.
        TypeError: `log_dir` is no path.
    """

    probes: ProbeSet
    log_dir: str | Path
    methods: tuple[Method, ...]
    target: Target | None
    output: str | int | None
    logits: str
    every: int | Batches
    checks: Any
    stop_on_failure: bool | FailOn
    log_keys: str | Sequence[str]
    missing: str
    images: bool
    store_images: bool
    archive: bool
    writers: Any
    max_disk: int | str | None
    on_error: str
    seed: int

    def __post_init__(self) -> None:
        _check_choice("on_error", self.on_error, "warn", "raise")
        _check_choice("missing", self.missing, "inf", "absent")
        if self.stop_on_failure not in (True, False, *get_args(FailOn)):
            raise ValueError(
                f"Expected stop_on_failure to be True, False, {', '.join(map(repr, get_args(FailOn)))}. "
                f"Received: stop_on_failure={self.stop_on_failure!r}"
            )
        _check_path(self.log_dir)

    @property
    def is_strict(self) -> bool:
        """Whether a look that fails ends the training."""
        return self.on_error == "raise"

    def stops(self, result: CheckResult) -> bool:
        """Whether a check's result stops the training; one that could not be made does not."""
        rule: FailOn | Literal[False] = "failed" if self.stop_on_failure is True else self.stop_on_failure
        return rule is not False and result.status != "errored" and fails(result, rule)

    def described(self) -> dict[str, Any]:
        """What a log says of them: JSON-ready, in the order to show it."""
        return {
            "methods": ", ".join(map(repr, self.methods)),
            "target": self._target_in_words(),
            "output": self.output,
            "logits": self.logits,
            "probes": len(self.probes),
            "fingerprint of the probes": self.probes.fingerprint,
            "every": str(self.every) if isinstance(self.every, Batches) else self.every,
            "seed": self.seed,
        }

    def _target_in_words(self) -> str:
        if self.target is None:
            return "the predicted class" if self.probes.labels is None else "the label"
        return repr(self.target)


def _check_choice(name: str, given: Any, one: str, other: str) -> None:
    if given not in (one, other):
        raise ValueError(f'Expected {name} to be "{one}" or "{other}". Received: {name}={given!r}')


def _check_path(log_dir: Any) -> None:
    expected = f"Expected log_dir to be the path of a folder. Received: log_dir={log_dir!r}"
    if not isinstance(log_dir, str | Path):
        raise TypeError(expected)
    try:
        valid = b"\0" not in os.fsencode(log_dir)
    except UnicodeEncodeError:
        valid = False
    if not valid:
        raise ValueError(f"{expected}, with characters that no path has")
