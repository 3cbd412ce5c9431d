"""The bytes of an event beside its data, against what protocol buffers say."""

import pytest

from keras_saliency.looks import event_file as eventfile
from keras_saliency.looks.wire import bytes_beside_data
from tests.fuzz import samples

ENOUGH = 10**6


def test_data_does_not_count():
    few, many = (
        eventfile.Event(step=3, summary=eventfile.Summary(value=[eventfile.text("t", "x" * count)]))
        for count in (2**20, 2**20 + 1000)
    )
    assert bytes_beside_data(memoryview(few.SerializeToString()), ENOUGH) < 100
    assert bytes_beside_data(memoryview(many.SerializeToString()), ENOUGH) == bytes_beside_data(
        memoryview(few.SerializeToString()), ENOUGH
    )


def test_all_else_counts():
    event = eventfile.Event(wall_time=1e9, step=2**40, file_version="brain.Event:2")
    data = event.SerializeToString()
    assert bytes_beside_data(memoryview(data), ENOUGH) == len(data)
    curve = eventfile.Event(summary=eventfile.Summary(value=[eventfile.scalar("tag", 1.0, "words")]))
    data = curve.SerializeToString()
    assert bytes_beside_data(memoryview(data), ENOUGH) == len(data)


def test_a_look():
    data = samples.event(3, *samples.KINDS)
    records = sum(len(make()) for _, make in samples.KINDS.values())
    assert bytes_beside_data(memoryview(data), ENOUGH) == len(data) - records


@pytest.mark.parametrize("data", [b"\x0b", b"\x0a\x05ab", b"\x80" * 20, b"\x09abc", b"\x0f"])
def test_what_is_no_protocol_buffer(data):
    with pytest.raises(ValueError, match="a "):
        bytes_beside_data(memoryview(data), ENOUGH)


def test_counting_ends_where_it_is_enough():
    many = b"\x0a\x00" * 1000
    assert bytes_beside_data(memoryview(many), 10) == 12
    assert bytes_beside_data(memoryview(many), ENOUGH) == 2000
