import numpy as np
import pytest

from keras_saliency import records
from keras_saliency.errors import UnreadableFileError
from keras_saliency.records.scores import Scores

from .samples import a_maps_record, mean_of_blocks, random_maps, views_of


def test_one_channel_stores_two_planes():
    record = records.encode_maps(a_maps_record(views_of(random_maps(1))))
    assert set(records.decode(record)[1]) == {"positive", "negative"}


def test_several_channels_also_store_the_sum():
    record = records.encode_maps(a_maps_record(views_of(random_maps(3))))
    assert set(records.decode(record)[1]) == {"positive", "negative", "signed"}


def test_smaller_maps_also_store_the_magnitude():
    record = records.encode_maps(a_maps_record(mean_of_blocks(views_of(random_maps(1)))))
    assert set(records.decode(record)[1]) == {"positive", "negative", "magnitude"}


@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize("smaller", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_the_error_is_at_most_half_a_step(channels, smaller, seed):
    views = views_of(random_maps(channels, seed=seed))
    views = mean_of_blocks(views) if smaller else views
    restored = records.decode_maps(records.encode_maps(a_maps_record(views))).heatmaps
    assert set(restored) == set(views)
    step = views["magnitude"].max((1, 2)) / 255
    signed = step if channels == 1 else np.abs(views["signed"]).max((1, 2)) / 127 / 2
    allowed = {"magnitude": step / 2, "positive": step / 2, "negative": step / 2, "signed": signed}
    for view, values in restored.items():
        assert values.dtype == np.float32
        off = np.abs(values - views[view]).max((1, 2))
        slack = step / 4 if view in ("magnitude", "signed") else step / 100
        assert (off <= allowed[view] + slack).all(), view


@pytest.mark.parametrize("channels", [1, 3])
def test_the_largest_value_and_zero_are_exact(channels):
    maps = random_maps(channels)
    maps[:, 0, 0] = 0
    views = views_of(maps)
    restored = records.decode_maps(records.encode_maps(a_maps_record(views))).heatmaps
    for view, values in restored.items():
        np.testing.assert_array_equal(values[:, 0, 0], 0)
        if view == "magnitude" or (view == "signed" and channels > 1):
            np.testing.assert_allclose(np.abs(values).max((1, 2)), np.abs(views[view]).max((1, 2)), rtol=1e-6)


@pytest.mark.parametrize("channels", [1, 3])
def test_each_map_has_its_own_scale(channels):
    maps = np.ones((2, 4, 4, channels), np.float32) * np.array([1e-30, 1e30], np.float32).reshape(2, 1, 1, 1)
    restored = records.decode_maps(records.encode_maps(a_maps_record(views_of(maps)))).heatmaps
    np.testing.assert_allclose(restored["signed"][:, 0, 0], [channels * 1e-30, channels * 1e30], rtol=1e-6)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_zero_map_stays_zero(channels):
    maps = random_maps(channels)
    maps[2] = 0
    record = records.encode_maps(a_maps_record(views_of(maps)))
    assert records.decode(record)[0]["scales"]["magnitude"][2] == 0
    for values in records.decode_maps(record).heatmaps.values():
        assert not values[2].any()


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_map_that_is_not_finite_is_nan_and_leaves_the_others_alone(channels, bad):
    maps = random_maps(channels)
    clean = records.decode_maps(records.encode_maps(a_maps_record(views_of(maps)))).heatmaps
    maps[2, 3, 3, 0] = bad
    record = records.encode_maps(a_maps_record(views_of(maps)))
    assert records.decode(record)[0]["finite"] == [True, True, False, True, True]
    for view, values in records.decode_maps(record).heatmaps.items():
        assert np.isnan(values[2]).all()
        np.testing.assert_array_equal(np.delete(values, 2, 0), np.delete(clean[view], 2, 0))


def test_the_rest_comes_back_as_it_was():
    written = a_maps_record(
        views_of(random_maps(1)),
        scores=Scores(
            np.array([0.1, np.nan, 1e-20, -7, np.pi], np.float32),
            "logit",
            np.arange(5) - 1,
            np.arange(5),
            np.array([0.1, 0.2, np.nan, 1, 0], np.float32),
        ),
        per_probe={
            "drift": np.array([0.5, np.nan, 1 / 3, np.inf, 0]),
            "corner_enrichment": np.full(5, np.nan),
        },
        logs={"loss": 0.25, "val_accuracy": 1 / 3},
    )
    read = records.decode_maps(records.encode_maps(written))
    for name in ("step", "epoch", "wall_time", "method", "fingerprint", "numbers", "logs"):
        assert getattr(read, name) == getattr(written, name), name
    assert read.scores.kind == written.scores.kind
    for name in ("values", "target_classes", "predicted_classes", "probabilities"):
        np.testing.assert_array_equal(getattr(read.scores, name), getattr(written.scores, name), strict=True)
    np.testing.assert_allclose(read.per_probe["drift"], [0.5, np.nan, 1 / 3, np.nan, 0], rtol=1e-8)
    assert np.isnan(read.per_probe["corner_enrichment"]).all()


def test_older_records_say_nothing_of_the_training():
    header, arrays = records.decode(records.encode_maps(a_maps_record(views_of(random_maps(1)))))
    del header["logs"]
    assert records.decode_maps(records.encode(header, arrays)).logs == {}
    assert records.decode_maps(records.encode(header | {"logs": {"loss": None}}, arrays)).logs == {}


def test_no_probes():
    views = {view: np.zeros((0, 4, 4), np.float32) for view in records.VIEWS}
    assert records.decode_maps(records.encode_maps(a_maps_record(views))).heatmaps["signed"].shape == (
        0,
        4,
        4,
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"step": "3"},
        {"epoch": True},
        {"wall_time": [1]},
        {"method": 7},
        {"scores": [1, "2", 3]},
        {"target_classes": [0, 1, 2**70]},
        {"predicted_classes": [0, 1]},
        {"probabilities": "abc"},
        {"finite": [1, 1, 1]},
        {"numbers": [1]},
        {"numbers": {"drift": 10**400}},
        {"logs": {"loss": "1"}},
        {"logs": {"loss": [1]}},
        {"logs": 3},
        {"per_probe": {"drift": [[1], [2], [3]]}},
        {"scales": {}},
        {"scales": {"magnitude": [1]}},
    ],
)
def test_a_field_of_maps_that_is_something_else(changes):
    header, arrays = records.decode(records.encode_maps(a_maps_record(views_of(random_maps(1, 3)))))
    with pytest.raises(UnreadableFileError, match=r"Expected a record of maps. Received a damaged one"):
        records.decode_maps(records.encode(header | changes, arrays))


@pytest.mark.parametrize(
    "plane",
    [np.zeros((3, 8, 6), np.float32), np.zeros((2, 8, 6), np.uint8), np.zeros((3, 1, 60_000), np.uint8)],
)
def test_planes_that_do_not_fit(plane):
    """The last one would be stretched to terabytes, were it put together with the others."""
    header, arrays = records.decode(records.encode_maps(a_maps_record(views_of(random_maps(2, 3)))))
    with pytest.raises(UnreadableFileError, match=r"Expected a record of maps. Received a damaged one"):
        records.decode_maps(records.encode(header, arrays | {"signed": plane}))
