"""What TensorBoard imports at its start. It imports next to nothing: what fails here ends `tensorboard`."""

from __future__ import annotations

import argparse
from typing import Any

from tensorboard.plugins import base_plugin


class SaliencyLoader(base_plugin.TBLoader):  # type: ignore[misc]
    """Loads the plugin; where that fails, TensorBoard logs why and goes on without the tab."""

    def fix_flags(self, flags: argparse.Namespace) -> None:
        """Keep every look, where loaders keep ten at random; `--samples_per_plugin=saliency=…` wins."""
        samples = getattr(flags, "samples_per_plugin", None)
        if isinstance(samples, dict):
            samples.setdefault("saliency", 0)

    def load(self, context: base_plugin.TBContext) -> Any:
        """The plugin."""
        from keras_saliency.tensorboard_plugin.plugin import SaliencyPlugin

        return SaliencyPlugin(context)
