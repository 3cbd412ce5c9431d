"""A saved explanation with another description or other arrays is read as one that can be used, or refused."""

import json
import tempfile
from pathlib import Path

import numpy as np
import optree
from hypothesis import given
from hypothesis import strategies as st

from keras_saliency.engine import Layout
from keras_saliency.errors import UnreadableFileError
from keras_saliency.explanation import Explanation
from keras_saliency.records.scores import Scores

from . import samples
from .damage import changed, damaged, with_other_arrays


def saved():
    """The bytes of `maps.npz` of an explanation of the sample's images."""
    probes, numbers = samples.probes(), np.ones(2, "float32")
    explanation = Explanation(
        probes.images,
        Scores(numbers, "logit", np.array([0, 1]), np.array([1, 1]), numbers),
        "gradient",
        probes,
        Layout((-1,), (-1,)),
    )
    with tempfile.TemporaryDirectory() as folder:
        explanation.save(folder)
        return Path(folder, "maps.npz").read_bytes()


WHOLE = saved()
ARRAYS, ABOUT = samples.described(WHOLE)


@st.composite
def others(draw):
    about = draw(st.just(ABOUT.decode()) | changed(json.loads(ABOUT)))
    return samples.with_description(draw(with_other_arrays(ARRAYS)), about.encode())


def loaded(data):
    """The explanation, or None where it is refused."""
    with tempfile.TemporaryDirectory() as folder:
        samples.probes().save(Path(folder, "probes.npz"))
        Path(folder, "maps.npz").write_bytes(data)
        try:
            return Explanation.load(folder)
        except UnreadableFileError:
            return None


@given(damaged(WHOLE) | others())
def test_a_damaged_explanation(data):
    explanation = loaded(data)
    if explanation is not None:
        assert {len(leaf) for leaf in optree.tree_leaves(explanation.maps)} == {2}
        assert explanation.scores.shape == explanation.target_classes.shape == (2,)
        assert type(explanation.method) is type(explanation.score_kind) is str
        assert type(explanation.diagnostics) is dict
