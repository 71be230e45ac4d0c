# The front door. Needs Python 3.11+ and make; the rest it fetches itself.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help demo serve test test-clients lint types spec guard wheel bench bench-large bench-polling bench-retention bench-waiting clean

help:  ## Show what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/run  ## Run real jobs and poll them in five contracts
	@$(BIN)/python docs/demo.py

serve: $(VENV)/run  ## Run the demo's jobs, then leave the server running
	@$(BIN)/python docs/demo.py --serve

test: $(VENV)/dev  ## Run the tests
	@$(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

test-clients: $(VENV)/dev  ## Run real clients against the server
	@$(BIN)/python -m pytest tests/clients

lint: $(VENV)/dev  ## Check style
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(VENV)/dev  ## Check types
	@$(BIN)/mypy

spec: $(VENV)/dev  ## Check openapi.yaml with every linter (needs Node.js)
	@lint/check

guard: $(VENV)/run  ## Check that no contract breaks its clients unless its version says so
	@$(BIN)/jobstatus spec guard contracts/published

wheel: $(VENV)/dev  ## Build the wheel and run the tests against it in an empty environment
	@tests/wheel.sh

bench: $(VENV)/bench  ## Measure polls beside peers (about 10 minutes)
	@$(BIN)/python -m benchmarks

bench-large: $(VENV)/bench  ## Measure with ten million jobs (about 45 minutes, 15 GB on a disk)
	@$(BIN)/python -m benchmarks.large

bench-polling: $(VENV)/bench  ## Simulate fleets of polling clients (about a minute)
	@$(BIN)/python -m benchmarks.polling

bench-retention: $(VENV)/bench  ## See a store in use level off (about 10 minutes)
	@$(BIN)/python -m benchmarks.retention
	@$(BIN)/python -m benchmarks.retention --store postgresql

bench-waiting: $(VENV)/bench  ## Measure polls that wait, and streams (about 4 minutes)
	@$(BIN)/python -m benchmarks.waiting

clean:  ## Remove what was made
	rm -rf $(VENV) build dist .demo lint/node_modules

$(VENV)/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed" if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/run: $(VENV)/python pyproject.toml
	@echo "Setting up $(VENV) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/dev: $(VENV)/run
	@echo "Setting up the development tools …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	@$(BIN)/python -m pip install --quiet --group dev
	@touch $@

$(VENV)/bench: $(VENV)/run
	@echo "Setting up the peers …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	@$(BIN)/python -m pip install --quiet --group bench
	@touch $@
