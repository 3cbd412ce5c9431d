"""What all tests share. The backend is Keras' own choice: `KERAS_BACKEND`, TensorFlow by default.

Tests marked `backend` depend on the framework and are run on all three; the others are run once. Tests marked `repeats`
assert on more cases, or more devices, what others assert already: `make test` leaves them to `make test-all`.
Tests that draw their examples draw few and always the same; with `HYPOTHESIS_PROFILE=long` many.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# The networks are small: threads would mostly wait for each other, and for the other test process.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
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
    "zoo",
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
    "checks",
)
"""What other methods add is numpy: that they agree on all backends is asserted in `test_agreement`."""

SAID_BY_TENSORFLOW = (
    "checks/test_parameter_randomization::test_the_published_ordering",
    # Many trainings, each of a kind: what takes longest there.
    "properties/test_no_trace::",
    "training/callback/test_kinds_of_training::",
    "training/callback/test_transformers::",
    # What Keras says of a model, whatever computes it, and sentences.
    "engine/test_attention::test_attention_as_a_whole",
    "engine/test_attention::test_masks",
    "engine/test_attention_sites::",
    "engine/test_compiled::",
    "engine/test_flow::",
    "engine/test_layout::",
    "engine/test_reading::",
    "engine/test_console::",
    "engine/test_foreign::",
    "engine/test_hidden::",
    "engine/test_outputs::",
    "engine/test_pixels::",
    "engine/test_traces::test_a_change_of",
    "engine/test_traces::test_a_quantized",
    "engine/test_traces::test_training",
    "training/callback/test_budgets::",
    "training/callback/test_neighbours::",
    "training/callback/test_outputs::",
    "training/callback/test_refusals::",
    "training/repair/test_mask_salient::test_channels",
    "training/repair/test_mask_salient::test_integer",
    "training/repair/test_mask_salient::test_kinds",
    "training/repair/test_mask_salient::test_mixed",
    "training/repair/test_mask_salient::test_the_weights_of_a_linear_model_tell_what_is_masked[cold]",
    "training/repair/test_right_reasons::test_evaluation_is",
    "training/repair/test_right_reasons::test_it_is_saved",
    "training/repair/test_right_reasons::test_mixed_precision",
    "training/repair/test_right_reasons::test_the_callback_watches",
    "training/repair/test_right_reasons::test_what_does_not_belong",
    "training/repair/test_swap_regions::test_a_single_image",
    "training/repair/test_swap_regions::test_images_that_do_not_fit",
    "training/repair/test_swap_regions::test_settings_that_cannot_work",
    "training/repair/test_swap_regions::test_training_without_it",
    "training/repair/test_swap_regions::test_without_regions",
    # What a look is, asked of the engine: files, steps, logs, sentences.
    "explanation/test_explanation::",
    "training/callback/test_batches::",
    "training/callback/test_checks::",
    "training/callback/test_copies::",
    "training/callback/test_faults::test_a_defect_of_our_own",
    "training/callback/test_faults::test_a_disk",
    "training/callback/test_faults::test_a_log_folder",
    "training/callback/test_faults::test_a_slow_disk",
    "training/callback/test_logs::",
    "training/callback/test_looks::",
    "training/callback/test_losses::",
    "training/callback/test_max_disk::",
    "training/callback/test_resume::",
    "training/callback/test_runs::",
    "training/callback/test_written::",
    # Methods on the engine's answers; `test_agreement` compares all of them on the three backends.
    "methods/test_against_others::test_regions_of_a_photograph",
    "methods/test_contract::test_an_exception",
    "methods/test_contract::test_chunks",
    "methods/test_contract::test_each_image",
    "methods/test_contract::test_it_can",
    "methods/test_contract::test_it_is",
    "methods/test_contract::test_it_says",
    "methods/test_contract::test_its_repr",
    "methods/test_contract::test_its_scores",
    "methods/test_contract::test_the_target",
    "methods/test_matrix::",
    "methods/test_rectified::test_mobilenet",
    # Checks are numpy on the engine's answers; those that are marked themselves ask each kind of answer once.
    "checks/",
    # Halves of a chunk are TensorFlow's; that a chunk is halved and stays so is asked in the two tests that stay.
    "engine/test_chunks::test_a_chunk_of_ones_own",
    "engine/test_chunks::test_one_example",
    "engine/test_chunks::test_what_is_garbage",
    "engine/test_scored_model::test_a_batch_in_halves",
    # Options of what the other tests of the same file ask on each framework.
    "engine/test_attention::test_chunks_change_nothing",
    "engine/test_attention::test_fewer_keys",
    "engine/test_scored_model::test_chunks_change_nothing[<",
    "engine/test_scored_model::test_chunks_change_nothing[t",
    # Cases of what each framework is asked in `test_the_heatmap_is_hot` and `test_auto_is_the_last_cut`.
    "engine/test_axes::test_a_flatten",
    "engine/test_axes::test_a_shape",
    "engine/test_axes::test_attention_reads",
    "engine/test_axes::test_embedded",
    "engine/test_axes::test_of_several",
    "engine/test_axes::test_the_global",
    "engine/test_axes::test_what_is_flattened",
    "engine/test_axes::test_whoever",
    "engine/test_feature_maps::test_a_class_map",
    "engine/test_feature_maps::test_a_grid",
    "engine/test_feature_maps::test_a_selected",
    "engine/test_feature_maps::test_of_two",
    "engine/test_feature_maps::test_steps",
    "engine/test_feature_maps::test_the_class_tokens",
    "engine/test_feature_maps::test_tokens",
    "methods/test_layer_methods::test_bytes",
    "methods/test_layer_methods::test_every_view",
    "methods/test_layer_methods::test_guided_grad_cam_of_several",
    "methods/test_layer_methods::test_the_layer_matters",
)
"""On JAX and PyTorch these repeat what they say on TensorFlow: nothing in them depends on the framework alone.

