import dataclasses
import gzip
import json
import struct
import subprocess
import sys

import numpy as np
import pytest

from keras_saliency import records
from keras_saliency.errors import UnreadableFileError
from keras_saliency.records.scores import Scores

NAMES = ('猫 "quoted"', "a/b\\c", "naïve|π", "")


def views_of(maps):
    """The four views of maps `(n, h, w, c)`."""
    return {
        "magnitude": np.abs(maps).max(-1),
        "positive": np.maximum(maps, 0).max(-1),
        "negative": np.maximum(-maps, 0).max(-1),
        "signed": maps.sum(-1),
    }


def mean_of_blocks(views):
    return {view: values.reshape(len(values), 4, 2, 3, 2).mean((2, 4)) for view, values in views.items()}


def a_maps_record(heatmaps, **changes):
    n = len(heatmaps["magnitude"])
    record = records.MapsRecord(
        step=-1,
        epoch=4,
        wall_time=1_700_000_000.123456,
        method="smooth/grad „π“",
        scores=Scores(
            kind="logit",
            values=np.linspace(-3, 3, n, dtype=np.float32),
            target_classes=np.arange(n) - 1,
            predicted_classes=np.arange(n),
            probabilities=np.linspace(0, 1, n, dtype=np.float32),
        ),
        fingerprint="ab12",
        numbers={"drift": 0.25},
        per_probe={"drift": np.linspace(0, 1, n)},
        heatmaps=heatmaps,
    )
    return dataclasses.replace(record, **changes)


def random_maps(channels, n=5, seed=0):
    size = (n, 8, 6, channels)
    return np.random.default_rng(seed).normal(size=size).astype(np.float32) * 10.0 ** np.arange(
        -3, n - 3
    ).reshape(n, 1, 1, 1).astype(np.float32)


def header_and_arrays(record):
    """A second reader, by the layout in the docstring of the module alone."""
    plain = gzip.decompress(record)
    magic, version, length = struct.unpack("<8sII", plain[:16])
    assert (magic, version, length % 8) == (b"SALIENCY", records.VERSION, 0)
    return json.loads(plain[16 : 16 + length]), plain[16 + length :]


def with_plain(record, change):
    return gzip.compress(change(gzip.decompress(record)))


