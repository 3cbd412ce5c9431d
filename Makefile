# `make demo` and `make test` make what they need; nothing but Python 3.11 or newer and make is assumed.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PROJECT := pyproject.toml tests/constraints.txt
INSTALL := $(BIN)/python -m pip install --quiet --constraint tests/constraints.txt

.PHONY: help demo test test-all test-repeats test-trackers test-ray docs docs-serve versions fuzz mutants trace soak zoo check check-page check-release sizes format benchmark benchmark-tab seeds field repairs matrix tutorials gallery clean

help:
	@echo "make demo       the main job on real images, offline: writes runs/demo"
	@echo "make test       the tests, those that depend on the framework on TensorFlow, JAX and PyTorch: less than ten minutes on two cores"
	@echo "make test-all   these, those that assert the same on more cases (make test-repeats: only them), and the zoo"
	@echo "make test-trackers  looks in MLflow, Trackio and W&B, which it installs, read back from there"
	@echo "make test-ray   a survey on a Ray cluster, which it installs and starts on this machine"
	@echo "make versions   the tests on the oldest versions allowed, and on Python 3.12 and 3.13: some hours"
	@echo "make fuzz       bad input of every kind, for an hour and a half"
	@echo "make mutants    how many small changes to metrics, checks, records, methods and the engine's arithmetic the tests notice"
	@echo "make trace      random networks, trained with and without looks, on TensorFlow, JAX and PyTorch"
	@echo "make soak       trainings killed at random moments, and memory over many fits and looks: an hour or two"
	@echo "make zoo        every method on more than forty architectures, on all three backends: an hour or two"
	@echo "make check      style, types and the import contract; the page's and the workflows' where there is Node"
	@echo "make check-release  wheel and sdist, tried in a fresh environment, and what releases them: two minutes and downloads"
	@echo "make sizes      what each installation weighs"
	@echo "make docs       the documentation site, offline: writes build/site; make docs-serve shows it on 127.0.0.1:8000"
	@echo "make format     mend the style"
	@echo "make benchmark  what looks and methods cost, against bare compiled gradients"
	@echo "make benchmark-tab  what the Saliency tab costs its server and, where there is one, a browser"
	@echo "make seeds      the demo's claim over five seeds and three arms"
	@echo "make field      networks with and without planted shortcuts, and what the checks say of them: two hours"
	@echo "make repairs    what repairs do to the shortcuts of the field, over five seeds: three hours"
	@echo "make matrix     write the tables in docs/methods.md, docs/metrics.md and docs/callback.md"
	@echo "make tutorials  execute the notebooks in examples/tutorials, and store what they show: some minutes"
	@echo "make gallery    every method on four photographs: writes docs/gallery.md and its pictures, two minutes"
	@echo "make clean      remove the virtual environment and what was made"

demo: $(VENV)/.demo
	$(BIN)/keras-saliency demo

test: $(VENV)/.test
	$(BIN)/python -m tests.every_backend "not repeats and not zoo"

test-all: $(VENV)/.test
	$(BIN)/python -m tests.every_backend

test-trackers: | $(VENV)/bin/python
	$(INSTALL) nox
	$(BIN)/nox --session trackers

test-ray: | $(VENV)/bin/python
	$(INSTALL) nox
	$(BIN)/nox --session ray

test-repeats: $(VENV)/.test
	$(BIN)/python -m tests.every_backend "repeats and not zoo"

versions: | $(VENV)/bin/python
	$(INSTALL) nox
	$(BIN)/nox

fuzz: $(VENV)/.test
	HYPOTHESIS_PROFILE=long KERAS_BACKEND=tensorflow $(BIN)/python -m pytest tests/fuzz
	$(BIN)/python -m pip install --quiet atheris
	$(BIN)/python -m tests.fuzz.guided

mutants: $(VENV)/.test
	$(BIN)/python -m pip install --quiet mutmut==3.8.1
	KERAS_BACKEND=tensorflow $(BIN)/python -m tests.mutants

