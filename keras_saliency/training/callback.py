"""The callback: looks at a model while it trains."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras

from keras_saliency.arguments import whole
from keras_saliency.errors import SaliencyError
from keras_saliency.looks.look import Look
from keras_saliency.looks.reading import load_looks
from keras_saliency.looks.writers import TensorBoardWriter
from keras_saliency.methods import make_methods
from keras_saliency.probes import as_probes
from keras_saliency.probes.targets import as_target
from keras_saliency.reports.verdicts import FailOn
from keras_saliency.training.fit import Fit
from keras_saliency.training.log_keys import LogKeys
from keras_saliency.training.logbook import Logbook, make_writers
from keras_saliency.training.runs import Runs
from keras_saliency.training.schedule import Batches, as_interval
from keras_saliency.training.settings import Settings
from keras_saliency.training.summary import Summary
from keras_saliency.training.watch import Watch


class SaliencyCallback(keras.callbacks.Callback):  # type: ignore[misc]
    """Looks at a fixed probe set before the first update and after every `every`-th epoch of a `fit`.

    Every look makes the maps of the probes, and numbers about them. They go to TensorBoard, under
    `<log_dir>/saliency`, and the numbers also into Keras' `logs`: place this callback before those that read
    them. A look changes nothing in the training: no weight, no state, no random number.

    A training is a run. A `fit` goes on with one where it begins at a later epoch (`initial_epoch`, a restored backup)
    or where this callback saw the same network last, and nowhere else: two networks are never shown as one.

    Where several processes train together, each of them looks, so that all see the same numbers in their `logs`, and
    only the first one writes.

    Settings that cannot work are refused before the first update. Whatever fails later costs that look of
    that method or writer, is warned of once and counted in `summary`; the training goes on.

    Args:
        probes: a `ProbeSet`, `(x, y)`, `x`, or a `tf.data.Dataset`, `PyDataset` or PyTorch `DataLoader`. All images of
            a `ProbeSet` are looked at; of others 16 are drawn by `seed`, evenly over the labels. A data set is read
            once, up to 10 000 examples, and no training that reads it is changed by that.
        log_dir: where to write. Each training is a run, with a folder of its own in it: `saliency`, then `saliency_2`,
            … It may be that of `keras.callbacks.TensorBoard`. A relative one is fixed at the first look.
        methods: a method's name, a method, or a list of them.
        target: whose score is explained, see `ks.explain`. None: the label where the probes have labels, else
            the predicted class.
        output: the name or position of the output, for models with several.
        logits: `"auto"` explains the score before softmax or sigmoid, or where the model is compiled with
            `from_logits=True` the output; `"binary"` says that one linear unit is a logit; see `ks.explain`.
        every: look after epochs `every`, 2 · `every`, …; and always at the end. `ks.Batches(100)` looks inside epochs.
            Steps are then the batches seen, and `logs` has the numbers of the last look at the end of each epoch.
        log_keys: what goes into `logs`: `"default"` (for each method `saliency_<method>_drift` and
            `saliency_<method>_<region>_enrichment`, and `saliency_probe_accuracy`), `"all"` numbers,
            `"none"`, or a list of keys. Between two looks the last values are repeated: a patience should be
            at least `every`.
        missing: what stands in `logs` for a number that the last look does not have, as a drift needs two looks, and a
            look that was lost has none: `"inf"`, which no monitor with `mode="min"` takes for an improvement, or
            `"absent"` for no key in that epoch. The accuracy on the probes is absent in both cases.
        images: whether contact sheets are drawn for TensorBoard's image dashboard.
        store_images: False keeps every picture of a probe inside the process: only maps and numbers are
            written.
        archive: whether every look is also written at full precision, as one `.npz` file.
        font: the path of a .ttf or .otf file, for names on contact sheets in letters that are boxes without it: they
            are drawn in Pillow's font, and in DejaVu where matplotlib is installed.
        writers: `"tensorboard"`, `"folder"` (PNG and CSV files), `"notebook"` (below the cell), `"mlflow"`, `"wandb"`,
            `"trackio"`, a writer, or a list of them.
        checks: cheap checks to make at every look, see `ks.check`: a name, a check, or a list, such as
            `["structure", ks.Region("corner")]`. They judge the maps of the first method. Results stand in
            `last_look.checks`, in the Saliency tab and as curves `saliency/checks/<name>`; one that fails is warned
            of once.
        stop_on_failure: whether the training stops after a look at which a check failed, by the rule of `ks.check`'s
            `fail_on`: True is its default, `"failed"`. A failure at the opening look, at the untrained network, is
            shown, and neither warned of nor a reason to stop. A check that was asked for and can never be made is
            refused there.
        run: a name for the run, such as `"fold_1"`: its folder is then `<log_dir>/fold_1/saliency`. A `fit` with
            `initial_epoch` goes on with the run of that name.
        max_disk: the most that a run may take, such as `"200 MB"`. From half of it on only every second look is
            written, then every fourth, and so on. All are taken, with the numbers in `logs`. A budget that cannot hold
            the probes and one look is refused.
        on_error: `"warn"`, or `"raise"` to end the training when a look fails.
        channel_axis: where the images have their channels, see `ProbeSet`; None: the model tells.
        seed: of the private generators.

    Raises:
        ValueError, TypeError: an argument is wrong.

    Example:
        >>> saliency = ks.SaliencyCallback(probes, "logs", methods=["gradient", ks.GradCAM("conv")])
        >>> _ = model.fit(images, labels, epochs=2, verbose=0, callbacks=[saliency])
        >>> saliency.last_look.moment, sorted(saliency.last_look.methods)
        ('after epoch 2', ['grad_cam_conv', 'gradient'])
    """

    def __init__(
        self,
        probes: Any,
        log_dir: str | Path = "logs",
        methods: Any = "gradient",
        *,
        target: Any = None,
        output: str | int | None = None,
        logits: str = "auto",
        every: int | Batches = 1,
        checks: Any = None,
        stop_on_failure: bool | FailOn = False,
        log_keys: str | Sequence[str] = "default",
        missing: str = "inf",
        images: bool = True,
        store_images: bool = True,
        archive: bool = False,
        font: str | Path | None = None,
        writers: Any = ("tensorboard",),
        run: str | None = None,
        max_disk: int | str | None = None,
        on_error: str = "warn",
        channel_axis: int | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__()
        seed = whole("seed", seed, 0)
        self._settings = settings = Settings(
            probes=as_probes(probes, seed=seed, channel_axis=channel_axis),
            log_dir=log_dir,
            methods=make_methods(methods),
            target=None if target is None else as_target(target),
            output=output,
            logits=logits,
            every=as_interval(every),
            checks=checks,
            stop_on_failure=stop_on_failure,
            log_keys=log_keys,
            missing=missing,
            images=images,
            store_images=store_images,
            archive=archive,
            font=font,
            writers=writers,
            run=run,
            max_disk=max_disk,
            on_error=on_error,
            seed=seed,
        )
        if isinstance(settings.every, Batches):
            # Set here, so that Keras calls no hook after batches where none is wanted.
            self.on_train_batch_end = self._after_batch
        self._watch = Watch(checks, settings.probes)
        if stop_on_failure and not self._watch:
            raise ValueError(
                "Expected checks= whose failure stops the training, such as checks=[ks.Accuracy(0.9)]. "
                f"Received: checks={checks!r}, stop_on_failure={stop_on_failure!r}"
            )
        self._log_keys = LogKeys(
            log_keys,
            [method.name for method in settings.methods],
            settings.probes.regions,
            labelled=settings.probes.labels is not None,
            missing=missing,
        )
        made = make_writers(writers, archive=archive)
        self._reads_back = any(isinstance(writer, TensorBoardWriter) for writer in made.values())
        self._logbook = Logbook(made, max_disk)
        self._runs: Runs | None = None
        self._fit: Fit | None = None
        self._is_copy = False

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy, also a pickled one, has the same settings and has not looked at anything."""
        return _made_again, (type(self), self._settings)

    @property
    def last_look(self) -> Look | None:
        """The last look with its explanations at full precision; None before the first `fit`."""
        return None if self._fit is None else self._fit.last_look

    @property
    def looks(self) -> list[Look]:
        """The looks of this callback in its last run, by step, read back from the log: maps in 255 steps.

        Raises:
            SaliencyError: there is no `"tensorboard"` writer to read them back from, or another process wrote them.
        """
        if self._fit is not None and not self._fit.is_chief:
            raise SaliencyError(
                "Of the processes that train together only the first writes looks, and reads them back."
            )
        if not self._reads_back:
            raise SaliencyError('Looks are read back from the event file: add "tensorboard" to writers=.')
        folder, steps = self._logbook.folder, set(self._logbook.steps)
        return [look for look in load_looks(folder) if look.step in steps] if folder and steps else []

    @property
    def summary(self) -> Summary | None:
        """What was looked at, written and lost, and what it cost; None before the first `fit` or `look`."""
        return None if self._fit is None else self._fit.summary

    def look(self, model: Any, step: int) -> Look | None:
        """Look at a model now, for those who write their own training loop; `fit` does it by itself.

        The first call refuses what cannot work. After it no failure is raised, as in a `fit`. Once the call
        returns, what is written survives a kill of the process, not a power cut. A loop that begins at a later step
        than 0 goes on with the newest run that ends before; any other one is a run of its own.

        Args:
            model: a Keras model that holds its weights; the same at every call.
            step: where the look is logged, such as the number of batches seen. Steps grow: a look at a step that the
                folder holds already, or at one before, is only compared with.

        Returns:
            The look; the one before, if this one failed as a whole.

        Raises:
            ValueError: `step` is not a whole number.
        """
        step, fit = whole("step", step), self._fit
        is_first = fit is None or fit.model is not model or not fit.has_begun
        if fit is None or is_first:
            fit = self._opened(model)
            fit.begin_loop(step)
        before = fit.last_look
        fit.look(step, None, strict=is_first or self._settings.is_strict)
        fit.tell_unmoved(before)
        return fit.last_look

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Refuse what cannot work."""
        del logs
        self._opened(self.model)

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Choose the run, open the writers and take the opening look, before the first update."""
        del logs
        fit = self._current
        fit.position.begin_epoch()
        if not fit.has_begun:
            _ = self.model  # on JAX this brings the model's weights up to date
            fit.begin(epoch, self.params.get("epochs"))
            self._look_here(strict=True)

    def _after_batch(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Look, if it is time."""
        if self._current.position.end_batch(batch):
            self._current.said.hear(logs)
            self._look_here()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Look, if it is time, and put the numbers into `logs`."""
        self._current.said.hear(logs)
        if self._current.position.end_epoch(epoch, is_last=epoch + 1 == self.params.get("epochs")):
            self._look_here()
        if logs is not None:
            logs.update(self._log_keys.values)

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Take the last look, unless it was taken; close the writers and sum up."""
        if self._current.position.is_unseen:
            self._current.said.hear(logs)
            self._look_here()
        self._current.end(verbose=bool(self.params.get("verbose")))

    @property
    def _current(self) -> Fit:
        """The `fit` that Keras' hooks are about."""
        if self._fit is None:
            raise RuntimeError(
                "A hook of SaliencyCallback was called before on_train_begin: call that one first."
            )
        return self._fit

    def _opened(self, model: Any) -> Fit:
        """A new training of this model: refuses what cannot work with it."""
        if self._fit is not None:
            self._fit.has_begun = False
        if self._runs is None:
            self._runs = self._settings.runs()
        self._fit = Fit(
            model,
            self._settings,
            runs=self._runs,
            logbook=self._logbook,
            log_keys=self._log_keys,
            watch=self._watch,
            before=self._fit,
            is_copy=self._is_copy,
        )
        return self._fit

    def _look_here(self, *, strict: bool = False) -> None:
        """Look at the model in training."""
        _ = self.model  # on JAX this brings the model's weights up to date
        self._current.look_here(strict=strict or self._settings.is_strict)


def _made_again(callback: type[SaliencyCallback], settings: Settings) -> SaliencyCallback:
    made = callback(**vars(settings))
    made._is_copy = True
    return made
