"""What a method is, and the list of those there are."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from typing import Any, ClassVar, Protocol, runtime_checkable
from zlib import crc32

import numpy as np

from keras_saliency.engine import Question

METHOD_NAME = re.compile(r"[a-z][a-z0-9_]*")
ENTRY_POINTS = "keras_saliency.methods"


@dataclass(frozen=True)
class MethodResult:
    """What a method found for `n` examples.

    Attributes:
        maps: float32, signed where the method has a sign; one array, or the inputs' own structure with None for
            what is not explained.
        diagnostics: what else a reader should know, by name.
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


REGISTRY: dict[str, Callable[[], Method]] = {}
"""Our own methods by name; `keras_saliency.methods` fills it from its public list."""


def known_methods() -> dict[str, Callable[[], Method]]:
    """Every method by its registered name: ours, and those that other installed packages offer."""
    return {point.name: partial(_load, point) for point in entry_points(group=ENTRY_POINTS)} | REGISTRY


def make_method(method: Any) -> Method:
    """The method itself, or the one of that name with its default options.

    Raises:
        ValueError: no method has that name; the nearest ones are named.
        TypeError: this is neither a name nor a method.
    """
    if isinstance(method, str):
        known = known_methods()
        if method not in known:
            near = get_close_matches(method, known, n=3, cutoff=0.4)
            hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
            raise ValueError(f"No method {method!r}.{hint} Methods: {', '.join(sorted(known))}.")
        method = known[method]()
    if isinstance(method, type) or not isinstance(method, Method):
        raise TypeError(
            f"Expected the name of a method or a method, such as ks.Gradient(). Received: {method!r}"
        )
    if not isinstance(method.name, str) or not METHOD_NAME.fullmatch(method.name):
        raise ValueError(
            f"Expected a method's name like smooth_50 (lower-case words). Received: {method.name!r}"
        )
    return method


def run_method(method: Method, question: Question, seed: int) -> MethodResult:
    """What a method finds; the same seed gives the same maps, whatever other methods are asked."""
    return method.explain(question, np.random.default_rng([seed, crc32(method.name.encode())]))


def _load(point: EntryPoint) -> Method:
    made: Method = point.load()()
    return made
