"""What a team wants to be checked, as settings: from a TOML file, a command line or a marker. Loads no Keras."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date
from pathlib import Path
from typing import Any, get_args

import numpy as np

from keras_saliency.arguments import BACKENDS, real, whole
from keras_saliency.checks.accuracy import Accuracy
from keras_saliency.checks.base import CHECKS, Check
from keras_saliency.checks.gate.waivers import Waiver
from keras_saliency.checks.golden import Golden
from keras_saliency.checks.region import Region
from keras_saliency.errors import UnreadableFileError
from keras_saliency.probes import ProbeSet, with_channel_axis, with_more_regions
from keras_saliency.records import limits, npz
from keras_saliency.registry import nearest, unknown
from keras_saliency.reports.verdicts import FailOn

PYPROJECT = "pyproject.toml"
_TABLES = ("tool", "keras_saliency")
_LONG_KEY = re.compile(
    rb"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){%d}""" % limits.DEPTH
)
"""A dotted key of so many parts: Python reads it in the square of their number, in time and memory."""


@dataclass(frozen=True)
class Config:
    """The settings of a run of checks.

    Attributes:
        checks: names of suites and checks; from Python also checks.
        forbid: regions that the model must not use: names, or `.npy` files with a mask.
        require: regions that the model must use.
        min_accuracy: the least share of probes that are predicted as labelled; adds the check `accuracy`.
        golden: a file of approved maps; adds the check `golden`.
        method: the name of the method whose maps are judged.
        options: of the method.
        layer: for methods that look at one.
        target: see `ks.explain`.
        output: see `ks.explain`.
        logits: see `ks.explain`.
        channel_axis: of the probes, see `ks.ProbeSet`.
        seed: of every private generator.
        fail_on: `"failed"`, `"any"` or `"warned"`, see `ks.check`.
        imports: modules that register custom layers.
        backend: the framework behind Keras.
        json: where the report goes as JSON; likewise `junit` and `html`.
        waivers: failures that do not count.
    """

    checks: tuple[str | Check, ...] = ("quick",)
    forbid: tuple[str, ...] = ()
    require: tuple[str, ...] = ()
    min_accuracy: float | None = None
    golden: str | None = None
    method: str = "gradient"
    options: Mapping[str, Any] = field(default_factory=dict)
    layer: str | None = None
    target: str | int | None = None
    output: str | int | None = None
    logits: str = "auto"
    channel_axis: int | None = None
    seed: int = 0
    fail_on: FailOn = "failed"
    imports: tuple[str, ...] = ()
    backend: str | None = None
    json: str | None = None
    junit: str | None = None
    html: str | None = None
    waivers: tuple[Waiver, ...] = ()

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Config:
        """The config that these settings make.

        Raises:
            ValueError: an unknown key (the nearest one is named), or a wrong value.
        TypeError: something among the checks is neither a name nor a check.
        """
        known = [f.name for f in fields(cls)]
        for key in settings:
            if key not in known:
                raise unknown("setting", key, known)
        return cls(**{key: _READERS[key](key, value) for key, value in settings.items()})

    @property
    def method_options(self) -> Mapping[str, Any]:
        """All options of the method, `layer` among them."""
        return self.options if self.layer is None else {**self.options, "layer": self.layer}

    def beside(self, folder: Path) -> Config:
        """The config whose relative paths start from this folder."""

        def placed(path: str | None) -> str | None:
            return None if path is None else str(folder / path)

        return replace(
            self,
            forbid=tuple(str(folder / one) if is_mask_file(one) else one for one in self.forbid),
            require=tuple(str(folder / one) if is_mask_file(one) else one for one in self.require),
            golden=placed(self.golden),
            json=placed(self.json),
            junit=placed(self.junit),
            html=placed(self.html),
        )

    def with_masks(self, probes: ProbeSet) -> ProbeSet:
        """The probes, with the masks that are in files as further regions, named for the files, and the axis given."""
        probes = with_channel_axis(probes, self.channel_axis)
        files = [Path(one) for one in (*self.forbid, *self.require) if is_mask_file(one)]
        masks = {path.stem.lower().replace("-", "_"): _mask(path) for path in files}
        return with_more_regions(probes, masks) if masks else probes

    def items(self, probes: ProbeSet) -> list[str | Check]:
        """The checks that these settings ask for, as `ks.check` takes them.

        Raises:
            ValueError: a region that the probes do not have, or a check without the setting that it needs.
        FileNotFoundError: there is no golden file.
        """
        for name, setting, value in [
            ("accuracy", "min_accuracy = 0.9", self.min_accuracy),
            ("golden", 'golden = "golden.npz"', self.golden),
        ]:
            if name in self.checks and value is None:
                raise ValueError(f"The check {name} needs a setting: {setting}.")
        if self.min_accuracy is not None and probes.labels is None:
            raise ValueError(
                f"The probes have no labels to hold predictions against. Received: min_accuracy={self.min_accuracy}"
            )
        if self.golden is not None and not Path(self.golden).is_file():
            raise FileNotFoundError(f"No such golden file: {self.golden}. Make it: keras-saliency golden.")
        items: list[str | Check] = list(self.checks)
        items += [Region(_region(one, probes.regions)) for one in self.forbid]
        items += [Region(_region(one, probes.regions), require=True) for one in self.require]
        items += [] if self.min_accuracy is None else [Accuracy(self.min_accuracy)]
        items += [] if self.golden is None else [Golden(self.golden)]
        return items