class TestContainer:
    @pytest.mark.parametrize(
        "dtype", ["uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64", ">f4", ">i2"]
    )
    @pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 3), (2, 3, 5)])
    def test_gives_back_what_went_in(self, dtype, shape):
        values = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype)
        header, arrays = records.decode(records.encode({"a": [1, None, "é"]}, {"x": values, "y": values}))
        assert header == {"a": [1, None, "é"]}
        assert arrays["y"].dtype == np.dtype(dtype).newbyteorder("<")
        np.testing.assert_array_equal(arrays["x"], values)
        np.testing.assert_array_equal(arrays["y"], values)

    def test_a_strided_array_is_stored_in_c_order(self):
        values = np.arange(24, dtype=np.int32).reshape(4, 6)[::-1, ::2].T
        np.testing.assert_array_equal(records.decode(records.encode({}, {"x": values}))[1]["x"], values)

    def test_the_layout_is_the_documented_one(self):
        document, body = header_and_arrays(
            records.encode({"é": 1}, {"one": np.arange(3, dtype=np.uint8), "two": np.array([[1.5]], ">f4")})
        )
        assert document == {
            "header": {"é": 1},
            "arrays": {
                "one": {"dtype": "uint8", "shape": [3], "offset": 0},
                "two": {"dtype": "float32", "shape": [1, 1], "offset": 8},
            },
        }
        assert body == bytes([0, 1, 2, 0, 0, 0, 0, 0]) + struct.pack("<f", 1.5) + bytes(4)

    def test_the_same_content_gives_the_same_bytes(self, monkeypatch):
        content = {"a": 1}, {"x": np.arange(100, dtype=np.float32)}
        first = records.encode(*content)
        monkeypatch.setattr("time.time", lambda: 1e9)
        assert records.encode(*content) == first

    def test_what_javascript_has_no_array_of_is_refused(self):
        with pytest.raises(TypeError, match=r"Expected array 'x' in one of uint8, .* Received: dtype=int64"):
            records.encode({}, {"x": np.arange(3)})

    def test_what_json_cannot_say_is_refused(self):
        with pytest.raises(ValueError, match="JSON"):
            records.encode({"a": float("nan")}, {})

    @pytest.mark.parametrize("foreign", [b"PK\x03\x04 and so on", b"\x1f\x8b", b"\x89PNG\r\n"])
    def test_foreign_bytes(self, foreign):
        with pytest.raises(UnreadableFileError, match="Expected a saliency record, which is a gzip stream"):
            records.decode(foreign)

    @pytest.mark.parametrize("foreign", [b"", b"SALIENCY", b"{}", b"Saliency" + bytes(100)])
    def test_a_foreign_gzip_stream(self, foreign):
        with pytest.raises(UnreadableFileError, match=r"starts with b'SALIENCY'.*another program wrote them"):
            records.decode(gzip.compress(foreign))

    def test_truncated_anywhere(self):
        whole = records.encode({"a": 1}, {"x": np.arange(20, dtype=np.uint8)})
        for length in range(len(whole)):
            with pytest.raises(UnreadableFileError):
                records.decode(whole[:length])

    def test_any_flipped_bit_is_noticed_or_harmless(self):
        """Gzip's own checksum covers the content; only its header has bits without meaning."""
        values = np.arange(20, dtype=np.uint8)
        whole = records.encode({"a": 1}, {"x": values})
        for position in range(len(whole)):
            damaged = bytearray(whole)
            damaged[position] ^= 16
            try:
                header, arrays = records.decode(bytes(damaged))
            except UnreadableFileError:
                continue
            assert header == {"a": 1}
            np.testing.assert_array_equal(arrays["x"], values)

    def test_a_newer_version(self):
        newer = with_plain(
            records.encode({}, {}), lambda plain: plain[:8] + struct.pack("<I", 2) + plain[12:]
        )
        with pytest.raises(
            UnreadableFileError, match=r"version 1 or older.*upgrade keras_saliency.*version=2"
        ):
            records.decode(newer)

    @pytest.mark.parametrize(
        "where",
        [
            {"dtype": "object", "shape": [1], "offset": 0},
            {"dtype": "uint8", "shape": [9], "offset": 0},
            {"dtype": "uint8", "shape": [-1], "offset": 0},
            {"dtype": "uint8", "shape": [1], "offset": 9},
            {"dtype": "uint8", "shape": [1], "offset": -1},
            {"dtype": "uint8", "shape": [0.5], "offset": 0},
            {"dtype": "uint8", "shape": [1]},
            {"dtype": "uint8", "shape": "1", "offset": 0},
            [],
        ],
    )
    def test_a_header_that_lies(self, where):
        head = json.dumps({"header": {}, "arrays": {"x": where}}).encode()
        lying = gzip.compress(struct.pack("<8sII", b"SALIENCY", 1, len(head)) + head + bytes(8))
        with pytest.raises(UnreadableFileError, match="Received a damaged one"):
            records.decode(lying)

    @pytest.mark.parametrize(
        "head", [b"", b"{", b"[]", b'{"header": {}}', b'{"header": 1, "arrays": {}}', b"\xff"]
    )
    def test_a_broken_header(self, head):
        broken = gzip.compress(struct.pack("<8sII", b"SALIENCY", 1, len(head)) + head)
        with pytest.raises(UnreadableFileError, match="Received a damaged one"):
            records.decode(broken)


