# What one does with this project. Needs Python 3.11 or newer and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Torch is pinned in constraints.txt so that no CUDA packages come in by surprise; see docs/gpu.md.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

# What a test or a tool has compiled is kept for its next run, also where the environment says otherwise.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: install run test quick check clean

install: $(VENV)/.installed ## the product with all its extras, in .venv; ends by showing that it works
	@$(BIN)/curate --version
	@$(BIN)/curate doctor --brief
	@echo "next: . $(BIN)/activate && curate init study, or make run for the whole way on the shipped sample"

run: $(VENV)/.installed ## the main job on the shipped sample, in ./workspace
	$(BIN)/curate review install
	$(BIN)/curate run --sample --workspace workspace

test: $(VENV)/.tested ## the tests, in two processes
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

quick: $(VENV)/.tested ## while you work: lint, types, imports, tests without server, database or model
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest --quick --numprocesses 2 --dist loadfile

check: $(VENV)/.tested ## what CI does: lint, format, types, imports, tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	MYPYPATH=benchmarks $(BIN)/mypy --ignore-missing-imports benchmarks/*.py
	$(BIN)/lint-imports
	$(MAKE) test

clean: ## remove what the other targets made
	rm -rf $(VENV) workspace build *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

$(VENV)/.installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) --editable '.[all]'
	touch $@

$(VENV)/.tested: $(VENV)/.installed
	$(PIP) --editable '.[test]'
	$(BIN)/curate models install smollm2 || echo "not installed: smollm2; its tests are skipped"
	touch $@
