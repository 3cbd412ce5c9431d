import threading

import pytest

from keras_saliency.tensorboard_plugin.recent import Recent


def counted(made, key, value):
    def make():
        made.append(key)
        return value

    return make


def test_a_value_is_made_once():
    recent, made = Recent(100), []
    assert [recent.get("a", counted(made, "a", b"1")) for _ in range(3)] == [b"1"] * 3
    assert made == ["a"]


def test_what_was_not_asked_for_the_longest_goes_first():
    recent, made = Recent(10), []
    for key in "abacab":  # the third value drops b, which is then made anew and drops c
        recent.get(key, counted(made, key, b"12345"))
    assert made == ["a", "b", "c", "b"]


def test_a_value_that_is_too_large_is_returned_and_not_kept():
    recent, made = Recent(3), []
    assert recent.get("a", counted(made, "a", b"12345")) == b"12345"
    assert recent.get("a", counted(made, "a", b"1")) == b"1"
    assert recent.get("a", counted(made, "a", b"2")) == b"1"


def test_an_error_is_not_kept():
    recent = Recent(10)
    with pytest.raises(ZeroDivisionError):
        recent.get("a", lambda: bytes([1 // 0]))
    assert recent.get("a", lambda: b"1") == b"1"


def test_many_threads_stay_within_the_limit():
    recent = Recent(50)

    def ask(start):
        for turn in range(300):
            value = bytes([(start * 7 + turn) % 13]) * 10
            assert recent.get(value, lambda value=value: value) == value

    threads = [threading.Thread(target=ask, args=(start,)) for start in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert recent._size == sum(map(len, recent._kept.values())) == 50
