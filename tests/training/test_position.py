import pytest

from keras_saliency.training.position import Position
from keras_saliency.training.schedule import Batches


def looks(position, epochs, batches_per_epoch, first=0):
    """Where a fit of so many epochs looks, as the callback goes through it."""
    seen = []

    def look():
        position.looked()
        seen.append((position.now, position.epoch))

    for epoch in range(first, epochs):
        position.begin_epoch()
        if epoch == first:
            position.start(epoch)
            look()
        for batch in range(batches_per_epoch):
            if position.end_batch(batch):
                look()
        if position.end_epoch(epoch, is_last=epoch + 1 == epochs):
            look()
    if position.is_unseen:
        look()
    return seen


@pytest.mark.parametrize(
    ("every", "first", "expected"),
    [
        (1, 0, [-1, 0, 1, 2, 3, 4]),
        (2, 0, [-1, 1, 3, 4]),
        (5, 0, [-1, 4]),
        (2, 3, [2, 3, 4]),
    ],
)
def test_epochs(every, first, expected):
    assert looks(Position(every), 5, 3, first) == [(epoch, epoch) for epoch in expected]


@pytest.mark.parametrize(("every", "expected"), [(3, [0, 3, 6]), (4, [0, 4, 6]), (100, [0, 6])])
def test_batches_go_on_over_epochs(every, expected):
    assert looks(Position(Batches(every)), 2, 3) == [(seen, None) for seen in expected]


def test_several_batches_may_go_by_at_once():
    position = Position(Batches(3))
    position.begin_epoch()
    assert [position.end_batch(batch) for batch in (1, 3)] == [False, True]
    assert position.now == 4
