"""Tests in a new interpreter with another text for one file: `python -m tests.mutants.anew FILE TEXT TEST …`."""

import sys
from importlib.machinery import SourceFileLoader

import pytest

OPTIONS = (
    *("--assert=plain", "-p", "no:terminal", "-p", "no:cacheprovider", "-p", "no:xdist"),
    *("-m", "not zoo", "-o", "addopts=--strict-markers --import-mode=importlib"),
)
"""Plain, as pytest else imports our package, a plugin of its own, by a loader that reads the file on disk."""


def main(path, source, *tests):
    original = SourceFileLoader.get_code

    def get_code(loader, name):
        return compile(source, path, "exec") if loader.path == path else original(loader, name)

    SourceFileLoader.get_code = get_code
    return pytest.main([*tests, "-x", *OPTIONS])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
