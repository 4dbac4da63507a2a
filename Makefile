# Two commands for newcomers: make demo, make test. The rest is for developers.
PYTHON ?= python3
EXTRAS ?= dev
BIN := .venv/bin

.PHONY: demo test lint bench docs site goldens engines plugin install

demo: .venv/demo
	$(BIN)/python examples/demo.py demo

test: install
	$(BIN)/python -m pytest

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	rm -rf build .lint
	$(BIN)/python -m pip install --quiet --no-deps --target .lint .
	MYPYPATH=.lint $(BIN)/mypy
	PYTHONPATH=.lint $(BIN)/lint-imports

bench: install
	$(BIN)/python -m bench

docs: install
	$(BIN)/python docs/make_nodes.py

# The pages of docs/ as a site, in build/site.
site: .venv/docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

goldens: install
	$(BIN)/python -m pytest tests/nodes --regenerate-goldens

# Without a GPU: make engines EXTRAS=build
engines: install
	$(BIN)/python build_engines.py --targets portable,sm75,sm80,sm86,sm89,sm120 --store build/engines
	$(BIN)/python build_engines.py --verify --store build/engines

plugin: install
	$(BIN)/python -m interneg.plugin.ofx.build build

install: .venv/$(EXTRAS)

# Only what makes the site.
.venv/docs: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable ".[docs]"
	@touch $@

# One mark per set of extras, so that `make demo` needs none of the developers' packages.
.venv/demo: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --no-compile --editable .
	@touch $@

.venv/$(EXTRAS): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable ".[$(EXTRAS)]"
	@touch $@
