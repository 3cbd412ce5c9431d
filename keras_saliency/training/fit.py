"""One training that is looked at: a `fit` of Keras, or your own training loop."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from numbers import Integral
from pathlib import Path
from typing import Any

import numpy as np

from keras_saliency.checks.shared.subject import Subject
from keras_saliency.engine import Question, is_chief, running_on, say
from keras_saliency.engine.versions import versions
from keras_saliency.explanation import pictures_of
from keras_saliency.explanation.reading import range_in_doubt
from keras_saliency.looks.look import Look
from keras_saliency.looks.observer import Observer
from keras_saliency.looks.writers import Run
from keras_saliency.probes import ProbeSet
from keras_saliency.training.clock import Clock
from keras_saliency.training.folder_lock import FolderLock
from keras_saliency.training.log_keys import LogKeys
from keras_saliency.training.logbook import Logbook, opening_in, warn, when
from keras_saliency.training.position import Position
from keras_saliency.training.runs import Opening, Runs
from keras_saliency.training.said import Said
from keras_saliency.training.settings import Settings
from keras_saliency.training.summary import Summary
from keras_saliency.training.watch import Watch

_UNMOVED = (
    "every score and map is, to the last bit, that of the look before. If a step was trained in between, put its "
    "state back into the model before the look: on JAX a step leaves the model as it was."
)


class Fit:
    """Looks at one model from its first look to its last.

    Args:
        model: a Keras model.
        settings: of the callback.
        runs: of the callback's `log_dir`, one of which it begins or goes on with.
        logbook: of the callback, which it opens.
        log_keys: of the callback; forgotten where the model is another one.
        watch: of the callback.
        before: the training that the callback looked at before, if there was one.
        is_copy: whether the callback is a copy of another one.

    Attributes:
        model: the model.
        observer: makes the looks.
        position: where a `fit` of Keras is.
        said: what the training says of itself.
        is_chief: whether this process is the one that writes, of those that train together.
        has_begun: whether a first look was due; False again after the end.
        last_look: the last look; at first that of `before`, if it looked at this model.

    Raises:
        ValueError, SaliencyError: the settings cannot work with this model.
    """

    def __init__(
        self,
        model: Any,
        settings: Settings,
        *,
        runs: Runs,
        logbook: Logbook,
        log_keys: LogKeys,
        watch: Watch,
        before: Fit | None,
        is_copy: bool,
    ) -> None:
        self._clock, self._since = Clock(), time.monotonic()
        known = before if before is not None and before.model is model else None
        self.model: Any = model
        self.observer: Observer = Observer(
            model,
            settings.probes,
            settings.methods,
            target=settings.target,
            output=settings.output,
            logits=settings.logits,
            seed=settings.seed,
            after=known.observer if known else None,
        )
        self.position = Position(settings.every)
        self.said = Said()
        self._planned: int | None = None
        self.is_chief = is_chief()
        self.has_begun = False
        self.last_look: Look | None = known.last_look if known else None
        if not known:
            log_keys.forget()
        self._settings, self._logbook, self._log_keys, self._watch = settings, logbook, log_keys, watch
        self._runs, self._is_copy = runs, is_copy
        self._needs_proof = is_copy or (before is not None and not known)
        self._question: Question | None = None
        self._count = self._due = 0
        self._failed: Counter[str] = Counter()
        self._told: set[str] = set()
        doubts = (range_in_doubt(model, self.observer.layout, settings.probes), _nowhere(settings.probes))
        for doubt in filter(None, () if known else doubts):
            warn(doubt)

    @property
    def summary(self) -> Summary:
        """What was looked at, written and lost so far, and what it cost."""
        return Summary(
            looks=self._count,
            written=self._logbook.written,
            left_out=self._logbook.left_out,
            lost=dict(self._logbook.lost),
            seconds=self._clock.looking,
            percent=self._clock.percent,
            folder=self._logbook.folder or self._runs.first,
            failed=dict(self._failed),
            due=self._due,
            last_loss=self._logbook.last_loss,
        )

    def begin(self, epoch: int, planned: Any = None) -> None:
        """Begin a `fit` of Keras at this epoch: choose its run, and open the writers.

        Args:
            epoch: from 0.
            planned: up to which epoch the training is to go, counted from 1; anything but a whole number is not known.

        Raises:
            UnwritableFolderError: its folder cannot be written.
            ValueError: `max_disk` cannot hold the probes.
        """
        self.position.start(epoch)
        self._planned = int(planned) if isinstance(planned, Integral) else None
        with self._closing_on_error():
            self._open(is_later=epoch > 0, epoch=self.position.epoch)
        self._logbook.begin(self.position.now)

    def begin_loop(self, step: int) -> None:
        """Begin your own training loop, whose first look has this step; raises as `begin`."""
        with self._closing_on_error():
            self._open(is_later=step > 0, step=step)
        self._logbook.keep()

    def _open(self, *, is_later: bool, epoch: int | None = None, step: int | None = None) -> None:
        """Go on with a run or begin one, and open its writers.

        Args:
            is_later: whether the training begins later than at its first epoch or step, so that it goes on.
            epoch: of the opening look.
            step: of the first look, in a loop of your own.
        """
        self.has_begun = True
        self._logbook.close()
        self._question = self.observer.question()
        opening = self._opening(self._question, epoch, step) if is_later or self.last_look else None
        folder, lock = self._gone_on_with(opening, is_later=is_later)
        goes_on = folder is not None
        if folder is None and self.is_chief:
            with opening_in(self._runs.first):
                lock = self._runs.own(self._since)
            folder = lock.folder
            if is_later and step is None and not self._is_copy:
                self._tell_own_run(folder)
        self._logbook.open(self._run(folder or self._runs.first, goes_on=goes_on), lock)

    def _tell_own_run(self, folder: Path) -> None:
        """Warn that a training which says that it goes on does so with none of the runs, where there are some."""
        if others := self._runs.others(folder):
            named = ", ".join([*others[:3], *("…" for _ in others[3:4])])
            advice = f' To go on with one, give its name, as in run="{others[0]}".'
            warn(
                f"None of the runs {named} is known to end with the network that this training goes on with: its looks "
                f"go to a run of their own, {folder}.{'' if self._settings.run else advice}"
            )

    def _opening(self, question: Question, epoch: int | None, step: int | None) -> Opening:
        """What tells which training this is."""
        settings = self._settings
        return Opening(
            scores=question.scores.values,
            methods=frozenset(method.name for method in settings.methods),
            fingerprint=settings.probes.fingerprint,
            epoch=epoch,
            step=step,
            every=settings.written_every,
            is_named=settings.run is not None,
            needs_proof=self._needs_proof,
        )

    def _gone_on_with(
        self, opening: Opening | None, *, is_later: bool
    ) -> tuple[Path, FolderLock | None] | tuple[None, None]:
        """The folder and lock of the run that this training goes on with, if there is one."""
        folder = self._logbook.folder
        if opening and folder and self.last_look and opening.continues(self.last_look, is_later=is_later):
            lock = FolderLock(folder)
            if not self.is_chief or lock.acquire(since=self._since):
                return folder, lock if self.is_chief else None
        self.last_look = None
        self.observer.forget()
        self._log_keys.forget()
        for run in self._runs.earlier(opening) if opening and is_later else ():
            lock = FolderLock(run.folder)
            if not self.is_chief or lock.acquire(since=self._since):
                if run.outer:
                    self.observer.go_on_from(*run.outer)
                return run.folder, lock if self.is_chief else None
        return None, None

    def look_here(self, *, strict: bool) -> None:
        """Look at the model where the `fit` is."""
        self.position.looked()
        self.look(self._logbook.step(self.position.now), self.position.epoch, strict=strict)

    def look(self, step: int, epoch: int | None, *, strict: bool) -> None:
        """Look, write it and take its numbers over."""
        surviving = self._logbook.surviving("the look", when(step, epoch), strict=strict)
        self._log_keys.forget()  # a look that is lost has no numbers
        self._due += 1
        with self._clock.timed(), self._closing_on_error(), surviving:
            question, self._question = self._question or self.observer.question(), None
            compare = not self._logbook.holds(step)
            look = self.observer.look(step, epoch, question, compare=compare, strict=strict)
            look = replace(look, logs=self.said.take())
            self._tell_incomplete(look)
            look = self._checked(look, question)
            self._log_keys.update(look)
            self._logbook.write(look, self.last_look, strict=strict)
            self.last_look = look
            self._count += 1

    def tell_unmoved(self, before: Look | None) -> None:
        """Warn, once, where the last look saw to the last bit what this one before it saw."""
        now = self.last_look
        if (
            now
            and before
            and now.step > before.step
            and _see_the_same(now, before)
            and _UNMOVED not in self._told
        ):
            self._told.add(_UNMOVED)
            warn(f"{when(now.step, None)}: {_UNMOVED}")

    def end(self, *, verbose: bool) -> None:
        """Close the writers and, if wanted, sum up."""
        self._clock.stop()
        self.has_begun = False
        strict = self._settings.is_strict
        with self._logbook.surviving("the end", "after the training", strict=strict):
            self._logbook.close(strict=strict)
            if verbose and self.is_chief:
                say(str(self.summary))

    def _tell_incomplete(self, look: Look) -> None:
        """Warn of maps that miss the change of the score, once for each method; the sheets say it at every look."""
        for name, seen in look.methods.items():
            if name not in self._told and seen.explanation and (sentence := seen.explanation.incomplete):
                self._told.add(name)
                warn(
                    f"{name} {when(look.step, look.epoch)}: {sentence} Later looks say so in their sheets alone."
                )

    def _checked(self, look: Look, question: Question) -> Look:
        """The look with the results of the checks; a failure stops the training if that is wanted."""
        if not self._watch:
            return look
        has_trained = self._count > 0
        results = self._watch.look(self._subject(look, question), before_training=not has_trained)
        for result in self._watch.turned(r for r in results if has_trained or r.status == "errored"):
            warn(f"The check {result.name} {result.status} {when(look.step, look.epoch)}: {result.sentence}")
        if has_trained:
            self._failed.update(result.name for result in results if result.status in ("failed", "errored"))
        if has_trained and any(map(self._settings.stops, results)):
            self.model.stop_training = True
        return replace(look, checks=results)

    def _subject(self, look: Look, question: Question) -> Subject:
        """What the checks judge: the maps of the first method."""
        settings, method = self._settings, self._settings.methods[0]
        seen = look.methods.get(method.name)
        explanation = seen.explanation if seen else None
        return Subject(question, settings.probes, method, seed=settings.seed, explanation=explanation)

    @contextmanager
    def _closing_on_error(self) -> Iterator[None]:
        """Close the writers where we end the training: Keras will not call `on_train_end`."""
        try:
            yield
        except BaseException:
            self._logbook.close() if self._count else self._logbook.discard()
            self.has_begun = False
            raise

    def _run(self, folder: Path, *, goes_on: bool) -> Run:
        """What the writers should know of this training."""
        settings, probes = self._settings, self._settings.probes
        pictures = pictures_of(probes, self.observer.layout) if settings.store_images else None
        epochs = {} if self._planned is None else {"epochs": self._planned}
        ours = {"model": self.model.name, "backend": running_on(), "versions": _listed(versions())}
        described = settings.described() | epochs | ours
        return Run(
            folder, probes, pictures, described, sheets=settings.images, goes_on=goes_on, font=settings.font
        )


def _see_the_same(now: Look, before: Look) -> bool:
    pairs = [(seen, before.methods.get(name)) for name, seen in now.methods.items()]
    return bool(pairs) and all(
        was is not None
        and np.array_equal(seen.scores, was.scores)
        and np.array_equal(seen.heatmaps["signed"], was.heatmaps["signed"])
        for seen, was in pairs
    )


def _listed(versions: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items())


def _nowhere(probes: ProbeSet) -> str | None:
    """A sentence, where none of the probes has a region: it is watched for nothing."""
    names = [repr(name) for name, mask in probes.regions.items() if not mask.any()]
    if not names:
        return None
    return (
        f"None of the probes has the region {', '.join(names)}: there is no enrichment to watch. Draw more probes, or "
        "choose some that have it."
    )
