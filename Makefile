PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run test check bench fix lock migrate

help: ## what can be done here
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: $(VENV)/run.stamp ## make .venv with the program .venv/bin/switchboard

run: setup ## start the platform: SQLite, web chat, no key needed
	@$(BIN)/switchboard run

test: setup-dev ## run all tests
	@$(BIN)/python -m pytest

check: setup-dev ## what CI runs: format, lint, types, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest

fix: setup-dev ## format and mend what the linter can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup-dev ## measure, and write docs/benchmarks.md
	$(BIN)/python -m bench

migrate: setup ## bring the database to the newest schema
	$(BIN)/switchboard migrate

lock: setup-dev ## resolve the dependencies anew into both lock files
	$(BIN)/uv pip compile --quiet --universal --no-strip-extras --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate \
	  --python-version 3.11 --custom-compile-command "make lock" --upgrade pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --no-strip-extras --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate \
	  --python-version 3.11 --custom-compile-command "make lock" --upgrade --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

setup-dev: $(VENV)/dev.stamp

# hatchling, which builds the editable install, is in both locks, so that nothing is fetched without a hash.
$(VENV)/run.stamp: requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index --editable .
	@touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@
