"""`keras-saliency check` in this process: what it does with its arguments and files."""

import json
import shutil
import sys
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

import junitparser
import keras
import numpy as np
import pytest
from rich.console import Console

import keras_saliency as ks
from keras_saliency import cli
from keras_saliency.cli.check import _bar, exit_code
from keras_saliency.reports import read_report
from keras_saliency.reports.report import Report
from keras_saliency.reports.result import CheckResult


@pytest.fixture
def check(capsys):
    def run(*arguments):
        code = cli.main(["check", *map(str, arguments)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture
def refused(check):
    def run(*arguments):
        code, out, error = check(*arguments)
        assert code == 2
        assert out == ""
        assert error.startswith("keras-saliency check: ")
        assert "Traceback" not in error
        assert error.count("\n") == 1
        return error

    return run


@pytest.mark.parametrize(
    ("statuses", "fail_on", "code"),
    [
        (["passed", "skipped"], "failed", 0),
        (["passed", "warned"], "failed", 0),
        (["passed", "warned"], "warned", 1),
        (["passed", "failed"], "failed", 1),
        (["errored", "failed"], "failed", 1),
        (["passed", "errored"], "failed", 2),
        (["skipped", "skipped"], "failed", 2),
    ],
)
def test_exit_codes(statuses, fail_on, code):
    results = tuple(CheckResult(f"check_{i}", status, "Said.") for i, status in enumerate(statuses))
    assert exit_code(Report(results, "m", "gradient", "ab", 1, {}, fail_on=fail_on)) == code


def test_a_shortcut_fails_and_every_report_tells_the_same(check, ci, tmp_path):
    paths = {kind: tmp_path / f"new/report.{kind}" for kind in ("json", "junit", "html")}
    options = [word for kind, path in paths.items() for word in (f"--{kind}", path)]
    code, out, error = check(ci.shortcut, ci.probes, "--checks", "finite", "--forbid", "corner", *options)
    assert (code, error) == (1, "")
    assert "shortcut: 24 probes, maps by gradient" in out
    assert "Not passed: 1 failed, 1 passed." in out
    report = read_report(paths["json"])
    assert [(r.name, r.status) for r in report.results] == [("finite", "passed"), ("region_corner", "failed")]
    assert set(report.results[1].pictures) == {"taken_out", "put_in"}
    assert junitparser.JUnitXml.fromfile(str(paths["junit"])).failures == 1
    assert "data:image/png;base64," in paths["html"].read_text()


def test_options_reach_the_checks(check, ci, tmp_path):
    report = tmp_path / "r.json"
    rest = ("--checks", "finite", "--json", report)
    smooth = ("--method", "smoothgrad", "--option", "samples=4", "--seed", "3", "--target", "1")
    assert check(ci.clean, ci.probes, *rest, *smooth)[0] == 0
    found = read_report(report)
    assert (found.method, found.seed) == ("smoothgrad", 3)
    assert found.evaluations >= 4 * 24
    assert check(ci.clean, ci.probes, *rest, "--require", "corner")[0] == 1
    assert read_report(report).results[1].direction == "at_least"


@dataclass(frozen=True)
class Doubtful:
    """A check of somebody else's that always warns."""

    name: str = "doubtful"
    registered: ClassVar[str] = "doubtful"
    cheap: ClassVar[bool] = True

    def run(self, subject):
        return CheckResult(self.name, "warned", f"Look at {len(subject.probes)} probes.")


def test_a_warning_passes_unless_it_is_said_to_fail(check, ci, offer):
    offer("keras_saliency.checks", doubtful=Doubtful)
    code, out, _ = check(ci.clean, ci.probes, "--checks", "doubtful")
    assert code == 0
    assert "doubtful  warned   Look at 24 probes." in out
    assert check(ci.clean, ci.probes, "--checks", "doubtful", "--fail-on", "warned")[0] == 1


def test_a_mask_in_a_file_is_a_region(check, ci, tmp_path):
    mask = np.zeros((8, 8), bool)
    mask[:2, :2] = True
    np.save(tmp_path / "Old-Stamp.npy", mask)
    code, out, _ = check(ci.shortcut, ci.probes, "--checks", "finite", "--forbid", tmp_path / "Old-Stamp.npy")
    assert code == 1
    assert "region_old_stamp  failed" in out


@pytest.fixture
def config(tmp_path):
    def write(text):
        (tmp_path / "saliency.toml").write_text(text, encoding="utf-8")
        return tmp_path / "saliency.toml"

    return write


def waiver(expires):
    return (
        'checks = ["finite"]\nforbid = ["corner"]\njson = "report.json"\n'
        f'[[waivers]]\ncheck = "region_corner"\nreason = "New data comes in March."\nexpires = {expires}\n'
    )


def test_a_waived_failure_is_shown_and_does_not_fail(check, ci, config, tmp_path):
    code, out, _ = check(ci.shortcut, ci.probes, "--config", config(waiver("2999-12-31")))
    assert code == 0
    assert "region_corner  waived" in out
    assert "Waived until 2999-12-31: New data comes in March. The model uses" in " ".join(out.split())
    stored = json.loads((tmp_path / "report.json").read_text())
    assert [(r["status"], r["waived"]) for r in stored["results"]] == [("passed", False), ("failed", True)]


def test_an_expired_waiver_fails_and_the_command_line_wins_over_the_file(check, ci, config, tmp_path):
    other = tmp_path / "other.json"
    code, out, _ = check(
        ci.shortcut,
        ci.probes,
        "--config",
        config(waiver("2020-01-01")),
        "--json",
        other,
        "--checks",
        "nonzero",
    )
    assert code == 1
    assert "Its waiver expired on 2020-01-01: New data comes in March." in " ".join(out.split())
    assert [r.name for r in read_report(other).results] == ["nonzero", "region_corner"]
    assert not (tmp_path / "report.json").exists()


def test_a_method_on_the_command_line_drops_the_options_of_the_files(check, ci, config, tmp_path):
    text = 'checks = "finite"\nmethod = "smoothgrad"\noptions = { samples = 4 }\njson = "r.json"\n'
    assert check(ci.clean, ci.probes, "--config", config(text), "--method", "gradient")[0] == 0
    assert read_report(tmp_path / "r.json").method == "gradient"
    assert check(ci.clean, ci.probes, "--config", config(text), "--option", "noise=0.3")[0] == 0
    found = read_report(tmp_path / "r.json")
    assert found.method == "smoothgrad"
    assert found.evaluations < 10 * 24


def test_settings_in_pyproject_are_found(check, ci, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text('[tool.keras_saliency]\nchecks = ["finite"]\n')
    code, out, _ = check(ci.clean, ci.probes)
    assert code == 0
    assert "Passed: 1 passed." in out


def test_github_gets_annotations_and_a_summary(check, ci, tmp_path, monkeypatch):
    (tmp_path / "summary.md").write_text("before\n")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    _, out, _ = check(ci.shortcut, ci.probes, "--checks", "finite", "--forbid", "corner")
    assert "\n::error title=shortcut%3A region_corner failed::The model uses region" in out
    written = (tmp_path / "summary.md").read_text(encoding="utf-8")
    assert written.startswith("before\n\n<h3><code>shortcut</code>: Not passed: 1 failed, 1 passed</h3>")


def test_a_golden_file_for_the_same_model_and_for_other_probes(capsys, check, ci, tmp_path):
    golden, other = tmp_path / "golden.npz", tmp_path / "other.npz"
    assert cli.main(["golden", str(ci.clean), str(ci.probes), "--out", str(golden)]) == 0
    assert f"{golden}: maps of 24 probes by gradient, 1 training" in capsys.readouterr().out
    rest = ("--checks", "finite", "--golden", golden)
    assert check(ci.clean, ci.probes, *rest)[0] == 0
    ks.ProbeSet(np.zeros((2, 8, 8, 1), "float32")).save(other)
    code, out, _ = check(ci.clean, other, *rest)
    assert code == 2
    assert "golden  errored" in out
    assert cli.main(["golden", str(ci.clean), str(ci.probes), "--out", str(golden), "--add"]) == 2
    assert "holds these very weights already" in capsys.readouterr().err
    assert cli.main(["golden", str(ci.shortcut), str(ci.probes), "--out", str(golden), "--add"]) == 0
    assert "2 trainings" in capsys.readouterr().out


def test_an_accuracy_without_labels_is_refused(refused, ci, tmp_path):
    unlabelled = tmp_path / "unlabelled.npz"
    np.savez(unlabelled, images=ks.ProbeSet.load(ci.probes).images)
    assert "The probes have no labels" in refused(ci.clean, unlabelled, "--min-accuracy", "0.5")


@pytest.mark.parametrize("option", ["--forbid", "--require"])
def test_a_region_that_cannot_be_judged_is_no_verdict(check, ci, tmp_path, option):
    probes = ks.ProbeSet.load(ci.probes)
    empty = tmp_path / "empty.npz"
    images = probes.images.copy()
    images[:, :4, :4] = 0
    ks.ProbeSet(images, probes.labels, regions=probes.regions).save(empty)
    code, out, _ = check(ci.clean, empty, "--checks", "finite", option, "corner")
    assert code == 2
    assert "region_corner  errored" in out
    assert "It was asked for: give what it needs" in " ".join(out.split())


def test_models_that_cannot_be_loaded(refused, ci, tmp_path):
    rest = (ci.probes, "--checks", "finite")
    assert "No such model" in refused(tmp_path / "none.keras", *rest)
    (tmp_path / "text.keras").write_text("no model")
    assert "text.keras cannot be loaded" in refused(tmp_path / "text.keras", *rest)
    assert "it was written by Keras 2.15.0 (tf_keras), and Keras 3 cannot read it" in refused(
        ci.keras2, *rest
    )
    (tmp_path / "saved_model").mkdir()
    (tmp_path / "saved_model" / "saved_model.pb").write_bytes(b"")
    assert "it is a folder, as a SavedModel is" in refused(tmp_path / "saved_model", *rest)


def test_custom_layers_are_registered_by_an_import(check, refused, ci, tmp_path, monkeypatch):
    @keras.saving.register_keras_serializable("here")
    class Same(keras.layers.Layer):
        def call(self, x):
            return x

    model = keras.Sequential([keras.Input((8, 8, 1)), Same(), keras.layers.Flatten(), keras.layers.Dense(2)])
    model.save(tmp_path / "custom.keras")
    keras.saving.get_custom_objects().pop("here>Same")
    rest = (tmp_path / "custom.keras", ci.probes, "--checks", "finite")
    assert "Name the module that registers it: --import MODULE" in refused(*rest)
    (tmp_path / "my_same_layer.py").write_text(
        "import keras\n\n\n@keras.saving.register_keras_serializable('here')\n"
        "class Same(keras.layers.Layer):\n    def call(self, x):\n        return x\n"
    )
    monkeypatch.chdir(tmp_path)
    before = list(sys.path)
    assert check(*rest, "--import", "my_same_layer")[0] == 0
    assert sys.path == before
    keras.saving.get_custom_objects().pop("here>Same")
    del sys.modules["my_same_layer"]


def test_probes_that_do_not_fit(refused, ci, tmp_path):
    np.savez(tmp_path / "large.npz", images=np.zeros((2, 9, 9, 1), "float32"))
    rest = ("--checks", "finite")
    assert "cannot be called on these images" in refused(ci.clean, tmp_path / "large.npz", *rest)
    np.savez(tmp_path / "other.npz", pictures=np.zeros((2, 8, 8, 1)))
    assert "has no array named images" in refused(ci.clean, tmp_path / "other.npz", *rest)
    assert "No such file" in refused(ci.clean, tmp_path / "none.npz", *rest)
    shutil.copy(ci.clean, tmp_path / "wrong.txt")
    assert "Expected a probe set" in refused(ci.clean, tmp_path / "wrong.txt", *rest)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--checks", "regoin"], "No check 'regoin'. Did you mean 'region'"),
        (["--checks", ","], "Expected at least one check"),
        (["--checks", "accuracy"], "The check accuracy needs a setting"),
        (["--min-accuracy", "90"], "min_accuracy to be a number from 0 to 1"),
        (["--forbid", "cornre"], "no region 'cornre'. Did you mean 'corner'?"),
        (["--forbid", "corner", "--require", "corner"], "Two checks have the name 'region_corner'"),
        (["--golden", "none.npz"], "No such golden file"),
        (["--option", "samples"], "Expected an option as KEY=VALUE"),
        (["--config", "none.toml"], "No such config: none.toml"),
        (["--checks", "finite", "--method", "gradeint"], "Did you mean 'gradient'"),
        (["--checks", "finite", "--option", "samples=3"], "has no option 'samples'"),
        (["--checks", "finite", "--target", "9"], "Expected class indices below 2"),
    ],
)
def test_wrong_arguments(refused, ci, arguments, sentence):
    assert sentence in refused(ci.clean, ci.probes, *arguments)


def test_wrong_configs(refused, ci, config):
    for text, sentence in [
        ("min_acuracy = 0.9", "Did you mean 'min_accuracy'?"),
        (waiver(date(2999, 1, 1)).replace("region_corner", "region_cornre"), "Did you mean 'region_corner'"),
        (waiver(date(2999, 1, 1)).replace("region_corner", "region"), "No check 'region'. Did you mean"),
        (waiver(date(2999, 1, 1)).replace("New data comes in March.", ""), "Waiver 1 has no reason"),
    ]:
        assert sentence in refused(ci.clean, ci.probes, "--config", config(text))


def test_a_report_that_cannot_be_written_is_no_verdict(refused, ci, tmp_path):
    (tmp_path / "folder").mkdir()
    assert "folder" in refused(ci.clean, ci.probes, "--checks", "finite", "--json", tmp_path / "folder")


def test_a_person_sees_how_far_it_is(tmp_path):
    from keras_saliency import Finite

    with (tmp_path / "terminal").open("w") as file:
        console = Console(file=file, force_terminal=True, width=80)
        with _bar(console, 2) as told:
            told(Finite(), None)
            told(Finite(), CheckResult("finite", "passed", "Fine."))
    shown = (tmp_path / "terminal").read_text()
    assert "1/2" in shown
    assert "finite" in shown
