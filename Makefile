# Everything starts here: `make help`. Only Python 3.11 or newer and make are needed.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.NOTPARALLEL:

VENV := .venv
BIN := $(VENV)/bin
# The first Python on this machine that is new enough; or say which: make install PYTHON=/path/to/python3.12
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done)
SEEDS ?= 400
ARGS ?=

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(VENV)/installed ## make .venv with the platform in it (.venv/bin/mkondo)
	@echo "$(BIN)/mkondo is ready"

run: install ## start the platform on this machine and make one real payment; Ctrl-C ends it (ARGS="--port 0")
	@exec $(BIN)/mkondo up --first-payment $(ARGS)

test: $(VENV)/installed-test ## check, then every test that can run here; says what ran and what did not (ARGS="--only unit")
	@exec $(BIN)/python -m tests.run $(ARGS)

test-quick: $(VENV)/installed-test ## under two minutes, for the inner loop
	@exec $(BIN)/python -m tests.run --quick $(ARGS)

check: $(VENV)/installed-test ## format, lint, types, import rules, generated files fresh
	@exec $(BIN)/python -m tests.check

simulate: $(VENV)/installed-test ## the whole system in virtual time, on SEEDS=400 different misfortunes
	@exec $(BIN)/python -m pytest tests/simulation --seeds $(SEEDS) $(ARGS)

bench: $(VENV)/installed-test ## measure payments a second, latency, CPU per payment; writes reports/
	@exec $(BIN)/python -m tests.performance.bench $(ARGS)

bench-quick: $(VENV)/installed-test ## the same in under two minutes
	@exec $(BIN)/python -m tests.performance.bench --quick $(ARGS)

kafka: ## a local Apache Kafka, in docker or else from Java and Maven Central
	@exec bash deploy/kafka/kafka up $(ARGS)

format: $(VENV)/installed-test ## rewrite the code in the house format
	@$(BIN)/ruff check --fix-only --quiet . && $(BIN)/ruff format .

generate: $(VENV)/installed-test ## write the generated files again
	@exec $(BIN)/python -m tests.check --write

lock: $(VENV)/installed-test ## pin all dependencies again, with hashes and without download addresses
	@$(LOCK) --output-file requirements.lock
	@$(LOCK) --extra test --constraint requirements.lock --output-file requirements-test.lock

LOCK := $(BIN)/uv pip compile pyproject.toml --quiet --upgrade --group build --universal --python-version 3.11 \
	--generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

# Stamps: nothing is done again until a lock or the project's own description changes. The test lock holds all of the
# run-time lock, so installing it also serves `make install`.
$(VENV)/installed: requirements.lock pyproject.toml | $(VENV)/bin/pip
	@$(call pip_install,requirements.lock)
	@touch $@

$(VENV)/installed-test: requirements-test.lock pyproject.toml | $(VENV)/bin/pip
	@$(call pip_install,requirements-test.lock)
	@touch $(VENV)/installed $@

pip_install = echo "Installing what $(1) pins, every file checked against its hash ..." \
	&& $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $(1) \
	&& echo "Installing Mkondo itself ..." \
	&& $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .

$(VENV)/bin/pip:
	@if ! "$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
		echo "Mkondo needs Python 3.11 or newer, but $(or $(PYTHON),python3) is $$($(or $(PYTHON),python3) --version 2>&1):" \
			"install one, or name it: make install PYTHON=/path/to/python3.12" >&2; exit 1; fi
	@if ! "$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null; then \
		echo "$(PYTHON) has no venv or ensurepip: install them (Debian, Ubuntu: apt-get install python3-venv)" >&2; exit 1; fi
	@if [ ! -w . ]; then echo "$(CURDIR) is not writable by $$(id -un): clone it again as this user" >&2; exit 1; fi
	@echo "Making $(VENV) with $$("$(PYTHON)" --version) ..."
	@"$(PYTHON)" -m venv $(VENV)

.PHONY: help install run test test-quick check simulate bench bench-quick kafka format generate lock
