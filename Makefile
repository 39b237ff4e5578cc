# Everything a newcomer needs: `make run` shows the portal, `make test` proves it.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

PYTHON ?= python3
BIN := .venv/bin
PYTEST := $(BIN)/pytest

.PHONY: help setup setup-dev system run demo check test coverage test-long e2e bench bench-usage screenshots fix lock texts migration openapi clean

help: ## Say what can be made
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: .venv/.run ## Install what the portal needs into .venv
setup-dev: .venv/.dev ## Install what tests and tools need, too

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version)'
	$(PYTHON) -m venv .venv || { rm -rf .venv; echo "Install Debian's package python3-venv first."; exit 1; }

.venv/.run: requirements.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.txt
	touch $@

.venv/.dev: requirements-dev.txt .venv/.run
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements-dev.txt
	touch $@

system: ## Install the browser, the database server and Redis that tests drive (Debian packages)
	@tools/system_packages.sh

run: setup ## Demo data, portal, operator's pages and API on http://localhost:3000, with links to open
	PORTAL_ENV=$${PORTAL_ENV:-development} PORTAL_SURFACES=$${PORTAL_SURFACES:-portal,operator} $(BIN)/python -m portal_app serve

demo: setup ## Fill an empty database with the demo world
	$(BIN)/python -m portal_app demo

check: setup-dev ## Style, types, layout of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports

test: setup-dev system ## Every test but the long ones
	$(PYTEST) -m "not long" -n 2 --dist loadgroup $(ARGS)

coverage: setup-dev system ## The same tests, and which branches they leave out
	$(PYTEST) -m "not long" -n 2 --dist loadgroup --cov --cov-report=term:skip-covered $(ARGS)
	$(BIN)/python tools/coverage_floors.py

test-long: setup-dev system ## The tests that take longer than a coffee
	$(PYTEST) -m long $(ARGS)

e2e: setup-dev system ## Only the tests in a browser
	$(PYTEST) -m browser $(ARGS)

bench: setup-dev system ## Measure speed and bytes; prints ratios within one run
	$(BIN)/python -m bench

bench-usage: setup-dev system ## Measure usage: make bench-usage ARGS="1000000 10000000"
	$(BIN)/python -m bench usage_reads $(ARGS)
	$(BIN)/python -m bench usage_ingest $(firstword $(ARGS))
	$(BIN)/python -m bench usage_http
	$(BIN)/python -m bench usage_import $(firstword $(ARGS))

screenshots: setup-dev system ## Draw docs/screenshots anew
	$(BIN)/python tools/screenshots.py

fix: setup-dev ## Repair what tools can repair
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Extras stay in the lock: without them pip asks for the newest release of `granian[reload]`, which has no hash here.
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-emit-index-url --no-annotate --no-header
lock: setup-dev ## Lock every dependency anew, without download addresses
	$(LOCK) $(ARGS) pyproject.toml -o requirements.txt
	$(LOCK) $(ARGS) -c requirements.txt --group dev pyproject.toml -o requirements-dev.txt
	rm -rf reflex.lock .web
	$(BIN)/python -m portal_app build
	@! grep -nE '"resolved"|https?://' reflex.lock/package-lock.json requirements.txt requirements-dev.txt | grep -v funding

texts: setup-dev ## Collect every text people read into portal_app/locale/portal.pot
	$(BIN)/pybabel --quiet extract --no-location --sort-output --omit-header -o portal_app/locale/portal.pot portal_app

openapi: setup-dev ## Write docs/openapi.json from the API, for the diff to show what changed
	$(BIN)/python tools/write_openapi.py

migration: setup-dev ## Write a migration from the tables' changes: make migration NAME="add a column"
	$(BIN)/python -m portal_app migrate
	$(BIN)/alembic revision --autogenerate -m "$(NAME)"

clean: ## Take away what was made, but not your database
	rm -rf .venv .web .web-* .states .pytest_cache .ruff_cache .hypothesis .import_linter_cache .coverage test-results
