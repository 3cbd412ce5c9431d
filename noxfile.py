"""The tests on other versions than those of `make test`. `make versions` runs all of it; some hours on two cores.

    nox --session newest-3.13                                   one combination, on the three backends
    KERAS_BACKEND=jax nox --session oldest -- tests/engine      some tests, on one backend

A Python must be on the path as `python3.12` and so on; nox says which it does not find.
"""

import os
from collections.abc import Iterable

import nox

nox.options.reuse_existing_virtualenvs = True
nox.options.sessions = ("oldest", "newest")

TESTS = {
    "tensorflow": ("tests", "--ignore", "tests/browser", "-m", "not zoo"),
    "jax": ("tests", "-m", "backend and not zoo"),
    "torch": ("tests", "-m", "backend and not zoo"),
}


@nox.session(python="3.11")
def oldest(session: nox.Session) -> None:
    """The lowest version of every dependency that `pyproject.toml` allows; KerasHub needs a newer Keras than that."""
    extras = "plot,regions,demo,jax,torch,tools"
    session.install("--constraint", "tests/constraints-oldest.txt", "--editable", f".[{extras}]")
    _test(session, TESTS)


@nox.session(python=["3.12", "3.13"])
def newest(session: nox.Session) -> None:
    """The versions that `make test` takes."""
    session.install("--constraint", "tests/constraints.txt", "--editable", ".[test]")
    _test(session, TESTS)


@nox.session(python="3.13")
def unreleased(session: nox.Session) -> None:
    """What will be released next, as far as it can be had: a failure here may not be ours."""
    session.install("--constraint", "tests/constraints.txt", "--editable", ".[test]")
    session.install("--upgrade", "--pre", "keras", "tensorflow", "tensorboard", "jax")
    _test(session, ("tensorflow", "jax"))


@nox.session
def trackers(session: nox.Session) -> None:
    """MLflow, Trackio and W&B, which ask for older versions of some packages than the rest takes."""
    session.install(
        "mlflow==3.17.2", "trackio==0.43.0", "wandb==0.31.0", "pytest", "hypothesis", "--editable", "."
    )
    session.run(
        "python", "-m", "pytest", "tests/looks/writers/test_trackers.py", env={"KERAS_BACKEND": "tensorflow"}
    )


@nox.session
def ray(session: nox.Session) -> None:
    """A cluster of two workers on this machine; the surveys there are those of one process."""
    session.install("--constraint", "tests/constraints.txt", "pytest", "hypothesis", "--editable", ".[ray]")
    session.run("python", "-m", "pytest", "tests/surveys/test_on_ray.py", env={"KERAS_BACKEND": "tensorflow"})


def _test(session: nox.Session, backends: Iterable[str]) -> None:
    for backend in backends:
        if os.environ.get("KERAS_BACKEND", backend) == backend:
            session.run(
                *("python", "-m", "pytest", "--numprocesses", "2", "--dist", "loadfile"),
                *(session.posargs or TESTS[backend]),
                env={"KERAS_BACKEND": backend},
            )
