"""For `make check-release`: the distributions of this tree, and an environment that holds the wheel and what it needs.

Both are made once.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.patience import LIMIT
from tests.release.uv import CONSTRAINTS, ROOT, uv, venv

OURS = ("PYTHON", "KERAS", "TF_", "XLA", "OMP_", "PYTEST", "VIRTUAL_ENV")
"""What the settings begin with that only these tests have, and no user."""


def done(command, **options):
    """A command that must succeed, and what it printed."""
    ran = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, timeout=LIMIT, check=False, **options
    )
    assert ran.returncode == 0, f"{command}\n{ran.stdout}{ran.stderr}"
    return ran.stdout


@dataclass(frozen=True)
class Fresh:
    """A virtual environment, and an empty folder to work in."""

    environment: Path
    folder: Path
    wheel: Path

    @property
    def python(self):
        return self.environment / "bin" / "python"

    def install(self, *packages, extra=""):
        """Packages, or the wheel with an extra. What is there already stays."""
        wanted = packages or [f"{self.wheel}{extra and f'[{extra}]'}"]
        return uv("pip", "install", "--python", self.python, *CONSTRAINTS, *wanted)

    def settings(self, **settings):
        """A user's, with the programs of this environment."""
        users = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        path = f"{self.environment / 'bin'}{os.pathsep}{os.environ['PATH']}"
        return users | {"PATH": path, "TF_CPP_MIN_LOG_LEVEL": "3"} | settings

    def run(self, *command, **settings):
        return done(command, cwd=self.folder, env=self.settings(**settings))


@pytest.fixture(scope="session")
def distributions():
    """The wheel and the sdist in `dist/`, built as a release builds them: the wheel from the sdist."""
    shutil.rmtree(ROOT / "dist", ignore_errors=True)
    done([sys.executable, "-m", "build", "--installer", "uv", ROOT])
    (wheel,), (sdist,) = (list((ROOT / "dist").glob(kind)) for kind in ("*.whl", "*.tar.gz"))
    return wheel, sdist


@pytest.fixture(scope="session")
def fresh(distributions, tmp_path_factory):
    wheel, _ = distributions
    made = Fresh(tmp_path_factory.mktemp("environment"), tmp_path_factory.mktemp("work"), wheel)
    venv(made.environment)
    made.install()
    yield made
    shutil.rmtree(made.environment)