A test that is marked `backend` itself is none of them.
"""

LONGEST_FIRST = (
    "browser",
    "test_agreement",
    "checks",
    "tensorboard_plugin",
    "examples/test_ci",
    "devices",
    "properties",
    "cli/test_exit_codes",
    "soak",
    "training/callback/test_kinds_of_training",
    "training/callback",
    "methods",
    "engine",
)
"""What takes long by itself starts first, so that no process waits for it at the end."""


ROOMS_THAT_SHARE = ("tests/browser/", "tests/checks/", "tests/tensorboard_plugin/")
"""A log, a server and a browser; trained networks; a log and its servers: each process would make its own."""

SEARCHED_AFTER = 20_000
"""New objects, until the garbage collector searches; Python's own 700 are a few operations of a graph."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Where only tests of the framework are asked for, as on JAX and PyTorch, the other files are not imported."""
    if not config.option.markexpr.startswith("backend") or not collection_path.match("test_*.py"):
        return None
    of_the_framework = _is_in(_place_of(collection_path), EVERY_BACKEND)
    return None if of_the_framework or "mark.backend" in collection_path.read_text("utf-8") else True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that depend on the framework, and those that only repeat; sort the longest to the front."""
    elsewhere = os.environ["KERAS_BACKEND"] != "tensorflow"
    for item in items:
        itself = any(mark.name == "backend" for mark in item.own_markers)
        if _is_in(_place(item), EVERY_BACKEND):
            item.add_marker(pytest.mark.backend)
        if elsewhere and not itself and f"{_place(item)}::{item.name}".startswith(SAID_BY_TENSORFLOW):
            item.add_marker(pytest.mark.repeats)
    items.sort(key=lambda item: _rank(_place(item)))


@cache
def _rank(place: str) -> int:
    return next((rank for rank, room in enumerate(LONGEST_FIRST) if _is_in(place, [room])), 99)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """What is imported stays: the garbage collector need not search it again and again, and seldom what follows."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.set_threshold(SEARCHED_AFTER)
        gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """Nor is what is left at the end, of which pytest and Python would make sure several times."""
    gc.freeze()


def _place(item: pytest.Item) -> str:
    return _place_of(item.path)


@cache
def _place_of(path: Path) -> str:
    return path.relative_to(Path(__file__).parent).with_suffix("").as_posix()


def _is_in(place: str, rooms: Iterable[str]) -> bool:
    return any(place == room or place.startswith(f"{room}/") for room in rooms)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """A process gets whole files, and all of a room whose files share what takes long to make."""
    from xdist.scheduler import LoadFileScheduling

    class ByFile(LoadFileScheduling):
        def _split_scope(self, nodeid):
            return next((room for room in ROOMS_THAT_SHARE if nodeid.startswith(room)), None) or (
                super()._split_scope(nodeid)
            )

    config.option.loadscopereorder = False  # the order is ours
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


@pytest.fixture
def answers(tmp_path, write_by_hand):
    """What the page is told of `<tmp_path>/logs`, which holds one run that was written by hand."""
    from keras_saliency.looks.page.log_store import LogStore
    from keras_saliency.tensorboard_plugin.answers import Answers
    from keras_saliency.tensorboard_plugin.recent import Recent

    write_by_hand(tmp_path / "logs" / "a" / "saliency")
    return Answers(LogStore(tmp_path / "logs"), Recent(10**6))


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
