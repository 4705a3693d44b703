# Groundswell with Python and make alone: everything is installed into .venv beside this file.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python -m
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help install demo test lint format clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

install: $(STAMP) ## Make .venv and install Groundswell into it (PYTHON=python3.12 names another Python)

$(STAMP): pyproject.toml constraints.txt
	@command -v "$(PYTHON)" >/dev/null || { \
		echo "groundswell: there is no $(PYTHON) here; install Python 3.11 or later, or name one: make PYTHON=python3.12" >&2; \
		exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "groundswell: $(PYTHON) is $$("$(PYTHON)" -V 2>&1), which is too old; name Python 3.11 or later:" \
			"make PYTHON=python3.12" >&2; \
		exit 1; }
	@test -x $(VENV)/bin/python || "$(PYTHON)" -m venv $(VENV) || { \
		rm -rf $(VENV); \
		echo "groundswell: $(PYTHON) cannot make a virtual environment; on Debian and Ubuntu install python3-venv" >&2; \
		exit 1; }
	@echo "installing into $(VENV): the first time takes some minutes, PyTorch is large"
	$(RUN) pip install --quiet --disable-pip-version-check --upgrade pip
	$(RUN) pip install --disable-pip-version-check -c constraints.txt -e . --group dev
	@touch $(STAMP)

demo: install ## Show Groundswell at work on the bundled scenario (ARGS=--once ends by itself)
	$(VENV)/bin/groundswell demo $(ARGS)

test: install ## Run the tests on a real Kafka and a real Valkey (ARGS="tests/model -x" chooses)
	$(RUN) pytest $(ARGS)

lint: install ## Check style, types, the arrows between packages, and file sizes
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy
	$(VENV)/bin/lint-imports
	$(RUN) tools.check_sizes

format: install ## Put the code into its form
	$(RUN) ruff check --fix .
	$(RUN) ruff format .

clean: ## Remove .venv and all that tools have left here
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
