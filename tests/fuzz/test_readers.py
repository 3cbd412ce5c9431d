"""Whatever bytes a file holds: it is read, or refused in one sentence of ours. Never another error, never a hang."""

import json
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_saliency import npz
from keras_saliency.probes import ProbeSet

from . import samples
from .damage import VALUES, changed, damaged, text_of, with_other_arrays
from .readers import READERS


def takes(name, data):
    with tempfile.TemporaryDirectory() as folder:
        return READERS[name].takes(data, Path(folder))


@pytest.mark.parametrize("name", READERS)
def test_what_we_write_is_read(name):
    """Else the other tests would say nothing."""
    assert all(takes(name, seed) for seed in READERS[name].seeds)


@pytest.mark.parametrize("name", READERS)
@given(data=st.data())
def test_damaged_bytes(name, data):
    takes(name, data.draw(st.sampled_from(READERS[name].seeds).flatmap(damaged)))


def with_description(file, about, arrays=None):
    """An `.npz` by `npz.write` with another description, given as JSON, and other arrays."""
    arrays = parts_of(file)[0] if arrays is None else arrays
    return samples.npz({**arrays, npz.ABOUT: np.frombuffer(about.encode(), "uint8")})


def parts_of(file):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "file")
        path.write_bytes(file)
        arrays = npz.read_arrays(path)
    return arrays, json.loads(arrays.pop(npz.ABOUT).tobytes())


@pytest.mark.parametrize("name", ["probe_set", "golden"])
@given(data=st.data())
def test_an_npz_with_another_description_and_other_arrays(name, data):
    (file,) = READERS[name].seeds
    arrays, about = parts_of(file)
    text = data.draw(st.just(json.dumps(about)) | changed(about))
    takes(name, with_description(file, text, data.draw(with_other_arrays(arrays))))


@pytest.mark.parametrize("kind", samples.KINDS)
@given(data=st.data())
def test_a_record_with_another_header_and_other_arrays(kind, data):
    header, arrays = samples.parts(samples.KINDS[kind][1]())
    text = data.draw(st.just(json.dumps(header)) | changed(header))
    takes(f"{kind}_in_a_log", samples.plain_record(text, data.draw(with_other_arrays(arrays))))


@given(changed({"version": 1, "kind": "maps"}))
def test_other_metadata_of_a_series(text):
    takes("record", text.encode())


@given(changed(json.loads(samples.report_file())))
def test_another_report(text):
    takes("report", text.encode())
