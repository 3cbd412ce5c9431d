"""What a release rests on agrees: version, changelog, citation, addresses, pinned actions, hooks."""

import re
import tomllib
from itertools import pairwise

import pytest

from tests.pages import ROOT
from tests.release import notes

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
WORKFLOWS = [*(ROOT / ".github" / "workflows").glob("*.yml"), ROOT / "examples" / "ci" / "workflow.yml"]
ADDRESSED = ("*.cff", "*.md", "*.toml", ".github/**/*.yml", "docs/**/*.md", "examples/**/*.yml")
ADDRESSES = re.compile(r"https://(?:(?:raw\.)?github(?:usercontent)?\.com|[\w.-]+\.github\.io)/[^\s)\"'>#]+")


def test_the_changelog_begins_with_this_version_and_goes_back():
    sections = notes.sections()
    versions = [tuple(map(int, version.split("."))) for version, _, _ in sections]
    days = [day for _, day, _ in sections]
    assert sections[0][0] == notes.version()
    assert all(later > earlier for later, earlier in pairwise(versions))
    assert None not in days[1:]
    assert all(later >= earlier for later, earlier in pairwise(filter(None, days)))


def test_every_heading_of_the_changelog_is_a_version_and_every_line_belongs_to_an_item():
    title, *sections = re.split(r"^(?=## )", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.M)
    assert title == "# Changelog\n\n"
    for section in sections:
        heading, blank, *lines = section.rstrip().split("\n")
        assert notes.HEADING.fullmatch(heading)
        assert [line for line in lines if not line.startswith(("- ", "  "))] == []
        assert blank == ""


@pytest.fixture
def ready(tmp_path):
    """A repository whose next tag is v1.2.0."""
    (tmp_path / "keras_saliency").mkdir()
    files = {
        "keras_saliency/__init__.py": '__version__ = "1.2.0"\n',
        "CHANGELOG.md": "# Changelog\n\n## 1.2.0 (2027-02-01)\n\n- New.\n\n## 1.1.0 (2027-01-01)\n\n- Old.\n",
        "CITATION.cff": "version: 1.2.0\ndate-released: 2027-02-01\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_the_notes_of_a_release_are_its_section(ready):
    assert notes.notes("v1.2.0", ready) == "- New."


@pytest.mark.parametrize(
    ("file", "before", "after", "said"),
    [
        ("keras_saliency/__init__.py", "1.2.0", "1.3.0", r"is 1\.3\.0\. Received: tag=v1\.2\.0"),
        ("CHANGELOG.md", "## 1.2.0", "## 1.2.1", r"begins with 1\.2\.1\. Expected: a section 1\.2\.0"),
        ("CHANGELOG.md", "2027-02-01", "not released", r"Write the day: ## 1\.2\.0 \(YYYY-MM-DD\)"),
        ("CITATION.cff", "02-01", "02-02", r"Expected:\nversion: 1\.2\.0\ndate-released: 2027-02-01"),
    ],
)
def test_a_tag_that_is_not_ready_is_refused(ready, file, before, after, said):
    text = (ready / file).read_text(encoding="utf-8")
    (ready / file).write_text(text.replace(before, after), encoding="utf-8")
    with pytest.raises(notes.NotReadyError, match=said):
        notes.notes("v1.2.0", ready)


def test_the_citation_is_of_this_version():
    assert f"\nversion: {notes.version()}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")


def test_the_project_has_one_address():
    repository, site = PROJECT["urls"]["Repository"], PROJECT["urls"]["Documentation"]
    name = repository.removeprefix("https://github.com")
    ours = re.compile(
        f"(?:https://raw.githubusercontent.com{name}|{repository}|{site.rstrip('/')})(?:[/.]|$)"
    )
    written = {
        (address, str(path.relative_to(ROOT)))
        for pattern in ADDRESSED
        for path in ROOT.glob(pattern)
        for address in ADDRESSES.findall(path.read_text(encoding="utf-8"))
        if re.search("keras.saliency", address)
    }
    assert [place for place in written if not ours.match(place[0])] == []
    assert len({path for _, path in written}) > 3


def test_every_action_is_pinned_by_its_commit_once():
    used = [re.findall(r"uses: (.+)", path.read_text(encoding="utf-8")) for path in WORKFLOWS]
    pins = {line for lines in used for line in lines}
    pinned = [re.fullmatch(r"([\w./-]+)@[0-9a-f]{40} # v\d+\.\d+\.\d+", line) for line in pins]
    assert None not in pinned
    assert len({pin[1] for pin in pinned}) == len(pins) > 5


def test_the_hooks_are_what_make_check_runs():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (recipe,) = re.findall(r"^check: .*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    commands = {line.removesuffix(" .") for line in re.findall(r"^\t\$\(BIN\)/(.+)$", recipe, re.MULTILINE)}
    hooks = re.findall(r"entry: (.+)", (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert sorted(hooks) == sorted([*(f".venv/bin/{command}" for command in commands), "make check-page"])
    assert len(commands) == 4
