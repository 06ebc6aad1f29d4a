# Only make and Python 3.11 to 3.14 are expected; every target installs what it needs into .venv.

PYTHON ?= python3
ONCE ?=
ARGS ?=
SEED ?=
CASES ?= 20000
UPGRADE ?= --upgrade

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
INSTALL := $(PIP) install --quiet --require-hashes --only-binary :all:
RESOLVE := $(BIN)/uv pip compile --no-config --quiet --universal --generate-hashes --only-binary :all: \
	--emit-build-options --no-header --no-emit-index-url --no-emit-find-links $(UPGRADE)

# A virtual environment holds absolute paths. One that was copied or moved here, was left half made, or has lost its
# Python is made again.
ifneq ($(shell [ "$$(cat .venv/.made-in 2>/dev/null)" = "$(CURDIR)" ] && [ -x $(BIN)/python ] && echo ours),ours)
.PHONY: .venv/.made-in
endif

.NOTPARALLEL:
.DEFAULT_GOAL := help
.PHONY: help demo test lint types format fuzz test-oracle test-records test-hapi test-validator test-postgres test-browser pictures \
	messages conformance accuracy bench bench-load sbom audit lock setup setup-dev jdk npm postgresql chromium clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' Makefile

demo: setup ## sample patients, a FHIR server and the service; ONCE=1 stops after the table
	@$(BIN)/trialhook demo $(if $(ONCE),--once) $(ARGS)

test: lint types ## the gate: lint, format, strict types, tests on all cores (ARGS="-k age" goes to pytest)
	@$(BIN)/pytest -n auto $(ARGS)

lint: setup-dev ## ruff: its rules and its format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: setup-dev ## mypy, strict
	@$(BIN)/mypy

format: setup-dev ## rewrite the code in ruff's format
	@$(BIN)/ruff check --fix --exit-zero --quiet .
	@$(BIN)/ruff format .

fuzz: setup-dev ## changed records against what holds for every record (docs/invariants.md); SEED= and CASES= may be set
	@$(BIN)/python -m tests.fuzz --cases $(CASES) $(if $(SEED),--seed $(SEED)) $(ARGS)

test-oracle: setup-dev ## both scores against a second, naive implementation on 50,000 random patients
	@ORACLE_PATIENTS=$${ORACLE_PATIENTS:-50000} $(BIN)/pytest -n auto tests/oracle $(ARGS)

test-records: jdk npm setup-dev ## records that others wrote: HL7's 5,307 examples and 200 of Synthea's patients
	@$(BIN)/python -m tests.records
	@$(BIN)/pytest -n 2 -m records tests/records $(ARGS)

test-hapi: jdk setup-dev ## the service against HAPI FHIR and Synthea, or against HAPI_BASE_URL
	@$(BIN)/python -m tests.hapi
	@$(BIN)/pytest -m hapi tests/hapi $(ARGS)

test-validator: jdk setup-dev ## HL7's own validator on what we send, and our parser on HL7's samples
	@$(BIN)/python -m tests.validator
	@$(BIN)/pytest -m validator tests/validator $(ARGS)

test-postgres: postgresql setup-dev ## the database's tests on PostgreSQL, a throwaway server or TRIALHOOK_TEST_POSTGRES
	@$(BIN)/pytest -m postgres tests $(ARGS)

test-browser: chromium npm jdk setup-dev ## the pages in Chromium, over the demo and over HAPI
	@$(BIN)/python -m tests.browser
	@$(BIN)/pytest -m browser tests/browser $(ARGS)

pictures: chromium setup-dev ## docs/pictures: the pages of the demo, for the README
	@$(BIN)/python -m tests.browser.pictures

accuracy: setup-dev ## docs/accuracy.md: synthetic patients of known verdicts, one fact varied at a time
	@$(BIN)/python -m tests.accuracy

# What the catalogues lack is left empty for a translator; what is no longer said goes away.
messages: setup-dev ## mappings/language/locale: the texts that are to be translated, in each language's catalogue
	@mkdir -p build
	@$(BIN)/pybabel --quiet extract --mapping-file mappings/language/babel.cfg --no-default-keywords --keywords message \
		--add-location file --sort-by-file --width 110 --output-file build/trialhook.pot \
		cards mappings cds_service
	@$(BIN)/pybabel --quiet update --domain trialhook --input-file build/trialhook.pot \
		--output-dir mappings/language/locale --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --width 110

conformance: setup-dev ## docs/conformance.md: every requirement of CDS Hooks on a service, and the test that shows it
	@$(BIN)/python -m tests.conformance

bench-load: postgresql setup-dev ## the part of bench with 4 workers under load while all around them fails in turn
	@$(BIN)/python -m bench.load $(ARGS)

bench: jdk postgresql setup-dev ## measure the speed; bench/RESULTS.md keeps the table
	@$(BIN)/python -m bench $(ARGS)

