"""By how much maps miss the change of the score: the rule by hand."""

import numpy as np

from keras_saliency.metrics.completeness import completeness_error, incomplete, incomplete_sentence


def error(delta, change, magnitude, score, **half):
    return completeness_error(
        *(np.array([value]) for value in (delta, change, magnitude, score)), **({"half": False} | half)
    )[0]


def test_it_is_the_share_of_the_change_that_is_missed():
    assert error(-0.5, 10.0, 20.0, 12.0) == 0.05
    assert error(0.5, -10.0, 20.0, 2.0) == 0.05


def test_a_small_change_counts_as_a_part_of_the_map_or_of_the_score():
    assert error(0.5, 0.01, 1000.0, 3.0) == 0.5 / (0.001 * 1000)
    assert error(1e-4, 1e-9, 1e-3, 50.0) == 1e-4 / (1e-4 * 50)
    assert error(1e-4, -7.0, 7.0, 0.0, half=True) == 1e-4 / 7
    assert error(0.1, 1e-9, 1e-3, 2.0, half=True) == 0.1 / (0.5 * 2)
    assert error(1.0, -9e4, 0.0, 1e4) == 1 / 9e4


def test_nothing_that_misses_nothing_is_complete_and_no_number_is_not():
    assert error(0.0, 0.0, 0.0, 0.0) == 0
    assert np.isnan(error(np.nan, np.nan, np.nan, 1.0))
    told = {"completeness_error": [0.01, np.nan, 0.06], "completeness_tolerance": 0.05}
    assert incomplete(told) == [1, 2]
    assert incomplete({"completeness_error": [0.05]}) == []
    assert incomplete({}) == []


def test_the_sentence_names_the_first_five():
    told = {"completeness_error": [0.5] * 7, "completeness_tolerance": 0.02}
    sentence = incomplete_sentence(told, list("abcdefg"))
    assert sentence.startswith("The maps of 7 of 7 images miss the change of the score")
    assert (
        "by more than 2 % of it: a (50.0%), b (50.0%), c (50.0%), d (50.0%), e (50.0%) and 2 more."
        in sentence
    )
    assert incomplete_sentence({}, []) == ""
