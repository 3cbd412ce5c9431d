"""`keras-saliency explain`: the maps of a saved model for some images."""

from __future__ import annotations

import argparse
import os
import re
from pathlib import Path

import numpy as np

from keras_saliency.cli.arguments import (
    add_method_arguments,
    add_model_arguments,
    check_model,
    local,
    method_options,
    target_of,
)
from keras_saliency.cli.console import Console, is_watched
from keras_saliency.cli.quiet import quiet_imports
from keras_saliency.probes.files import STORED, load_images
from keras_saliency.records import npz
from keras_saliency.records.outputs import OutputFile, check_outputs

NAME = "explain"
HELP = "Write the maps of a saved model for some images."

_SIDE = re.compile("[0-9]{1,5}")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.add_argument("model", type=local, help="a .keras file; it is opened in Keras' safe mode")
    parser.add_argument(
        "images",
        type=local,
        nargs="+",
        help="a probe set or .npz (key images), .npy, pictures, or a folder of them, or of a folder for each class",
    )
    add_method_arguments(parser)
    parser.add_argument("--resize", type=_size, metavar="HEIGHTxWIDTH", help="resize pictures")
    parser.add_argument(
        "--scale",
        type=_scale,
        default=1.0,
        help="multiply the pixels of pictures, as in 1/255; default: leave them uint8",
    )
    add_model_arguments(parser)
    parser.add_argument("--out", type=local, required=True, help="the folder to write to")


def run(options: argparse.Namespace) -> int:
    """Explain the images, and write the explanation."""
    console = Console()
    check_model(options.model)
    inputs = [("the model", options.model), *(("the images", path) for path in options.images)]
    check_outputs(_outputs(options.out), inputs)
    if options.backend:
        os.environ["KERAS_BACKEND"] = options.backend
    with console.status("Loading Keras …"), quiet_imports():
        from keras_saliency.engine.model_files import load_model
        from keras_saliency.engine.pixels import declared_pixels
        from keras_saliency.explanation import explain
        from keras_saliency.explanation.reading import with_classes_of
        from keras_saliency.methods import make_method
    method = make_method(options.method or "gradient", method_options(options.option, options.layer))
    with console.status(f"Loading {options.model} …"):
        model = load_model(options.model, options.imports or ())
    target, pixels = target_of(options.target), declared_pixels(model)
    probes = load_images(
        options.images,
        size=options.resize,
        scale=options.scale,
        channels=pixels.channels,
        channels_first=pixels.channels_first,
    )
    if any(path.is_dir() for path in options.images):
        probes = with_classes_of(model, probes, target)
    if options.images[0].suffix not in STORED:
        pixels.check_size(probes.images)
    explanation = explain(
        model,
        probes,
        method,
        target,
        output=options.output,
        logits=options.logits or "auto",
        channel_axis=options.channel_axis,
        seed=options.seed or 0,
        progress=is_watched(),
    )
    explanation.save(options.out)
    written = ", ".join(sorted(file.name for file in options.out.iterdir()))
    console.print(
        f"{len(probes)} maps by {method.name} of {explanation.diagnostics['explained']}: {options.out}"
    )
    console.print(f"score: {explanation.score_kind.replace('_', ' ')}; files: {written}")
    return 0


def _outputs(folder: Path) -> list[OutputFile]:
    """The files that `Explanation.save` writes: ours where the folder holds an explanation, else somebody's."""

    def is_ours(path: Path) -> bool:
        maps = folder / "maps.npz"
        return maps.is_file() and npz.kind_of(maps) == "explanation"

    return [
        OutputFile(folder / name, "The explanation", is_ours)
        for name in ("maps.npz", "probes.npz", "sheet.png")
    ]


def _size(text: str) -> tuple[int, int]:
    height, separator, width = text.lower().partition("x")
    sides = [int(side) if _SIDE.fullmatch(side) else 0 for side in (height, width)]
    if not (separator and all(sides)):
        raise argparse.ArgumentTypeError("expected HEIGHTxWIDTH, such as 96x96")
    return sides[0], sides[1]


def _scale(text: str) -> float:
    above, slash, below = text.partition("/")
    try:
        scale = float(above) / (float(below) if slash else 1)
    except (ValueError, ZeroDivisionError):
        raise argparse.ArgumentTypeError("expected a number or a fraction, such as 1/255") from None
    if not np.isfinite(scale) or scale == 0:
        raise argparse.ArgumentTypeError("expected a number other than zero")
    return scale
