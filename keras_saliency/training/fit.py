"""One training that is looked at: a `fit` of Keras, or your own training loop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

from keras_saliency.checks.shared.subject import Subject
from keras_saliency.engine import Question, is_chief, running_on, say
from keras_saliency.errors import UnreadableFileError
from keras_saliency.explanation import pictures_of
from keras_saliency.explanation.reading import range_in_doubt
from keras_saliency.looks.look import Look
from keras_saliency.looks.observer import Observer
from keras_saliency.looks.reading import outer_looks
from keras_saliency.looks.writers import Run
from keras_saliency.training.clock import Clock
from keras_saliency.training.log_keys import LogKeys
from keras_saliency.training.logbook import Logbook, warn, when
from keras_saliency.training.position import Position
from keras_saliency.training.settings import Settings
from keras_saliency.training.summary import Summary
from keras_saliency.training.watch import Watch


class Fit:
    """Looks at one model from its first look to its last.

    Args:
        model: a Keras model.
        settings: of the callback.
        logbook: of the callback, which it opens.
        log_keys: of the callback; forgotten where the model is another one.
        watch: of the callback.
        before: the training that the callback looked at before, if there was one.

    Attributes:
        model: the model.
        observer: makes the looks.
        position: where a `fit` of Keras is.
        is_chief: whether this process is the one that writes, of those that train together.
        has_begun: whether a first look was due; False again after the end.
        last_look: the last look; at first that of `before`, if it looked at this model.

    Raises:
        ValueError, SaliencyError: the settings cannot work with this model, or the folder cannot be written.
    """

    def __init__(
        self,
        model: Any,
        settings: Settings,
        *,
        logbook: Logbook,
        log_keys: LogKeys,
        watch: Watch,
        before: Fit | None,
    ) -> None:
        self._clock = Clock()
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
        self.is_chief = is_chief()
        self.has_begun = False
        self.last_look: Look | None = known.last_look if known else None
        if not known:
            log_keys.forget()
        self._settings, self._logbook, self._log_keys, self._watch = settings, logbook, log_keys, watch
        self._may_be_logged = before is None
        self._count = 0
        self._failed: Counter[str] = Counter()
        self._told: set[str] = set()
        logbook.open(self._run(), chief=self.is_chief)
        if not known and (doubt := range_in_doubt(model, self.observer.layout, settings.probes)):
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
            folder=self._logbook.folder,
            failed=dict(self._failed),
        )

    def begin(self, epoch: int) -> None:
        """Begin a `fit` of Keras at this epoch."""
        self.has_begun = True
        self.position.start(epoch)
        self._logbook.begin(self.position.now)
        if epoch > 0:
            self._go_on_from_log()

    def begin_loop(self, step: int) -> None:
        """Begin your own training loop, whose first look has this step."""
        self.has_begun = True
        self._logbook.keep()
        last = self._logbook.last_step
        if last is not None and step > last:
            self._go_on_from_log()
        elif last is not None:
            warn(f"The log goes to step {last} already: looks are written from step {last + 1} on.")

    def look_here(self, *, strict: bool) -> None:
        """Look at the model where the `fit` is."""
        self.position.looked()
        self.look(self._logbook.step(self.position.now), self.position.epoch, strict=strict)

    def look(self, step: int, epoch: int | None, *, strict: bool) -> None:
        """Look, write it and take its numbers over."""
        surviving = self._logbook.surviving("the look", when(step, epoch), strict=strict)
        self._log_keys.forget()  # a look that is lost has no numbers
        with self._clock.timed(), self._closing_on_error(), surviving:
            question, compare = self.observer.question(), not self._logbook.holds(step)
            look = self.observer.look(step, epoch, question, compare=compare, strict=strict)
            self._tell_incomplete(look)
            look = self._checked(look, question)
            self._log_keys.update(look)
            self._logbook.write(look, self.last_look, strict=strict)
            self.last_look = look
            self._count += 1

    def end(self, *, verbose: bool) -> None:
        """Close the writers and, if wanted, sum up."""
        self._clock.stop()
        self.has_begun = False
        strict = self._settings.is_strict
        with self._logbook.surviving("the end", "after the training", strict=strict):
            self._logbook.close(strict=strict)
            if verbose and self.is_chief:
                say(str(self.summary))

    def _go_on_from_log(self) -> None:
        """Compare with what an earlier process logged of this training, if there is such a log, and it can be read."""
        if not self._may_be_logged:
            return
        with suppress(UnreadableFileError, OSError):
            if logged := outer_looks(self._logbook.folder, self._settings.probes.fingerprint):
                self.observer.go_on_from(*logged)

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
        """Close the writers where a look ends the training: Keras will not call `on_train_end`."""
        try:
            yield
        except BaseException:
            self._logbook.close()
            self.has_begun = False
            raise

    def _run(self) -> Run:
        """What the writers should know of this training."""
        settings, probes = self._settings, self._settings.probes
        pictures = pictures_of(probes, self.observer.layout) if settings.store_images else None
        described = settings.described() | {"model": self.model.name, "backend": running_on()}
        return Run(self._logbook.folder, probes, pictures, described, sheets=settings.images)