class TestMaps:
    def test_one_channel_stores_two_planes(self):
        record = records.encode_maps(a_maps_record(views_of(random_maps(1))))
        assert set(records.decode(record)[1]) == {"positive", "negative"}

    def test_several_channels_also_store_the_sum(self):
        record = records.encode_maps(a_maps_record(views_of(random_maps(3))))
        assert set(records.decode(record)[1]) == {"positive", "negative", "signed"}

    def test_smaller_maps_also_store_the_magnitude(self):
        record = records.encode_maps(a_maps_record(mean_of_blocks(views_of(random_maps(1)))))
        assert set(records.decode(record)[1]) == {"positive", "negative", "magnitude"}

    @pytest.mark.parametrize("channels", [1, 2, 3])
    @pytest.mark.parametrize("smaller", [False, True])
    @pytest.mark.parametrize("seed", range(5))
    def test_the_error_is_at_most_half_a_step(self, channels, smaller, seed):
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
    def test_the_largest_value_and_zero_are_exact(self, channels):
        maps = random_maps(channels)
        maps[:, 0, 0] = 0
        views = views_of(maps)
        restored = records.decode_maps(records.encode_maps(a_maps_record(views))).heatmaps
        for view, values in restored.items():
            np.testing.assert_array_equal(values[:, 0, 0], 0)
            if view == "magnitude" or (view == "signed" and channels > 1):
                np.testing.assert_allclose(
                    np.abs(values).max((1, 2)), np.abs(views[view]).max((1, 2)), rtol=1e-6
                )

    @pytest.mark.parametrize("channels", [1, 3])
    def test_each_map_has_its_own_scale(self, channels):
        maps = np.ones((2, 4, 4, channels), np.float32) * np.array([1e-30, 1e30], np.float32).reshape(
            2, 1, 1, 1
        )
        restored = records.decode_maps(records.encode_maps(a_maps_record(views_of(maps)))).heatmaps
        np.testing.assert_allclose(
            restored["signed"][:, 0, 0], [channels * 1e-30, channels * 1e30], rtol=1e-6
        )

    @pytest.mark.parametrize("channels", [1, 3])
    def test_a_zero_map_stays_zero(self, channels):
        maps = random_maps(channels)
        maps[2] = 0
        record = records.encode_maps(a_maps_record(views_of(maps)))
        assert records.decode(record)[0]["scales"]["magnitude"][2] == 0
        for values in records.decode_maps(record).heatmaps.values():
            assert not values[2].any()

    @pytest.mark.parametrize("channels", [1, 3])
    @pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
    def test_a_map_that_is_not_finite_is_nan_and_leaves_the_others_alone(self, channels, bad):
        maps = random_maps(channels)
        clean = records.decode_maps(records.encode_maps(a_maps_record(views_of(maps)))).heatmaps
        maps[2, 3, 3, 0] = bad
        record = records.encode_maps(a_maps_record(views_of(maps)))
        assert records.decode(record)[0]["finite"] == [True, True, False, True, True]
        for view, values in records.decode_maps(record).heatmaps.items():
            assert np.isnan(values[2]).all()
            np.testing.assert_array_equal(np.delete(values, 2, 0), np.delete(clean[view], 2, 0))

    def test_the_rest_comes_back_as_it_was(self):
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
        )
        read = records.decode_maps(records.encode_maps(written))
        for name in ("step", "epoch", "wall_time", "method", "fingerprint", "numbers"):
            assert getattr(read, name) == getattr(written, name), name
        assert read.scores.kind == written.scores.kind
        for name in ("values", "target_classes", "predicted_classes", "probabilities"):
            np.testing.assert_array_equal(
                getattr(read.scores, name), getattr(written.scores, name), strict=True
            )
        np.testing.assert_allclose(read.per_probe["drift"], [0.5, np.nan, 1 / 3, np.nan, 0], rtol=1e-8)
        assert np.isnan(read.per_probe["corner_enrichment"]).all()

    def test_no_probes(self):
        views = {view: np.zeros((0, 4, 4), np.float32) for view in records.VIEWS}
        assert records.decode_maps(records.encode_maps(a_maps_record(views))).heatmaps["signed"].shape == (
            0,
            4,
            4,
        )


