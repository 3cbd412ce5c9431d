import dataclasses
from contextlib import ExitStack

import numpy as np
import pytest

from keras_saliency.looks.look import Look, MethodLook
from keras_saliency.looks.writers import Run
from keras_saliency.probes import ProbeSet
from keras_saliency.records.scores import Scores
from tests.boards import python_board, rust_board

NAMES = ('猫 "quoted"', "a/b\\c", "naïve|π", "<b>bold</b>")


def views_of(maps):
    """The four views of maps `(n, h, w, c)`."""
    return {
        "magnitude": np.abs(maps).max(-1),
        "positive": np.maximum(maps, 0).max(-1),
        "negative": np.maximum(-maps, 0).max(-1),
        "signed": maps.sum(-1),
    }


def _make_method_look(n=4, size=(8, 6), channels=1, seed=0, **changes):
    rng = np.random.default_rng(seed)
    seen = MethodLook(
        heatmaps=views_of(rng.normal(size=(n, *size, channels)).astype(np.float32)),
        model_scores=Scores(
            values=rng.normal(size=n).astype(np.float32),
            kind="logit",
            target_classes=np.arange(n) % 3,
            predicted_classes=(np.arange(n) % 3 + (np.arange(n) == 1)) % 3,
            probabilities=rng.random(n).astype(np.float32),
        ),
        per_probe={
            "drift": rng.random(n) if seed else np.full(n, np.nan),
            "entropy": rng.random(n),
            "corner_enrichment": np.where(np.arange(n) == 2, np.nan, rng.random(n)),
        },
    )
    return dataclasses.replace(seen, **changes)


def _make_look(step, epoch=None, methods=("gradient", "smoothgrad"), probe_accuracy=0.75, **options):
    epoch = step if epoch is None else epoch
    return Look(
        step=step,
        epoch=epoch,
        wall_time=1_700_000_000.25 + step,
        methods={
            method: _make_method_look(seed=(step + 1) * 10 + place, **options)
            for place, method in enumerate(methods)
        },
        probe_accuracy=probe_accuracy,
    )


def _make_run(folder, n=4, size=(8, 6), **changes):
    rng = np.random.default_rng(7)
    folder.mkdir(parents=True, exist_ok=True)
    corner = np.zeros(size, bool)
    corner[:2, :2] = True
    probes = ProbeSet(
        rng.random((n, *size, 3)).astype(np.float32),
        np.arange(n) % 3,
        names=[NAMES[i % 4] + str(i) for i in range(n)],
        class_names=["cat", "狗", "b,c"],
        regions={"corner": corner},
    )
    run = Run(
        folder=folder,
        probes=probes,
        pictures=rng.integers(0, 256, (n, *size, 3), np.uint8),
        settings={"methods": ["gradient", "smoothgrad"], "target": None, "every": 1},
    )
    return dataclasses.replace(run, **changes)


@pytest.fixture
def a_method_look():
    """A function that makes one method's look of random maps."""
    return _make_method_look


@pytest.fixture
def a_look():
    """A function that makes a look by its step, of random maps; the first look has no drift."""
    return _make_look


@pytest.fixture
def a_run():
    """A function that makes a run in a folder."""
    return _make_run


@pytest.fixture
def saliency_folder(tmp_path):
    folder = tmp_path / "logs" / "saliency"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture(params=["python", "rust"])
def board(request):
    """A function: log directory → `Board`, once for each of TensorBoard's loaders."""
    with ExitStack() as stack:
        yield (
            python_board
            if request.param == "python"
            else lambda log_dir: stack.enter_context(rust_board(log_dir))
        )
