# Every target does its own set-up. `make help` lists them.
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
UV_VERSION := 0.13.9
WORKERS ?= 2

.PHONY: help setup demo test check style bench docs lock clean

help:
	@echo "make setup  virtual environment in $(VENV), locked dependencies, the command sinyal"
	@echo "make demo   the whole chain on loopback, with a check of every number"
	@echo "make test   all tests            make check  ruff, mypy --strict, import-linter"
	@echo "make bench  measurements         make style  where the code stands"
	@echo "make docs   generated documents  make lock   renew requirements.lock"

$(STAMP): requirements.lock pyproject.toml tools/setup.sh
	@UV_VERSION=$(UV_VERSION) VENV=$(VENV) sh tools/setup.sh
	@touch $@

setup: $(STAMP)

demo: $(STAMP)
	@$(BIN)/sinyal demo $(DEMO)

test: $(STAMP)
	@sh tools/debian.sh test
	@# The browser's driver keeps an event loop running: its tests have a process of their own.
	@status=0; \
	$(BIN)/pytest -n $(WORKERS) --ignore tests/browser $(TESTS) || status=$$?; \
	$(BIN)/pytest tests/browser || status=$$?; \
	exit $$status

check: $(STAMP)
	@$(BIN)/ruff check sinyal tests bench
	@$(BIN)/ruff format --check sinyal tests bench
	@$(BIN)/mypy
	@$(BIN)/lint-imports

style: $(STAMP)
	@$(BIN)/python tools/style.py

bench: $(STAMP)
	@sh tools/debian.sh bench
	@$(BIN)/python bench/relay.py
	@$(BIN)/python bench/reception.py
	@$(BIN)/python bench/ingest.py
	@$(BIN)/python bench/memory.py
	@$(BIN)/python bench/idle.py

docs: $(STAMP)
	@$(BIN)/python tools/docs.py

lock: $(STAMP)
	@$(BIN)/uv pip compile -q --generate-hashes --no-emit-index-url --no-header \
		--python-version 3.11 --all-extras pyproject.toml -o requirements.lock

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .hypothesis
