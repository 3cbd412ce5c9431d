import subprocess
import sys
from dataclasses import fields
from datetime import date
from inspect import signature

import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency import Accuracy, Golden, Region
from keras_saliency.checks.gate.config import Config, read_config
from keras_saliency.checks.gate.waivers import Waiver
from keras_saliency.errors import UnreadableFileError
from keras_saliency.probes import ProbeSet

EVERYTHING = """
checks = ["structure", "region"]
forbid = ["corner", "masks/logo.npy"]
require = "middle"
min_accuracy = 0.9
golden = "golden.npz"
method = "smoothgrad"
options = { samples = 4 }
layer = "conv"
channel_axis = 1
target = 3
output = "classes"
logits = "output"
seed = 5
fail_on = "warned"
imports = ["my_layers"]
backend = "jax"
json = "out/report.json"
junit = "out/report.xml"
html = "out/report.html"

[[waivers]]
check = "region_corner"
reason = "New data comes in March."
expires = 2027-03-31
"""


def written(tmp_path, text, name="saliency.toml"):
    (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path / name


def test_every_setting_and_paths_start_from_the_file(tmp_path):
    config = read_config(written(tmp_path, EVERYTHING))
    assert config == Config(
        checks=("structure", "region"),
        forbid=("corner", str(tmp_path / "masks/logo.npy")),
        require=("middle",),
        min_accuracy=0.9,
        golden=str(tmp_path / "golden.npz"),
        method="smoothgrad",
        options={"samples": 4},
        layer="conv",
        channel_axis=1,
        target=3,
        output="classes",
        logits="output",
        seed=5,
        fail_on="warned",
        imports=("my_layers",),
        backend="jax",
        json=str(tmp_path / "out/report.json"),
        junit=str(tmp_path / "out/report.xml"),
        html=str(tmp_path / "out/report.html"),
        waivers=(Waiver("region_corner", "New data comes in March.", date(2027, 3, 31)),),
    )


def test_what_no_setting_says_is_as_ks_check_has_it():
    own = {field.name: getattr(Config(), field.name) for field in fields(Config)}
    defaults = {name: one.default for name, one in signature(ks.check).parameters.items() if name in own}
    assert {name: own[name] for name in defaults} == defaults | {"checks": (defaults["checks"],)}
    assert {name for name, value in own.items() if value} == {"checks", "method", "logits", "fail_on"}


def test_every_path_starts_from_the_folder(tmp_path):
    names = {name: f"{name}.out" for name in ("golden", "json", "junit", "html")}
    config = Config(**names, forbid=("corner", "a.npy"), require=("middle", "b.npy"))
    placed = Config(
        **{name: str(tmp_path / path) for name, path in names.items()},
        forbid=("corner", str(tmp_path / "a.npy")),
        require=("middle", str(tmp_path / "b.npy")),
    )
    assert config.beside(tmp_path) == placed
    assert Config().beside(tmp_path) == Config()


def test_a_pyproject_has_a_table_for_it(tmp_path):
    path = written(
        tmp_path, "[tool.keras_saliency]\nseed = 3\n[tool.ruff]\nline-length = 9\n", "pyproject.toml"
    )
    assert read_config(path) == Config(seed=3)
    assert read_config(written(tmp_path, "[project]\n", "pyproject.toml")) == Config()
    for text, table in [("tool = 3", "tool"), ("tool.keras_saliency = 3", "keras_saliency")]:
        with pytest.raises(
            ValueError, match=f"pyproject.toml: Expected {table} to be a table. Received: {table}=3"
        ):
            read_config(written(tmp_path, text, "pyproject.toml"))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("min_acuracy = 0.9", r"saliency.toml: No setting 'min_acuracy'. Did you mean 'min_accuracy'\?"),
        ("zzz = 1", r"No setting 'zzz'. Settings: checks, forbid"),
        ("min_accuracy = 90", "min_accuracy to be a number from 0 to 1. Received: min_accuracy=90"),
        ("min_accuracy = true", "a number from 0 to 1"),
        ("checks = 3", "Expected the name of a check or of a suite"),
        ("checks = [3]", "Expected the name of a check or of a suite"),
        ("forbid = [3]", "forbid to be a name or a list of names"),
        ("golden = 3", "golden to be a text"),
        ("seed = 1.5", "seed to be a whole number"),
        ("seed = -1", "seed to be a whole number of at least 0. Received: seed=-1"),
        ("channel_axis = 0", r"channel_axis to be 1 .* Received: channel_axis=0"),
        ("channel_axis = -2", r"channel_axis to be 1 .* Received: channel_axis=-2"),
        ("channel_axis = 1.0", r"channel_axis to be 1 .* Received: channel_axis=1.0"),
        ("target = 1.5", "target to be a name or an index"),
        ("options = 3", "options to be a table"),
        ('fail_on = "never"', "fail_on to be one of failed, any, warned. Received: fail_on='never'"),
        ('backend = "mxnet"', "one of tensorflow, jax, torch"),
        ("waivers = 3", "a list of tables"),
        ('json = "a\\u0000b"', "Expected json to be a text. Received: json='a\\\\x00b'"),
        ('forbid = ["a\\u0000.npy"]', "Expected forbid to be a name or a list of names"),
        ("seed = " + "[" * 10_000, "is not a config: it is nested too deeply"),
        ("waivers = [3]", "waiver 1 to be a table of check, reason, expires"),
        ('[[waivers]]\ncheck = "finite"\nexpires = 2027-03-31', "Waiver 1 has no reason"),
        ('[[waivers]]\ncheck = "finite"\nreason = " "\nexpires = 2027-03-31', "Waiver 1 has no reason"),
        ('[[waivers]]\ncheck = "finite"\nreason = "x"\nexpires = "soon"', "to expire on a date"),
        (
            '[[waivers]]\ncheck = 3\nreason = "x"\nexpires = 2027-03-31',
            "check to be a text. Received: check=3",
        ),
        ('[[waivers]]\ncheck = "x"\nreason = 3\nexpires = 2027-03-31', "Expected reason to be a text"),
        ('[[waivers]]\ncheck = "finite"\nreason = "x"\nexpire = 2027-03-31', "Did you mean 'expires'"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, sentence):
    with pytest.raises(ValueError, match=sentence):
        read_config(written(tmp_path, text))


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(FileNotFoundError, match="No such config"):
        read_config(tmp_path / "none.toml")
    with pytest.raises(UnreadableFileError, match="is not TOML"):
        read_config(written(tmp_path, "checks = ["))


@pytest.fixture
def probes():
    mask = np.zeros((4, 4), bool)
    mask[0, 0] = True
    return ProbeSet(np.ones((2, 4, 4, 1), "float32"), [0, 1], regions={"corner": mask})


def test_settings_become_checks(probes, tmp_path):
    np.save(tmp_path / "A-Logo.npy", probes.regions["corner"])
    config = Config.of({"checks": "finite", "forbid": "corner", "min_accuracy": 0.5})
    config = Config(**{**vars(config), "require": (str(tmp_path / "A-Logo.npy"),)})
    more = config.with_masks(probes)
    np.testing.assert_array_equal(more.regions["a_logo"], probes.regions["corner"])
    assert config.items(more) == ["finite", Region("corner"), Region("a_logo", require=True), Accuracy(0.5)]
    assert Config().with_masks(probes) is probes
    (tmp_path / "golden.npz").touch()
    golden = Config(golden=str(tmp_path / "golden.npz"))
    assert golden.items(ProbeSet(probes.images)) == ["quick", Golden(str(tmp_path / "golden.npz"))]
    with pytest.raises(ValueError, match=r"have no labels .* Received: min_accuracy=0\.5"):
        config.items(ProbeSet(probes.images))


@pytest.mark.parametrize(
    ("settings", "error", "sentence"),
    [
        (
            {"forbid": ["cornre"]},
            ValueError,
            r"no region 'cornre'. Did you mean 'corner'\? They have: corner.",
        ),
        ({"forbid": ["CORNER"]}, ValueError, r"no region 'CORNER'. Did you mean 'corner'\?"),
        ({"checks": ["accuracy"]}, ValueError, "accuracy needs a setting: min_accuracy = 0.9"),
        ({"checks": ["golden"]}, ValueError, "golden needs a setting"),
        ({"golden": "none.npz"}, FileNotFoundError, "No such golden file: none.npz"),
    ],
)
def test_checks_that_cannot_be_made(probes, settings, error, sentence):
    with pytest.raises(error, match=sentence):
        Config.of(settings).items(probes)


def test_probes_without_a_region():
    with pytest.raises(ValueError, match=r"no region 'corner'\. They have none\. A mask in a file"):
        Config.of({"forbid": "corner"}).items(ProbeSet(np.ones((1, 4, 4))))


def test_names_in_one_text_and_either_axis():
    config = Config.of({"forbid": "corner, middle,", "channel_axis": -1, "seed": 0, "checks": "quick,finite"})
    assert config == Config(checks=("quick", "finite"), forbid=("corner", "middle"), channel_axis=-1)


def test_the_layer_is_an_option_of_the_method():
    options = {"name": "mine"}
    assert Config(options=options, layer="conv").method_options == {"name": "mine", "layer": "conv"}
    assert Config(options=options).method_options == options


def test_masks_that_cannot_be_read(probes, tmp_path):
    with pytest.raises(FileNotFoundError, match="No such mask"):
        Config.of({"forbid": "none.npy"}).with_masks(probes)
    (tmp_path / "text.npy").write_text("no mask")
    with pytest.raises(UnreadableFileError, match="cannot be read as .npy"):
        Config.of({"forbid": str(tmp_path / "text.npy")}).with_masks(probes)


def test_names_of_checks_configs_and_reports_load_no_framework_and_little_of_scipy():
    program = (
        "import sys, keras_saliency.checks.gate.config, keras_saliency.reports, keras_saliency.cli\n"
        "heavy = {'keras', 'tensorflow', 'jax', 'torch', 'scipy.stats', 'scipy.integrate', 'scipy.optimize'}\n"
        "print(sorted(heavy & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
