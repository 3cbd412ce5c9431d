import dataclasses

import numpy as np
import pytest

from keras_saliency.engine import Layout
from keras_saliency.explanation import Explanation
from keras_saliency.looks.writers import ArchiveWriter


def with_maps(look, maps, run):
    methods = {
        method: dataclasses.replace(seen, explanation=an_explanation(seen, maps, method, run))
        for method, seen in look.methods.items()
    }
    return dataclasses.replace(look, methods=methods)


def an_explanation(seen, maps, method, run):
    return Explanation(
        maps=maps,
        model_scores=seen.model_scores,
        method=method,
        probes=run.probes,
        layout=Layout((-1,), (-1,)),
    )


def read(folder, name):
    with np.load(folder / "archive" / name, allow_pickle=False) as file:
        return dict(file)


def test_a_look_comes_back_exactly(tmp_path, a_run, a_look):
    run, maps = a_run(tmp_path), np.random.default_rng(0).normal(size=(4, 8, 6, 3)).astype(np.float32)
    look = with_maps(a_look(-1, methods=("gradient", "file", "a/b")), maps, run)
    writer = ArchiveWriter()
    writer.open(run)
    size = writer.write(look, None)
    writer.close()
    writer.close()
    stored = read(tmp_path, "step_-00001.npz")
    assert size == (tmp_path / "archive" / "step_-00001.npz").stat().st_size
    assert (stored["step"], stored["epoch"], stored["wall_time"]) == (-1, -1, look.wall_time)
    for method, seen in look.methods.items():
        np.testing.assert_array_equal(stored[f"{method}/maps"], maps, strict=True)
        for name in ("scores", "target_classes", "predicted_classes", "probabilities"):
            np.testing.assert_array_equal(stored[f"{method}/{name}"], getattr(seen, name), strict=True)


def test_several_inputs(tmp_path, a_run, a_look):
    run, part = a_run(tmp_path), np.ones((4, 8, 6, 1), np.float32)
    maps = {"left": part, "pair": [part * 2, None, (part * 3,)], "../a\0b": part * 4}
    writer = ArchiveWriter()
    writer.open(run)
    writer.write(with_maps(a_look(3, methods=("gradient",)), maps, run), None)
    stored = read(tmp_path, "step_000003.npz")
    found = {
        name.removeprefix("gradient/maps/"): values.max()
        for name, values in stored.items()
        if "/maps" in name
    }
    assert found == {"left": 1, "pair/0": 2, "pair/2/0": 3, "%2e.%2fa%00b": 4}


def test_a_look_from_a_log_has_nothing_to_archive(tmp_path, a_run, a_look):
    writer = ArchiveWriter()
    writer.open(a_run(tmp_path))
    with pytest.raises(ValueError, match="Received: explanation=None for method 'gradient'"):
        writer.write(a_look(0), None)
    assert list((tmp_path / "archive").iterdir()) == []


def test_not_open(a_look):
    with pytest.raises(RuntimeError, match=r"call open\(run\) first"):
        ArchiveWriter().write(a_look(0), None)
