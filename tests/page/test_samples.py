"""The samples that the page's tests read are what Python writes and draws today."""

import json
from base64 import b64decode

import pytest

from keras_saliency import records

from .samples import PATH, samples

NOW, COMMITTED = samples(), json.loads(PATH.read_text())


def opened(text):
    """What a record holds: the bytes of a gzip stream depend on the version of zlib."""
    header, arrays = records.decode(b64decode(text))
    return header, {name: (array.dtype, array.tolist()) for name, array in arrays.items()}


@pytest.mark.parametrize("name", ["one_channel", "several_channels"])
def test_maps(name):
    now, committed = NOW[name], COMMITTED[name]
    assert opened(committed["record"]) == opened(now["record"])
    for kind in ("values", "divisors"):
        for view, values in now[kind].items():
            assert committed[kind][view] == pytest.approx(values, rel=1e-6)


def test_probes():
    assert opened(COMMITTED["probes"]) == opened(NOW["probes"])
    assert COMMITTED["pictures"] == NOW["pictures"]


def test_colours():
    assert COMMITTED["colours"] == NOW["colours"]
