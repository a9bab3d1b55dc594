# Everything a stranger types. Set-up happens by itself, once: .venv/.ready remembers what was installed.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo run test check soak bench lock format clean
.DEFAULT_GOAL := help

help:
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 10

.venv/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'uptimus needs Python 3.11 or newer (PYTHON=… names another one)'; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo 'Python has no venv here; on Debian: apt-get install python3-venv'; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo 'Installing the pinned libraries into .venv …'
	@{ $(BIN)/python -m pip install --disable-pip-version-check --require-hashes -r requirements.lock && \
		$(BIN)/python -m pip install --disable-pip-version-check --no-deps --no-build-isolation --editable . ; } \
		> .venv/setup.log 2>&1 || { cat .venv/setup.log; exit 1; }
	@touch $@

demo: .venv/.ready ## a simulated page plays a real outage; no tokens, no network
	@$(BIN)/python -m bot demo --once

run: .venv/.ready ## the long-running process, with the settings of .env
	@$(BIN)/python -m bot run

test: .venv/.ready ## the tests that a newcomer waits for
	@$(BIN)/python -m pytest -q -n 2 --dist worksteal -m 'not soak'

soak: .venv/.ready ## what takes longer
	@$(BIN)/python -m pytest -q -m soak

check: .venv/.ready ## format, lint, types, import layers, migrations in step, vulnerabilities, tests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@rm -f .venv/check.db && DATABASE_URL=sqlite:///.venv/check.db $(BIN)/python -m bot db upgrade
	@DATABASE_URL=sqlite:///.venv/check.db $(BIN)/python -m bot db check
	@$(BIN)/python tests/security/audit.py
	@$(MAKE) --no-print-directory test

format: .venv/.ready ## put the code into the common form
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

.venv/.bench-ready: .venv/.ready tests/bench/requirements.lock
	@echo 'Installing what `make bench` measures itself beside …'
	@$(BIN)/python -m pip install --disable-pip-version-check --require-hashes -r tests/bench/requirements.lock \
		> .venv/bench.log 2>&1 || echo 'Not all of it can be installed (.venv/bench.log): those sections say so.'
	@touch $@

bench: .venv/.bench-ready ## the figures of the README, measured on this machine
	@PYTHONPATH=.:tests $(BIN)/python -m bench

lock: .venv/.ready ## pin the newest allowed set of libraries, with hashes and without addresses
	@$(BIN)/pip-compile --quiet --upgrade --extra dev --generate-hashes --allow-unsafe --strip-extras --no-header \
		--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --output-file requirements.lock pyproject.toml
	@$(BIN)/pip-compile --quiet --upgrade --extra bench --generate-hashes --allow-unsafe --strip-extras --no-header \
		--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --constraint requirements.lock \
		--output-file tests/bench/requirements.lock pyproject.toml
	@$(BIN)/python ops/pins.py > ops/requirements.lock

clean: ## forget the set-up
	rm -rf .venv build *.egg-info
