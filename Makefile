# Every target sets up what it needs, on a fresh machine too. CI and the pre-commit hooks run these targets.
PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
# Tests run in two processes with one thread each.
export OMP_NUM_THREADS = 1

.PHONY: install demo test test-slow test-lower-bounds lint format clean

install: $(VENV)/.installed

# The CPU build of torch comes first: a looser request may fetch gigabytes of CUDA packages.
$(VENV)/.installed: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -c "import torch" 2>/dev/null || $(BIN)/pip install --quiet torch==2.13.0
	$(BIN)/pip install --quiet --editable ".[plot,parquet,test]"
	touch $@

demo: install
	$(BIN)/sklearn-mtl demo --out demo

test: install
	$(BIN)/python -m pytest -n 2 --dist loadfile

test-slow: install
	$(BIN)/python -m pytest -m slow

# The oldest supported versions, in an environment of their own.
test-lower-bounds:
	test -x .venv-lower-bounds/bin/python || $(PYTHON) -m venv .venv-lower-bounds
	.venv-lower-bounds/bin/pip install --quiet --constraint tests/lower-bounds.txt torch
	.venv-lower-bounds/bin/pip install --quiet --constraint tests/lower-bounds.txt --editable ".[plot,parquet,test]"
	.venv-lower-bounds/bin/python -m pytest -n 2 --dist loadfile

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: install
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) .venv-lower-bounds demo build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache
