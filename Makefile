PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint types docs docs-check check bench clean

help: ## Show this help
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: .venv/.done ## Make .venv with everything; CPU builds on a machine without a GPU

.venv/.done: pyproject.toml .ci/install-torch
	$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "negmine needs Python >= 3.11; try: make setup PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	.ci/install-torch $(BIN)/python
	$(BIN)/python -m pip install --quiet -e '.[cpu,dev]'
	touch $@
