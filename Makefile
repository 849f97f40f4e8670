# Everything a newcomer needs: `make demo` and `make test`. Python 3.11+ and make are enough.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test lint bench clean

.venv/.made:
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q --disable-pip-version-check --upgrade "pip>=25.1"
	@touch $@

.venv/.core: .venv/.made pyproject.toml Makefile
	$(BIN)/pip install -q --disable-pip-version-check -e .
	@touch $@

.venv/.test: .venv/.core pyproject.toml Makefile
	$(BIN)/pip install -q --disable-pip-version-check -e ".[speech,storage]" --group test
	@touch $@

.venv/.lint: .venv/.core pyproject.toml Makefile
	$(BIN)/pip install -q --disable-pip-version-check -e ".[storage]" --group lint
	@touch $@

demo: .venv/.core
	$(BIN)/python scripts/demo.py

test: .venv/.test
	$(BIN)/pytest -n auto

lint: .venv/.lint
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy

bench: .venv/.test
	$(BIN)/python -m benchmarks

clean:
	rm -rf .venv
