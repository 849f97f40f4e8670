# Everything a newcomer needs: `make demo` and `make test`. Python 3.11+ and make are enough.
PYTHON ?= python3
TORCH ?= torch==2.13.0
BIN := .venv/bin

.PHONY: demo test test-fire test-clients lint bench screenshots clean

.venv/.made:
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q --disable-pip-version-check --upgrade "pip>=25.1"
	@touch $@

.venv/.core: .venv/.made pyproject.toml Makefile
	$(BIN)/pip install -q --disable-pip-version-check -e .
	@touch $@

# torch alone first: a build for the processor will do, if that is the one that is at hand.
.venv/.dev: .venv/.core pyproject.toml Makefile
	$(BIN)/pip install -q --disable-pip-version-check "$(TORCH)"
	$(BIN)/pip install -q --disable-pip-version-check -e ".[speech,storage,postgres,ray,otel,ovi,ltx2,partners,mcp]" --group test --group lint
	@touch $@

demo: .venv/.core
	$(BIN)/python scripts/demo.py

test: .venv/.dev
	$(BIN)/pytest -n auto

# Everything that tests/fire does in full; `test` has the short forms of it. A seed: UNDERSTUDY_FIRE_SEED=7 make test-fire
test-fire: .venv/.dev
	$(BIN)/pytest tests/fire -m fire -s

# Clients whose versions exclude each other: each has an environment of its own, with nothing else in it.
CLIENTS := $(patsubst tests/clients/%/requirements.txt,%,$(wildcard tests/clients/*/requirements.txt))

.venv/clients/%/.made: tests/clients/%/requirements.txt
	$(PYTHON) -m venv --clear .venv/clients/$*
	.venv/clients/$*/bin/pip install -q --disable-pip-version-check -r $<
	@touch $@

test-clients: .venv/.core $(CLIENTS:%=.venv/clients/%/.made)
	$(BIN)/python tests/clients/run.py

lint: .venv/.dev
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy

bench: .venv/.dev
	$(BIN)/python -m benchmarks

# The pictures of the dashboard in README.md and docs/dashboard.md. Needs a Chromium, and Noto Sans to look as it does there.
screenshots: .venv/.dev
	$(BIN)/python -m scripts.make_screenshots

clean:
	rm -rf .venv