class TestProbes:
    def test_everything_comes_back(self):
        rng = np.random.default_rng(0)
        written = records.ProbesRecord(
            fingerprint="ab12",
            count=4,
            names=NAMES,
            labels=(3, 1, 0, 2),
            class_names=("Katze", "狗", "a,b", "d"),
            size=(300, 200),
            regions={"corner": rng.random((6, 5)) > 0.5, "object": rng.random((4, 6, 5)) > 0.5},
            pictures=rng.integers(0, 256, (4, 6, 5, 3), np.uint8),
            settings={"methods": ["gradient"], "every": 1},
            descriptions={"drift": "0 is the same ÷ none."},
        )
        read = records.decode_probes(records.encode_probes(written))
        for name in (
            "fingerprint",
            "count",
            "names",
            "labels",
            "class_names",
            "size",
            "settings",
            "descriptions",
        ):
            assert getattr(read, name) == getattr(written, name), name
        np.testing.assert_array_equal(read.pictures, written.pictures)
        assert set(read.regions) == {"corner", "object"}
        for name, mask in read.regions.items():
            np.testing.assert_array_equal(mask, written.regions[name], strict=True)

    def test_what_is_not_there_stays_away(self):
        written = records.ProbesRecord(fingerprint="ab12", count=4)
        record = records.encode_probes(written)
        assert records.decode(record)[1] == {}
        assert records.decode_probes(record) == written

    def test_one_kind_is_not_the_other(self):
        probes = records.encode_probes(records.ProbesRecord(fingerprint="ab12", count=4))
        with pytest.raises(UnreadableFileError, match=r"Expected a record of maps. Received: kind='probes'"):
            records.decode_maps(probes)
        with pytest.raises(UnreadableFileError, match=r"Expected a record of probes. Received: kind=None"):
            records.decode_probes(records.encode({}, {}))

    def test_missing_fields(self):
        with pytest.raises(UnreadableFileError, match=r"Expected a record of probes. Received a damaged one"):
            records.decode_probes(records.encode({"kind": "probes"}, {}))
        with pytest.raises(UnreadableFileError, match=r"Expected a record of maps. Received a damaged one"):
            records.decode_maps(records.encode({"kind": "maps"}, {}))

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
            {"per_probe": {"drift": [[1], [2], [3]]}},
            {"scales": {}},
            {"scales": {"magnitude": [1]}},
        ],
    )
    def test_a_field_of_maps_that_is_something_else(self, changes):
        header, arrays = records.decode(records.encode_maps(a_maps_record(views_of(random_maps(1, 3)))))
        with pytest.raises(UnreadableFileError, match=r"Expected a record of maps. Received a damaged one"):
            records.decode_maps(records.encode(header | changes, arrays))

    @pytest.mark.parametrize(
        "plane",
        [np.zeros((3, 8, 6), np.float32), np.zeros((2, 8, 6), np.uint8), np.zeros((3, 1, 60_000), np.uint8)],
    )
    def test_planes_that_do_not_fit(self, plane):
        """The last one would be stretched to terabytes, were it put together with the others."""
        header, arrays = records.decode(records.encode_maps(a_maps_record(views_of(random_maps(2, 3)))))
        with pytest.raises(UnreadableFileError, match=r"Expected a record of maps. Received a damaged one"):
            records.decode_maps(records.encode(header, arrays | {"signed": plane}))

    @pytest.mark.parametrize(
        ("changes", "arrays"),
        [
            ({"count": "2"}, {}),
            ({"names": ["a"]}, {}),
            ({"names": "ab"}, {}),
            ({"labels": [0, 0.5]}, {}),
            ({"class_names": [1]}, {}),
            ({"size": [1, 2, 3]}, {}),
            ({"settings": 3}, {}),
            ({"descriptions": 3}, {}),
            ({"descriptions": {"drift": 3}}, {}),
            ({}, {"pictures": np.zeros((3, 4, 4, 3), np.uint8)}),
            ({}, {"pictures": np.zeros((2, 4, 4, 1), np.uint8)}),
            ({}, {"region/corner": np.zeros((3, 4, 4), np.uint8)}),
            ({}, {"region/corner": np.zeros(4, np.uint8)}),
        ],
    )
    def test_a_field_of_probes_that_is_something_else(self, changes, arrays):
        header, _ = records.decode(records.encode_probes(records.ProbesRecord("ab12", 2)))
        with pytest.raises(UnreadableFileError, match=r"Expected a record of probes. Received a damaged one"):
            records.decode_probes(records.encode(header | changes, arrays))

    @pytest.mark.parametrize("text", ["[" * 100_000, '{"header": {"a": ' + "9" * 5_000 + "}}"])
    @pytest.mark.parametrize("read", [records.decode, records.decode_header])
    def test_json_that_python_cannot_read(self, text, read):
        record = gzip.compress(struct.pack("<8sII", b"SALIENCY", 1, len(text)) + text.encode())
        with pytest.raises(UnreadableFileError, match=r"Expected a saliency record. Received a damaged one"):
            read(record)

    @pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999"])
    @pytest.mark.parametrize("read", [records.decode_header, lambda record: records.decode(record)[0]])
    def test_numbers_that_are_not_finite_are_none(self, number, read):
        text = f'{{"header": {{"a": {number}, "b": 0.5}}, "arrays": {{}}}}'.encode()
        record = gzip.compress(struct.pack("<8sII", b"SALIENCY", 1, len(text)) + text)
        assert read(record) == {"a": None, "b": 0.5}

    def test_half_characters_are_replaced(self):
        written = records.ProbesRecord("ab12", 1, settings={"layer": "conv\ud800"})
        assert records.decode_probes(records.encode_probes(written)).settings == {"layer": "conv?"}


