"""Methods, checks and writers by name: ours, and those that other installed packages offer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from inspect import Parameter, signature
from pkgutil import resolve_name
from typing import Any, Generic, TypeVar

from keras_saliency import HOMES
from keras_saliency.errors import NeedsSettingError, PluginError

NAME = re.compile(r"[a-z][a-z0-9_]*")
"""What methods, checks and regions may be called: lower-case words."""

_NO_OPTIONS: Mapping[str, Any] = {}

T = TypeVar("T")


class Registry(Generic[T]):
    """The methods, checks or writers, by name. Nothing is loaded before it is asked for.

    Other packages offer their own through the entry points `keras_saliency.<kind>s`; our names come first.

    Args:
        kind: the word for one of them.
        role: the protocol that all of them follow. Where it has a `name`, that must be lower-case words.
        expected: what may be given, in words.
        built_in: where ours are, `module:class`, by name.
    """

    def __init__(self, kind: str, role: Any, expected: str, built_in: Mapping[str, str]) -> None:
        self._kind, self._role, self._expected, self._built_in = kind, role, expected, built_in

    def names(self) -> list[str]:
        """Every name, sorted."""
        return sorted({*self._built_in, *self._installed()})

    def built_in(self) -> dict[str, type[T]]:
        """Our own classes by name."""
        return {name: resolve_name(place) for name, place in self._built_in.items()}

    def find(self, name: str) -> Callable[..., T]:
        """The class of this name.

        Raises:
            ValueError: there is none; the nearest names are named.
            PluginError: another package offers it, and it cannot be loaded.
        """
        if name in self._built_in:
            return resolve_name(self._built_in[name])  # type: ignore[no-any-return]
        point = self._installed().get(name)
        if point is None:
            raise unknown(self._kind, name, self.names())
        try:
            return point.load()  # type: ignore[no-any-return]
        except Exception as error:
            raise PluginError(
                f"The {self._kind} {name!r} of {_package(point)} ({point.value}) cannot be loaded: "
                f"{type(error).__name__}: {error}"
            ) from error

    def make(self, thing: Any, options: Mapping[str, Any] = _NO_OPTIONS) -> T:
        """One of this name, made with these options; one that is given is returned as it is.

        Raises:
            ValueError: no such name or option (the nearest ones are named), or a name that it cannot have.
            NeedsSettingError: an option without a default is missing.
            PluginError: another package offers it, and it cannot be loaded.
            TypeError: this is neither a name nor one of this kind.
        """
        if not isinstance(thing, str):
            return self.validated(thing)
        kind = self.find(thing)
        self._check_options(thing, kind, options)
        return self.validated(kind(**options))

    def validated(self, thing: Any) -> T:
        """The same object, checked.

        Raises:
            TypeError: it does not follow the protocol.
            ValueError: it may not have its name.
        """
        if isinstance(thing, type) or not isinstance(thing, self._role):
            raise TypeError(f"Expected {self._expected}. Received: {thing!r}")
        if hasattr(self._role, "name") and not is_name(thing.name):
            raise ValueError(
                f"Expected the name of a {self._kind} to be lower-case words, such as my_{self._kind}_2. "
                f"Received: {thing.name!r}"
            )
        made: T = thing
        return made

    def options_of(self, name: str) -> dict[str, Any]:
        """The options of the one of this name, with their defaults; raises as `find`."""
        return {
            key: parameter.default
            for key, parameter in signature(self.find(name)).parameters.items()
            if parameter.kind not in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
        }

    def _check_options(self, name: str, kind: Callable[..., T], options: Mapping[str, Any]) -> None:
        accepted = self.options_of(name)
        if wrong := sorted(options.keys() - accepted.keys()):
            raise ValueError(
                f"The {self._kind} {name} has no option {wrong[0]!r}.{nearest(wrong[0], accepted)} "
                f"Its options: {', '.join(accepted)}."
            )
        if missing := [
            f"{key}=…"
            for key, default in accepted.items()
            if default is Parameter.empty and key not in options
        ]:
            raise NeedsSettingError(
                f"The {self._kind} {name!r} needs a setting: give "
                f"{getattr(kind, '__name__', name)}({', '.join(missing)}) in its place."
            )

    def _installed(self) -> dict[str, EntryPoint]:
        return {point.name: point for point in entry_points(group=f"keras_saliency.{self._kind}s")}


def public(room: str) -> dict[str, str]:
    """Where the public classes of a room are, `module:class`, each by the name of its file."""
    homes = {name: home.rpartition(".") for name, home in HOMES.items()}
    return {file: f"{room}.{file}:{name}" for name, (where, _, file) in homes.items() if where == room}


def is_name(name: Any) -> bool:
    """Whether methods, checks and regions may be called this."""
    return isinstance(name, str) and NAME.fullmatch(name) is not None


def unknown(kind: str, name: str, known: Iterable[str], listed: str = "") -> ValueError:
    """The error for a name that is none of those known; `listed` is the heading of their list."""
    known = list(known)
    return ValueError(
        f"No {kind} {name!r}.{nearest(name, known)} {listed or f'{kind}s'.capitalize()}: {', '.join(known)}."
    )


def nearest(name: str, known: Iterable[str]) -> str:
    """The names that were probably meant: `" Did you mean 'x' or 'y'?"`, or `""` where none is near."""
    by_lower_case = {one.lower(): one for one in known}
    near = get_close_matches(name.lower(), by_lower_case, n=2)
    return f" Did you mean {' or '.join(repr(by_lower_case[one]) for one in near)}?" if near else ""


def _package(point: EntryPoint) -> str:
    return "another package" if point.dist is None else f"{point.dist.name} {point.dist.version}"
