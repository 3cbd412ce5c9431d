"""What tracing a model told, kept as long as the model lives and stays what it was."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from weakref import WeakKeyDictionary, ref

from keras_saliency.engine.anatomy import Anatomy
from keras_saliency.engine.attention import AttentionSite
from keras_saliency.engine.backends import current_backend
from keras_saliency.engine.chunks import ChunkLimit
from keras_saliency.engine.isolation import without_a_trace
from keras_saliency.engine.layers import LayerSite
from keras_saliency.engine.rectifiers import RectifierCount
from keras_saliency.engine.signature import Signature
from keras_saliency.engine.step import Step
from keras_saliency.engine.weights import WeightedLayer

MOST = 64
"""How many compiled steps of a model are kept at most; the one that was used longest ago goes first."""

T = TypeVar("T")


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


@dataclass(frozen=True)
class Weakly:
    """What stands for a target function without keeping it alive, as that may hold the model; equal for one function.

    Attributes:
        reference: to the function, or to the object whose method it is.
        method: the method; None where it is none.
    """

    reference: ref[Any]
    method: Any

    @classmethod
    def of(cls, function: Any) -> Weakly | None:
        """What stands for a function; None where there is none."""
        if function is None:
            return None
        if inspect.ismethod(function):
            return cls(ref(function.__self__), function.__func__)
        return cls(ref(function), None)

    @property
    def is_gone(self) -> bool:
        """Whether nobody has the function any more."""
        return self.reference() is None


class Traces:
    """What is known of one model; neither the model nor a target function is held.

    Attributes:
        anatomies: by the shapes of the inputs and the output.
        sites: by the layer that was asked for.
        attention: the same of attention.
        weighted: the layers with weights, by the inputs.
        limits: of chunks, by the size that the user asked for.
        cleared: the outputs, and how they are read, that were found to hide no probabilities.
    """

    def __init__(self, model: Any) -> None:
        self.anatomies: dict[Any, Anatomy] = {}
        self.sites: dict[Any, LayerSite] = {}
        self.attention: dict[Any, AttentionSite] = {}
        self.weighted: dict[Any, tuple[WeightedLayer, ...]] = {}
        self.limits: dict[int | None, ChunkLimit] = {}
        self.cleared: set[Any] = set()
        self._compiled: dict[Step, CompiledStep] = {}
        self._lock = threading.Lock()
        self._signature = Signature(model)

    def fit(self, model: Any) -> bool:
        """Whether the model is still what was traced."""
        return self._signature.fits(model)

    def sign(self, model: Any) -> None:
        """Take the model as it is now: our own traces may have built it, or set what a layer remembers of a call."""
        self._signature = Signature(model)

    def compiled(self, step: Step) -> CompiledStep:
        """The step, compiled; it is traced when it runs, see `run`."""
        key = replace(step, model=None, function=Weakly.of(step.function))  # type: ignore[arg-type]
        with self._lock:
            found = self._compiled.pop(key, None) or _compile(step)
            self._compiled[key] = found
            gone = [
                old for old in self._compiled if isinstance(old.function, Weakly) and old.function.is_gone
            ]
            for old in gone or list(self._compiled)[:-MOST]:
                del self._compiled[old]
        return found


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
