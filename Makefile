# One short command for each act, the same on a laptop and in CI.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
export PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL ?= WARNING

.PHONY: help install demo test test-slow test-browser reference check bench clean

help:            ## what there is
	@grep -E '^[a-z-]+: .*##|^[a-z-]+:  *##' $(MAKEFILE_LIST) | sed 's/:.*##/  /'

install: .venv/installed  ## the virtual environment, from constraints.txt

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

demo: install    ## retrain on the handwritten digits that the project carries
	$(BIN)/keepfit run data/digits/pipeline.yaml

test: install    ## the default test suite
	$(BIN)/python -m pytest -n 2 --dist loadfile

test-slow: install ## the long proofs: kill -9 in every stage, large data, accuracy
	$(BIN)/python -m pytest -m slow

test-browser: install ## an operator's clicks in Prefect's UI; wants a chromium on the machine
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[browser]'
	$(BIN)/python -m pytest -m browser

reference: install ## the tables of the YAML in docs/reference.md, from the models
	$(BIN)/python -m keepfit.drafting.reference docs/reference.md

check: install   ## style, types, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: install   ## the figures in benchmarks/README.md; steps.py takes hours and is run by hand
	for name in metrics validation training training_steps images accuracy retrain tables score operation year; do $(BIN)/python benchmarks/$$name.py || exit 1; done

clean:           ## what the demo wrote
	rm -rf data/*/.keepfit data/textbook/*/.keepfit
