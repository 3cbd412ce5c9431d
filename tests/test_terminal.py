import pytest

from keras_saliency.terminal import visible, visible_lines, without_commands


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("over\rwritten", "over\\rwritten"),
        ("\x9b31m\x00\x7f", "\\x9b31m\\x00\\x7f"),
        ("cat\u202egpj.exe", "cat\\u202egpj.exe"),
        ("half \ud800", "half \\ud800"),
        ("no character \uffff", "no character \\uffff"),
        ("two\nlines", "two lines"),
        ("  Graph error: \r\n\n\tDetected at node x  \n", "Graph error: Detected at node x"),
        ("a\x0b\x0c\x85\u2028\u2029b", "a\\x0b\\x0c\\x85\\u2028\\u2029b"),
    ],
)
def test_controls_are_spelled_out(text, shown):
    assert visible(text) == shown


@pytest.mark.parametrize(
    "text", ["naïve 猫 👩\u200d🔬 − “…” שלום", " two  spaces ", "std::vector #3 ## [x]", ""]
)
def test_all_else_stays(text):
    assert visible(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("::stop-commands::x", "\\x3a:stop-commands::x"),
        ("\u3000 \xa0::error::", "\u3000 \xa0\\x3a:error::"),
        ("a\n::error::", "a ::error::"),
        ("at last ##[group]", "at last \\x23#[group]"),
        ("###[debug]", "#\\x23#[debug]"),
        ("##vso[task.setvariable]", "\\x23#vso[task.setvariable]"),
        ("##teamcity[x]", "\\x23#teamcity[x]"),
    ],
)
def test_commands_of_a_ci_are_spelled_out(text, shown):
    assert visible(text) == shown


def test_lines_of_their_own_stay_lines():
    assert visible_lines("  a\x1b\n\n    ::b\r\n") == "  a\\x1b\n\n    \\x3a:b\\r\n"
    assert without_commands("\x1b[1mbold\n \n  ::c ::d\n") == "\x1b[1mbold\n \n  \\x3a:c ::d\n"
