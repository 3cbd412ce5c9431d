"""Whatever stands in a config or on the command line: exit code 0, 1 or 2, and where it is 2 a sentence."""

import contextlib
import io
import os
import tempfile
from pathlib import Path
from types import NoneType

from hypothesis import given
from hypothesis import strategies as st

from keras_saliency import cli
from keras_saliency.checks.gate.config import Config
from keras_saliency.errors import UnreadableFileError

from . import samples
from .damage import NAMES, VALUES
from .test_names import harmless


def as_arguments_are(text):
    """What Python makes of the text's bytes in an argument of a process."""
    return os.fsdecode(text.replace("\0", "").encode("utf-8", "surrogatepass"))


ARGUMENT = NAMES.map(as_arguments_are).filter(lambda text: not text.startswith("/") and ".." not in text)
"""What is given as a path, too, and must not be one that anything else uses."""

FILES = [
    "probes.npz",
    "images.npz",
    "picture.png",
    "saliency.toml",
    "log",
    "golden.npz",
    "mask.npy",
    "none.npz",
    ".",
]
NUMBERS = st.sampled_from(
    [
        "1",
        "0.5",
        "0",
        "-1",
        "nan",
        "inf",
        "1e999999999",
        "1/0",
        "1/3/",
        "²",
        "٣",
        "9" * 5_000,
        "0x0",
        "3x4",
        "²x²",
    ]
)
LITERALS = st.sampled_from(
    ["samples=2", "=", "a=", "a=[1,", "a=" + "[" * 10_000, "a=" + "-" * 100_000, "a=1_0"]
)
VALUE = st.one_of(ARGUMENT, st.sampled_from(FILES), NUMBERS, LITERALS)
FITTING = {
    **dict.fromkeys(("--seed", "--min-accuracy", "--every", "--max-size", "--resize", "--scale"), NUMBERS),
    "--option": LITERALS,
    "--fail-on": st.just("warned"),
    "--config": st.just("saliency.toml"),
}
"""What gets past the parser, for options that take no text."""

OF_A_METHOD = ["--method", "--option", "--layer", "--target", "--output", "--logits", "--seed"]
OF_A_CHECK = [
    "--checks",
    "--forbid",
    "--require",
    "--min-accuracy",
    "--golden",
    "--fail-on",
    "--json",
    "--junit",
    "--html",
]
BESIDE_IMAGES = ["--labels", "--class-names", "--region", "--font"]
COMMANDS = {
    "check": (("none.keras", "probes.npz"), [*OF_A_METHOD, *OF_A_CHECK, "--config"]),
    "golden": (("none.keras", "probes.npz"), [*OF_A_METHOD, "--config", "--out"]),
    "explain": (
        ("picture.png", "images.npz"),
        [*OF_A_METHOD, "--resize", "--scale", *BESIDE_IMAGES, "--out"],
    ),
    "view": (("log",), ["--every", "--max-size", "--export"]),
}
"""Commands with files that each takes, and the options that each has."""


@st.composite
def calls(draw):
    """A call of a command; in some calls other files, or one more. The last option is given, so nothing is served."""
    command = draw(st.sampled_from(sorted(COMMANDS)))
    taken, options = COMMANDS[command]
    chosen = draw(st.lists(st.sampled_from(options), max_size=3))
    given_files = draw(st.just(taken) | st.tuples(*(st.just(file) | VALUE for file in taken)))
    more = draw(st.lists(VALUE, max_size=1)) if draw(st.integers(0, 9)) == 9 else []
    options = [f"{name}={draw(FITTING.get(name, VALUE))}" for name in [*chosen, options[-1]]]
    return [command, *options, "--", *given_files, *more]


@contextlib.contextmanager
def files():
    """A folder with every kind of file, as the current one."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        samples.probes().save("probes.npz")
        samples.golden().write("golden.npz")
        Path("images.npz").write_bytes(samples.npz({"images": samples.probes().images}))
        Path("mask.npy").write_bytes(samples.npy(samples.probes().regions["corner"]))
        Path("picture.png").write_bytes(samples.picture())
        Path("saliency.toml").write_bytes(samples.CONFIG)
        Path("log/saliency").mkdir(parents=True)
        Path("log/saliency/events.out.tfevents.1.x").write_bytes(samples.log())
        yield


def run(arguments):
    """Exit code and what was written to stderr. There is no model, so that nothing is ever computed."""
    out, error = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
        try:
            code = cli.main(arguments)
        except SystemExit as stopped:
            code = stopped.code
    return code, out.getvalue(), error.getvalue()


@given(calls())
def test_any_arguments(arguments):
    with files():
        code, out, error = run(arguments)
    assert code in (0, 1, 2)
    assert code or not error
    assert (code != 2) or error.strip()
    assert "internal error" not in error
    assert "Traceback" not in error
    assert harmless(out)
    assert harmless(error)


SETTINGS = st.dictionaries(
    st.sampled_from(list(Config.__dataclass_fields__)) | NAMES,
    VALUES.filter(lambda v: "@" not in str(v)),
    max_size=4,
)


def refusal(settings):
    """Why the settings are refused, if they are."""
    try:
        config = Config.of(settings).beside(Path("."))
        with files():
            config.items(config.with_masks(samples.probes()))
    except Exception as error:
        return error
    return None


@given(SETTINGS)
def test_any_settings(settings):
    error = refusal(settings)
    assert type(error) in (NoneType, ValueError, TypeError, FileNotFoundError, UnreadableFileError)
    assert error is None or len(str(error)) > 10
