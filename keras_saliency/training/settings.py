"""What a callback was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keras_saliency.methods import Method
from keras_saliency.probes import ProbeSet
from keras_saliency.probes.targets import Target
from keras_saliency.training.schedule import Batches


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The arguments of `SaliencyCallback`, which documents them: the same for every `fit`, and all that a copy takes.

    `checks`, `log_keys`, `writers` and `max_disk` stand here as they were given. What the callback makes of them
    remembers its training, so a copy makes its own.

    Raises:
        ValueError: `on_error` is neither `"warn"` nor `"raise"`.
    """

    probes: ProbeSet
    log_dir: str | Path
    methods: tuple[Method, ...]
    target: Target | None
    output: str | int | None
    every: int | Batches
    checks: Any
    stop_on_failure: bool
    log_keys: str | Sequence[str]
    images: bool
    store_images: bool
    archive: bool
    writers: Any
    max_disk: int | str | None
    on_error: str
    seed: int

    def __post_init__(self) -> None:
        if self.on_error not in ("warn", "raise"):
            raise ValueError(
                f'Expected on_error to be "warn" or "raise". Received: on_error={self.on_error!r}'
            )

    @property
    def is_strict(self) -> bool:
        """Whether a look that fails ends the training."""
        return self.on_error == "raise"

    def described(self) -> dict[str, Any]:
        """What a log says of them: JSON-ready, in the order to show it."""
        return {
            "methods": ", ".join(map(repr, self.methods)),
            "target": self._target_in_words(),
            "output": self.output,
            "probes": len(self.probes),
            "fingerprint of the probes": self.probes.fingerprint,
            "every": str(self.every) if isinstance(self.every, Batches) else self.every,
            "seed": self.seed,
        }

    def _target_in_words(self) -> str:
        if self.target is None:
            return "the predicted class" if self.probes.labels is None else "the label"
        return repr(self.target)
