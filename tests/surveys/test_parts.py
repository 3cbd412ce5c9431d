"""Parts are read as they are now: also by one who has read them before."""

import numpy as np

from keras_saliency.surveys.parts import Parts


def rows(*ids):
    return {"id": np.array(ids, object), "key": np.array([f"k{one}" for one in ids], object)}


def test_what_is_written_later_is_read_too(tmp_path):
    parts = Parts(tmp_path / "parts")
    parts.write(rows("10", "2"))
    assert len(parts) == 2
    assert parts.columns(["id"])["id"].tolist() == ["2", "10"]
    parts.write(rows("3"))
    assert len(parts) == 3
    assert parts.columns(["id", "key"])["key"].tolist() == ["k2", "k3", "k10"]
    parts.remove()
    assert (len(parts), parts.names, parts.done) == (0, [], {})
