# Needs Python 3.11 or later and make. Everything else is fetched into .venv, once.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup run call campaign scenarios test test-all bench dashboards lint format lock pico clean

BIN := .venv/bin
UV_VERSION := 0.13.8
FILE ?=
CONTACTS ?=
TESTS ?=
SCENARIOS ?=
SYNC = $(BIN)/uv pip sync --python $(BIN)/python --require-hashes
COMPILE = UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-emit-find-links $(UPGRADE) pyproject.toml
BENCHMARKS := frame_path startup barge_in failover voice_to_voice turn_taking call_load webrtc api dialer_claim guardrails

help: ## What can be made
	@grep -E '^[a-z-]+:.*## ' Makefile | sed 's/:.*## /|/' | awk -F'|' '{ printf "  make %-10s %s\n", $$1, $$2 }'

setup: .venv/prepared .venv/console ## Install what the server needs and prepare its models

run: .venv/prepared ## Start the server
	@$(MAKE) --no-print-directory .venv/console || echo "The console could not be fetched: the server runs without it." >&2
	@$(BIN)/python -m server

call: .venv/prepared ## Call the running server: make call FILE=my.wav
	@$(BIN)/python -m server call $(if $(FILE),--file "$(FILE)")

campaign: .venv/prepared ## Call 200 simulated people, and watch: make campaign CONTACTS=50
	@$(BIN)/python -m server campaign $(if $(CONTACTS),--contacts "$(CONTACTS)")

scenarios: .venv/prepared ## Hold the calls that scenarios/ describes, and say how they went
	@$(BIN)/python -m server scenarios $(SCENARIOS)

test: .venv/developer .venv/prepared .venv/console ## Run the tests: make test TESTS=tests/storage
	@sh tests/speech.sh
	@sh tests/postgres.sh
	@sh tests/redis.sh
	@sh tests/prometheus.sh
	@sh tests/chromium.sh
	@sh tests/browser/npm.sh
	@$(BIN)/pytest -n 2 $(TESTS)

test-all: .venv/developer .venv/prepared .venv/console ## Run the tests, those that take minutes too, in debug mode of asyncio
	@sh tests/speech.sh
	@sh tests/postgres.sh
	@sh tests/redis.sh
	@sh tests/prometheus.sh
	@sh tests/chromium.sh
	@sh tests/browser/npm.sh
	@$(BIN)/pytest -n 2 -m '' -o asyncio_debug=true $(TESTS)

bench: .venv/developer .venv/prepared ## Measure: each prints its figures and the bar it has to reach
	@sh tests/speech.sh
	@sh benchmarks/talk.sh
	@for name in $(BENCHMARKS); do echo "== $$name"; $(BIN)/python -m benchmarks.$$name || exit 1; done

dashboards: .venv/prepared ## Write the rules and dashboards in deploy/ of the metrics there are
	@$(BIN)/python -m server.dashboards

lint: .venv/developer ## Check form, types, who imports whom, and the YAML of deploy/
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/yamllint --strict -c deploy/.yamllint deploy

format: .venv/developer ## Put the code into form
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lock: .venv/uv ## Pin the dependencies of pyproject.toml; UPGRADE=--upgrade takes the newest
	@$(COMPILE) --output-file requirements.txt
	@$(COMPILE) --extra dev --constraint requirements.txt --output-file requirements-dev.txt

pico: .venv/prepared ## A better English voice (compiles: needs gcc and Python's headers)
	@$(BIN)/uv pip install --python $(BIN)/python ttspico==0.3.2

clean: ## Remove what was installed; data and recordings stay
	rm -rf .venv control_api/console/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.venv/uv:
	@python=$$(for name in $(PYTHON) python3.13 python3.12 python3.11 python3; do \
		"$$name" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$name" && break; \
	done); \
	if [ -z "$$python" ]; then \
		echo "Python 3.11 or later with its venv module is needed (on Debian and Ubuntu: apt install python3-venv)." >&2; \
		exit 1; \
	fi; \
	echo "Making .venv with $$("$$python" --version)"; \
	"$$python" -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

# The developer's packages hold the server's own: where they are in place there is nothing to do for it.
.venv/runtime: requirements.txt | .venv/uv
	@[ .venv/developer -nt requirements.txt ] || { rm -f .venv/developer && $(SYNC) requirements.txt; }
	@touch $@

.venv/developer: requirements-dev.txt requirements.txt | .venv/uv
	@rm -f .venv/runtime $@
	@$(SYNC) requirements-dev.txt
	@touch $@

.venv/prepared: .venv/runtime
	@$(BIN)/python -m server prepare
	@touch $@

.venv/console: control_api/console/package-lock.json control_api/console/requirements-node.txt | .venv/runtime
	@sh control_api/console/install.sh
	@touch $@
