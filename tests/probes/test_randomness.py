import random
import subprocess
import sys

import numpy as np
import pytest

from keras_saliency.probes.randomness import undisturbed_random_state

torch = pytest.importorskip("torch")


def draw():
    return [random.random(), np.random.random(), torch.rand(1).item()]


def test_what_is_drawn_inside_does_not_count():
    expected = expected_after_seeding()
    with undisturbed_random_state():
        inside = draw()
    assert draw() == inside == expected


def expected_after_seeding():
    seed_all()
    expected = draw()
    seed_all()
    return expected


def seed_all():
    random.seed(1)
    np.random.seed(2)
    torch.manual_seed(3)


def test_seeding_inside_does_not_count():
    expected = expected_after_seeding()
    with undisturbed_random_state():
        random.seed(7)
        np.random.seed(7)
        torch.manual_seed(7)
    assert draw() == expected


def test_states_are_restored_after_an_exception():
    expected = expected_after_seeding()
    with pytest.raises(ZeroDivisionError), undisturbed_random_state():
        draw()[0] / 0
    assert draw() == expected


def test_torch_is_not_imported_for_it():
    code = (
        "import sys\n"
        "from keras_saliency.probes.randomness import undisturbed_random_state\n"
        "with undisturbed_random_state(): pass\n"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