sbom: setup-dev ## what the service ships with, as CycloneDX in build/sbom.json
	@mkdir -p build
	@PYTHONWARNINGS=ignore $(BIN)/cyclonedx-py requirements requirements/runtime.txt --pyproject pyproject.toml --mc-type application \
		--output-reproducible --output-format JSON --output-file build/sbom.json
	@echo "build/sbom.json: $$(grep -c '"purl"' build/sbom.json) packages"

audit: setup-dev ## known vulnerabilities of what the service ships with
	@$(BIN)/python .ci/audit.py requirements/runtime.txt build/audit.json

lock: setup-dev ## resolve pyproject.toml into requirements/*.txt; UPGRADE= keeps the versions that still fit
	@$(RESOLVE) --group build --output-file requirements/build.txt
	@$(RESOLVE) pyproject.toml --output-file requirements/runtime.txt
	@$(RESOLVE) pyproject.toml --extra tracing --constraints requirements/runtime.txt --output-file requirements/tracing.txt
	@$(RESOLVE) pyproject.toml --extra tracing --group dev --constraints requirements/runtime.txt --output-file requirements/dev.txt

setup: .venv/.runtime ## .venv with what the service needs
setup-dev: .venv/.dev ## .venv with the test tools as well

clean: ## remove .venv and everything that was built
	@rm -rf .venv build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis tests/*/target tests/*/*/target
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.made-in:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null || { \
		echo "trialhook needs Python 3.11 to 3.14, and $(PYTHON) is" \
			"$$($(PYTHON) --version 2>&1 | tail -n 1); name another: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; \
		exit 1; }
	@rm -rf .venv
	@if ! said=$$($(PYTHON) -m venv .venv 2>&1); then \
		rm -rf .venv; \
		case "$$said" in \
		*ensurepip*|*"No module named"*) \
			case "$(notdir $(PYTHON))" in python3.*) package=$(notdir $(PYTHON))-venv;; *) package=python3-venv;; esac; \
			as=$$([ "$$(id -u)" = 0 ] || echo "sudo "); \
			echo "$(PYTHON) has no working venv module. Install it: $${as}apt-get update && $${as}apt-get install -y $$package" >&2;; \
		*) echo "$(PYTHON) could not make .venv: $$(echo "$$said" | tail -n 1)" >&2;; \
		esac; \
		exit 1; \
	fi
	@echo "$(CURDIR)" > $@

.venv/.runtime: .venv/.made-in pyproject.toml requirements/build.txt requirements/runtime.txt
	@echo "Installing trialhook into .venv ..."
	@$(INSTALL) -r requirements/build.txt -r requirements/runtime.txt
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.dev: .venv/.runtime requirements/dev.txt
	@echo "Installing the test tools into .venv ..."
	@$(INSTALL) -r requirements/dev.txt
	@touch $@

jdk:
	@command -v javac >/dev/null && command -v mvn >/dev/null || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			echo "Installing a JDK and Maven ..."; \
			export DEBIAN_FRONTEND=noninteractive; \
			apt-get update -qq && apt-get install -y -qq openjdk-17-jdk-headless maven >/dev/null; \
		else \
			echo "These tests need a JDK of 17 or later and Maven: sudo apt-get install -y openjdk-17-jdk-headless maven" >&2; \
			exit 1; \
		fi; }

npm:
	@command -v npm >/dev/null || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			echo "Installing npm ..."; \
			export DEBIAN_FRONTEND=noninteractive; \
			apt-get update -qq && apt-get install -y -qq npm >/dev/null; \
		else \
			echo "These tests need npm: sudo apt-get install -y npm" >&2; \
			exit 1; \
		fi; }

postgresql:
	@[ -n "$$TRIALHOOK_TEST_POSTGRES" ] || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			echo "Installing PostgreSQL ..."; \
			export DEBIAN_FRONTEND=noninteractive; \
			apt-get update -qq && apt-get install -y -qq postgresql >/dev/null; \
		else \
			echo "These tests need PostgreSQL: sudo apt-get install -y postgresql" >&2; \
			exit 1; \
		fi; }

# The font is for the pages in Chinese, pdftotext for what is printed.
chromium:
	@{ command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null \
			&& command -v pdftotext >/dev/null && fc-list :lang=zh 2>/dev/null | grep -q . || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			echo "Installing Chromium, a Chinese font and poppler ..."; \
			export DEBIAN_FRONTEND=noninteractive; \
			apt-get update -qq && apt-get install -y -qq \
				chromium fontconfig fonts-dejavu-core fonts-wqy-microhei poppler-utils >/dev/null; \
		else \
			echo "These tests need Chromium, a Chinese font and pdftotext:" \
				"sudo apt-get install -y chromium fonts-wqy-microhei poppler-utils" >&2; \
			exit 1; \
		fi; }
