import pytest

from keras_saliency import records
from keras_saliency.errors import UnreadableFileError


@pytest.mark.parametrize("kind", ["probes", "maps", "checks"])
def test_comes_back(kind):
    assert records.parse_metadata(records.metadata(kind)) == kind
    assert records.metadata(kind) == b'{"version":1,"kind":"%s"}' % kind.encode()


def test_newer():
    with pytest.raises(UnreadableFileError, match=r"upgrade keras_saliency to read it. Received: version=7"):
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
def test_foreign(content):
    with pytest.raises(UnreadableFileError, match="Expected the metadata of a saliency series"):
        records.parse_metadata(content)
