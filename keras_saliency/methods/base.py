"""What a method is, and the registry of methods."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, runtime_checkable
from zlib import crc32

import numpy as np

from keras_saliency.engine import Question
from keras_saliency.registry import Registry, nearest, public


@dataclass(frozen=True)
class MethodResult:
    """What a method found for `n` examples.

    Attributes:
        maps: float32, signed where the method has a sign; one array, or the inputs' own structure with None for
            what is not explained.
        diagnostics: what else a reader should know, by name.

    Example:
        >>> from keras_saliency.methods import MethodResult
        >>> MethodResult(np.zeros((12, 12, 12), "float32"), {"layer": "conv"}).diagnostics["layer"]
        'conv'
    """

    maps: Any
    diagnostics: Mapping[str, Any] = field(default_factory=dict)


@runtime_checkable
class Method(Protocol):
    """A way to make maps. Methods are frozen dataclasses: their fields are their options.

    Attributes:
        registered: the name by which the method is found.
        cost: what it costs in model evaluations per image, in words.
        uses_target: whether the map depends on the target.
        has_sign: whether its maps have a sign.
        is_gradient: whether its map is the gradient of the score.
        name: the name of this variant in tags and keys, lower-case words (`[a-z][a-z0-9_]*`).
    """

    __dataclass_fields__: ClassVar[dict[str, Any]]
    registered: ClassVar[str]
    cost: ClassVar[str]
    is_gradient: ClassVar[bool]

    @property
    def uses_target(self) -> bool:
        """Whether the map depends on the target; a method that wraps another asks that one."""

    @property
    def has_sign(self) -> bool:
        """Whether its maps have a sign."""

    @property
    def name(self) -> str:
        """The name of this variant."""

    def explain(self, question: Question, rng: np.random.Generator) -> MethodResult:
        """The maps of the examples that the question is about. Random numbers come from `rng` alone."""


METHODS: Registry[Method] = Registry(
    "method",
    Method,
    "the name of a method or a method, such as ks.Gradient()",
    public("keras_saliency.methods"),
)
make_method = METHODS.make


def make_methods(methods: Any) -> tuple[Method, ...]:
    """One or several methods; no two may have one name."""
    made = tuple(map(make_method, methods if isinstance(methods, (list, tuple)) else [methods]))
    if not made:
        raise ValueError("Expected at least one method. Received: methods=[]")
    if doubled := [name for name, count in Counter(method.name for method in made).items() if count > 1]:
        raise ValueError(
            f"Two methods have the name {doubled[0]!r}; give one of them another: Gradient(name='gradient_2')."
        )
    return made


def make_named(names: Sequence[str], options: Mapping[str, Any]) -> tuple[Method, ...]:
    """A method of each name, once; each option goes to those that have it. Raises as `METHODS.make`."""
    names = list(dict.fromkeys(names))
    known = {name: METHODS.options_of(name) for name in names}
    everywhere = [key for has in known.values() for key in has]
    if len(names) > 1 and (wrong := [key for key in options if key not in everywhere]):
        raise ValueError(
            f"None of the methods {', '.join(names)} has an option {wrong[0]!r}.{nearest(wrong[0], everywhere)}"
        )
    given = {name: {key: options[key] for key in options if key in has} for name, has in known.items()}
    return make_methods([METHODS.make(name, given[name] if len(names) > 1 else options) for name in names])


def run_method(method: Method, question: Question, seed: int) -> MethodResult:
    """What a method finds; the same seed gives the same maps, also where other methods are asked before."""
    return method.explain(question, np.random.default_rng([seed, crc32(method.name.encode())]))
