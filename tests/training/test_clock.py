import time

from keras_saliency.training.clock import Clock


def running(monkeypatch, *moments):
    """A clock in a world where `time.perf_counter` says these moments, one after the other."""
    said = iter(moments)
    monkeypatch.setattr(time, "perf_counter", lambda: next(said))
    return Clock()


def test_looks_that_take_longer_than_the_training_are_most_of_it(monkeypatch):
    clock = running(monkeypatch, 100.0, 110.0, 140.0, 150.0)
    with clock.timed():
        pass
    clock.stop()
    assert (clock.looking, clock.percent) == (30.0, 60.0)


def test_a_training_of_nothing_but_looks(monkeypatch):
    clock = running(monkeypatch, 100.0, 100.0, 130.0, 130.0)
    with clock.timed():
        pass
    assert clock.percent == 100.0


def test_no_time_at_all(monkeypatch):
    assert running(monkeypatch, 100.0, 100.0).percent == 0
