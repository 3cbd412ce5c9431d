"""`keras-saliency explain`: the maps of a saved model for some images."""

from __future__ import annotations

import argparse
import ast
import os
import sys
from collections.abc import Callable
from dataclasses import fields
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console

from keras_saliency.cli.files import load_images, load_model
from keras_saliency.cli.quiet import quiet_imports

if TYPE_CHECKING:
    from keras_saliency.methods import Method

NAME = "explain"
HELP = "Write the maps of a saved model for some images."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.add_argument("model", type=Path, help="a .keras file; it is opened in Keras' safe mode")
    parser.add_argument(
        "images",
        type=Path,
        nargs="+",
        help="a probe set or .npz (key images), .npy, pictures, or a folder of them",
    )
    parser.add_argument(
        "--method", default="gradient", help="see `keras-saliency methods`; default: gradient"
    )
    parser.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="an option of the method; may be repeated",
    )
    parser.add_argument("--layer", help="the layer, for methods that look at one")
    parser.add_argument(
        "--target", help="predicted, label or a class index; default: label if there are, else predicted"
    )
    parser.add_argument("--output", help="the name of the output, for models with several")
    parser.add_argument("--logits", default="auto", help="auto (default), output or centred_log_probability")
    parser.add_argument("--resize", type=_size, metavar="HEIGHTxWIDTH", help="resize pictures")
    parser.add_argument(
        "--scale",
        type=_scale,
        default=1.0,
        help="multiply the pixels of pictures, as in 1/255; default: leave them uint8",
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="for methods that draw random numbers; default: 0"
    )
    parser.add_argument(
        "--import", dest="imports", action="append", default=[], metavar="MODULE", help="registers layers"
    )
    parser.add_argument(
        "--backend", choices=("tensorflow", "jax", "torch"), help="default: Keras' own choice"
    )
    parser.add_argument("--out", type=Path, required=True, help="the folder to write to")


def run(options: argparse.Namespace) -> int:
    """Explain, and write what came out."""
    console = Console(highlight=False, markup=False, soft_wrap=True)
    if options.backend:
        os.environ["KERAS_BACKEND"] = options.backend
    with console.status("Loading Keras …"), quiet_imports():
        from keras_saliency.explanation import explain
        from keras_saliency.methods import make_method
    method = _configured(options, make_method)
    with console.status(f"Loading {options.model} …"):
        model = load_model(options.model, options.imports)
    probes = load_images(options.images, size=options.resize, scale=options.scale, channels=_channels(model))
    explanation = explain(
        model,
        probes,
        method,
        _target(options.target),
        output=options.output,
        logits=options.logits,
        seed=options.seed,
        progress=sys.stderr.isatty(),
    )
    explanation.save(options.out)
    written = ", ".join(sorted(file.name for file in options.out.iterdir()))
    console.print(
        f"{len(probes)} maps by {method.name} of {explanation.diagnostics['explained']}: {options.out}"
    )
    console.print(f"score: {explanation.score_kind.replace('_', ' ')}; files: {written}")
    return 0


def _configured(options: argparse.Namespace, make_method: Callable[[str], Method]) -> Method:
    """The method with its options."""
    method = make_method(options.method)
    given = dict(_option(text) for text in options.option)
    if options.layer is not None:
        given["layer"] = options.layer
    if not given:
        return method
    accepted = [field.name for field in fields(method) if field.init]
    if unknown := sorted(given.keys() - set(accepted)):
        raise ValueError(
            f"The method {options.method} has no option {unknown[0]!r}. Its options: {', '.join(accepted)}."
        )
    return type(method)(**given)


def _option(text: str) -> tuple[str, Any]:
    key, separator, value = text.partition("=")
    if not separator:
        raise ValueError(f"Expected an option as KEY=VALUE. Received: {text!r}")
    try:
        return key, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return key, value


def _target(text: str | None) -> Any:
    return int(text) if text is not None and text.isdigit() else text


def _channels(model: Any) -> int:
    shape = getattr(model, "input_shape", None)
    return 1 if isinstance(shape, tuple) and len(shape) == 4 and shape[-1] == 1 else 3


def _size(text: str) -> tuple[int, int]:
    height, separator, width = text.lower().partition("x")
    if not (separator and height.isdigit() and width.isdigit() and int(height) and int(width)):
        raise argparse.ArgumentTypeError("expected HEIGHTxWIDTH, such as 96x96")
    return int(height), int(width)


def _scale(text: str) -> float:
    try:
        scale = float(Fraction(text))
    except (ValueError, ZeroDivisionError):
        raise argparse.ArgumentTypeError("expected a number or a fraction, such as 1/255") from None
    if not np.isfinite(scale) or scale == 0:
        raise argparse.ArgumentTypeError("expected a number other than zero")
    return scale
