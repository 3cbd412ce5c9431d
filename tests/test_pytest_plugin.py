"""The pytest plugin, in a pytest of its own; and what it costs where nobody uses it."""

import subprocess
import sys
from dataclasses import dataclass
from types import SimpleNamespace
from typing import ClassVar
from xml.etree import ElementTree

import junitparser
import keras
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency.checks.gate.suites import SUITES
from keras_saliency.pytest_plugin import _keep
from keras_saliency.reports.result import CheckResult

pytest_plugins = ["pytester"]

CORNER, MIDDLE = np.s_[:2, :2], np.s_[4:6, 4:6]

FIXTURE = """
import keras, keras_saliency as ks
import pytest

@pytest.fixture
def probes():
    return ks.ProbeSet.load("probes.npz")

def test_good(saliency_check, probes):
    report = saliency_check(keras.saving.load_model("clean.keras"), probes, checks=["finite", "nonzero"])
    assert report.passed

def test_bad(saliency_check, probes):
    saliency_check(keras.saving.load_model("shortcut.keras"), probes, checks=["finite", "region"])
    raise RuntimeError("never reached")

def test_no_verdict(saliency_check, probes):
    unlabelled = ks.ProbeSet(probes.images)
    saliency_check(keras.saving.load_model("clean.keras"), unlabelled, checks=ks.Accuracy(0.5))
"""

MARKER = """
import keras, pytest
import keras_saliency as ks

@pytest.mark.saliency(
    model="shortcut.keras", probes="probes.npz", checks="finite,region", golden="other.npz", min_accuracy=0.5
)
def test_attention(saliency_result): ...

def load():
    return keras.saving.load_model("clean.keras")

loaded = ks.ProbeSet.load("probes.npz")

@pytest.mark.saliency(model=load, probes=loaded, require="corner", checks="finite")
def test_function(saliency_result):
    assert saliency_result.name in ("finite", "region_corner")

@pytest.mark.saliency(model="shortcut.keras", probes="probes.npz", config="saliency.toml")
def test_waived(saliency_result): ...

@pytest.mark.saliency(model=load, probes=loaded, checks="doubtful,inapplicable")
def test_warned(saliency_result): ...

@pytest.mark.saliency(model=load, probes=loaded, checks="structure")
def test_maps(saliency_result): ...

@pytest.mark.saliency(model=load, probes=loaded, checks="structure", fail_on="any")
def test_any(saliency_result): ...

@pytest.mark.saliency(model=load, probes=loaded, checks=["doubtful", ks.Finite()], fail_on="warned")
def test_fails_on_warned(saliency_result): ...
"""

CONFIG = """
checks = ["accuracy"]
forbid = ["corner"]
min_accuracy = 0.5
[[waivers]]
check = "region_corner"
reason = "New data comes in March."
expires = 2999-12-31
"""


def linear(name, place):
    keras.utils.set_random_seed(0)
    layers = [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(2, activation="softmax")]
    model = keras.Sequential(layers, name=name)
    weights = np.zeros((8, 8, 2), "float32")
    weights[(*place, 1)], weights[(*place, 0)] = 1, -1
    model.layers[-1].set_weights([weights.reshape(64, 2), np.zeros(2, "float32")])
    return model


@pytest.fixture
def project(pytester):
    """A project with two models, one of which reads the corner, and probes."""
    labels = np.arange(24) % 2
    images = np.random.default_rng(0).uniform(-0.1, 0.1, (24, 8, 8, 1)).astype("float32")
    images[(slice(None), *MIDDLE)] += np.where(labels, 0.5, -0.5)[:, None, None, None]
    images[(labels == 1, *CORNER)] = 1.0
    mask = np.zeros((8, 8), bool)
    mask[CORNER] = True
    ks.ProbeSet(images, labels, regions={"corner": mask}).save(pytester.path / "probes.npz")
    linear("shortcut", CORNER).save(pytester.path / "shortcut.keras")
    linear("clean", MIDDLE).save(pytester.path / "clean.keras")
    return pytester


def test_one_test_per_model(project):
    project.makepyfile(FIXTURE)
    done = project.runpytest(
        "--saliency-artifacts", "artifacts", "--junit-xml", "report.xml", "-p", "no:randomly"
    )
    done.assert_outcomes(passed=1, failed=2)
    done.stdout.fnmatch_lines(
        [
            "*The checks did not pass. Pictures: artifacts/*test_bad*",
            "*region_corner*failed*The model uses region 'corner'*",
            "*Not passed: 1 failed, 1 passed.*",
        ]
    )
    done.stdout.no_fnmatch_line("*never reached*")
    done.stdout.no_fnmatch_line("*pytest_plugin.py*")
    done.stdout.fnmatch_lines(["*accuracy*errored*"])
    (bad,) = project.path.glob("artifacts/*test_bad-*")
    assert {path.name for path in bad.iterdir()} == {
        "region_corner_taken_out.png",
        "region_corner_put_in.png",
        "report.html",
    }
    properties = ElementTree.parse(project.path / "report.xml").iterfind(".//*[@name='test_bad']//property")
    assert {p.get("name"): p.get("value") for p in properties} == {
        "saliency_finite": "passed",
        "saliency_region_corner": "failed",
    }


@dataclass(frozen=True)
class Always:
    """A check of somebody else's that always comes to the same."""

    name: str
    status: str
    registered: ClassVar[str] = "always"
    cheap: ClassVar[bool] = True

    def run(self, subject):
        return CheckResult(self.name, self.status, f"I say {self.status}.")


class OfMaps(Always):
    """A check of maps, which a suite brings along."""

    about: ClassVar[str] = "maps"


