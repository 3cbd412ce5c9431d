"""Names and sentences of others are text wherever people and programs read them: one line, and no command of a CI."""

import re
import subprocess
import sys
import warnings
from dataclasses import dataclass
from html import unescape
from types import SimpleNamespace
from typing import ClassVar
from xml.etree import ElementTree

import keras
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency import cli
from keras_saliency.engine import RectifierCount
from keras_saliency.looks.writers.settings import settings_table
from keras_saliency.methods.shared.rectified import rectified_gradient
from keras_saliency.reports import as_github, as_html, as_junit
from keras_saliency.reports.report import Report
from keras_saliency.reports.result import CheckResult
from keras_saliency.training.logbook import Logbook
from tests.elements import Elements

pytest_plugins = ["pytester"]

SPACES = "\t\x0b\x0c \x85\xa0\u1680\u2000\u2009\u2028\u2029\u202f\u205f\u3000"
"""What .NET trims from the start of a line."""

COMMANDS = [
    "::stop-commands::x",
    "net\n::set-output name=a::b",
    "net\r::add-mask::e",
    "net\r\n \t\x0b\x0c\x85\u2028\u3000::group::b",
    "net ##[group]b",
    "###[debug]b",
    "net\n##vso[task.setvariable variable=a]b",
    "long " * 20 + "::error::b " * 20,
    "x" * 150 + "::warning::b",
]


def obeyed(text):
    """The lines that GitHub's runner takes for commands (`ActionCommand.cs`), or another CI does."""
    lines = re.split("\r\n|\r|\n", text)
    return [line for line in lines if line.strip(SPACES).startswith("::") or re.search(r"##\w*\[", line)]


def report_of(text):
    results = (
        CheckResult("mine", "failed", text, pictures={text: np.zeros((1, 1, 3), "uint8")}),
        CheckResult("accuracy", "errored", f"ValueError: {text}"),
        CheckResult("golden", "skipped", text),
    )
    return Report(results, text, text, "ab", 1, {text: text})


@pytest.mark.parametrize("text", COMMANDS)
@pytest.mark.parametrize("width", [20, 41, 80, 110])
def test_tables(text, width):
    report = report_of(text)
    named = Report((CheckResult(text, "failed", "Said."),), "m", "gradient", "ab", 1, {})
    for shown in (report.table(width), report.table(width, colour=True), str(report), named.table(width)):
        assert obeyed(shown) == []


@pytest.mark.parametrize("text", COMMANDS)
def test_annotations_are_ours_alone(text):
    lines = obeyed(as_github.workflow_commands(report_of(text)))
    assert [line.split(" ")[0] for line in lines] == ["::error", "::error"]
    assert "##[" not in "".join(lines)


LINKS = (
    "https://a.example www.b.example @you you@c.example #12 GH-12 d0a0ab1 :tada: <a href=x> a|b `c` \\ &amp;"
)


@pytest.mark.parametrize("text", [LINKS, "``` " + LINKS, "a\n\n" + LINKS, "</code>" + LINKS])
def test_a_summary_has_text_in_code_alone(text):
    written = as_github.summary(report_of(text))
    around = re.sub("<code>(.*?)</code>", "", written)
    assert not re.search("https?:|www|[@#|`\\\\]|GH-|d0a0ab1|:tada:", around)
    assert "\n\n" not in written.strip("\n")
    shown = [unescape(inside) for inside in re.findall("<code>(.*?)</code>", written)]
    assert len(shown) == 2 + 2 * 3
    assert all(LINKS in one for one in (shown[0], shown[2], shown[4], shown[6]))
    assert set(Elements(written).structure) == {
        (tag,) for tag in ("h3", "code", "table", "tr", "th", "td", "p")
    }


@pytest.mark.parametrize("text", COMMANDS)
def test_reports_for_programs_have_names_on_one_line(text):
    tree = ElementTree.fromstring(as_junit.encode(report_of(text)))
    values = [value for element in tree.iter() for value in element.attrib.values()]
    assert [value for value in values if len(value.splitlines()) > 1 or obeyed(value)] == []
    assert obeyed("".join(tree.itertext())) == []
    assert obeyed(re.sub("<[^>]*>", "", as_html.encode(report_of(text)))) == []


