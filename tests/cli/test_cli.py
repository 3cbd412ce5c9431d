"""The command line as a user meets it."""

import os
import subprocess
import sys

import pytest

import keras_saliency
from keras_saliency import cli
from keras_saliency.cli.arguments import method_options
from keras_saliency.methods import METHODS
from tests.patience import LIMIT


def run(*arguments, cwd, **environment):
    return subprocess.run(
        [sys.executable, "-m", "keras_saliency", *arguments],
        cwd=cwd,
        env={**os.environ, "COLUMNS": "100", **environment},
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )


def test_demo_prints_three_things_to_look_at(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    assert cli.main(["demo", "--epochs", "2", "--out", "made here"]) == 0
    out, error = capfd.readouterr()
    assert error == ""
    assert "before training   corner enrichment" in out
    assert "epoch  2/2" in out
    assert "keras_saliency: 3 looks in" in out
    assert "Three things to look at" in out
    assert "made here/shortcut/film_strip.png" in out
    assert "tensorboard --logdir 'made here/shortcut'" in out
    assert (tmp_path / "made here/shortcut/film_strip.png").is_file()
    assert list((tmp_path / "made here/shortcut/saliency").glob("events.out.tfevents.*"))


def test_methods_cuts_no_name_in_a_narrow_terminal(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    assert cli.main(["methods"]) == 0
    said = capsys.readouterr().out
    assert max(map(len, said.splitlines())) <= 80
    assert "…" not in said
    assert [name for name in METHODS.names() if f" {name} " not in said] == []


@pytest.mark.repeats
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_demo_runs_on_the_backend_that_is_asked_for(tmp_path, backend):
    done = run("demo", "--epochs", "1", "--backend", backend, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    settings = b"".join(path.read_bytes() for path in tmp_path.glob("runs/demo/shortcut/saliency/events*"))
    assert f"on {backend}".encode() in settings


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["demo", "--epochs", "0"], "Expected epochs to be a whole number of at least 1. Received: epochs=0"),
        (["demo", "--arm", "clen"], "invalid choice: 'clen'"),
        (["dmo"], "invalid choice: 'dmo'"),
        ([], "the following arguments are required: command"),
        (["methods", "\x1b[2J"], "unrecognized arguments: \\x1b[2J"),
        (["explain", "m", "i", "--out=o", "--scale=1e999999999"], "expected a number other than zero"),
        (["explain", "m", "i", "--out=o", "--resize=²x²"], "expected HEIGHTxWIDTH"),
    ],
)
def test_wrong_use_is_exit_code_2_and_a_sentence(capsys, arguments, sentence):
    with pytest.raises(SystemExit) as stopped:
        cli.main(arguments)
    assert stopped.value.code == cli.WRONG_USE
    assert sentence in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_exit_code_2_and_a_sentence(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert cli.main(["demo", "--epochs", "1", "--out", str(tmp_path / "file" / "below")]) == cli.WRONG_USE
    error = capsys.readouterr().err
    assert error.startswith("keras-saliency demo: ")
    assert "file" in error
    assert "Traceback" not in error


def test_version(capsys):
    with pytest.raises(SystemExit):
        cli.main(["--version"])
    assert capsys.readouterr().out.strip() == keras_saliency.__version__


def test_a_sentence_has_no_control_characters(capsys, tmp_path):
    assert cli.main(["view", str(tmp_path / "\x1b[2J"), "--export", "page.html"]) == cli.WRONG_USE
    assert capsys.readouterr().err == f"keras-saliency view: No such folder: {tmp_path}/\\x1b[2J\n"


@pytest.mark.parametrize("value", ["[" * 10_000, "-" * 100_000 + "1", "9" * 5_000, "a\0b"])
def test_an_option_that_is_no_literal_is_text(value):
    assert method_options([f"samples={value}"]) == {"samples": value}
