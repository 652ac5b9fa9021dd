# What a developer needs. `make` lists it. Everything runs in .venv, which `make setup` builds from the lock file.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.complete
PORT ?= 8080
TESTS ?= tests
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help setup demo run test lint format types imports coverage coverage-report bench lock docs docs-check clean

help: ## List what can be made
	@echo "make WHAT, where WHAT is one of:"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## Build the environment in .venv (quick when it is there)

$(STAMP): requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) --version 2>&1). Name another one: make setup PYTHON=python3.12" >&2; exit 1; }
	@# Debian's python3 may come without ensurepip; then a pip outside the environment installs into it.
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || { rm -rf $(VENV); $(PYTHON) -m venv --without-pip $(VENV); } || { \
	  echo "No environment can be made. Install the venv module, on Debian: apt-get install python3-venv" >&2; exit 1; }
	@if $(BIN)/python -m pip --version >/dev/null 2>&1; then pip="$(BIN)/python -m pip"; \
	elif $(PYTHON) -m pip --version >/dev/null 2>&1; then pip="$(PYTHON) -m pip --python $(BIN)/python"; \
	else echo "There is no pip. Install it, on Debian: apt-get install python3-venv python3-pip" >&2; exit 1; fi; \
	echo "Installing the locked packages into $(VENV)"; \
	$$pip install --quiet --require-hashes -r requirements-dev.txt && \
	$$pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

demo: setup ## See it work on made-up data, in less than a minute (ARGS=--keep leaves it running)
	@$(BIN)/reskontro demo $(ARGS)

run: setup ## Serve the API with a worker on PORT (8080), data in .reskontro
	@$(BIN)/reskontro serve --port $(PORT) $(ARGS)

test: setup ## Run the tests (TESTS=tests/unit for a part of them)
	$(BIN)/pytest -n 2 --dist loadfile $(TESTS) $(ARGS)

lint: setup ## Check style and format
	$(BIN)/ruff check
	$(BIN)/ruff format --check

format: setup ## Put the code into its format
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

types: setup ## Check the types
	$(BIN)/mypy

imports: setup ## Check that each part imports only from those below it
	$(BIN)/lint-imports

coverage: setup ## Run the tests and report how much of the pure rules they reach, with a floor
	$(BIN)/pytest -q -n 2 --dist loadfile --cov --cov-report= $(TESTS)
	@$(MAKE) --no-print-directory coverage-report

coverage-report:
	$(BIN)/coverage report --fail-under=90 \
	  --include='src/reskontro/kit/*,src/reskontro/norway/*,src/reskontro/ledger/matching.py,src/reskontro/ledger/posting.py'

bench: setup ## Measure throughput and latency
	$(BIN)/python -m benchmarks $(ARGS)

lock: ## Resolve the dependencies anew into requirements.txt and requirements-dev.txt (needs uv)
	@command -v uv >/dev/null || { echo "uv is needed: pip install uv" >&2; exit 1; }
	uv pip compile --no-strip-extras --upgrade --universal --python-version 3.11 --generate-hashes --no-annotate --no-header pyproject.toml -o requirements.txt
	uv pip compile --no-strip-extras --upgrade --universal --python-version 3.11 --generate-hashes --no-annotate --no-header pyproject.toml --group dev -o requirements-dev.txt

docs: setup ## Write the generated parts of the documentation anew
	$(BIN)/python -m tools.documentation

docs-check: setup ## Check the links of the documentation and the commands it shows
	$(BIN)/python .ci/check_docs.py

clean: ## Remove the environment and everything that was built or cached
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache .coverage
