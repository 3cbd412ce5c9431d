# `make demo` and `make test` make what they need; nothing but Python 3.11 or newer and make is assumed.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PROJECT := pyproject.toml tests/constraints.txt
PYTEST := $(BIN)/python -m pytest --numprocesses 2
INSTALL := $(BIN)/python -m pip install --quiet --constraint tests/constraints.txt

.PHONY: help demo test versions fuzz trace soak check format benchmark benchmark-tab seeds matrix clean

help:
	@echo "make demo       the main job on real images, offline: writes runs/demo"
	@echo "make test       all tests, on TensorFlow, JAX and PyTorch"
	@echo "make versions   the tests on the oldest versions allowed, and on Python 3.12 and 3.13: some hours"
	@echo "make fuzz       bad input of every kind, for an hour and a half"
	@echo "make trace      random networks, trained with and without looks, on TensorFlow, JAX and PyTorch"
	@echo "make soak       trainings killed at random moments, and memory over many fits and looks: an hour or two"
	@echo "make check      style, types and the import contract"
	@echo "make format     mend the style"
	@echo "make benchmark  what looks and methods cost, against bare compiled gradients"
	@echo "make benchmark-tab  what the Saliency tab costs its server and, where there is one, a browser"
	@echo "make seeds      the demo's claim over five seeds and three arms"
	@echo "make matrix     write the tables in docs/methods.md, docs/metrics.md and docs/callback.md"
	@echo "make clean      remove the virtual environment and what was made"

demo: $(VENV)/.demo
	$(BIN)/keras-saliency demo

test: $(VENV)/.test
	KERAS_BACKEND=tensorflow $(PYTEST) tests
	KERAS_BACKEND=jax $(PYTEST) tests -m backend
	KERAS_BACKEND=torch $(PYTEST) tests -m backend

versions: | $(VENV)/bin/python
	$(INSTALL) nox
	$(BIN)/nox

fuzz: $(VENV)/.test
	HYPOTHESIS_PROFILE=long KERAS_BACKEND=tensorflow $(BIN)/python -m pytest tests/fuzz
	$(BIN)/python -m pip install --quiet atheris
	$(BIN)/python -m tests.fuzz.guided

trace: $(VENV)/.test
	HYPOTHESIS_PROFILE=long KERAS_BACKEND=tensorflow $(BIN)/python -m pytest tests/properties
	HYPOTHESIS_PROFILE=long KERAS_BACKEND=jax $(BIN)/python -m pytest tests/properties
	HYPOTHESIS_PROFILE=long KERAS_BACKEND=torch $(BIN)/python -m pytest tests/properties

soak: export KERAS_SALIENCY_SOAK := long
soak: $(VENV)/.test
	KERAS_BACKEND=tensorflow $(BIN)/python -m pytest tests/soak --capture=no
	KERAS_BACKEND=jax $(BIN)/python -m pytest tests/soak --capture=no
	KERAS_BACKEND=torch $(BIN)/python -m pytest tests/soak --capture=no

check: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

benchmark: $(VENV)/.test
	KERAS_BACKEND=tensorflow $(BIN)/python -m benchmarks.look
	$(BIN)/python -m benchmarks.methods
	$(BIN)/python -m benchmarks.evaluations

benchmark-tab: $(VENV)/.test
	$(BIN)/python -m benchmarks.tab_server
	$(BIN)/python -m benchmarks.tab_page

seeds: $(VENV)/.test
	$(BIN)/python -m benchmarks.arms

matrix: $(VENV)/.test
	$(BIN)/python tests/methods/matrix.py
	$(BIN)/python tests/metrics/tables.py

clean:
	rm -rf $(VENV) .nox runs build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: $(PROJECT) | $(VENV)/bin/python
	@echo "Installing keras_saliency and TensorFlow into $(VENV) (some minutes, once) …"
	$(INSTALL) --editable ".[demo]"
	@touch $@

$(VENV)/.test: $(PROJECT) | $(VENV)/bin/python
	@echo "Installing keras_saliency, the three backends and the test tools into $(VENV) (some minutes, once) …"
	$(INSTALL) --editable ".[test]"
	@touch $@ $(VENV)/.demo
