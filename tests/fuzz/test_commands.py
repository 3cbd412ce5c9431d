"""Whatever stands in a config or on the command line: exit code 0, 1 or 2, and where it is 2 a sentence."""

import contextlib
import io
import tempfile
from pathlib import Path
from types import NoneType

from hypothesis import given
from hypothesis import strategies as st

from keras_saliency import cli
from keras_saliency.checks.config import Config
from keras_saliency.errors import UnreadableFileError

from . import samples
from .damage import NAMES, VALUES
from .test_names import harmless

ARGUMENT = NAMES.filter(lambda text: not text.startswith("/") and ".." not in text)
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
    ["0", "-1", "nan", "inf", "1e999999999", "1/0", "²", "٣", "9" * 5_000, "1/3/", "0x0", "3x4", "²x²"]
)
LITERALS = st.sampled_from(
    ["=", "a=", "a=[1,", "a=" + "[" * 10_000, "a=" + "-" * 100_000, "a=1_0", "a=\0", "samples=2"]
)
VALUE = st.one_of(ARGUMENT, NUMBERS, st.sampled_from(FILES), LITERALS)

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
COMMANDS = {
    "check": (2, [*OF_A_METHOD, *OF_A_CHECK, "--config"]),
    "golden": (2, [*OF_A_METHOD, "--config", "--out"]),
    "explain": (2, [*OF_A_METHOD, "--resize", "--scale", "--out"]),
    "view": (1, ["--every", "--max-size", "--export"]),
}
"""Commands with the number of files that each takes, and the options that each has."""


@st.composite
def calls(draw):
    """A call of a command, whose last option is given and so nothing is served; in some calls with an argument more."""
    command = draw(st.sampled_from(sorted(COMMANDS)))
    count, options = COMMANDS[command]
    chosen = draw(st.lists(st.sampled_from(options), max_size=3))
    values = [draw(st.sampled_from(FILES) | VALUE) for _ in range(count)]
    more = draw(st.lists(VALUE, max_size=1))
    return [command, *(f"{name}={draw(VALUE)}" for name in [*chosen, options[-1]]), "--", *values, *more]


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
