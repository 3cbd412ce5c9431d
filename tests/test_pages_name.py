"""What the pages name is there: targets, sessions, modules, files, commands and options, names of the package."""

import importlib.util
import itertools
import re
import shlex

import pytest

import keras_saliency as ks
from keras_saliency import cli
from tests.pages import PAGES, ROOT, fenced

SHELL = ("", "sh", "shell", "bash", "console")
PLACES = (ROOT, ROOT / "keras_saliency")
"""Where a path on a page may begin, beside the page's own folder."""
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
SESSIONS = (ROOT / "noxfile.py").read_text(encoding="utf-8")
PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
NAMED = {"make": r"[\w-]+", "nox": r"--session (\w+)", "pip": r"(?<=[\[,])\w+(?=[\],])"}
"""Programs whose arguments are names in a file of ours, and where these names stand: targets, sessions, extras."""
OF_OTHERS = {
    "tensorboard",
    "bash",
    "cd",
    "export",
    "git",
    "npm",
    "node",
    "nox",
    "apt",
    "apt-get",
    "pytest",
    "unzip",
}
"""Programs that are not ours, of which only the name is looked at."""


def lines(page):
    """The commands in the blocks of a page; in `console` those after a prompt."""
    for block in fenced(page):
        if block.language in SHELL:
            for line in block.source.replace("\\\n", " ").splitlines():
                if block.language != "console" or line.startswith("$ "):
                    yield line.removeprefix("$ ")


def spans(page):
    """The code in sentences."""
    prose = re.sub(
        r"^( *)```.*?^\1```$", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE
    )
    return [span.replace("\n", " ") for span in re.findall(r"(?<!`)`([^`]+)`(?!`)", prose)]


def unknown(words, page, whole=True):
    """Which words of a command are nothing that is there; in sentences a command need not be `whole`."""
    program, *arguments = itertools.dropwhile(re.compile(r"[A-Z_]+=").match, words)
    program = program.rpartition("/")[2]
    if program == "keras-saliency":
        return _unparsed(arguments) if whole else _unheard_of(arguments)
    if program == "python":
        return _no_program(arguments, page)
    if program in NAMED:
        return [
            name for name in re.findall(NAMED[program], " ".join(arguments)) if not _is_named(program, name)
        ]
    return [] if program in OF_OTHERS else [program]


def _is_named(program, name):
    return {
        "make": re.search(rf"^{name}:", MAKEFILE, re.MULTILINE),
        "nox": f"def {name}(session" in SESSIONS,
        "pip": f"\n{name} = [" in PROJECT,
    }[program]


def _unparsed(arguments):
    try:
        cli._parser().parse_args(arguments)
    except SystemExit as error:
        return [] if error.code == 0 else arguments  # --help
    return []


def _unheard_of(arguments):
    (commands,) = (action.choices for action in cli._parser()._actions if action.dest == "command")
    command, *rest = arguments
    if command not in commands:
        return [command]
    known = commands[command]._option_string_actions
    return [word for word in rest if word.startswith("--") and word not in known]


def _no_program(arguments, page):
    if arguments[0] == "-m":
        return [] if importlib.util.find_spec(arguments[1]) else arguments[1:2]
    return [path for path in arguments[:1] if path.endswith(".py") and not _is_there(path, page)]


def _is_there(path, page):
    return any(any(place.glob(path.rstrip("/"))) for place in (page.parent, *PLACES))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_can_be_typed(page, capsys):
    commands = [words for line in lines(page) if (words := shlex.split(line, comments=True))]
    wrong = [words for words in commands if unknown(words, page)]
    assert wrong == [], capsys.readouterr().err
    ours = [span for span in spans(page) if re.match(r"(make|python|keras-saliency|nox) [\w-]", span)]
    assert [span for span in ours if unknown(shlex.split(span), page, whole=False)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_is_there(page):
    named = [
        span
        for span in spans(page)
        if re.fullmatch(r"(tests|docs|benchmarks|examples)/[\w/.*-]+|[\w/]+/\w+\.py", span)
    ]
    assert [path for path in named if not _is_there(path, page)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_public_name_is_one(page):
    named = re.findall(r"\bks\.(\w+)", page.read_text(encoding="utf-8"))
    assert [name for name in named if not hasattr(ks, name)] == []


def test_there_is_something_of_each_kind():
    said = " ".join(line for page in PAGES for line in [*lines(page), *spans(page)])
    for kind in (
        "make test-all",
        "keras-saliency check",
        "python -m benchmarks",
        "--session newest-3.13",
        "tests/",
    ):
        assert kind in said