def read_config(path: str | Path) -> Config:
    """The config in a TOML file; in a `pyproject.toml`, that in the table `[tool.keras_saliency]`.

    Raises:
        FileNotFoundError: no such file.
        UnreadableFileError: the file is not TOML.
        ValueError: a setting is wrong; the sentence names the file.
    """
    path = Path(path)
    try:
        settings: Mapping[str, Any] = _toml(limits.read_at_most(path, limits.CONFIG))
    except FileNotFoundError:
        raise FileNotFoundError(f"No such config: {path}") from None
    except UnreadableFileError:
        raise
    except ValueError as error:
        raise UnreadableFileError(f"{path} is not TOML: {error}") from error
    except RecursionError as error:
        raise UnreadableFileError(f"{path} is not a config: it is nested too deeply.") from error
    try:
        for table in _TABLES if path.name == PYPROJECT else ():
            settings = _table(table, settings.get(table, {}))
        return Config.of(settings).beside(path.parent)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path}: {error}") from error


def _toml(content: bytes) -> dict[str, Any]:
    if _LONG_KEY.search(content):
        raise RecursionError
    return tomllib.loads(content.decode())


def is_mask_file(region: str) -> bool:
    """Whether a region is given as a file with its mask, not by name."""
    return region.endswith(".npy")


def _mask(path: Path) -> np.ndarray:
    try:
        return npz.read_array(path)
    except FileNotFoundError:
        raise FileNotFoundError(f"No such mask: {path}") from None


def _region(given: str, known: Iterable[str]) -> str:
    name = Path(given).stem.lower().replace("-", "_") if is_mask_file(given) else given
    names = list(known)
    if name not in names:
        has = f"They have: {', '.join(names)}." if names else "They have none."
        raise ValueError(
            f"The probes have no region {name!r}.{nearest(name, names)} {has} "
            "A mask in a file is given by its path, which ends in .npy."
        )
    return name


def _wrong(key: str, expected: str, value: Any) -> ValueError:
    return ValueError(f"Expected {key} to be {expected}. Received: {key}={value!r}")


def _names(key: str, value: Any) -> tuple[str, ...]:
    values = value.split(",") if isinstance(value, str) else value
    if not isinstance(values, (list, tuple)) or not all(
        isinstance(one, str) and "\0" not in one for one in values
    ):
        raise _wrong(key, "a name or a list of names", value)
    return tuple(stripped for one in values if (stripped := one.strip()))


def _checks(key: str, value: Any) -> tuple[str | Check, ...]:
    if isinstance(value, str):
        return _names(key, value)
    if not isinstance(value, (list, tuple)):
        value = [value]
    return tuple(one.strip() if isinstance(one, str) else CHECKS.validated(one) for one in value)


def _text(key: str, value: Any) -> str:
    if not isinstance(value, (str, Path)) or "\0" in str(value):
        raise _wrong(key, "a text", value)
    return str(value)


def _seed(key: str, value: Any) -> int:
    return whole(key, value, 0)


def _axis(key: str, value: Any) -> int:
    if type(value) is not int or value not in (-1, 1):
        raise _wrong(key, "1 (channels first) or -1 (channels last)", value)
    return value


def _share(key: str, value: Any) -> float:
    return real(key, value, least=0, most=1)


def _name_or_index(key: str, value: Any) -> str | int:
    if not isinstance(value, (str, int)) or isinstance(value, bool):
        raise _wrong(key, "a name or an index", value)
    return value


def _table(key: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _wrong(key, "a table", value)
    return dict(value)


def _one_of(*choices: str) -> Any:
    def read(key: str, value: Any) -> str:
        if value not in choices:
            raise _wrong(key, f"one of {', '.join(choices)}", value)
        return str(value)

    return read


def _waivers(key: str, value: Any) -> tuple[Waiver, ...]:
    if not isinstance(value, (list, tuple)):
        raise _wrong(key, "a list of tables, [[waivers]]", value)
    return tuple(_waiver(position, one) for position, one in enumerate(value, 1))


def _waiver(position: int, given: Any) -> Waiver:
    if isinstance(given, Waiver):
        return given
    known = [f.name for f in fields(Waiver)]
    if not isinstance(given, Mapping):
        raise ValueError(
            f"Expected waiver {position} to be a table of {', '.join(known)}. Received: {given!r}"
        )
    for key in given:
        if key not in known:
            raise ValueError(f"Waiver {position} has an unknown key {key!r}.{nearest(key, known)}")
    for key in known:
        if not given.get(key) or (isinstance(given[key], str) and not given[key].strip()):
            raise ValueError(f"Waiver {position} has no {key}: each needs {', '.join(known)}.")
    if type(given["expires"]) is not date:
        raise ValueError(
            f"Expected waiver {position} to expire on a date, such as expires = 2027-03-31, without quotes. "
            f"Received: expires={given['expires']!r}"
        )
    return Waiver(_text("check", given["check"]), _text("reason", given["reason"]), given["expires"])


_READERS: Mapping[str, Any] = {
    "checks": _checks,
    "forbid": _names,
    "require": _names,
    "min_accuracy": _share,
    "golden": _text,
    "method": _text,
    "options": _table,
    "layer": _text,
    "target": _name_or_index,
    "output": _name_or_index,
    "logits": _text,
    "channel_axis": _axis,
    "seed": _seed,
    "fail_on": _one_of(*get_args(FailOn)),
    "imports": _names,
    "backend": _one_of(*BACKENDS),
    "json": _text,
    "junit": _text,
    "html": _text,
    "waivers": _waivers,
}
