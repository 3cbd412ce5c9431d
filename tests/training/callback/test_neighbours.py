"""Several callbacks with one log directory in one process: each has a run of its own."""

import copy
import gc
import pickle
from contextlib import suppress

import pytest

import keras_saliency as ks

WRITERS = ["tensorboard", "folder", "archive"]


def files_in(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != ".lock"}


def names(*callbacks):
    return [callback.summary.folder.name for callback in callbacks]


@pytest.mark.parametrize("writers", WRITERS)
def test_two_in_one_fit(network, saliency, fit, writers):
    first, second = saliency(writers=writers), saliency(writers=writers)
    model = network()
    fit(model, first, second, epochs=1)
    assert names(first, second) == ["saliency", "saliency_2"]
    assert first.summary.lost == second.summary.lost == {}


def test_two_in_one_fit_that_goes_on_keep_their_runs(network, saliency, fit):
    def pair():
        return saliency(), saliency(methods="input_x_gradient")

    model = network()
    fit(model, *pair(), epochs=1)
    first, second = pair()
    fit(model, first, second, epochs=2, initial_epoch=1)
    assert names(first, second) == ["saliency", "saliency_2"]
    assert [[look.step for look in ks.load_looks(one.summary.folder)] for one in (first, second)] == [
        [-1, 0, 1]
    ] * 2


def test_two_alike_in_one_fit_that_goes_on_take_nothing_from_each_other(network, saliency, fit):
    model = network()
    fit(model, saliency(), saliency(), epochs=1)
    first, second = saliency(), saliency()
    fit(model, first, second, epochs=2, initial_epoch=1)
    assert sorted(names(first, second)) == ["saliency", "saliency_2"]
    assert first.summary.lost == second.summary.lost == {}
    assert [look.step for look in first.looks] == [look.step for look in second.looks] == [1]


@pytest.mark.parametrize("writers", WRITERS)
def test_two_in_a_loop_of_ones_own(network, saliency, writers):
    model, first, second = network(), saliency(writers=writers), saliency(writers=writers)
    for step in (0, 1):
        for callback in first, second:
            assert callback.look(model, step).step == step
    assert names(first, second) == ["saliency", "saliency_2"]
    assert first.summary.lost == second.summary.lost == {}


def test_a_fit_beside_a_loop(network, saliency, fit):
    model, first, second = network(), saliency(), saliency()
    first.look(model, 0)
    fit(model, second, epochs=1)
    first.look(model, 1)
    assert names(first, second) == ["saliency", "saliency_2"]
    assert [look.step for look in first.looks] == [0, 1]


def test_a_link_is_the_same_folder(network, saliency, tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "logs")
    model, first = network(), saliency(writers="folder")
    first.look(model, 0)
    second = saliency(writers="folder", log_dir=tmp_path / "link")
    second.look(model, 0)
    assert names(first, second) == ["saliency", "saliency_2"]


def test_one_that_is_gone_keeps_nobody_out(network, saliency):
    model, first = network(), saliency(writers="folder", every=ks.Batches(2))  # which refers to itself
    gc.disable()
    try:
        first.look(model, 0)
        del first
        second = saliency(writers="folder")
        second.look(model, 0)
    finally:
        gc.enable()
    assert second.summary.looks == 1


def test_an_abandoned_fit_keeps_nobody_out_and_comes_too_late(network, saliency, fit, after_epoch, tmp_path):
    def interrupt(_):
        raise KeyboardInterrupt

    first, second = saliency(writers="folder"), saliency(writers="folder")
    model = network()
    with suppress(KeyboardInterrupt):
        fit(model, first, after_epoch(0, interrupt))
    fit(model, second, initial_epoch=1, epochs=2)
    assert names(first, second) == ["saliency", "saliency"]
    written = files_in(tmp_path)
    with pytest.warns(ks.SaliencyWarning, match="the look failed .* Something else writes its looks"):
        first.on_epoch_end(1, {})
    assert files_in(tmp_path) == written


@pytest.mark.parametrize(
    "copied",
    [copy.copy, copy.deepcopy, lambda original: pickle.loads(pickle.dumps(original)), lambda same: same],
)
def test_again_and_copies(network, saliency, fit, copied):
    original, model = saliency(writers=["folder", "tensorboard"]), network()
    for _ in range(2):
        fit(model, original, epochs=1)
        again = copied(original)
        fit(model, again, epochs=1)
        assert again.summary.lost == {}