class TestMetadata:
    @pytest.mark.parametrize("kind", ["probes", "maps", "checks"])
    def test_comes_back(self, kind):
        assert records.parse_metadata(records.metadata(kind)) == kind
        assert json.loads(records.metadata(kind)) == {"version": 1, "kind": kind}

    def test_newer(self):
        with pytest.raises(
            UnreadableFileError, match=r"upgrade keras_saliency to read it. Received: version=7"
        ):
            records.parse_metadata(b'{"version": 7, "kind": "film"}')

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"[]",
            b"{}",
            b"\xff",
            b'{"version": null, "kind": "maps"}',
            b'{"version": 1e999}',
            b"[" * 100_000,
        ],
    )
    def test_foreign(self, content):
        with pytest.raises(UnreadableFileError, match="Expected the metadata of a saliency series"):
            records.parse_metadata(content)


def test_tags():
    assert records.PLUGIN_NAME == "saliency"
    assert records.PROBES_TAG == "saliency/probes"
    assert records.SETTINGS_TAG == "saliency/settings"
    assert records.CHECKS_TAG == "saliency/checks"
    assert records.PROBE_ACCURACY_TAG == "saliency/probe_accuracy"
    assert records.maps_tag("gradient") == "saliency/gradient/maps"
    assert records.sheet_tag("gradient") == "saliency/gradient/sheet"
    assert records.number_tag("gradient", "drift") == "saliency/gradient/drift"


def test_a_reader_needs_numpy_alone():
    code = (
        "import sys, numpy; before = set(sys.modules); import keras_saliency.records;"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before};"
        "print(*sorted(name for name in new - set(sys.stdlib_module_names) if not name.startswith('_')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert set(done.stdout.split()) - {"numpy"} == {"keras_saliency"}


