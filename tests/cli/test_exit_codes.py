"""The exit codes of `keras-saliency check`, as a CI meets them: a real process where the process matters."""

import subprocess
import sys
from pathlib import Path

import junitparser
import pytest

from keras_saliency import cli
from tests.patience import LIMIT


def test_0_passed_and_quiet_where_nobody_watches(ci, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    wanted = ["--checks", "finite,region,accuracy", "--forbid", "corner", "--min-accuracy", "0.9"]
    code = cli.main(["check", str(ci.clean), str(ci.probes), *wanted, "--junit", "report.xml"])
    out, error = capfd.readouterr()
    assert (code, error) == (0, "")
    assert "Passed: 3 passed." in out
    assert "\x1b" not in out
    assert junitparser.JUnitXml.fromfile("report.xml").tests == 3


def test_1_a_check_failed_even_if_nobody_reads_the_table(ci, tmp_path):
    """A process as a CI starts it: its code, and that it says nothing at all beside its table."""
    command = [Path(sys.executable).parent / "keras-saliency", "check", ci.shortcut, ci.probes]
    with subprocess.Popen(
        [*command, "--checks", "finite", "--forbid", "corner"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        process.stdout.close()
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


def test_130_interrupted(ci, tmp_path, monkeypatch, capfd):
    (tmp_path / "waits.py").write_text(
        f"import signal, time\nsignal.raise_signal(signal.SIGINT)\ntime.sleep({LIMIT})\n", encoding="utf-8"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    assert cli.main(["check", str(ci.clean), str(ci.probes), "--import", "waits"]) == 130
    assert capfd.readouterr() == ("", "")
