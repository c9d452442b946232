# Every target makes what it needs first; what is up to date is skipped.
PYTHON ?=
WORKERS ?= 2
UPGRADE ?=
BREAKING ?=
python := .venv/bin/python
set_up := PYTHON="$(PYTHON)" .ci/setup.sh
compile := .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
  --generate-hashes --no-emit-index-url --no-header $(UPGRADE)
pytest := $(python) -m pytest -n $(WORKERS) --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-full test-faults spark lint format docs openapi audit lock bench clean

help: ## list the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

setup: ## make .venv with everything that development needs
	@$(set_up) dev

demo: ## train on the sample, start the service on 127.0.0.1:8000, play events, show the first flag
	@$(set_up) run
	@.venv/bin/crossflag demo

test: lint ## every check in under 8 minutes: format, lint, types, floors, tests
	@.ci/system.sh browser postgresql faketime
	$(pytest) -m "not full"

test-full: lint spark ## the same, with the long tests and those of a Spark cluster
	@.ci/system.sh browser postgresql java faketime
	$(pytest)

test-faults: setup ## kill, freeze, fill and step: what every fault does to a service under load
	@.ci/system.sh postgresql faketime
	$(pytest) tests/faults

spark: setup ## add Spark to .venv, for `crossflag features build --engine spark`
	.venv/bin/uv pip install --quiet --python $(python) --require-hashes -r requirements/spark.lock

lint: setup ## format, lint, types and import floors, without changing a file
	$(python) -m ruff format --check .
	$(python) -m ruff check .
	$(python) -m mypy
	.venv/bin/lint-imports

format: setup ## put the code in the house's form
	$(python) -m ruff format .
	$(python) -m ruff check --fix .

docs: export NO_MKDOCS_2_WARNING = 1
docs: setup ## write the generated pages and build the site into site/
	$(python) docs/generate.py
	$(python) docs/pictures.py
	$(python) -m mkdocs build --strict

openapi: setup ## write docs/openapi.json, unless callers would break (BREAKING=yes)
	PYTHONPATH=. BREAKING=$(BREAKING) $(python) docs/contract.py

audit: setup ## look the locked packages up among known vulnerabilities, where an advisory source answers
	.ci/audit.sh

lock: setup ## resolve the locks from pyproject.toml; UPGRADE=--upgrade takes newer versions
	$(compile) pyproject.toml --group dev --output-file requirements/dev.lock
	$(compile) pyproject.toml --constraints requirements/dev.lock --output-file requirements/run.lock
	echo pyspark | $(compile) - --constraints requirements/dev.lock --output-file requirements/spark.lock
	$(compile) requirements/serve.in --constraints requirements/dev.lock --output-file requirements/serve.lock
	echo uv | $(compile) - --output-file requirements/bootstrap.lock

bench: setup ## measure speed on this machine
	.venv/bin/crossflag bench features

clean: ## remove .venv, caches and built pages; data in .crossflag stays
	rm -rf .venv site .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
