"""A disk budget: looks thin out before it is used up."""

from itertools import pairwise

import pytest

import keras_saliency as ks


def size(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_looks_thin_out_and_the_folder_never_takes_more(network, saliency, fit, tmp_path):
    model, first = network(), saliency(log_dir=tmp_path / "first")
    fit(model, first, epochs=3)
    most = 20 * first.summary.written // 4
    callback = saliency(max_disk=most)
    with pytest.warns(ks.SaliencyWarning) as caught:
        history = fit(network(), callback, epochs=40)
    steps = [look.step for look in callback.looks]
    gaps = [after - before for before, after in pairwise(steps[:-1])]
    assert most / 2 < size(callback.summary.folder) <= most
    assert gaps == sorted(gaps)
    assert {1, 2, 4} <= set(gaps)
    assert callback.summary.left_out == 41 - len(steps)
    left_out = callback.summary.left_out
    share = f"{left_out} of 41 looks ({100 * left_out / 41:.0f} %) left out to keep within max_disk"
    assert share in str(callback.summary)
    [thinned] = [str(w.message) for w in caught if "Half of max_disk is used" in str(w.message)]
    assert "every second look is written" in thinned
    assert len(set(history["saliency_gradient_drift"])) > len(steps)  # every look was taken


def test_the_last_look_is_written_if_it_fits(network, saliency, fit):
    callback = saliency(max_disk=60_000)
    with pytest.warns(ks.SaliencyWarning):
        fit(network(), callback, epochs=20)
    assert size(callback.summary.folder) < 60_000
    assert callback.looks[-1].step == 19


def test_a_budget_that_is_used_up_already_ends_no_training(network, saliency, fit):
    first, model = saliency(), network()
    fit(model, first, epochs=3)
    used = size(first.summary.folder)
    callback = saliency(max_disk=used)
    with pytest.warns(ks.SaliencyWarning, match="max_disk is used up after epoch 4"):
        history = fit(model, callback, initial_epoch=3, epochs=5)
    assert callback.looks == []
    assert callback.summary.left_out == 2
    assert callback.summary.folder == first.summary.folder
    assert size(first.summary.folder) == used
    assert len(history["saliency_gradient_drift"]) == 2


@pytest.mark.parametrize("size", ["200", "1 kB", "1.5GiB", "200 MB", "3T", 1, 10**12])
def test_sizes(saliency, size):
    saliency(max_disk=size)


@pytest.mark.parametrize("size", ["", "a lot", "-1 MB", "0", 0, -5, True, 1.5, "1 MBB", "NaN"])
def test_no_sizes(saliency, size):
    with pytest.raises(ValueError, match=r'Expected max_disk to be .* such as "200 MB"'):
        saliency(max_disk=size)
