"""What tracing a model told, kept as long as the model lives and stays what it was."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any
from weakref import WeakKeyDictionary

from typing_extensions import override

from keras_saliency.engine.anatomy import Anatomy
from keras_saliency.engine.backends import current_backend
from keras_saliency.engine.chunks import ChunkLimit
from keras_saliency.engine.isolation import without_a_trace
from keras_saliency.engine.rectifiers import RectifierCount
from keras_saliency.engine.signature import Signature
from keras_saliency.engine.step import Step
from keras_saliency.engine.weights import WeightedLayer

MOST = 64
"""How many values of each kind are kept of a model; of compiled steps those that were used last."""


@dataclass
class CompiledStep:
    """A compiled step: its function, the sizes of chunks that it was compiled for, what a rule found in the model."""

    run: Callable[..., dict[str, Any]]
    sizes: set[int] = field(default_factory=set)
    rectifiers: RectifierCount | None = None


@dataclass(frozen=True)
class Running:
    """A step that runs now, and what is told when it has to be traced for that."""

    step: Step
    compiled: CompiledStep
    traced: Callable[[], None]


_running: ContextVar[Running] = ContextVar("running")


class Bounded(dict[Any, Any]):
    """The `MOST` values that were put in last."""

    @override
    def __setitem__(self, key: Any, value: Any) -> None:
        self.pop(key, None)
        super().__setitem__(key, value)
        for old in list(self)[:-MOST]:
            del self[old]


class Steps:
    """What tracing told for one kind of target: places inside the model, and compiled steps. The model is not held.

    Attributes:
        sites: of layers and of attention, by what was asked for.
    """

    def __init__(self) -> None:
        self.sites: dict[Any, Any] = Bounded()
        self._compiled: dict[Step, CompiledStep] = Bounded()
        self._lock = threading.Lock()

    def compiled(self, step: Step) -> CompiledStep:
        """The step, compiled; it is traced when it runs, see `run_step`."""
        key = replace(step, model=None)
        with self._lock:
            found = self._compiled[key] = self._compiled.get(key) or _compile(step)
        return found


class Traces:
    """What is known of one model, which is not held.

    Attributes:
        anatomies: by the shapes of the inputs and the output.
        weighted: the layers with weights, by the inputs.
        limits: of chunks, by the size that the user asked for.
        averages: what averages of gradients take beside steps, compiled.
        cleared: the outputs, and how they are read, that were found to hide no probabilities.
        steps: for targets that are no functions: what a function reads may change without a notice.
    """

    def __init__(self, model: Any) -> None:
        self.anatomies: dict[Any, Anatomy] = Bounded()
        self.weighted: dict[Any, tuple[WeightedLayer, ...]] = Bounded()
        self.limits: dict[int | None, ChunkLimit] = Bounded()
        self.averages: dict[Any, Callable[..., Any]] = Bounded()
        self.cleared: set[Any] = set()
        self.steps = Steps()
        self._signature = Signature(model)

    def fit(self, model: Any) -> bool:
        """Whether the model is still what was traced."""
        return self._signature.fits(model)

    def sign(self, model: Any) -> None:
        """Take the model as it is now: our own traces may have built it, or set what a layer remembers of a call."""
        if not self.fit(model):  # asking costs less than taking it anew
            self._signature = Signature(model)


def traces_of(model: Any) -> Traces:
    """The traces of a model, which are new where it is not what was traced any more."""
    with _lock:
        known = _kept.get(model)
        if known is None or not known.fit(model):
            known = _kept[model] = Traces(model)
        return known


def run_step(running: Running, *arguments: Any) -> dict[str, Any]:
    """The tensors of a step."""
    token = _running.set(running)
    try:
        return running.compiled.run(*arguments)
    finally:
        _running.reset(token)


_kept: WeakKeyDictionary[Any, Traces] = WeakKeyDictionary()
_lock = threading.RLock()


def _compile(step: Step) -> CompiledStep:
    def traced(*arguments: Any) -> dict[str, Any]:
        now = _running.get()  # whoever runs it first holds the model; what is compiled must not
        now.traced()
        with without_a_trace():  # where the framework compiles, what is compiled leaves none
            result, now.compiled.rectifiers = now.step(*arguments)
        return result

    channels_first, whole = step.anatomy.channels_first, step.anatomy.plan.examples is not None
    compile_it = current_backend().compile
    return CompiledStep(compile_it(traced, step.model.variables, channels_first=channels_first, whole=whole))
