"""Names of runs, and where a training begins."""

import pytest

from keras_saliency import records


@pytest.mark.parametrize(("number", "name"), [(1, "saliency"), (2, "saliency_2"), (10, "saliency_10")])
def test_the_folder_of_a_run_and_its_number(number, name):
    assert records.run_folder(number) == name
    assert records.run_number(name) == number


@pytest.mark.parametrize(
    "name",
    [
        *("", "Saliency", "saliency_", "saliency_0", "saliency_1", "saliency_02", "saliency_2b", "saliency2"),
        *("saliency-2", "a_saliency", "saliency_2\n"),
    ],
)
def test_the_folder_of_something_else(name):
    assert records.run_number(name) is None


@pytest.mark.parametrize(
    ("run", "part", "name"),
    [("a", 1, "a"), ("a", 2, "a#2"), ("a#b", 3, "a#b#3"), ("a", 999_999_999, "a#999999999")],
)
def test_a_part_of_a_run(run, part, name):
    assert records.part_name(run, part) == name
    assert records.parse_part_name(name) == (run, part)


@pytest.mark.parametrize("name", ["", "#2", "a#", "a#b", "a#-2", "a#²", "a#٢", "a#1000000000"])
def test_a_run_that_is_called_as_a_part_is(name):
    assert records.parse_part_name(name) == (name, 1)


@pytest.mark.parametrize(
    ("goes_on", "step", "epoch", "last_step", "anew"),
    [
        (False, 0, 0, None, False),  # nothing before it
        (None, 0, 0, None, False),
        (False, 5, 5, 4, True),  # as the file says
        (True, 5, 0, 4, False),
        (None, 5, 0, 4, True),  # older: epoch 0 comes right after the last step
        (None, 7, 2, 4, True),
        (None, 1, 0, 0, True),
        (None, 5, 5, 4, False),  # goes on with `initial_epoch`
        (None, 6, 0, 4, False),
        (None, 4, 0, 4, False),
        (None, 0, 0, -1, False),  # after an opening look
        (None, 5, None, 4, False),  # batches
    ],
)
def test_where_a_training_begins(goes_on, step, epoch, last_step, anew):
    assert records.begins_anew(goes_on, step, epoch, last_step) is anew
