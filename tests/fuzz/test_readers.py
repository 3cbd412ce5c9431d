"""Whatever bytes a file holds: it is read, or refused in one sentence of ours. Never another error, never a hang."""

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from . import samples
from .damage import changed, damaged, with_other_arrays
from .readers import READERS


def takes(name, data):
    with tempfile.TemporaryDirectory() as folder:
        return READERS[name].takes(data, Path(folder))


@pytest.mark.parametrize("name", READERS)
def test_what_we_write_is_read(name):
    """Else the other tests would say nothing."""
    assert all(takes(name, seed) for seed in READERS[name].seeds)


@pytest.mark.parametrize("name", [name for name, reader in READERS.items() if reader.claims])
def test_what_claims_more_than_it_holds(name, tmp_path):
    """Each is taken or refused, and no room is made for what it claims."""
    for place, claim in enumerate(READERS[name].claims):
        (tmp_path / str(place)).mkdir()
        READERS[name].takes(claim, tmp_path / str(place))


@pytest.mark.parametrize("name", READERS)
@given(data=st.data())
def test_damaged_bytes(name, data):
    takes(name, data.draw(st.sampled_from(READERS[name].seeds).flatmap(damaged)))


@pytest.mark.parametrize("name", ["probe_set", "golden"])
@given(data=st.data())
def test_an_npz_with_another_description_and_other_arrays(name, data):
    arrays, about = samples.described(READERS[name].seeds[0])
    text = data.draw(st.just(about.decode()) | changed(json.loads(about)))
    takes(name, samples.with_description(data.draw(with_other_arrays(arrays)), text.encode()))


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
