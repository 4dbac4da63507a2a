# Two commands for newcomers: make demo, make test. The rest is for developers.
PYTHON ?= python3
EXTRAS ?= dev
BIN := .venv/bin

.PHONY: demo test test-spandrel test-torchvision lint bench peers nodes site goldens engines plugin install
.PHONY: train train-status train-pause train-go train-cool train-keep train-stop

demo: .venv/demo
	$(BIN)/python examples/demo.py demo

# A process for each core, four at most, with one thread each: so the suite takes half as long on two cores.
test: install
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n logical --maxprocesses 4 --dist loadfile

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/clang-format --dry-run --Werror plugin/ofx/*.[ch] tests/plugin/ofx/*.c
	rm -rf build .lint
	INTERNEG_WITHOUT_OFX=1 $(BIN)/python -m pip install --quiet --no-deps --target .lint .
	$(BIN)/mypy
	PYTHONPATH=.lint $(BIN)/lint-imports

# Weights of PyTorch by spandrel, which needs torchvision: with a stand-in for that, and with both as they are.
test-spandrel: install
	$(BIN)/python -m pip install --quiet --no-deps spandrel spandrel-extra-arches safetensors einops
	$(BIN)/python -m pytest tests/engines/importing/test_torch_files.py

test-torchvision:
	$(PYTHON) -m venv .torchvision
	.torchvision/bin/python -m pip install --quiet torch==2.14.1 torchvision==0.29.1 -e .[spandrel-extra-arches,test]
	.torchvision/bin/python -m pytest tests/engines/importing/test_torch_files.py

bench: install
	$(BIN)/python -m bench

# VapourSynth's filters, which `make bench` measures beside ours; they need Python 3.12 or later.
PEERS_PYTHON ?= python3.12
peers:
	$(PEERS_PYTHON) -m venv .peers
	.peers/bin/python -m pip install --quiet numpy vapoursynth vapoursynth-mvtools vapoursynth-zsmooth \
		vapoursynth-descratch vapoursynth-bm3d

# What is made from the nodes' own declarations: the reference, what hosts are told, the icons.
nodes: install
	$(BIN)/python docs/make_nodes.py
	$(BIN)/python -m interneg.plugin.ofx.nodes
	$(BIN)/python -m interneg.plugin.ofx.draw_icons

# The pages of docs/ as a site, in build/site.
site: .venv/docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

# The queue of training runs (make train EXTRAS=dev,train [RUN=standard-x2]): engines/training/README.md.
train: install
	$(BIN)/python -m interneg.engines.training.queue start $(if $(RUN),--run $(RUN))

train-status train-pause train-go train-keep train-stop:
	$(BIN)/python -m interneg.engines.training.queue $(@:train-%=%)

# make train-cool RUN=standard-x2 STEPS=6000
STEPS ?= 6000
train-cool:
	$(BIN)/python -m interneg.engines.training.queue cool $(RUN) --steps $(STEPS)

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
