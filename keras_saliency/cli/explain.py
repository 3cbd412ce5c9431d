"""`keras-saliency explain`: the maps of a saved model for some images."""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from keras_saliency.cli.arguments import (
    add_method_arguments,
    add_model_arguments,
    check_model,
    local,
    method_options,
    region,
    scale,
    size,
    target_of,
)
from keras_saliency.cli.console import Console, is_watched
from keras_saliency.cli.explained import ExplainedFolder
from keras_saliency.cli.quiet import quiet_imports
from keras_saliency.probes import ProbeSet
from keras_saliency.probes.annotations import (
    read_class_names,
    with_class_names,
    with_labels,
    with_regions,
)
from keras_saliency.probes.files import STORED, load_images
from keras_saliency.probes.pictures import picture_sizes
from keras_saliency.records.outputs import check_outputs
from keras_saliency.render.fonts import checked_font

if TYPE_CHECKING:
    from keras_saliency.engine.pixels import DeclaredPixels

NAME = "explain"
HELP = "Write the maps of a saved model for some images."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.add_argument("model", type=local, help="a .keras file; it is opened in Keras' safe mode")
    parser.add_argument(
        "images",
        type=local,
        nargs="+",
        help="a probe set or .npz (key images), .npy, pictures, or a folder of them, or of a folder for each class",
    )
    add_method_arguments(parser, several=True)
    parser.add_argument("--resize", type=size, metavar="HEIGHTxWIDTH", help="resize pictures")
    parser.add_argument(
        "--scale",
        type=scale,
        default=1.0,
        help="multiply the pixels of pictures, as in 1/255; default: leave them uint8",
    )
    parser.add_argument(
        "--labels",
        type=local,
        metavar="FILE",
        help="a .csv of two columns, the name of a picture and its label; or an .npy",
    )
    parser.add_argument(
        "--class-names",
        type=local,
        metavar="FILE",
        help="a text file: a name a line, in the order of the outputs",
    )
    parser.add_argument(
        "--region",
        type=region,
        action="append",
        metavar="[NAME=]PATH",
        help="a mask: an .npy, a black and white picture, or a folder with one for each picture; may be repeated",
    )
    add_model_arguments(parser)
    parser.add_argument(
        "--out", type=local, required=True, help="the folder to write to: each method has a folder in it"
    )
    parser.add_argument("--pictures", action="store_true", help="write a picture per image, too")
    parser.add_argument(
        "--font",
        type=local,
        metavar="FILE",
        help="a .ttf or .otf, for names in letters that are boxes without it",
    )


def run(options: argparse.Namespace) -> int:
    """Explain the images, and write the explanations."""
    console = Console()
    check_model(options.model)
    if options.font is not None:
        checked_font(options.font)
    if options.backend:
        os.environ["KERAS_BACKEND"] = options.backend
    with console.status("Loading Keras …"), quiet_imports():
        from keras_saliency.engine.model_files import load_model
        from keras_saliency.engine.pixels import declared_pixels
        from keras_saliency.explanation import explain
        from keras_saliency.methods.base import make_named
    methods = make_named(options.method or ["gradient"], method_options(options.option, options.layer))
    folder = ExplainedFolder(options.out, [method.name for method in methods], options.font)
    check_outputs(folder.outputs(), _inputs(options))
    with console.status(f"Loading {options.model} …"):
        model = load_model(options.model, options.imports or ())
    target, pixels = target_of(options.target), declared_pixels(model)
    probes = _probes(options, model, pixels, target)
    if options.pictures:
        check_outputs(folder.pictures(probes), _inputs(options))
    for method in methods:
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
        for line in folder.add(explanation, pictures=options.pictures):
            console.print(line)
    for line in folder.end():
        console.print(line)
    return 0


def _inputs(options: argparse.Namespace) -> list[tuple[str, Path]]:
    """The files that are read, and what they are."""
    given = [
        ("the labels", options.labels),
        ("the class names", options.class_names),
        ("the font", options.font),
    ]
    return [
        ("the model", options.model),
        *(("the images", path) for path in options.images),
        *((what, path) for what, path in given if path is not None),
        *((f"the region {name}", path) for name, path in options.region or ()),
    ]


def _probes(options: argparse.Namespace, model: object, pixels: DeclaredPixels, target: object) -> ProbeSet:
    """The images, with the labels, class names and masks that are given for them."""
    probes = load_images(
        options.images,
        size=options.resize,
        scale=options.scale,
        channels=pixels.channels,
        channels_first=pixels.channels_first,
    )
    are_pictures = options.images[0].suffix not in STORED
    probes = _with_classes(options, model, probes, target)
    if options.labels is not None:
        probes = with_labels(probes, options.labels)
    if options.region:
        sizes = picture_sizes(options.images) if are_pictures else None
        probes = with_regions(probes, dict(options.region), sizes)
    if are_pictures:
        pixels.check_size(probes.images)
    return probes


def _with_classes(options: argparse.Namespace, model: object, probes: ProbeSet, target: object) -> ProbeSet:
    """The probes with the class names that are given, else those of their folders where the model has as many."""
    from keras_saliency.explanation.reading import check_class_names, with_classes_of

    has_folders = any(path.is_dir() for path in options.images)
    if has_folders and options.labels is not None:
        probes = replace(probes, labels=None, class_names=None)
    if options.class_names is not None:
        names = read_class_names(options.class_names)
        check_class_names(model, names)
        return with_class_names(probes, names)
    return with_classes_of(model, probes, target) if has_folders else probes
