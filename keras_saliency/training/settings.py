"""What a callback was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from keras_saliency.arguments import local_path
from keras_saliency.methods import Method
from keras_saliency.probes import ProbeSet
from keras_saliency.probes.targets import ClassIndex, Label, Predicted, Target
from keras_saliency.render import checked_font
from keras_saliency.reports.result import CheckResult
from keras_saliency.reports.verdicts import FailOn, fails
from keras_saliency.training.runs import Runs
from keras_saliency.training.schedule import Batches


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The arguments of `SaliencyCallback`, which documents them: the same for every `fit`, and all that a copy takes.

    `checks`, `log_keys`, `writers` and `max_disk` stand here as they were given. What the callback makes of them
    remembers its training, so a copy makes its own.

    Raises:
        ValueError: `on_error` or `missing` is none of its two values, `log_dir` is an address or a path that no system
            has, or `run` is no name of a folder.
        TypeError: `log_dir` is no path, or `run` no text.
        FileNotFoundError, UnreadableFileError: `font` cannot be read.
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
    font: str | Path | None
    writers: Any
    run: str | None
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
        _log_dir(self.log_dir)
        _check_run(self.run)
        if self.font is not None:
            object.__setattr__(self, "font", checked_font(self.font))  # a relative path is fixed now

    def runs(self) -> Runs:
        """The runs of the log directory; a relative one is fixed now."""
        return Runs(_log_dir(self.log_dir).absolute(), self.run)

    @property
    def is_strict(self) -> bool:
        """Whether a look that fails ends the training."""
        return self.on_error == "raise"

    @property
    def written_every(self) -> int | None:
        """How many epochs lie between two looks that are written; None where that is not known."""
        return self.every if isinstance(self.every, int) and self.max_disk is None else None

    def stops(self, result: CheckResult) -> bool:
        """Whether a check's result stops the training; one that could not be made does not."""
        rule: FailOn | Literal[False] = "failed" if self.stop_on_failure is True else self.stop_on_failure
        return rule is not False and result.status != "errored" and fails(result, rule)

    def described(self) -> dict[str, Any]:
        """What a log says of them: JSON-ready, in the order to show it."""
        return {
            "methods": ", ".join(map(repr, self.methods)),
            "method names": [method.name for method in self.methods],
            "target": self._target_in_words(),
            "output": self.output,
            "logits": self.logits,
            "probes": len(self.probes),
            "fingerprint of the probes": self.probes.fingerprint,
            "every": str(self.every) if isinstance(self.every, Batches) else self.every,
            "seed": self.seed,
        }

    def _target_in_words(self) -> str:
        target = self.target or (Predicted() if self.probes.labels is None else Label())
        if isinstance(target, ClassIndex):
            return self._class_in_words(np.asarray(target.index))
        return {Predicted: "the predicted class", Label: "the label"}.get(type(target)) or repr(target)

    def _class_in_words(self, index: np.ndarray) -> str:
        if index.ndim:
            return "a class for each probe"
        names = self.probes.class_names or ()
        return f"class {index}" + (f" ({names[index]})" if index < len(names) else "")


def _check_choice(name: str, given: Any, one: str, other: str) -> None:
    if given not in (one, other):
        raise ValueError(f'Expected {name} to be "{one}" or "{other}". Received: {name}={given!r}')


def _log_dir(given: Any) -> Path:
    return local_path("log_dir", given, "the path of a folder")


def _check_run(run: Any) -> None:
    """Refuse what is not the name of a folder, or of folders in one another, that TensorBoard can show."""
    if run is None:
        return
    if not isinstance(run, str):
        raise TypeError(f"Expected run to be a name. Received: run={run!r}")
    parts = run.split("/")
    if not run.isprintable() or set(run) & set('"\\:') or {"", ".", ".."} & set(parts):
        raise ValueError(
            'Expected run to be the name of a folder below log_dir, such as "fold_1", without quotation marks, '
            f"backslashes and colons. Received: run={run!r}"
        )
