import pytest

from keras_saliency.training.disk_budget import DiskBudget


def written(budget, looks, size):
    steps = []
    for step in range(looks):
        if budget.grants():
            budget.spend(size)
            steps.append(step)
    return steps


@pytest.fixture
def budget(tmp_path):
    budget = DiskBudget("100 kB")
    budget.open(tmp_path)
    return budget


def test_every_look_up_to_half_then_every_second_then_every_fourth(budget):
    steps = written(budget, 130, 1000)
    assert steps == [*range(50), *range(51, 100, 2), *range(103, 130, 4)]


def test_the_budget_is_kept(budget):
    assert len(written(budget, 100_000, 999)) == 100
    assert budget.interval is None


def test_what_is_there_already_counts(tmp_path):
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "file").write_bytes(b"0" * 80)
    budget = DiskBudget(100)
    budget.open(tmp_path)
    assert budget.interval == 4


def test_binary_units(tmp_path):
    (tmp_path / "file").write_bytes(b"0" * 1023)
    budget = DiskBudget("1KiB")
    budget.open(tmp_path)
    assert budget.interval == 1024


def test_no_budget(tmp_path):
    budget = DiskBudget(None)
    budget.open(tmp_path)
    assert written(budget, 1000, 10**12) == list(range(1000))
