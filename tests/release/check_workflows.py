"""What runs on GitHub, as far as it can be looked at elsewhere: schemas, zizmor, and the lines that ask the noxfile.

actionlint runs with `make check`. Here nothing is asked from the network.
"""

import json
import os
import re
import sys
import tomllib
from pathlib import Path

import pytest

from tests.pages import ROOT
from tests.release.conftest import done

SCHEMAS = {
    "github-workflows": [".github/workflows/*.yml", "examples/ci/workflow.yml"],
    "github-issue-forms": [".github/ISSUE_TEMPLATE/[!c]*.yml"],
    "github-issue-config": [".github/ISSUE_TEMPLATE/config.yml"],
    "dependabot": [".github/dependabot.yml"],
    "citation-file-format": ["CITATION.cff"],
}


@pytest.mark.parametrize("schema", SCHEMAS)
def test_files_have_the_form_that_their_reader_expects(schema):
    files = [path for pattern in SCHEMAS[schema] for path in ROOT.glob(pattern)]
    assert files
    done([sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", *files])


def test_every_form_was_looked_at():
    looked = {path for patterns in SCHEMAS.values() for pattern in patterns for path in ROOT.glob(pattern)}
    assert {path for path in (ROOT / ".github").rglob("*.yml")} <= looked


@pytest.mark.parametrize(
    ("persona", "place"), [("auditor", ".github"), ("regular", "examples/ci/workflow.yml")]
)
def test_zizmor_finds_nothing(persona, place):
    """All that it looks for in our own workflows and in Dependabot's settings; what is a risk in the example."""
    done([Path(sys.executable).with_name("zizmor"), "--offline", f"--persona={persona}", ROOT / place])


def test_the_hooks_are_valid_and_run():
    done([sys.executable, "-m", "pre_commit", "validate-config", ROOT / ".pre-commit-config.yaml"])
    said = done([sys.executable, "-m", "pre_commit", "run", "ruff-check", "--all-files"], cwd=ROOT)
    assert "Passed" in said


def test_the_workflow_asks_the_noxfile_what_to_test(tmp_path):
    """The lines of the workflow as they stand; what they write has every Python that is promised."""
    workflow = (ROOT / ".github" / "workflows" / "tests.yml").read_text(encoding="utf-8")
    lines = re.search(r"id: noxfile\n +run: \|\n((?: {10}.+\n)+)", workflow)[1]
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
    output = tmp_path / "output"
    done(["bash", "-ec", lines], cwd=ROOT, env=os.environ | {"PATH": path, "GITHUB_OUTPUT": str(output)})

    written = dict(line.split("=", 1) for line in output.read_text().splitlines())
    assert json.loads(written["backends"]) == ["tensorflow", "jax", "torch"]
    sessions = {session["session"]: session["python"] for session in json.loads(written["sessions"])}
    assert "oldest" in sessions
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    promised = {text.rpartition(" ")[2] for text in project["classifiers"] if "Python :: 3." in text}
    assert {*sessions.values()} == promised
