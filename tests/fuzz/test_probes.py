"""Probe sets from anything: made, and then kept through a file and a log; or refused in a sentence."""

import tempfile
from pathlib import Path

import numpy as np
import optree
from hypothesis import given
from hypothesis import strategies as st

from keras_saliency import records
from keras_saliency.looks import event_file as eventfile
from keras_saliency.looks.writers import Run, TensorBoardWriter
from keras_saliency.probes import ProbeSet

from .damage import ARRAYS, NAMES

COUNT = 2
FITTING = st.sampled_from(["uint8", ">f4", "float16", "bool"]).map(
    lambda dtype: np.ones((COUNT, 4, 3), dtype)
)
ANYTHING = st.one_of(
    ARRAYS,
    st.none(),
    st.text(max_size=3),
    st.integers(),
    st.lists(st.integers(), max_size=3),
    st.floats().map(np.float64),
)
KEYS = NAMES | st.integers(0, 2) | st.none()
IMAGES = st.recursive(
    FITTING,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=2),
    max_leaves=3,
)
MASK = np.eye(4, 3, dtype=bool)
GIVEN = {
    "labels": st.just([0, 1]),
    "names": st.lists(NAMES, min_size=COUNT, max_size=COUNT),
    "class_names": st.lists(NAMES, min_size=2, max_size=3),
    "regions": st.dictionaries(st.sampled_from(["a", "b_1"]), st.just(MASK), max_size=2),
    "display_images": FITTING,
}


@st.composite
def arguments(draw):
    """What fits together; in one call of two something else stands in the place of one argument."""
    given = {"images": draw(IMAGES), **{name: draw(st.none() | fits) for name, fits in GIVEN.items()}}
    if draw(st.booleans()):
        odd = ANYTHING | st.dictionaries(KEYS, ANYTHING, max_size=2) | st.lists(NAMES, max_size=3)
        given[draw(st.sampled_from(sorted(given)))] = draw(odd)
    return given


def made_or_refused(given):
    try:
        return ProbeSet(given.pop("images"), **given)
    except (ValueError, TypeError) as error:
        return error


@given(arguments())
def test_a_probe_set_is_made_and_kept_or_refused(given):
    probes = made_or_refused(given)
    if isinstance(probes, Exception):
        assert type(probes) in (ValueError, TypeError)
        assert len(str(probes)) > 10
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "probes.npz")
        probes.save(path)
        read = ProbeSet.load(path)
    assert (read.fingerprint, read.names, read.class_names) == (
        probes.fingerprint,
        probes.names,
        probes.class_names,
    )
    assert optree.tree_paths(read.images) == optree.tree_paths(probes.images)
    assert set(read.regions) == set(probes.regions)


@given(st.lists(NAMES, min_size=COUNT, max_size=COUNT))
def test_names_come_back_from_a_log(names):
    probes = ProbeSet(np.ones((COUNT, 4, 3)), [0, 1], names=names, class_names=names)
    with tempfile.TemporaryDirectory() as folder:
        writer = TensorBoardWriter()
        writer.open(Run(Path(folder), probes, None, {"name": names[0]}))
        writer.close()
        (path,) = eventfile.event_files(Path(folder))
        values = {value.tag: value for event in eventfile.read_events(path) for value in event.summary.value}
    about = records.decode_probes(values[records.PROBES_TAG].tensor.string_val[0])
    assert (about.names, about.class_names) == (probes.names, probes.class_names)