def test_one_test_per_check(project, offer, monkeypatch):
    monkeypatch.setitem(SUITES, "structure", ("finite", "of_maps"))
    offer(
        "keras_saliency.checks",
        doubtful=lambda: Always("doubtful", "warned"),
        inapplicable=lambda: Always("inapplicable", "skipped"),
        of_maps=lambda: OfMaps("of_maps", "failed"),
    )
    model, probes = keras.saving.load_model(project.path / "clean.keras"), ks.ProbeSet.load("probes.npz")
    from keras_saliency.checks.golden import save_golden

    save_golden(project.path / "other.npz", model, ks.ProbeSet(probes.images[:2]))
    (project.path / "saliency.toml").write_text(CONFIG)
    project.makepyfile(MARKER)
    done = project.runpytest("-rA", "--saliency-artifacts", "artifacts", "--junit-xml", "report.xml")
    name = "test_one_test_per_check.py::test_"
    lines = [
        line.split(" - ")[0]
        for line in done.outlines
        if line.startswith(("PASSED ", "FAILED ", "ERROR ", "XFAIL "))
    ]
    assert sorted(lines) == sorted(
        [
            f"PASSED {name}attention[finite]",
            f"FAILED {name}attention[region_corner]",
            f"ERROR {name}attention[golden]",
            f"PASSED {name}attention[accuracy]",
            f"PASSED {name}function[finite]",
            f"FAILED {name}function[region_corner]",
            f"PASSED {name}waived[accuracy]",
            f"XFAIL {name}waived[region_corner]",
            f"PASSED {name}maps[finite]",
            f"XFAIL {name}maps[of_maps]",
            f"PASSED {name}any[finite]",
            f"FAILED {name}any[of_maps]",
            f"PASSED {name}warned[doubtful]",
            f"ERROR {name}warned[inapplicable]",
            f"FAILED {name}fails_on_warned[doubtful]",
            f"PASSED {name}fails_on_warned[finite]",
        ]
    )
    done.stdout.fnmatch_lines(["*region_corner failed: The model uses region 'corner'*"])
    done.stdout.fnmatch_lines(
        ["*The check golden could not be made. ValueError: The golden file holds maps of other*"]
    )
    assert {path.name for path in project.path.glob("artifacts/*attention*/*")} == {
        "region_corner_taken_out.png",
        "region_corner_put_in.png",
    }
    report = junitparser.JUnitXml.fromfile(str(project.path / "report.xml"))
    assert (report.failures, report.errors, report.skipped) == (4, 2, 2)
    done.stdout.fnmatch_lines(["*inapplicable could not be made. I say skipped. It was asked for*"])


WRONG = {
    "": "saliency_result needs the marker",
    "@pytest.mark.saliency('m.keras')": "Expected model=*probes=*by name",
    "@pytest.mark.saliency(model='m', probes='none.npz')": "none.npz",
    "@pytest.mark.saliency(model='m', probes=3)": "Expected probes to be a file or a ks.ProbeSet",
    "@pytest.mark.saliency(model='m', probes='probes.npz', checks='fnite')": "Did you mean 'finite'",
    "@pytest.mark.saliency(model='m', probes='probes.npz', min_acuracy=1)": "Did you mean 'min_accuracy'",
}


def test_wrong_markers_are_said_while_tests_are_collected(pytester):
    ks.ProbeSet(np.zeros((2, 4, 4, 1), "float32")).save(pytester.path / "probes.npz")
    function = "def test_attention(saliency_result): ..."
    pytester.makepyfile(
        **{f"test_{i}": f"import pytest\n\n{marker}\n{function}\n" for i, marker in enumerate(WRONG)}
    )
    done = pytester.runpytest("--collect-only")
    done.assert_outcomes(errors=len(WRONG))
    for sentence in WRONG.values():
        done.stdout.fnmatch_lines_random([f"*{sentence}*"])
    done.stdout.no_fnmatch_line("*Traceback*")


def test_the_plugin_is_installed_and_costs_nothing_where_it_is_not_used(tmp_path):
    (tmp_path / "conftest.py").write_text(
        "import sys\n\n\ndef pytest_unconfigure(config):\n"
        "    assert config.pluginmanager.has_plugin('keras_saliency')\n"
        "    heavy = {'numpy', 'keras', 'tensorflow', 'jax', 'torch', 'scipy', 'rich', 'PIL'} & set(sys.modules)\n"
        "    print('heavy:', sorted(heavy))\n"
    )
    (tmp_path / "test_light.py").write_text("def test_light():\n    pass\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-s", "-W", "error", "-p", "no:zarr", str(tmp_path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
    assert "heavy: []" in done.stdout


def test_the_marker_and_the_option_are_known(pytestconfig):
    assert any(line.startswith("saliency(model, probes") for line in pytestconfig.getini("markers"))
    assert pytestconfig.getoption("--saliency-artifacts") is None


def test_artifacts_stay_in_their_folder_whatever_tests_and_pictures_are_called(tmp_path):
    picture = np.zeros((2, 2, 3), "uint8")
    result = CheckResult("mine", "failed", "", pictures={"../../up": picture, "x" * 10_000: picture})
    config = SimpleNamespace(getoption=lambda name: str(tmp_path / "artifacts"))
    node = SimpleNamespace(nodeid=f"tests/test_a.py::test_names[{'..' * 10_000}]", config=config)
    assert _keep(node, [result]).startswith(f" Pictures: {tmp_path}/artifacts/tests_test_a.py_test_names_..")
    assert [path.name for path in tmp_path.iterdir()] == ["artifacts"]
    (kept,) = (tmp_path / "artifacts").iterdir()
    assert {path.name[:12] for path in kept.iterdir()} == {"mine_..%2f..", "mine_xxxxxxx"}
