import pytest

from keras_saliency.terminal import visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("over\rwritten", "over\\rwritten"),
        ("\x9b31m\x00\x7f", "\\x9b31m\\x00\\x7f"),
        ("cat\u202egpj.exe", "cat\\u202egpj.exe"),
        ("half \ud800", "half \\ud800"),
    ],
)
def test_controls_are_spelled_out(text, shown):
    assert visible(text) == shown


@pytest.mark.parametrize("text", ["two\nlines", "naïve 猫 👩\u200d🔬 − “…” שלום", ""])
def test_all_else_stays(text):
    assert visible(text) == text
