import io
import sys

import pytest

from keras_saliency.cli.console import Console, is_watched, say


class Gone(io.StringIO):
    """A pipe whose reader has gone."""

    def write(self, text):
        raise BrokenPipeError


def test_a_reader_who_has_gone_is_the_error_that_python_has_for_it():
    console = Console()
    console.file = Gone()
    with pytest.raises(BrokenPipeError):
        console.print("hello")


def test_what_stdout_cannot_write_is_replaced(monkeypatch):
    stdout = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stdout)
    say("−0.02 …\n")
    assert stdout.buffer.getvalue() == b"?0.02 ?\n"


@pytest.mark.parametrize(
    ("terminal", "ci", "watched"), [(True, None, True), (True, "true", False), (False, None, False)]
)
def test_a_person_watches_a_terminal_outside_of_ci(monkeypatch, terminal, ci, watched):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
    monkeypatch.setenv("CI", ci) if ci else monkeypatch.delenv("CI", raising=False)
    assert is_watched() is watched


def test_a_text_is_a_line_without_markup_and_control_characters(monkeypatch):
    console = Console()
    console.file = io.StringIO()
    console.print("[/] [bold]\x1b[2J\n::x", "", "  ::猫")
    with console.status("Loading [/]\x1b[2J.keras …") as status:
        assert str(status.renderable.text) == "Loading [/]\\x1b[2J.keras …"
    assert console.file.getvalue() == "[/] [bold]\\x1b[2J ::x\n\n  \\x3a:猫\n"
