"""The exit codes of `keras-saliency check`, as a CI meets them: a real process where the process matters."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import junitparser
import pytest

from keras_saliency import cli
from tests.patience import LIMIT, wait_for


def start(*arguments, cwd, **settings):
    return subprocess.Popen(
        [Path(sys.executable).parent / "keras-saliency", "check", *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "COLUMNS": "100"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **settings,
    )


def run(*arguments, cwd):
    process = start(*arguments, cwd=cwd)
    out, error = process.communicate(timeout=LIMIT)
    return process.returncode, out, error


def test_0_passed_and_quiet_where_nobody_watches(ci, tmp_path):
    code, out, error = run(
        ci.clean,
        ci.probes,
        "--checks",
        "finite,region,accuracy",
        "--forbid",
        "corner",
        "--min-accuracy",
        "0.9",
        "--junit",
        "report.xml",
        cwd=tmp_path,
    )
    assert (code, error) == (0, "")
    assert "Passed: 3 passed." in out
    assert "\x1b" not in out
    assert junitparser.JUnitXml.fromfile(str(tmp_path / "report.xml")).tests == 3


def test_1_a_check_failed_even_if_nobody_reads_the_table(ci, tmp_path):
    process = start(ci.shortcut, ci.probes, "--checks", "finite", "--forbid", "corner", cwd=tmp_path)
    process.stdout.close()
    with process.stderr:
        assert process.wait(timeout=LIMIT) == 1
        assert process.stderr.read() == ""


@pytest.mark.parametrize(
    ("model", "arguments", "sentence"),
    [
        (
            "lambda",
            ["--checks", "finite"],
            "a Lambda layer), which is not run. Replace the Lambda by a layer.",
        ),
        (
            "clean",
            ["--import", "breaks"],
            "internal error: ZeroDivisionError: division by zero. Run again with",
        ),
        ("clean", ["--checks", "regoin"], "No check 'regoin'. Did you mean 'region'"),
        ("clean", ["--config", "typo.toml"], "No setting 'forbidd'. Did you mean 'forbid'"),
    ],
)
def test_2_no_verdict(ci, tmp_path, monkeypatch, capsys, model, arguments, sentence):
    (tmp_path / "breaks.py").write_text("1 / 0\n")
    (tmp_path / "typo.toml").write_text('forbidd = ["corner"]\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    code = cli.main(["check", str(vars(ci)[model]), str(ci.probes), *arguments])
    out, error = capsys.readouterr()
    assert (code, out) == (2, "")
    assert error.startswith("keras-saliency check: ")
    assert sentence in error
    assert error.count("\n") == 1


def test_130_interrupted(ci, tmp_path):
    (tmp_path / "waits.py").write_text(
        f"import pathlib, time\npathlib.Path('here').touch()\ntime.sleep({LIMIT})\n", encoding="utf-8"
    )
    process = start(ci.clean, ci.probes, "--import", "waits", cwd=tmp_path)

    def waits():
        assert process.poll() is None, process.stderr.read()
        return (tmp_path / "here").exists()

    wait_for(waits)
    process.send_signal(signal.SIGINT)
    out, error = process.communicate(timeout=LIMIT)
    assert process.returncode == 130
    assert (out, error) == ("", "")
