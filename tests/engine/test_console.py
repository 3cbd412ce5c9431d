"""Lines appear where those of Keras do."""

import io
import sys

import keras
import pytest

from keras_saliency.engine.console import say


@pytest.fixture
def silent():
    keras.config.disable_interactive_logging()
    yield
    keras.config.enable_interactive_logging()


def test_a_line_on_the_console(capsys):
    say("three looks")
    assert capsys.readouterr().out == "three looks\n"


def test_a_line_in_the_log_where_keras_logs(silent, capsys, caplog):
    with caplog.at_level("INFO", logger="absl"):
        say("three looks")
    assert capsys.readouterr().out == ""
    assert ("absl", "three looks") in [(record.name, record.message) for record in caplog.records]


def test_a_console_that_lacks_a_character_ends_no_training(monkeypatch):
    console = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", console)
    say("probe 猫")
    assert console.buffer.getvalue() == b"probe ?\n"
