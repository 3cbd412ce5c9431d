"""Every method works on every kind of model, or says why it does not; the docs show which."""

import numpy as np
import pytest

from keras_saliency.errors import MethodDoesNotApplyError
from keras_saliency.methods import METHODS

from . import matrix


@pytest.mark.parametrize("kind", matrix.MODELS)
def test_every_method_on_this_kind_of_model(kind):
    check(matrix.outcomes(kind), matrix.written()[kind])


@pytest.mark.zoo
@pytest.mark.filterwarnings(
    "ignore:Layer 'attn' .* was passed an input with a mask:UserWarning"
)  # KerasHub's Swin
@pytest.mark.parametrize("kind", matrix.ARCHITECTURES)
def test_every_method_on_this_architecture(kind):
    pytest.importorskip("keras_hub")
    check(matrix.outcomes_on(kind), matrix.written("architectures")[kind])


def check(found, cells):
    assert {name: matrix.cell(outcome) for name, outcome in found.items()} == cells
    for name, outcome in found.items():
        if isinstance(outcome, Exception):
            assert isinstance(outcome, MethodDoesNotApplyError), name
            assert len(str(outcome).split()) > 5, name
            continue
        for maps in matrix.leaves(outcome):
            assert len(maps) == matrix.COUNT, name
            assert maps.dtype == np.float32, name
            assert np.isfinite(maps).all(), name
        assert np.ptp(matrix.leaves(outcome)[0].reshape(matrix.COUNT, -1), axis=1).all(), name


@pytest.mark.parametrize("name", matrix.TABLES)
def test_the_page_lists_every_kind_and_method(name):
    kinds, _ = matrix.TABLES[name]
    written = matrix.written(name)
    assert list(written) == list(kinds)
    assert all(list(cells) == list(METHODS.built_in()) for cells in written.values())
