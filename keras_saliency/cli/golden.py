"""`keras-saliency golden`: store the maps of an approved model, for later models to be held against."""

from __future__ import annotations

import argparse
import os

from keras_saliency.checks.shared.golden_file import is_golden
from keras_saliency.cli.arguments import (
    add_config_argument,
    add_method_arguments,
    add_model_arguments,
    config_of,
    inputs_of,
    local,
)
from keras_saliency.cli.console import Console
from keras_saliency.cli.quiet import quiet_imports
from keras_saliency.probes import with_channel_axis
from keras_saliency.probes.files import load_probes
from keras_saliency.records.outputs import OutputFile, check_outputs

NAME = "golden"
HELP = "Store the maps of an approved model, for `keras-saliency check --golden`."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.add_argument("model", type=local, help="a .keras file; it is opened in Keras' safe mode")
    parser.add_argument("probes", type=local, help="a saved probe set, or an .npz (keys images and labels)")
    add_method_arguments(parser)
    add_model_arguments(parser)
    add_config_argument(parser)
    parser.add_argument("--out", type=local, required=True, metavar="FILE", help="the .npz to write")
    parser.add_argument(
        "--add",
        action="store_true",
        help="add another training to the file: how far trainings differ sets the tolerance",
    )


def run(options: argparse.Namespace) -> int:
    """Explain the probes, and store their maps."""
    config = config_of(options)
    if config.backend:
        os.environ["KERAS_BACKEND"] = config.backend
    probes = with_channel_axis(load_probes(options.probes), config.channel_axis)
    check_outputs([OutputFile(options.out, "The golden file", is_golden)], inputs_of(options, config))
    console = Console()
    with console.status("Loading Keras …"), quiet_imports():
        from keras_saliency.checks.golden import GoldenFile, add_golden, save_golden
        from keras_saliency.engine.model_files import load_model
        from keras_saliency.methods import make_method
    method = make_method(config.method, config.method_options)
    with console.status(f"Loading {options.model} …"):
        model = load_model(options.model, config.imports)
    with console.status(f"Explaining {len(probes)} images by {method.name} …"):
        (add_golden if options.add else save_golden)(
            options.out,
            model,
            probes,
            method,
            target=config.target,
            output=config.output,
            logits=config.logits,
            seed=config.seed,
        )
    stored = len(GoldenFile.read(options.out).trainings)
    console.print(
        f"{options.out}: maps of {len(probes)} probes by {method.name}, "
        f"{stored} training{'s' if stored > 1 else ''}"
    )
    return 0
