"""The callback: looks at a model while it trains."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras

from keras_saliency.checks.shared.subject import Subject
from keras_saliency.engine import Question
from keras_saliency.engine.backends import current_backend
from keras_saliency.engine.console import say
from keras_saliency.errors import SaliencyError, UnreadableFileError
from keras_saliency.explanation import pictures_of
from keras_saliency.looks.look import Look
from keras_saliency.looks.observer import Observer
from keras_saliency.looks.reading import load_looks, outer_looks
from keras_saliency.looks.writers import Run, TensorBoardWriter
from keras_saliency.methods import make_methods
from keras_saliency.probes import ProbeSet, as_probes
from keras_saliency.probes.targets import Target, as_target
from keras_saliency.training.log_keys import LogKeys
from keras_saliency.training.logbook import Logbook, make_writers, warn, when
from keras_saliency.training.schedule import Batches, as_interval
from keras_saliency.training.summary import Summary
from keras_saliency.training.watch import Watch


class SaliencyCallback(keras.callbacks.Callback):  # type: ignore[misc]
    """Looks at a fixed probe set before the first update and after every `every`-th epoch of a `fit`.

    Every look makes the maps of the probes, and numbers about them. They go to TensorBoard, under
    `<log_dir>/saliency`, and the numbers also into Keras' `logs`: place this callback before those that read
    them. A look changes nothing in the training: no weight, no state, no random number.

    Where several processes train together, each of them looks, so that all see the same numbers in their `logs`, and
    only the first one writes.

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
        every: look after epochs `every`, 2 · `every`, …; and always at the end. `ks.Batches(100)` looks inside epochs.
            Steps are then the batches seen, and `logs` has the numbers of the last look at the end of each epoch.
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
        max_disk: the most that the folder may take, such as `"200 MB"`. From half of it on only every second look is
            written, then every fourth, and so on. All are taken, with the numbers in `logs`.
        on_error: `"warn"`, or `"raise"` to end the training when a look fails.
        seed: of the private generators.

    Attributes:
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
        every: int | Batches = 1,
        checks: Any = None,
        stop_on_failure: bool = False,
        log_keys: str | Sequence[str] = "default",
        images: bool = True,
        store_images: bool = True,
        archive: bool = False,
        writers: Any = ("tensorboard",),
        max_disk: int | str | None = None,
        on_error: str = "warn",
        seed: int = 0,
    ) -> None:
        arguments = {name: value for name, value in locals().items() if name not in ("self", "__class__")}
        super().__init__()
        if on_error not in ("warn", "raise"):
            raise ValueError(f'Expected on_error to be "warn" or "raise". Received: on_error={on_error!r}')
        self._probes = as_probes(probes, seed=seed)
        self._arguments = arguments | {"probes": self._probes}
        self._methods = make_methods(methods)
        self._target = None if target is None else as_target(target)
        self._output = output
        self._every = as_interval(every)
        if isinstance(every, Batches):
            # Set here, so that Keras calls no hook after batches where none is wanted.
            self.on_train_batch_end = self._after_batch
        self._watch = Watch(checks, self._probes)
        self._stop_on_failure = stop_on_failure
        self._log_keys = LogKeys(
            log_keys,
            [method.name for method in self._methods],
            self._probes.regions,
            labelled=self._probes.labels is not None,
        )
        made = make_writers(writers, archive=archive)
        self._reads_back = any(isinstance(writer, TensorBoardWriter) for writer in made.values())
        self._logbook = Logbook(Path(log_dir) / "saliency", made, max_disk)
        self._images = images
        self._store_images = store_images
        self._strict = on_error == "raise"
        self._seed = seed
        self._observer: Observer | None = None
        self._observed: Any = None
        self._is_new = self._begun = False
        # Positions are the epoch that ended last, or the batches seen.
        self._now = self._looked_at = self._batches_before = 0
        self._chief = True
        self._started = self._looking = 0.0
        self._ended: float | None = None
        self._count = 0
        self.last_look: Look | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy, also a pickled one, has the same settings and has not looked at anything."""
        return _made_again, (type(self), self._arguments)

    @property
    def looks(self) -> list[Look]:
        """The looks of this callback's fits, by step, read back from the log: maps in 255 steps.

        Raises:
            SaliencyError: there is no `"tensorboard"` writer to read them back from, or another process wrote them.
        """
        if not self._chief:
            raise SaliencyError(
                "Of the processes that train together only the first writes looks, and reads them back."
            )
        if not self._reads_back:
            raise SaliencyError('Looks are read back from the event file: add "tensorboard" to writers=.')
        steps = set(self._logbook.steps)
        return [look for look in load_looks(self._logbook.folder) if look.step in steps] if steps else []

    @property
    def summary(self) -> Summary | None:
        """What was looked at, written and lost, and what it cost; None before the first `fit` or `look`."""
        if self._observed is None:
            return None
        until = time.perf_counter() if self._ended is None else self._ended
        return Summary(
            looks=self._count,
            written=self._logbook.written,
            left_out=self._logbook.left_out,
            lost=dict(self._logbook.lost),
            seconds=self._looking,
            percent=100 * self._looking / max(until - self._started - self._looking, 1e-9),
            folder=self._logbook.folder,
        )

    def look(self, model: Any, step: int) -> Look | None:
        """Look at a model now, for those who write their own training loop; `fit` does it by itself.

        The first call refuses what cannot work. After it nothing that fails is raised, as in a `fit`. What is written
        is safe on disk when the call returns.

        Args:
            model: a Keras model that holds its weights; the same at every call.
            step: where the look is logged, such as the number of batches seen. Steps grow: a look at a step that the
                folder holds already, or at one before, is only compared with.

        Returns:
            The look; the one before, if this one failed as a whole.
        """
        is_first = self._observed is not model or not self._begun
        if is_first:
            self._open(model)
            self._begun = True
            last = self._logbook.last_step
            if last is not None and step > last:
                self._go_on_from_log()
            elif last is not None:
                warn(f"The log goes to step {last} already: looks are written from step {last + 1} on.")
        self._look(step, None, strict=is_first or self._strict)
        return self.last_look

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Refuse what cannot work; open the writers."""
        del logs
        self._open(self.model)

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Take the opening look, before the first update."""
        del logs
        self._batches_before = self._now
        if not self._begun:
            self._begun = True
            self._now = 0 if self._counts_batches else epoch - 1
            self._logbook.begin(self._now)
            if epoch > 0:
                self._go_on_from_log()
            self._look_now(strict=True)

    def _after_batch(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Look, if it is time. Several batches may have gone by (`steps_per_execution`)."""
        del logs
        self._now = self._batches_before + batch + 1
        if isinstance(self._every, Batches) and self._now - self._looked_at >= self._every.count:
            self._look_now(strict=self._strict)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Look, if it is time, and put the numbers into `logs`."""
        if not isinstance(self._every, Batches):
            self._now = epoch
            if (epoch + 1) % self._every == 0 or epoch + 1 == self.params.get("epochs"):
                self._look_now(strict=self._strict)
        if logs is not None:
            logs.update(self._log_keys.values)

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Take the last look, unless it was taken; close the writers and sum up."""
        del logs
        if self._now > self._looked_at:
            self._look_now(strict=self._strict)
        self._ended, self._begun = time.perf_counter(), False
        with self._logbook.surviving("the end", "after the training", strict=self._strict):
            self._logbook.close(strict=self._strict)
            if self.params.get("verbose") and self._chief:
                say(str(self.summary))

    @property
    def _counts_batches(self) -> bool:
        return isinstance(self._every, Batches)

    def _open(self, model: Any) -> None:
        """Refuse what cannot work with this model; open the writers."""
        self._started, self._looking, self._ended, self._count = time.perf_counter(), 0.0, None, 0
        self._begun, self._now, self._looked_at = False, 0, 0
        goes_on, self._is_new = self._observed is model, self._observed is None
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
        self._chief = current_backend().is_chief()
        self._logbook.open(self._run(self._observer), chief=self._chief)

    def _go_on_from_log(self) -> None:
        """Compare with what an earlier process logged of this training, if there is such a log, and it can be read."""
        if self._observer is None or not self._is_new:
            return
        with suppress(UnreadableFileError, OSError):
            if logged := outer_looks(self._logbook.folder, self._probes.fingerprint):
                self._observer.go_on_from(*logged)

    def _look_now(self, *, strict: bool) -> None:
        """Look at the model in training, at its position."""
        self._looked_at = self._now
        _ = self.model  # on JAX this brings the model's weights up to date
        epoch = None if self._counts_batches else self._now
        self._look(self._logbook.step(self._now), epoch, strict=strict)

    def _look(self, step: int, epoch: int | None, *, strict: bool) -> None:
        """Look, write it and take its numbers over."""
        if self._observer is None:
            return
        surviving = self._logbook.surviving("the look", when(step, epoch), strict=strict)
        with self._timed(), self._closing_on_error(), surviving:
            question, compare = self._observer.question(), not self._logbook.holds(step)
            look = self._observer.look(step, epoch, question, compare=compare, strict=strict)
            look = self._checked(look, question)
            self._log_keys.update(look)
            self._logbook.write(look, self.last_look, strict=strict)
            self.last_look = look
            self._count += 1

    def _checked(self, look: Look, question: Question) -> Look:
        """The look with the results of the checks; a failure stops the training if that is wanted."""
        if not self._watch:
            return look
        first = look.methods.get(self._methods[0].name)
        subject = Subject(
            question,
            self._probes,
            self._methods[0],
            seed=self._seed,
            explanation=first.explanation if first else None,
        )
        results = self._watch.look(subject)
        has_trained = self._count > 0
        for result in self._watch.turned(r for r in results if has_trained or r.status == "errored"):
            warn(f"The check {result.name} {result.status} {when(look.step, look.epoch)}: {result.sentence}")
        if self._stop_on_failure and has_trained and any(result.status == "failed" for result in results):
            self._observed.stop_training = True
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
            self._begun = False
            raise

    def _run(self, observer: Observer) -> Run:
        """What the writers should know of this `fit`."""
        pictures = pictures_of(self._probes, observer.layout) if self._store_images else None
        settings = {
            "methods": ", ".join(map(repr, self._methods)),
            "target": _target_in_words(self._target, self._probes),
            "output": self._output,
            "probes": len(self._probes),
            "fingerprint of the probes": self._probes.fingerprint,
            "every": str(self._every) if self._counts_batches else self._every,
            "seed": self._seed,
            "model": self._observed.name,
            "backend": f"Keras {keras.__version__} on {keras.backend.backend()}",
        }
        return Run(self._logbook.folder, self._probes, pictures, settings, sheets=self._images)


def _made_again(callback: type[SaliencyCallback], arguments: dict[str, Any]) -> SaliencyCallback:
    return callback(**arguments)


def _target_in_words(target: Target | None, probes: ProbeSet) -> str:
    if target is None:
        return "the predicted class" if probes.labels is None else "the label"
    return repr(target)