class TestTheHeaderAlone:
    def test_is_that_of_the_whole_record(self):
        record = records.encode_maps(a_maps_record(views_of(random_maps(3))))
        assert records.decode_header(record) == records.decode(record)[0]

    def test_what_follows_may_be_damaged(self):
        arrays = {"noise": np.random.default_rng(0).integers(0, 256, 100_000).astype(np.uint8)}
        record = records.encode({"kind": "maps"}, arrays)
        assert records.decode_header(record[:-20_000]) == {"kind": "maps"}
        with pytest.raises(UnreadableFileError):
            records.decode(record[:-20_000])

    @pytest.mark.parametrize("length", [0, 5, 15, 40])
    def test_cut_before_its_end(self, length):
        record = records.encode({"kind": "maps", "noise": list(range(100))}, {})
        with pytest.raises(UnreadableFileError, match=f"Received {length} bytes .* it ends too early"):
            records.decode_header(record[:length])

    def test_what_json_has_no_word_for_is_none(self):
        head = b'{"header":{"kind":"maps","numbers":[1.5,NaN,-Infinity]},"arrays":{}} '
        record = gzip.compress(struct.pack("<8sII", b"SALIENCY", 1, len(head)) + head)
        assert records.decode_header(record) == {"kind": "maps", "numbers": [1.5, None, None]}

    def test_foreign_and_newer(self):
        with pytest.raises(UnreadableFileError, match="which is a gzip stream"):
            records.decode_header(b"no such stream, but long enough to be one")
        with pytest.raises(UnreadableFileError, match="another program wrote them"):
            records.decode_header(gzip.compress(b"something else, but long enough"))
        newer = struct.pack("<8sII", b"SALIENCY", 2, 2) + b"{}"
        with pytest.raises(UnreadableFileError, match="upgrade keras_saliency"):
            records.decode_header(gzip.compress(newer))
        empty = struct.pack("<8sII", b"SALIENCY", 1, 2) + b"{}"
        with pytest.raises(UnreadableFileError, match="Received a damaged one"):
            records.decode_header(gzip.compress(empty))


class TestChecks:
    RESULTS = (
        {"name": "finite", "status": "passed", "sentence": "„Gut“ <b>"},
        {
            "name": "a",
            "status": "failed",
            "sentence": "low",
            "value": 0.5,
            "limit": 1,
            "direction": "at_least",
        },
        {"name": "b", "status": "errored", "sentence": "no", "value": float("nan"), "limit": float("inf")},
    )

    def test_come_back(self):
        found = records.decode_checks(records.encode_checks(records.ChecksRecord(7, 3, self.RESULTS)))
        nothing = {"value": None, "limit": None, "direction": None}
        assert (found.step, found.epoch) == (7, 3)
        assert found.results == (
            {**self.RESULTS[0], **nothing},
            self.RESULTS[1],
            {**self.RESULTS[2], **nothing},
        )

    def test_without_results(self):
        record = records.encode_checks(records.ChecksRecord(-1, -1, ()))
        assert records.decode(record) == ({"kind": "checks", "step": -1, "epoch": -1, "results": []}, {})
        assert records.decode_checks(record) == records.ChecksRecord(-1, -1, ())

    def test_a_result_without_a_name_is_refused(self):
        with pytest.raises(KeyError, match="name"):
            records.encode_checks(records.ChecksRecord(0, 0, ({"status": "passed", "sentence": "x"},)))

    @pytest.mark.parametrize(
        "header",
        [
            {},
            {"step": 1, "epoch": 1},
            {"step": 1, "epoch": 1, "results": [{}]},
            {"step": 1, "epoch": 1, "results": 3},
        ],
    )
    def test_damaged(self, header):
        with pytest.raises(UnreadableFileError, match=r"Expected a record of checks. Received a damaged one"):
            records.decode_checks(records.encode({"kind": "checks", **header}, {}))

    def test_another_kind(self):
        record = records.encode_probes(records.ProbesRecord(fingerprint="ab12", count=4))
        with pytest.raises(
            UnreadableFileError, match=r"Expected a record of checks. Received: kind='probes'"
        ):
            records.decode_checks(record)


@pytest.mark.parametrize("method", ["gradient", "a/maps", "maps", "猫 <b>", "saliency/x/maps"])
def test_the_method_of_a_tag(method):
    assert records.method_of(records.maps_tag(method)) == method


@pytest.mark.parametrize(
    "tag",
    ["", "saliency/probes", "saliency/maps", "saliency//maps", "x/gradient/maps", "saliency/gradient/sheet"],
)
def test_the_tag_of_no_method(tag):
    assert records.method_of(tag) is None
