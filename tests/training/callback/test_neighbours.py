"""Several callbacks in one folder of one process: two at once are refused, one after the other is fine."""

import copy
import gc
import pickle
from contextlib import suppress

import pytest

import keras_saliency as ks
from keras_saliency.errors import UnwritableFolderError

WRITERS = ["tensorboard", "folder", "archive"]


def files_in(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != ".lock"}


@pytest.mark.parametrize("writers", WRITERS)
def test_two_in_one_fit(network, saliency, fit, weights, tmp_path, writers):
    model = network()
    untrained = weights(model)
    with pytest.raises(
        UnwritableFolderError, match=f"to {tmp_path}/logs/saliency too. .* a log_dir of its own"
    ):
        fit(model, saliency(writers=writers), saliency(writers=writers))
    for before, after in zip(untrained, weights(model), strict=True):
        assert (before == after).all()


@pytest.mark.parametrize("writers", WRITERS)
def test_two_in_a_loop_of_ones_own(network, saliency, tmp_path, writers):
    model, first, second = network(), saliency(writers=writers), saliency(writers=writers)
    first.look(model, 0)
    written = files_in(tmp_path)
    with pytest.raises(
        UnwritableFolderError, match=f"to {tmp_path}/logs/saliency too. .* a log_dir of its own"
    ):
        second.look(model, 0)
    assert files_in(tmp_path) == written
    assert first.look(model, 1).step == 1
    assert first.summary.lost == {}


def test_a_fit_in_the_folder_of_a_loop(network, saliency, fit):
    model, first = network(), saliency(writers="folder")
    first.look(model, 0)
    with pytest.raises(UnwritableFolderError, match="log_dir of its own"):
        fit(model, saliency(writers="folder"))


def test_a_link_is_the_same_folder(network, saliency, tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "logs")
    model, first = network(), saliency(writers="folder")
    first.look(model, 0)
    with pytest.raises(UnwritableFolderError):
        saliency(writers="folder", log_dir=tmp_path / "link").look(model, 0)


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
    with suppress(KeyboardInterrupt):
        fit(network(), first, after_epoch(0, interrupt))
    second.look(network(), 10)
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
