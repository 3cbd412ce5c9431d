"""No command destroys what it reads, what another output is, or what somebody else wrote."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import junitparser
import keras
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency import cli
from keras_saliency.demo.story import new_folder
from keras_saliency.reports import read_report

pytest_plugins = ["pytester"]


def classifier():
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [keras.Input((4, 4, 1)), keras.layers.Flatten(), keras.layers.Dense(2, activation="softmax")]
    )


@pytest.fixture
def here(tmp_path, monkeypatch):
    """The current folder: a model, probes, a picture, and files of somebody else's."""
    monkeypatch.chdir(tmp_path)
    classifier().save("mine.keras")
    images = np.random.default_rng(0).random((4, 4, 4, 1), "float32")
    ks.ProbeSet(images, [0, 1, 0, 1]).save("mine.npz")
    np.savez("theirs.npz", images=images)
    Path("theirs.json").write_text(json.dumps({"kept": {"kind": "keras_saliency report"}}))
    Path("theirs.xml").write_text('<?xml version="1.0" encoding="utf-8"?>\n<testsuites name="pytest tests">')
    Path("theirs.html").write_text("<!doctype html>\n<title>about keras_saliency</title>")
    Path("saliency.toml").write_text('checks = ["finite"]\n')
    Path("notes").write_text("mine")
    Path("linked").symlink_to("mine.keras")
    Path("hard").hardlink_to("mine.keras")
    return tmp_path


def contents(folder):
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture
def refused(here, capsys):
    """A function that runs a command, which must refuse and leave every file as it is; returns the sentence."""

    def run(*arguments):
        before = contents(here)
        assert cli.main([*map(str, arguments)]) == 2
        assert contents(here) == before
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        return error

    return run


CHECK = ("check", "mine.keras", "mine.npz", "--checks", "finite")


@pytest.mark.parametrize("kind", ["json", "junit", "html"])
@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("mine.keras", "the path of the model"),
        ("mine.npz", "the path of the probes"),
        ("../{folder}/mine.npz", "the path of the probes"),
        ("{here}/mine.keras", "the path of the model"),
        ("linked", "the path of the model"),
        ("hard", "the path of the model"),
        ("saliency.toml", "the path of the config"),
        ("theirs.npz", "was not written as one"),
        ("theirs.json", "was not written as one"),
        ("theirs.xml", "was not written as one"),
        ("theirs.html", "was not written as one"),
        ("notes", "was not written as one"),
        (".", "Expected a file to write"),
        ("notes/report", "notes is no folder"),
    ],
)
def test_a_report_in_the_place_of_something_else(here, refused, kind, path, sentence):
    path = path.format(here=here, folder=here.name)
    assert sentence in refused(*CHECK, "--config", "saliency.toml", f"--{kind}", path)


@pytest.mark.parametrize("second", ["report", "./report", "new/../report", "REPORT"])
def test_two_reports_of_one_name(refused, second):
    assert "the path of the JSON report" in refused(*CHECK, "--json", "report", "--html", second)


def test_masks_and_golden_files_are_inputs(here, refused):
    np.save("mask.npy", np.eye(4, dtype=bool))
    assert "the path of a mask" in refused(*CHECK, "--forbid", "mask.npy", "--json", "mask.npy")
    assert cli.main(["golden", "mine.keras", "mine.npz", "--out", "golden.npz"]) == 0
    refused_golden = refused(*CHECK, "--golden", "golden.npz", "--json", "golden.npz")
    assert "the path of the golden file" in refused_golden


@pytest.mark.parametrize("model", ["none.keras", "mine.keras"])
@pytest.mark.parametrize("victim", ["notes", "mine.npz", "pyproject.toml", "../outside"])
def test_a_path_in_somebodys_pyproject(here, refused, model, victim):
    (here.parent / "outside").write_text("mine")
    Path("pyproject.toml").write_text(f'[tool.keras_saliency]\nchecks = "finite"\njson = "{victim}"\n')
    refused("check", model, "mine.npz")
    assert (here.parent / "outside").read_text() == "mine"


