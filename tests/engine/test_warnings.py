"""What others warn of while a model is called is no error; what we warn of is what the user says."""

import inspect
import subprocess
import sys
import warnings

import keras
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency.engine.isolation import without_a_trace
from keras_saliency.errors import SaliencyWarning


@pytest.fixture(autouse=True)
def strict():
    """As with `python -W error`."""
    with warnings.catch_warnings():
        warnings.resetwarnings()
        warnings.simplefilter("error")
        yield


def is_raised(category):
    """Whether a warning of this category is raised as an error; another one is told, as ever."""
    with warnings.catch_warnings(record=True) as told:
        try:
            warnings.warn("said", category, stacklevel=1)
        except category:
            return True
    return not told


@pytest.mark.parametrize("category", [DeprecationWarning, UserWarning, RuntimeWarning])
def test_a_warning_of_others_stays_one_until_the_block_ends(category):
    before = list(warnings.filters)
    with without_a_trace(), without_a_trace():
        assert not is_raised(category)
    assert is_raised(category)
    assert warnings.filters == before


def test_our_own_is_raised_where_all_are():
    with without_a_trace():
        assert is_raised(SaliencyWarning)


def test_our_own_alone_may_be_let_pass():
    warnings.simplefilter("default", SaliencyWarning)
    with without_a_trace():
        assert not is_raised(SaliencyWarning)


def test_filters_without_errors_are_not_touched():
    warnings.resetwarnings()
    warnings.simplefilter("error", SaliencyWarning)
    before = warnings.filters
    with without_a_trace():
        assert warnings.filters is before
        assert is_raised(SaliencyWarning)


def test_an_exception_puts_the_filters_back():
    with pytest.raises(ValueError, match="on purpose"), without_a_trace():
        raise ValueError("on purpose")
    assert is_raised(UserWarning)


def test_another_thread_that_ends_later_brings_back_no_lenient_filter():
    """It keeps the filters that it finds, and puts them back after the end of our block."""
    other = warnings.catch_warnings()
    with without_a_trace():
        other.__enter__()
    other.__exit__(None, None, None)
    assert is_raised(UserWarning)


def gate():
    """A model whose weights Keras copies with a warning: numpy deprecates how."""
    shapes = keras.Input((8, 8, 1))
    convolution = keras.layers.Conv2D(2, 3, activation="relu", kernel_initializer="he_normal")
    features = keras.layers.Flatten()(convolution(shapes))
    model = keras.Model(shapes, keras.layers.Dense(3, activation="softmax")(features))
    images = np.random.default_rng(0).normal(size=(4, 8, 8, 1)).astype("float32")
    report = ks.check(
        model, ks.ProbeSet(images, [0, 1, 2, 0]), ["finite", "untrained", "parameter_randomization"]
    )
    assert "errored" not in [result.status for result in report.results], str(report)


def test_a_gate_has_verdicts():
    gate()


@pytest.mark.repeats
def test_a_gate_in_a_strict_pytest_has_verdicts(tmp_path):
    source = f"import keras\nimport numpy as np\n\nimport keras_saliency as ks\n\n\n{inspect.getsource(gate)}"
    (tmp_path / "test_gate.py").write_text(source.replace("def gate", "def test_gate"))
    command = [sys.executable, "-m", "pytest", "-W", "error", "-p", "no:cacheprovider", "-q", str(tmp_path)]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
