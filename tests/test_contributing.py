"""What CONTRIBUTING.md says to type can be typed: targets, files, modules and sessions are there."""

import importlib.util
import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
FENCED = re.findall(r"```\n(.*?)```", PAGE, re.DOTALL)
SPANS = [
    *(line.split("#")[0] for block in FENCED for line in block.splitlines()),
    *re.findall(r"`([^`\n]+)`", PAGE),
]
WORDS = [shlex.split(span) for span in SPANS]
TARGETS = sorted({words[1] for words in WORDS if words[:1] == ["make"]})
FILES = sorted({word for words in WORDS for word in words if re.match(r"(tests|docs|benchmarks)/", word)})
MODULES = sorted(
    {words[at + 1] for words in WORDS for at, word in enumerate(words[:-1]) if word == "-m"} - {"pytest"}
)
SESSIONS = sorted(
    {words[at + 1] for words in WORDS for at, word in enumerate(words[:-1]) if word == "--session"}
)


def test_there_is_something_of_each_kind():
    assert {"test", "test-all", "check"} <= set(TARGETS)
    assert len(FILES) > 3
    assert "tests.page.samples" in MODULES
    assert "newest-3.13" in SESSIONS


@pytest.mark.parametrize("name", TARGETS)
def test_make_knows_the_target(name):
    assert re.search(rf"^{name}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("name", FILES)
def test_the_file_is_there(name):
    assert (ROOT / name).exists()


@pytest.mark.parametrize("name", MODULES)
def test_the_module_is_there(name):
    assert importlib.util.find_spec(name)


@pytest.mark.parametrize("name", SESSIONS)
def test_nox_knows_the_session(name):
    session = name.partition("-")[0]
    assert f"def {session}(session: nox.Session)" in (ROOT / "noxfile.py").read_text(encoding="utf-8")