@pytest.fixture
def actions(monkeypatch, tmp_path):
    """In GitHub Actions, with a model and probes whose names are commands."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    names = ["a\n::stop-commands::x", "b ##[group]"]
    inputs = keras.Input((4, 4, 1))
    outputs = keras.layers.Dense(2, activation="softmax")(keras.layers.Flatten()(inputs))
    keras.Model(inputs, outputs).save("m.keras")
    keras.Model(inputs, outputs, name="net\n::set-output name=a::b ##[group] @you").save("named.keras")
    mask = np.zeros((4, 4), bool)
    mask[:1] = True
    images = np.random.default_rng(0).random((24, 4, 4, 1), "float32")
    images[::2, :1] = 1
    probes = ks.ProbeSet(images, np.arange(24) % 2, class_names=names, regions={"top": mask})
    probes.save("p.npz")
    return tmp_path


def test_a_check_in_github_actions(actions):
    """A process of its own, on JAX: TensorFlow refuses models with such names."""
    options = ("--checks", "structure,region,accuracy", "--min-accuracy=1", "--backend=jax")
    done = subprocess.run(
        [sys.executable, "-m", "keras_saliency", "check", "named.keras", "p.npz", *options],
        capture_output=True,
        text=True,
        check=False,
    )
    out = done.stdout + done.stderr
    assert done.returncode == 1, out
    assert "set-output name=a::b" in out
    assert {line.split(" ")[0] for line in obeyed(out)} <= {"::error", "::warning"}
    assert "##[" not in out
    assert "@you</code>" in (actions / "summary.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("more", [[], ["--traceback"]])
def test_errors_and_tracebacks(actions, capsys, more):
    (actions / "breaks.py").write_text(
        "class Odd(Exception):\n    pass\n\n\n"
        'raise Odd("a\\n::stop-commands::x\\n \\u2028::b\\rc ##[group]")  # ##[group]\n'
    )
    assert cli.main(["check", "m.keras", "p.npz", "--import", "breaks", *more]) == 2
    error = capsys.readouterr().err
    assert "stop-commands" in error
    assert obeyed(error) == []
    assert ("Traceback" in error, error.count("\n") == 1) == (bool(more), not more)


@pytest.mark.parametrize("text", COMMANDS)
def test_a_file_that_is_not_there(actions, capsys, text):
    path = text.replace("/", "")[:200]
    assert cli.main(["check", f"{path}.keras", "p.npz"]) == 2
    assert cli.main(["explain", f"{path}.keras", "p.npz", "--out", "o"]) == 2
    assert cli.main(["view", path]) == 2
    with pytest.raises(SystemExit):
        cli.main(["check", "m.keras", "p.npz", path])
    error = capsys.readouterr().err
    assert obeyed(error) == []


def test_folders_that_commands_name(actions, capsys, write_by_hand, monkeypatch):
    for name in ("::stop-commands::x", "a\n::group::b", "c ##[group]d"):
        write_by_hand(actions / name / "saliency")
        assert cli.main(["view", name, "--export", f"{name}.html"]) == 0
        assert cli.main(["golden", "m.keras", "p.npz", "--out", f"{name}.npz"]) == 0
        assert cli.main(["explain", "m.keras", "p.npz", "--out", f"{name}.maps"]) == 0
        server = SimpleNamespace(host="127.0.0.1", port=1, serve_forever=lambda: None)
        monkeypatch.setattr("keras_saliency.cli.view_server.make_view_server", lambda *_, s=server: s)
        assert cli.main(["view", name]) == cli.INTERRUPTED
    out = capsys.readouterr().out
    assert out.count("group") >= 4
    assert obeyed(out) == []


def test_methods_of_others(offer, capsys, monkeypatch):
    def broken():
        raise ValueError("a\n::stop-commands::x\x1b[2J ##[group]")

    monkeypatch.setenv("COLUMNS", "200")
    offer("keras_saliency.methods", **{"mine\n::x": broken})
    assert cli.main(["methods"]) == 0
    out = capsys.readouterr().out
    assert "\\x1b[2J" in out
    assert obeyed(out) == []


def test_what_a_demo_made(capsys):
    summary = "keras_saliency: 1 look, in a\n::stop-commands::x"
    told = SimpleNamespace(rows=[], summary=summary, film_strip="::group::x/a.png", folder="a\n::group::b")
    cli.demo._close(cli.demo.Console(), told)
    assert obeyed(capsys.readouterr().out) == []


@pytest.mark.parametrize("strict", [False, True])
def test_warnings_during_a_training(capsys, strict):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("error" if strict else "always")
        Logbook({}).lose("mine\n::a::b", "after epoch 0", "OSError: c\n::stop-commands::x ##[group]")
    said = capsys.readouterr().out if strict else str(caught[0].message)
    assert "stop-commands" in said
    assert obeyed(said) == []
    assert len(said.splitlines()) == 1


def test_a_warning_about_layers():
    found = SimpleNamespace(rectifiers=RectifierCount(1, ("a\n::b::c ##[group]",)), maps=None)
    with pytest.warns(ks.SaliencyWarning, match="keeps the plain gradient of a ::b::c") as caught:
        rectified_gradient(SimpleNamespace(gradients=lambda rule: found), "guided")
    assert obeyed(str(caught[0].message)) == []
    assert "\n" not in str(caught[0].message)


def test_settings_in_tensorboard():
    table = settings_table({"a\x1b\u202e": "b\n\n::c::d|e @you"})
    assert table.count("\n") == 2
    assert "\\x1b\\u202e" in unescape(table)
    assert obeyed(table) == []


def test_captions_in_a_figure_are_no_mathematics():
    maps = np.ones((1, 4, 4, 1), "float32")
    names = ["$\\frac$ \\input{/etc/passwd}\n::group::\x1b"]
    inputs = keras.Input((4, 4, 1))
    model = keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Flatten()(inputs)))
    figure = ks.explain(model, ks.ProbeSet(maps, names=names)).plot()
    figure.canvas.draw()
    label = figure.axes[0].yaxis.label
    assert label.get_text().split("\n")[0] == "0: $\\frac$ \\input{/etc/passwd} ::group::\\x1b"
    assert not label.get_usetex()


@dataclass(frozen=True)
class Says:
    """A check of somebody else's with a sentence of theirs."""

    name: str
    status: str
    registered: ClassVar[str] = "says"
    cheap: ClassVar[bool] = True

    def run(self, subject):
        if self.status == "errored":
            raise ValueError("a\n::stop-commands::x ##[group]")
        return CheckResult(self.name, self.status, "a\n::stop-commands::x ##[group]")


