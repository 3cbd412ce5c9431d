"""What our pages show can be imported, and stands on the page that says what is stable."""

import re
from importlib.metadata import entry_points
from pkgutil import resolve_name

import pytest

import keras_saliency as ks
from keras_saliency import cli, metrics, records
from keras_saliency.checks import CHECKS
from keras_saliency.looks.writers import WRITERS
from keras_saliency.methods import METHODS
from keras_saliency.records import npz
from keras_saliency.reports import as_json
from keras_saliency.surveys import survey
from keras_saliency.tensorboard_plugin import answers
from tests.pages import PAGES, ROOT, text

STABLE = text("stable.md")
NAMED = set(re.findall(r"`(keras_saliency(?:\.\w+)+)`", STABLE))
GROUPS = {f"keras_saliency.{kind}" for kind in ("methods", "checks", "writers")}
SHOWN = {
    **{str(page.relative_to(ROOT)): page.read_text(encoding="utf-8") for page in PAGES},
    **{str(file.relative_to(ROOT)): file.read_text() for file in (ROOT / "examples").rglob("*.py")},
    **{f"ks.{name}": getattr(ks, name).__doc__ for name in ks.__all__},
}


def imported(shown):
    """The dotted names that a text imports from the package."""
    lines = re.findall(r"^(?:[ >]*)from (keras_saliency[\w.]*) import (.+)$", shown, re.MULTILINE)
    return {f"{module}.{name}" for module, names in lines for name in re.split(r",\s*", names)}


@pytest.mark.parametrize("shown", SHOWN.values(), ids=SHOWN)
def test_what_is_shown_is_there_and_is_stable(shown):
    for name in imported(shown):
        resolve_name(name)
        assert name in NAMED
    assert set(re.findall(r"\bks\.([A-Za-z]\w*)", shown)) <= {*ks.__all__}
    if "keras_saliency.metrics" in imported(shown):
        assert set(re.findall(r"\bmetrics\.(\w+)\(", shown)) <= {*metrics.__all__}


def test_the_pages_show_imports():
    assert sum(len(imported(shown)) for shown in SHOWN.values()) >= len(NAMED - GROUPS)


@pytest.mark.parametrize("name", sorted(NAMED - GROUPS))
def test_what_the_page_names_exists(name):
    resolve_name(name)


def test_the_groups_of_entry_points_are_those_that_are_asked():
    assert GROUPS | {"keras_saliency.__all__"} <= NAMED
    assert {f"keras_saliency.{registry._kind}s" for registry in (METHODS, CHECKS, WRITERS)} == GROUPS


def test_the_page_names_every_command_and_only_options_that_are_there():
    (line,) = re.findall(r"`keras-saliency` with (.*), every", STABLE)
    assert re.findall(r"`(\w+)`", line) == [command.NAME for command in cli.COMMANDS]
    (plugin,) = entry_points(group="pytest11", name="keras_saliency")
    assert (
        set(re.findall(r"`(saliency_\w+)`", STABLE)) - {"saliency_probe_accuracy"}
        <= vars(plugin.load()).keys()
    )


def test_the_versions_of_the_formats_are_those_of_the_code():
    said = [int(number) for number in re.findall(r"^\| .* \| (\d+) \| .* \|$", STABLE, re.MULTILINE)]
    assert said == [records.VERSION, npz.VERSION, survey.VERSION, as_json.SCHEMA, answers.VERSION]
