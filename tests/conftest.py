"""What all tests share. The backend is Keras' own choice: `KERAS_BACKEND`, TensorFlow by default.

Tests marked `backend` depend on the framework and are run on all three; the others are run once.
Tests that draw their examples draw few and always the same; with `HYPOTHESIS_PROFILE=long` many.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# On a GPU: float32 as on a CPU, and room for the other test processes.
os.environ.setdefault("NVIDIA_TF32_OVERRIDE", "0")
os.environ.setdefault("JAX_DEFAULT_MATMUL_PRECISION", "highest")
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")

_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile(
    "ci", max_examples=25, derandomize=True, database=None, deadline=None, suppress_health_check=_SLOW
)
settings.register_profile(
    "long", max_examples=1_000, deadline=None, print_blob=True, suppress_health_check=_SLOW
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

EVERY_BACKEND = (
    "engine",
    "training/callback",
    "devices",
    "properties",
    "explanation/test_explanation",
    "looks/test_observer",
    "test_threads",
    "methods/test_contract",
    "methods/test_matrix",
    "methods/test_against_others",
    "methods/test_gradient",
    "methods/test_rectified",
    "methods/test_grad_cam",
    "methods/test_layer_methods",
)
"""What other methods add is numpy: that they agree on all backends is asserted in `test_agreement`."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of the rooms and files that depend on the framework."""
    root = Path(__file__).parent
    for item in items:
        place = item.path.relative_to(root).with_suffix("").as_posix()
        if any(place == depends or place.startswith(f"{depends}/") for depends in EVERY_BACKEND):
            item.add_marker(pytest.mark.backend)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """A process gets whole files, and all of the browser's: they share one log, two servers and one browser."""
    from xdist.scheduler import LoadFileScheduling

    class ByFile(LoadFileScheduling):
        def _split_scope(self, nodeid):
            return "tests/browser" if nodeid.startswith("tests/browser/") else super()._split_scope(nodeid)

    return ByFile(config, log)


def _write_by_hand(folder, steps=(0, 1, 2), method="gradient", probes=True, **changes):
    """An event file of a run with two probes in `folder`, written without callback and model.

    `changes` are fields of each look's `MapsRecord`, and of its scores. Returns the file's path.
    """
    import dataclasses

    import numpy as np

    from keras_saliency import records
    from keras_saliency.looks import event_file as eventfile
    from keras_saliency.records.scores import Scores

    def blob(tag, record, kind):
        return eventfile.blobs(tag, [record], records.PLUGIN_NAME, records.metadata(kind))

    maps = np.arange(24, dtype=np.float32).reshape(2, 4, 3)
    zero = np.zeros_like(maps)
    folder.mkdir(parents=True, exist_ok=True)
    file = eventfile.EventFile(folder)
    if probes:
        pictures = np.full((2, 4, 3, 3), 7, np.uint8)
        about = records.ProbesRecord("ab12", 2, names=("<b>", "猫"), labels=(0, 1), pictures=pictures)
        file.write(0, [blob(records.PROBES_TAG, records.encode_probes(about), records.PROBES)])
    for step in steps:
        fields = {
            "step": step,
            "epoch": step + 10,
            "wall_time": 1e9 + step,
            "method": method,
            "fingerprint": "ab12",
            "scores": Scores(
                np.array([step, 0.5], np.float32),
                "logit",
                np.array([0, 1]),
                np.array([0, 0]),
                np.array([0.75, np.nan], np.float32),
            ),
            "numbers": {"drift": 0.25} if step else {},
            "per_probe": {"drift": np.array([0.5, np.nan])} if step else {},
            "heatmaps": {"magnitude": maps, "positive": maps, "negative": zero, "signed": maps + step},
        }
        said = {name: changes[name] for name in vars(fields["scores"]).keys() & changes.keys()}
        fields["scores"] = dataclasses.replace(fields["scores"], **said)
        fields |= {name: value for name, value in changes.items() if name not in said}
        record = records.encode_maps(records.MapsRecord(**fields))
        file.write(step, [blob(records.maps_tag(method), record, records.MAPS)], fields["wall_time"])
    file.close()
    return file.path


@pytest.fixture
def write_by_hand():
    """A function that writes an event file of a run with two probes, without callback and model."""
    return _write_by_hand


@dataclass(frozen=True)
class _Offered:
    """An entry point of an installed package."""

    name: str
    thing: Any
    dist: None = None

    def load(self):
        return self.thing


@pytest.fixture
def offer(monkeypatch):
    """`offer("keras_saliency.checks", mine=Mine)`: an installed package offers these by name, and nothing else."""

    def offered(group, **things):
        points = [_Offered(name, thing) for name, thing in things.items()]
        monkeypatch.setattr(
            "keras_saliency.registry.entry_points", lambda group, ours=group: points if group == ours else []
        )

    return offered
