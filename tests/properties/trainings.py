"""A training with looks and the same one without, as hypothesis draws it."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from hypothesis import strategies as st

import keras_saliency as ks
from keras_saliency import methods
from keras_saliency.engine.selftest import prove_seams
from keras_saliency.errors import MethodDoesNotApplyError, SaliencyError
from tests.methods.matrix import CHEAP, OF_ATTENTION
from tests.properties.networks import SIDE, Network, networks, repeats
from tests.states import BACKEND, of_training

OF_RECTIFIERS = {"guided_backprop", "deconvnet", "guided_grad_cam"}
# None of the random networks has attention: its methods are tried in `tests/training/callback/test_transformers.py`.
METHODS = {
    name: CHEAP.get(kind) or kind()
    for name, kind in methods.METHODS.built_in().items()
    if kind not in OF_ATTENTION
}
# On JAX an average that is written over the weights ends every later compiled step: a buffer would be donated twice.
_AVERAGES = {} if BACKEND == "jax" else {"use_ema": True, "ema_overwrite_frequency": 3}
OPTIMIZERS = {
    "sgd": lambda: keras.optimizers.SGD(0.05, momentum=0.9),
    "adam": lambda: keras.optimizers.Adam(0.01),
    "adamw": lambda: keras.optimizers.AdamW(0.01, **_AVERAGES),
    "rmsprop": lambda: keras.optimizers.RMSprop(0.01, gradient_accumulation_steps=2),
    "scheduled": lambda: keras.optimizers.Lion(keras.optimizers.schedules.ExponentialDecay(0.01, 2, 0.5)),
}
WAYS = {"eager": {"run_eagerly": True}, "compiled": {"run_eagerly": False}}
if BACKEND != "torch":
    WAYS["several steps"] = {"steps_per_execution": 2}
if BACKEND == "tensorflow":
    WAYS["xla"] = {"jit_compile": True}  # on JAX, "compiled" is
EVERY = {"epoch": 1, "second epoch": 2, "batch": ks.Batches(1), "third batch": ks.Batches(3)}
WRITERS = ("tensorboard", "folder", "archive")


class Notes(keras.callbacks.Callback):
    """Knows the moment: how many fits began, and the hook that was called last."""

    def __init__(self):
        super().__init__()
        self.moment = 0, ""

    def on_train_begin(self, logs=None):
        self.moment = self.moment[0] + 1, "on_train_begin"

    def on_epoch_begin(self, epoch, logs=None):
        self.moment = self.moment[0], "on_epoch_begin"


class StoppedError(Exception):
    """What `Stops` raises."""


class Stops(Notes):
    """Ends a training at a moment, as a refusal does."""

    def __init__(self, moment):
        super().__init__()
        self.last = moment

    def on_train_begin(self, logs=None):
        super().on_train_begin()
        self.stop()

    def on_epoch_begin(self, epoch, logs=None):
        super().on_epoch_begin(epoch)
        self.stop()

    def stop(self):
        if self.moment == self.last:
            raise StoppedError


@dataclass(frozen=True)
class Training:
    """A network, how it is trained, and how it is looked at."""

    network: Network
    policy: str = "float32"
    way: str = "eager"
    optimizer: str = "sgd"
    metrics: bool = True
    shuffle: bool = False
    validated: bool = False
    fits: int = 1
    methods: tuple[str, ...] = ("gradient",)
    every: str = "epoch"
    writers: tuple[str, ...] = ("tensorboard",)
    checks: str | None = None
    labels: bool = True
    output: str | None = None

    def with_looks(self):
        """What the training leaves behind, the callback, and the moment at which it was refused, if it was.

        An output that the network lacks, a method that does not apply, or one without a finite map (in half precision
        some networks only give NaN) is refused.
        """
        prove_seams.cache_clear()
        refusal = ValueError if self.output else SaliencyError
        with tempfile.TemporaryDirectory() as folder:
            saliency, notes = self.saliency(Path(folder)), Notes()
            left, error = self._left_by([notes, saliency], refusal)
            if isinstance(error, SaliencyError) and not isinstance(error, MethodDoesNotApplyError):
                assert "None of the maps" in str(error), error
            return left, saliency, notes.moment if error else None

    def without_looks(self, stopped=None):
        """What it leaves behind without; `stopped` is the moment at which it ends and starts once more."""
        return self._left_by([Stops(stopped)] if stopped else [], StoppedError)[0]

    def _left_by(self, callbacks, refusal):
        """What a training leaves behind that, where it is refused, starts once more without callbacks."""
        keras.utils.clear_session()
        policy = keras.config.dtype_policy()
        keras.config.set_dtype_policy(self.policy)
        try:
            model = self.compiled()
            try:
                history, error = self.fit(model, callbacks), None
            except refusal as raised:
                history, error = self.fit(model, []), raised
            return of_training(model, history), error
        finally:
            keras.config.set_dtype_policy(policy)

    def compiled(self):
        keras.utils.set_random_seed(1)
        model = self.network.model()
        metrics = ["accuracy"] if self.metrics else []
        several = {"by name": {"animal": metrics}, "by position": [metrics, []]}
        model.compile(
            OPTIMIZERS[self.optimizer](),
            self.network.losses(),
            metrics=several.get(self.network.several, metrics),
            **WAYS[self.way],
        )
        return model

    def fit(self, model, callbacks):
        x, y = self.network.data()
        options = {"validation_data": (x, y)} if self.validated else {}
        for _ in range(self.fits):
            history = model.fit(
                x, y, batch_size=4, epochs=2, verbose=0, shuffle=self.shuffle, callbacks=callbacks, **options
            )
        return history.history

    def saliency(self, folder):
        x, y = self.network.data()
        several = self.network.several
        labels = {"by name": lambda: y["animal"], "by position": lambda: y[0]}.get(several, lambda: y)()
        images = [part[:3] for part in x] if isinstance(x, list) else x[:3]
        corner = np.zeros((SIDE, SIDE), bool)
        corner[:2, :2] = True
        return ks.SaliencyCallback(
            ks.ProbeSet(images, labels[:3] if self.labels else None, regions={"corner": corner}),
            folder,
            [METHODS[name] for name in self.methods],
            output=self.output or {"by name": "animal", "by position": 0}.get(several),
            every=EVERY[self.every],
            writers=list(self.writers),
            checks=self.checks,
            log_keys="all",
        )


@st.composite
def trainings(draw):
    """Trainings of random networks, looked at by up to three methods."""
    flags, network = st.booleans(), draw(networks().filter(repeats))
    methods = sorted(METHODS if network.stem == "convolution" else METHODS.keys() - OF_RECTIFIERS)
    return Training(
        network=network,
        policy=draw(st.sampled_from(("float32", "float32", "mixed_float16", "mixed_bfloat16"))),
        way=draw(st.sampled_from(("eager", *WAYS))),
        optimizer=draw(st.sampled_from(sorted(OPTIMIZERS))),
        metrics=draw(flags),
        shuffle=draw(flags),
        validated=draw(flags),
        fits=draw(st.sampled_from((1, 1, 2))),
        methods=tuple(draw(st.lists(st.sampled_from(methods), min_size=1, max_size=3, unique=True))),
        every=draw(st.sampled_from(sorted(EVERY))),
        writers=tuple(draw(st.lists(st.sampled_from(WRITERS), min_size=1, unique=True))),
        checks=draw(st.sampled_from((None, None, "structure"))),
        labels=draw(flags),
    )