trace: $(VENV)/.test
	HYPOTHESIS_PROFILE=long KERAS_BACKEND=tensorflow $(BIN)/python -m pytest tests/properties
	HYPOTHESIS_PROFILE=long KERAS_BACKEND=jax $(BIN)/python -m pytest tests/properties
	HYPOTHESIS_PROFILE=long KERAS_BACKEND=torch $(BIN)/python -m pytest tests/properties

soak: export KERAS_SALIENCY_SOAK := long
soak: $(VENV)/.test
	KERAS_BACKEND=tensorflow $(BIN)/python -m pytest tests/soak --capture=no
	KERAS_BACKEND=jax $(BIN)/python -m pytest tests/soak --capture=no
	KERAS_BACKEND=torch $(BIN)/python -m pytest tests/soak --capture=no

zoo: $(VENV)/.test
	$(BIN)/python -m tests.every_backend "" tests/zoo

check: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@if npm --version >/dev/null 2>&1 && node --eval "process.exit(Number(parseInt(process.versions.node) < 20))"; \
	then $(MAKE) --no-print-directory check-page; \
	else echo "No Node 20 or newer with npm: the checks of the Saliency tab's page and of the workflows are skipped."; fi

check-page: node_modules/.package-lock.json
	npm run --silent check

docs: $(VENV)/.docs
	$(BIN)/python -m website

docs-serve: docs
	$(BIN)/python -m http.server --bind 127.0.0.1 --directory build/site 8000

check-release: $(VENV)/.test
	$(INSTALL) --requirement tests/release/requirements.txt
	$(BIN)/python -m pytest tests/release/check_*.py --verbose --durations 0

sizes: | $(VENV)/bin/python
	$(INSTALL) --requirement tests/release/requirements.txt
	$(BIN)/python -m benchmarks.install_sizes

format: $(VENV)/.test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	@if npm --version >/dev/null 2>&1; then $(MAKE) --no-print-directory node_modules/.package-lock.json && npm run --silent format; fi

benchmark: $(VENV)/.test
	KERAS_BACKEND=tensorflow $(BIN)/python -m benchmarks.look
	KERAS_BACKEND=tensorflow $(BIN)/python -m benchmarks.methods
	KERAS_BACKEND=jax $(BIN)/python -m benchmarks.methods
	KERAS_BACKEND=torch $(BIN)/python -m benchmarks.methods
	$(BIN)/python -m benchmarks.training
	$(BIN)/python -m benchmarks.large_images
	$(BIN)/python -m benchmarks.evaluations
	$(BIN)/python -m benchmarks.crossing
	$(BIN)/python -m benchmarks.survey

benchmark-tab: $(VENV)/.test
	$(BIN)/python -m benchmarks.tab_server
	$(BIN)/python -m benchmarks.tab_page

seeds: $(VENV)/.test
	$(BIN)/python -m benchmarks.arms

field: $(VENV)/.test
	$(BIN)/python -m benchmarks.field train
	$(BIN)/python -m benchmarks.field judge
	$(BIN)/python -m benchmarks.field table
	$(BIN)/python -m benchmarks.field lite0

repairs: $(VENV)/.test
	$(BIN)/python -m benchmarks.field repair --seeds 0 1 2 3 4 --ways nothing plain aimed found
	$(BIN)/python -m benchmarks.field repair --ways reasons hot
	$(BIN)/python -m benchmarks.field repaired

matrix: $(VENV)/.test
	$(BIN)/python tests/methods/matrix.py
	$(BIN)/python tests/metrics/tables.py

tutorials: $(VENV)/.test
	$(BIN)/python -m examples.tutorials.execute

gallery: $(VENV)/.test
	KERAS_BACKEND=tensorflow $(BIN)/python examples/photographs/gallery.py

clean:
	rm -rf $(VENV) .nox node_modules runs build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache

node_modules/.package-lock.json: package.json package-lock.json
	npm ci --silent
	@touch $@

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

$(VENV)/.docs: $(PROJECT) | $(VENV)/bin/python
	@echo "Installing keras_saliency and what makes the documentation into $(VENV) (some minutes, once) …"
	$(INSTALL) --editable ".[docs]"
	@touch $@