def test_empty_files_and_earlier_reports_are_replaced(here, capsys):
    paths = {kind: here / f"report.{kind}" for kind in ("json", "junit", "html")}
    options = [word for kind, path in paths.items() for word in (f"--{kind}", path.name)]
    for path in paths.values():
        path.touch()
    assert cli.main([*CHECK, *options]) == 0
    first = {path: path.read_bytes() for path in paths.values()}
    assert all(first.values())
    assert cli.main([*CHECK, *options, "--seed", "3"]) == 0
    assert read_report(paths["json"]).seed == 3
    assert all(path.read_bytes() != content for path, content in first.items())
    for other, kind in [("json", "junit"), ("junit", "html"), ("html", "json")]:
        assert cli.main([*CHECK, f"--{kind}", paths[other].name]) == 2, "a report of another kind"
    assert read_report(paths["json"]).seed == 3


PASSING = (*CHECK, "--json", "r.json", "--junit", "r.xml", "--html", "r.html")


@pytest.mark.parametrize(
    "wrong",
    [
        ["--checks", "finit"],
        ["--method", "gradeint"],
        ["--min-accuracy", "7"],
        ["--golden", "none.npz"],
        ["--html", "notes"],
    ],
)
def test_a_run_that_is_refused_leaves_earlier_reports_and_says_so(here, capsys, wrong):
    assert cli.main([*PASSING]) == 0
    before = contents(here)
    capsys.readouterr()
    assert cli.main([*PASSING, *wrong]) == 2
    assert contents(here) == before
    error = capsys.readouterr().err
    expected = 0 if "--min-accuracy" in wrong else 2 if "--html" in wrong else 3
    assert error.count("is of an earlier run: nothing was checked now.") == expected
    assert error.count("\n") == expected + 1


DEATHS = {
    "raises": ("1 / 0\n", 2),
    "is interrupted": ("raise KeyboardInterrupt\n", 130),
    "is killed": ("import os\nos.kill(os.getpid(), 9)\n", -signal.SIGKILL),
    "leaves": ("import os\nos._exit(0)\n", 0),
}


@pytest.mark.parametrize(
    "death",
    [pytest.param(death, marks=[] if death == "is killed" else pytest.mark.repeats) for death in DEATHS],
)
def test_after_a_run_that_dies_no_earlier_report_passes_for_its_own(here, death):
    assert cli.main([*PASSING]) == 0
    assert read_report("r.json").passed
    code, expected = DEATHS[death]
    Path("dies.py").write_text(code)
    command = [sys.executable, "-m", "keras_saliency", *PASSING, "--import", "dies"]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == expected
    report = read_report("r.json")
    assert not report.passed
    assert [(r.name, r.status) for r in report.results] == [("run", "errored")]
    assert junitparser.JUnitXml.fromfile("r.xml").errors == 1
    assert "The run did not come to its end: there is no verdict." in Path("r.html").read_text()
    assert cli.main([*PASSING]) == 0
    assert read_report("r.json").passed


def test_a_model_that_cannot_be_opened_is_no_verdict(here):
    assert cli.main([*PASSING]) == 0
    Path("mine.keras").write_text("no model")
    assert cli.main([*PASSING]) == 2
    assert not read_report("r.json").passed


def test_a_pipe_gets_one_report(here):
    os.mkfifo("pipe")
    reader = os.open("pipe", os.O_RDONLY | os.O_NONBLOCK)
    assert cli.main([*CHECK, "--json", "pipe"]) == 0
    assert json.loads(os.read(reader, 1 << 16))["passed"]
    os.close(reader)


@pytest.mark.parametrize(
    ("command", "config"),
    [
        (["check", "none.keras", "mine.npz"], ""),
        (["check", "mine.keras", "none.npz"], ""),
        (["check", "mine.keras", "notes"], ""),
        (["check", "mine.keras", "mine.npz"], 'checks = "finit"'),
        (["check", "mine.keras", "mine.npz"], 'forbid = "corner"'),
        (["check", "mine.keras", "mine.npz"], 'method = "gradeint"'),
        (["check", "mine.keras", "mine.npz"], "options = { noise = 3 }"),
        (["check", "mine.keras", "mine.npz"], 'golden = "none.npz"'),
        (["check", "mine.keras", "mine.npz"], 'json = "notes"'),
        (["check", "mine.keras", "mine.npz"], 'junit = "mine.keras"'),
        (
            ["check", "mine.keras", "mine.npz"],
            '[[tool.keras_saliency.waivers]]\ncheck="no"\nreason="r"\nexpires=2999-01-01',
        ),
        (["golden", "none.keras", "mine.npz", "--out", "g.npz"], ""),
        (["golden", "mine.keras", "none.npz", "--out", "g.npz"], ""),
        (["golden", "mine.keras", "mine.npz", "--out", "theirs.npz"], ""),
        (["golden", "mine.keras", "mine.npz", "--out", "g.npz"], 'method = "gradeint"'),
    ],
)
def test_a_foreign_project_runs_nothing_until_all_else_is_valid(refused, command, config):
    Path("theirs.py").write_text("from pathlib import Path\nPath('ran').touch()\n")
    Path("pyproject.toml").write_text(f'[tool.keras_saliency]\nimports = ["theirs"]\n{config}\n')
    refused(*command)
    assert not Path("ran").exists()


