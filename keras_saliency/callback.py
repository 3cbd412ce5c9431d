"""The callback: looks at a model while it trains."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras

from keras_saliency.checks.subject import Subject
from keras_saliency.checks.watch import Watch
from keras_saliency.engine.console import say
from keras_saliency.errors import SaliencyError
from keras_saliency.explanation import pictures_of
from keras_saliency.log_keys import LogKeys
from keras_saliency.logbook import Logbook, make_writers, warn, when
from keras_saliency.look import Look
from keras_saliency.methods import make_methods
from keras_saliency.observer import Observer
from keras_saliency.probes import ProbeSet, as_probes
from keras_saliency.targets import Target, as_target
from keras_saliency.writers import Run, TensorBoardWriter, load_looks


@dataclass(frozen=True)
class Summary:
    """What a callback did in its last `fit`.

    Attributes:
        looks: how many looks were taken.
        written: bytes of the looks in `folder`.
        lost: what failed and how often, by the name of the method or writer.
        seconds: spent in looks.
        percent: of the time of the training alone.
        folder: where it was written.
    """

    looks: int
    written: int
    lost: dict[str, int]
    seconds: float
    percent: float
    folder: Path

    def __str__(self) -> str:
        lost = ", ".join(f"{count} of {name}" for name, count in self.lost.items())
        cost = f"{self.seconds:.1f} s ({self.percent:.1f} % of the training)"
        return (
            f"keras_saliency: {self.looks} looks in {cost}, {self.written / 1e6:.1f} MB in {self.folder}"
            + (f"; lost: {lost}" if lost else "")
        )


class SaliencyCallback(keras.callbacks.Callback):  # type: ignore[misc]
    """Looks at a fixed probe set before the first update and after every `every`-th epoch of a `fit`.

    Every look makes the maps of the probes, and numbers about them. They go to TensorBoard, under
    `<log_dir>/saliency`, and the numbers also into Keras' `logs`: place this callback before those that read
    them. A look changes nothing in the training: no weight, no state, no random number.

    Settings that cannot work are refused before the first update. Whatever fails later costs that look of
    that method or writer, is warned of once and counted in `summary`; the training goes on.

    Args:
        probes: a `ProbeSet`, `(x, y)` or `x`. Of more than 16 images in `(x, y)` or `x`, 16 are drawn by
            `seed`, evenly over the labels; all images of a `ProbeSet` are looked at.
        log_dir: where to write; a folder `saliency` is made in it. It may be that of
            `keras.callbacks.TensorBoard`.
        methods: a method's name, a method, or a list of them.
        target: whose score is explained, see `ks.explain`. None: the label where the probes have labels, else
            the predicted class.
        output: the name or position of the output, for models with several.
        every: look after epochs `every`, 2 · `every`, …; and always at the end.
        log_keys: what goes into `logs`: `"default"` (for each method `saliency_<method>_drift` and
            `saliency_<method>_<region>_enrichment`, and `saliency_probe_accuracy`), `"all"` numbers,
            `"none"`, or a list of keys. Between two looks the last values are repeated: a patience should be
            at least `every`. A drift is infinite until there are two looks to compare.
        images: whether contact sheets are drawn for TensorBoard's image dashboard.
        store_images: False keeps every picture of a probe inside the process: only maps and numbers are
            written.
        archive: whether every look is also written at full precision, as one `.npz` file.
        writers: `"tensorboard"`, `"folder"` (PNG and CSV files), a writer, or a list of them.
        checks: cheap checks to make at every look, see `ks.check`: a name, a check, or a list, such as
            `["structure", ks.Region("corner")]`. They judge the maps of the first method. Results stand in
            `last_look.checks`, in the Saliency tab and as curves `saliency/checks/<name>`; one that fails is warned
            of once.
        stop_on_failure: whether the training stops after a look at which a check failed. A failure at the opening
            look, at the untrained network, is shown, and neither warned of nor a reason to stop.
        on_error: `"warn"`, or `"raise"` to end the training when a look fails.
        seed: of the private generators.

    Attributes:
        summary: what was looked at, written and lost, and what it cost; None before the first `fit`.
        last_look: the last look with its explanations at full precision; None before the first `fit`.

    Raises:
        ValueError, TypeError: an argument is wrong.
    """

    def __init__(
        self,
        probes: Any,
        log_dir: str | Path = "logs",
        methods: Any = "gradient",
        *,
        target: Any = None,
        output: str | int | None = None,
        every: int = 1,
        checks: Any = None,
        stop_on_failure: bool = False,
        log_keys: str | Sequence[str] = "default",
        images: bool = True,
        store_images: bool = True,
        archive: bool = False,
        writers: Any = ("tensorboard",),
        on_error: str = "warn",
        seed: int = 0,
    ) -> None:
        super().__init__()
        if isinstance(every, bool) or not isinstance(every, int) or every < 1:
            raise ValueError(f"Expected every to be a positive number of epochs. Received: every={every!r}")
        if on_error not in ("warn", "raise"):
            raise ValueError(f'Expected on_error to be "warn" or "raise". Received: on_error={on_error!r}')
        self._probes = as_probes(probes, seed=seed)
        self._methods = make_methods(methods)
        self._target = None if target is None else as_target(target)
        self._output = output
        self._every = every
        self._watch = Watch(checks, self._probes.regions)
        self._stop_on_failure = stop_on_failure
        self._log_keys = LogKeys(
            log_keys,
            [method.name for method in self._methods],
            self._probes.regions,
            labelled=self._probes.labels is not None,
        )
        made = make_writers(writers, archive=archive)
        self._reads_back = any(isinstance(writer, TensorBoardWriter) for writer in made.values())
        self._logbook = Logbook(Path(log_dir) / "saliency", made)
        self._images = images
        self._store_images = store_images
        self._strict = on_error == "raise"
        self._seed = seed
        self._observer: Observer | None = None
        self._observed: Any = None
        self._begun = False
        self._looked_after = self._ended = -1
        self._started = self._looking = 0.0
        self._count = 0
        self.last_look: Look | None = None
        self.summary: Summary | None = None

    @property
    def looks(self) -> list[Look]:
        """The looks of this callback's fits, by step, read back from the log: maps in 255 steps.

        Raises:
            SaliencyError: there is no `"tensorboard"` writer to read them back from.
        """
        if not self._reads_back:
            raise SaliencyError('Looks are read back from the event file: add "tensorboard" to writers=.')
        steps = set(self._logbook.steps)
        return [look for look in load_looks(self._logbook.folder) if look.step in steps] if steps else []

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Refuse what cannot work; open the writers."""
        del logs
        self._started, self._looking, self._count, self._begun = time.perf_counter(), 0.0, 0, False
        self._looked_after = self._ended = -1
        model = self.model
        goes_on = self._observed is model
        self._observer = Observer(
            model,
            self._probes,
            self._methods,
            target=self._target,
            output=self._output,
            seed=self._seed,
            after=self._observer if goes_on else None,
        )
        self._observed = model
        if not goes_on:
            self.last_look = None
            self._log_keys.forget()
        self._logbook.open(self._run(self._observer))

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Take the opening look, before the first update."""
        del logs
        if not self._begun:
            self._begun = True
            self._logbook.begin(epoch)
            self._look(epoch - 1, strict=True)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Look, if it is time, and put the numbers into `logs`."""
        self._ended = epoch
        if (epoch + 1) % self._every == 0 or epoch + 1 == self.params.get("epochs"):
            self._look(epoch, strict=self._strict)
        if logs is not None:
            logs.update(self._log_keys.values)

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Take the last look, unless it was taken; close the writers and sum up."""
        del logs
        if self._ended > self._looked_after:
            self._look(self._ended, strict=self._strict)
        self._logbook.close(strict=self._strict)
        training = max(time.perf_counter() - self._started - self._looking, 1e-9)
        self.summary = Summary(
            looks=self._count,
            written=self._logbook.written,
            lost=dict(self._logbook.lost),
            seconds=self._looking,
            percent=100 * self._looking / training,
            folder=self._logbook.folder,
        )
        if self.params.get("verbose"):
            say(str(self.summary))

    def _look(self, epoch: int, *, strict: bool) -> None:
        """Look after an epoch, write it and take its numbers over."""
        if self._observer is None:
            return
        _ = self.model  # on JAX this brings the model's weights up to date
        step = self._logbook.step(epoch)
        with self._timed(), self._closing_on_error():
            look = self._observer.look(step, epoch, compare=not self._logbook.holds(step), strict=strict)
            look = self._checked(look, self._observer)
            self._log_keys.update(look)
            self._logbook.write(look, self.last_look, strict=strict)
        self.last_look, self._looked_after = look, epoch
        self._count += 1

    def _checked(self, look: Look, observer: Observer) -> Look:
        """The look with the results of the checks; a failure stops the training if that is wanted."""
        if not self._watch:
            return look
        first = look.methods.get(self._methods[0].name)
        subject = Subject(
            observer.model,
            self._probes,
            self._methods[0],
            target=self._target,
            seed=self._seed,
            explanation=first.explanation if first else None,
        )
        results = self._watch.look(subject)
        has_trained = self._ended >= 0
        for result in self._watch.turned(r for r in results if has_trained or r.status == "errored"):
            warn(f"The check {result.name} {result.status} {when(look)}: {result.sentence}")
        if self._stop_on_failure and has_trained and any(result.status == "failed" for result in results):
            self.model.stop_training = True
        return replace(look, checks=results)

    @contextmanager
    def _timed(self) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self._looking += time.perf_counter() - started

    @contextmanager
    def _closing_on_error(self) -> Iterator[None]:
        """Close the writers where a look ends the training: Keras will not call `on_train_end`."""
        try:
            yield
        except BaseException:
            self._logbook.close()
            raise

    def _run(self, observer: Observer) -> Run:
        """What the writers should know of this `fit`."""
        pictures = pictures_of(self._probes, observer.channel_axis) if self._store_images else None
        settings = {
            "methods": ", ".join(map(repr, self._methods)),
            "target": _target_in_words(self._target, self._probes),
            "output": self._output,
            "probes": len(self._probes),
            "fingerprint of the probes": self._probes.fingerprint,
            "every": self._every,
            "seed": self._seed,
            "model": self._observed.name,
            "backend": f"Keras {keras.__version__} on {keras.backend.backend()}",
        }
        return Run(self._logbook.folder, self._probes, pictures, settings, sheets=self._images)


def _target_in_words(target: Target | None, probes: ProbeSet) -> str:
    if target is None:
        return "the predicted class" if probes.labels is None else "the label"
    return repr(target)