def test_what_pytest_prints(pytester, offer):
    statuses = ("passed", "warned", "failed", "errored", "skipped")
    offer("keras_saliency.checks", **{f"is_{s}": lambda s=s: Says(f"is_{s}", s) for s in statuses})
    pytester.makepyfile(
        """
        import keras, numpy as np, pytest
        import keras_saliency as ks

        probes = ks.ProbeSet(np.ones((2, 4, 4, 1), "float32"))

        def model():
            inputs = keras.Input((4, 4, 1))
            outputs = keras.layers.Dense(2)(keras.layers.Flatten()(inputs))
            return keras.Model(inputs, outputs)

        names = "is_passed,is_warned,is_failed,is_errored,is_skipped"

        @pytest.mark.saliency(model=model, probes=probes, checks=names)
        def test_each(saliency_result): ...

        def test_all(saliency_check):
            saliency_check(model(), probes, names.split(","))
        """
    )
    marker = "@pytest.mark.saliency(model=1, probes=2, config='a\\n::group::x')"
    pytester.makepyfile(test_wrong=f"import pytest\n{marker}\ndef test(saliency_result): ...")
    options = ("-rA", "--continue-on-collection-errors", "--saliency-artifacts", "a\n::group::x")
    out = pytester.runpytest(*options).stdout.str()
    assert "stop-commands" in out
    assert "No such config" in out
    assert obeyed(out) == []


def test_the_rule_of_this_file_finds_commands():
    assert all(map(obeyed, COMMANDS[:7]))
    assert obeyed("a::b\n# [c]") == []