@pytest.mark.parametrize(
    ("out", "sentence"),
    [
        ("mine.keras", "the path of the model"),
        ("mine.npz", "the path of the probes"),
        ("./linked", "the path of the model"),
        ("hard", "the path of the model"),
        ("theirs.npz", "was not written as one"),
        ("notes", "was not written as one"),
        (".", "Expected a file to write"),
    ],
)
@pytest.mark.parametrize("more", [[], ["--add"]])
def test_approved_maps_in_the_place_of_something_else(refused, out, sentence, more):
    assert sentence in refused("golden", "mine.keras", "mine.npz", "--out", out, *more)


def test_approved_maps_replace_approved_maps(here):
    for seed in ("1", "2"):
        code = cli.main(["golden", "mine.keras", "mine.npz", "--out", "golden.npz", "--seed", seed])
        assert code == 0


def test_an_explanation_in_the_place_of_something_else(here, refused):
    explain = ("explain", "mine.keras", "theirs.npz", "--out")
    assert "notes is no folder" in refused(*explain, "notes")
    assert "in the folder of the images" in refused("explain", "mine.keras", ".", "--out", ".")
    for name in ("maps.npz", "probes.npz", "sheet.png"):
        folder = here / f"of {name}"
        (folder / "gradient").mkdir(parents=True)
        (folder / "gradient" / name).write_bytes(Path("mine.npz").read_bytes())
        assert "was not written as one" in refused(*explain, folder)
    assert "the path of the images" in refused(
        "explain", "mine.keras", "of probes.npz/gradient/probes.npz", "--out", "of probes.npz"
    )
    (here / "of methods.png").mkdir()
    (here / "of methods.png" / "methods.png").write_bytes(b"theirs")
    several = ("--method", "gradient,activations")
    assert "was not written as one" in refused(*explain, here / "of methods.png", *several)
    (here / "of pictures" / "gradient" / "pictures").mkdir(parents=True)
    (here / "of pictures" / "gradient" / "pictures" / "image_0.png").write_bytes(b"theirs")
    assert "was not written as one" in refused(*explain, here / "of pictures", "--pictures")
    assert cli.main([*explain, "new"]) == 0
    assert cli.main([*explain, "new"]) == 0, "an explanation may be replaced"


def test_a_page_in_the_place_of_something_else(here, refused, write_by_hand):
    events = write_by_hand(here / "log" / "saliency")
    for path in (events, "notes", "theirs.html", "linked"):
        assert "was not written as one" in refused("view", "log", "--export", path)
    assert cli.main(["view", "log", "--export", "page.html"]) == 0
    assert cli.main(["view", "log", "--export", "page.html"]) == 0, "a page may be replaced"
    assert cli.main([*CHECK, "--html", "page.html"]) == 2, "a page of another kind"


def test_a_demo_writes_into_anew_folder(here):
    Path("runs/shortcut").mkdir(parents=True)
    Path("runs/shortcut-2").symlink_to("nowhere")
    before = contents(here)
    assert new_folder(Path("runs"), "shortcut") == Path("runs/shortcut-3")
    assert contents(here) == before


def test_artifacts_of_pytest(pytester, capsys):
    pytester.path.joinpath("notes").write_text("mine")
    done = pytester.runpytest("--saliency-artifacts", "notes")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(["*Expected --saliency-artifacts to be a folder. Received: notes*"])
    pytester.makepyfile(
        """
        import pytest
        from keras_saliency.pytest_plugin import _keep
        from keras_saliency.reports.result import CheckResult
        import numpy as np

        @pytest.mark.parametrize("one", ["a b", "a_b", "a:b", "a/b"])
        def test_names(request, one):
            _keep(request.node, [CheckResult("mine", "failed", "", pictures={"it": np.zeros((1, 1, 3), "uint8")})])
        """
    )
    assert pytester.runpytest("--saliency-artifacts", "kept").ret == 0
    assert len(list(pytester.path.glob("kept/*/mine_it.png"))) == 4
