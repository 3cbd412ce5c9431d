"""The options that commands share, and what their words mean."""

from __future__ import annotations

import argparse
import ast
import math
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from keras_saliency.arguments import BACKENDS, local_path, whole
from keras_saliency.checks.gate.config import PYPROJECT, Config, is_mask_file, read_config
from keras_saliency.registry import is_name

_SIDE = re.compile("[0-9]{1,5}")
_OF_A_METHOD = ("options", "layer")


def add_method_arguments(parser: argparse.ArgumentParser, *, several: bool = False) -> None:
    """Which method, or several, of what; each is None where it is not given."""
    if several:
        parser.add_argument(
            "--method",
            action="extend",
            type=_names,
            help="see `keras-saliency methods`; default: gradient. Several: a,b, or the option again",
        )
    else:
        parser.add_argument("--method", help="see `keras-saliency methods`; default: gradient")
    parser.add_argument(
        "--option", action="append", metavar="KEY=VALUE", help="an option of the method; may be repeated"
    )
    parser.add_argument("--layer", help="the layer, for methods that look at one")
    parser.add_argument(
        "--target", help="predicted, label or a class index; default: label if there are, else predicted"
    )
    parser.add_argument("--output", help="the name of the output, for models with several")
    parser.add_argument("--logits", help="auto (default), binary, output or centred_log_probability")
    parser.add_argument(
        "--channel-axis",
        type=int,
        choices=(-1, 1),
        help="where the images have their channels: 1 (first) or -1 (last); default: the model tells",
    )
    parser.add_argument("--seed", type=whole_number("seed", 0), help="of every random number; default: 0")


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """How the model is loaded."""
    parser.add_argument(
        "--import", dest="imports", action="append", metavar="MODULE", help="registers custom layers"
    )
    parser.add_argument("--backend", choices=BACKENDS, help="default: Keras' own choice")


def add_config_argument(parser: argparse.ArgumentParser) -> None:
    """Where settings come from that the command line does not give."""
    parser.add_argument(
        "--config",
        type=local,
        metavar="FILE",
        help=f"a saliency.toml; default: [tool.keras_saliency] in ./{PYPROJECT}, if there",
    )


def local(text: str) -> Path:
    """A path on this machine, from the command line."""
    try:
        return local_path("a path", text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def region(text: str) -> tuple[str, Path]:
    """A region from `[NAME=]PATH`: its name, that of the file by default, and the file of its mask."""
    name, separator, path = text.partition("=")
    found = local(path if separator else text)
    name = name if separator else found.stem.lower().replace("-", "_")
    if not is_name(name):
        raise argparse.ArgumentTypeError(
            f"expected [NAME=]PATH with a name in lower-case words, not {name!r}"
        )
    return name, found


def size(text: str) -> tuple[int, int]:
    """Height and width, from `HEIGHTxWIDTH`."""
    height, separator, width = text.lower().partition("x")
    sides = [int(side) if _SIDE.fullmatch(side) else 0 for side in (height, width)]
    if not (separator and all(sides)):
        raise argparse.ArgumentTypeError("expected HEIGHTxWIDTH, such as 96x96")
    return sides[0], sides[1]


def scale(text: str) -> float:
    """A number other than zero, or a fraction."""
    above, slash, below = text.partition("/")
    try:
        number = float(above) / (float(below) if slash else 1)
    except (ValueError, ZeroDivisionError):
        raise argparse.ArgumentTypeError("expected a number or a fraction, such as 1/255") from None
    if not math.isfinite(number) or number == 0:
        raise argparse.ArgumentTypeError("expected a number other than zero")
    return number


def _names(text: str) -> list[str]:
    """Names with commas between them."""
    return [name.strip() for name in text.split(",")]


def method_options(texts: list[str] | None, layer: str | None = None) -> dict[str, Any]:
    """The options of a method, from `KEY=VALUE`; values are read as Python's literals, else as text."""
    options = dict(map(_option, texts or ()))
    return options if layer is None else {**options, "layer": layer}


def target_of(text: str | None) -> Any:
    """A target from one word."""
    return int(text) if text is not None and text.isdecimal() else text


def config_of(options: argparse.Namespace) -> Config:
    """The config file's settings, and over them what the command line gives.

    Raises:
        FileNotFoundError, UnreadableFileError, ValueError: as `read_config`.
    """
    path = config_file(options)
    config = Config() if path is None else read_config(path)
    given = {key: value for key, value in _given(options).items() if value is not None}
    wanted = Config.of(given)
    if "method" in given:
        config = replace(config, **{key: getattr(Config(), key) for key in _OF_A_METHOD})
    if "options" in given:
        wanted = replace(wanted, options={**config.options, **wanted.options})
    return replace(config, **{key: getattr(wanted, key) for key in given})


def config_file(options: argparse.Namespace) -> Path | None:
    """The config file that is given, else the project's, if there is one."""
    given: Path | None = options.config
    return given or (Path(PYPROJECT) if Path(PYPROJECT).is_file() else None)


def inputs_of(options: argparse.Namespace, config: Config) -> list[tuple[str, Path]]:
    """The files that a command on a model reads, and what they are.

    Raises:
        FileNotFoundError: there is no model. What is wrong with another file is said where it is read.
    """
    check_model(options.model)
    masks = [("a mask", Path(one)) for one in (*config.forbid, *config.require) if is_mask_file(one)]
    path = config_file(options)
    return [
        ("the model", options.model),
        ("the probes", options.probes),
        *([] if path is None else [("the config", path)]),
        *masks,
    ]


def check_model(path: Path) -> None:
    """Do nothing if there is a model, or whatever it is. Raises `FileNotFoundError`."""
    if not path.exists():
        raise FileNotFoundError(f"No such model: {path}")


def _given(options: argparse.Namespace) -> dict[str, Any]:
    """What the command line gives, by the names of the settings."""
    settings = {key: value for key, value in vars(options).items() if key in _SETTINGS}
    for key in ("forbid", "require"):
        if settings.get(key) is not None:
            settings[key] = [name for one in settings[key] for name in one.split(",")]
    return settings | {
        "options": method_options(options.option) or None,
        "target": target_of(options.target),
    }


_SETTINGS = set(Config.__dataclass_fields__) - {"options", "target", "waivers"}


def _option(text: str) -> tuple[str, Any]:
    key, separator, value = text.partition("=")
    if not separator:
        raise ValueError(f"Expected an option as KEY=VALUE. Received: {text!r}")
    try:
        return key, ast.literal_eval(value)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return key, value


def whole_number(name: str, least: int) -> Callable[[str], int]:
    """An argparse `type` that reads a whole number."""

    def read(text: str) -> int:
        number: Any = text
        with suppress(ValueError):
            number = int(text)
        try:
            return whole(name, number, least)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return read
