# Everything a developer does, by name. `make` lists it. Needs Python 3.11 to 3.14 and make, nothing else;
# uv is used when it is there.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null)
SOURCES := $(shell find src -name '*.py')
WEB := $(shell find web -type f -not -path '*/node_modules/*' -not -path '*/generated/*' -not -name '*.md' 2>/dev/null)
CODE := src tests bench fuzz docs
MINUTES ?= 10
# Not for the kernels' sake: BLAS threads would make CPU times and small runs noisy.
export OPENBLAS_NUM_THREADS ?= 1

ifdef UV
  MAKE_VENV = $(UV) venv --quiet --allow-existing --python '>=3.11,<3.15' $(VENV)
  INSTALL = $(UV) pip install --quiet --python $(BIN)/python
else
  MAKE_VENV = $(PYTHON) -c 'import sys; v = sys.version_info[:2]; (3, 11) <= v <= (3, 14) or \
	sys.exit("skywitness needs Python 3.11 to 3.14, this is %d.%d; try: make PYTHON=python3.12" % v)' \
	&& $(PYTHON) -m venv $(VENV)
  INSTALL = $(BIN)/python -m pip install -qq --disable-pip-version-check
endif

.DEFAULT_GOAL := help
.PHONY: help run web test check static tests coverage bench golden demo docs format fuzz lock clean

help: ## list what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- what the rest needs, made once -------------------------------------------------------------------------------
$(BIN)/python:
	@echo "making $(VENV)"
	@$(MAKE_VENV)

# The installation makes the gazetteer, so that what makes it is a reason to install anew.
$(VENV)/stamp-run: requirements/run.txt pyproject.toml hatch_build.py $(wildcard src/skywitness/reference/*.py) | $(BIN)/python
	@echo "installing skywitness into $(VENV)"
	@$(INSTALL) -r requirements/run.txt
	@$(INSTALL) --no-deps -e .
	@touch $@

$(VENV)/stamp-dev: requirements/dev.txt $(VENV)/stamp-run
	@echo "installing what the tests need into $(VENV)"
	@$(INSTALL) -r requirements/dev.txt
	@touch $@

$(VENV)/stamp-fuzz: requirements/fuzz.txt $(VENV)/stamp-dev
	@$(INSTALL) -r requirements/fuzz.txt
	@touch $@

$(VENV)/stamp-kernels: $(SOURCES) $(VENV)/stamp-run
	@$(BIN)/python -m skywitness.run.compile --quiet
	@touch $@

# The installation built the map already; this builds it again when its sources change. Without npm's registry the node
# serves its interface and a page that says so.
$(VENV)/stamp-web: $(WEB) $(VENV)/stamp-run
	@$(BIN)/python -c 'import sys; sys.path.insert(0, "web"); import build; sys.exit(not build.is_built())' || \
	  { $(INSTALL) -r requirements/web.txt && $(BIN)/python web/build.py; } || test -z "$(CI)$(SKYWITNESS_STRICT)"
	@touch $@

# --- what people call ---------------------------------------------------------------------------------------------
run: $(VENV)/stamp-kernels $(VENV)/stamp-web ## serve the bundled demonstration on a free loopback port; Ctrl-C ends it
	@$(BIN)/skywitness serve --demo --http 127.0.0.1:0

web: ## build the map's page (needs npm's registry the first time)
	@rm -f $(VENV)/stamp-web
	@$(MAKE) --no-print-directory $(VENV)/stamp-web

test: static coverage tests ## everything: check, coverage of the core, then every test, with the number of skips

check: static $(VENV)/stamp-kernels ## format, lint, types, imports, unit and property tests: under a minute
	@$(BIN)/python -m pytest -q -m "not slow" tests/unit tests/property

static: $(VENV)/stamp-dev
	@$(BIN)/ruff format --check --quiet $(CODE) || { echo "run: make format"; exit 1; }
	@$(BIN)/ruff check --quiet $(CODE)
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-cache > $(VENV)/lint-imports.log || { cat $(VENV)/lint-imports.log; exit 1; }

tests: $(VENV)/stamp-dev $(VENV)/stamp-kernels $(VENV)/stamp-web ## every test; SKYWITNESS_ROUNDS=10 repeats crashes more often
	@$(BIN)/python -m pytest -q

coverage: $(VENV)/stamp-dev ## lines of the core that its own tests reach, kernels run as plain Python
	@NUMBA_DISABLE_JIT=1 SKYWITNESS_STRICT=0 HYPOTHESIS_PROFILE=few $(BIN)/python -m pytest -q -m "not slow and not compiled" \
	  -W "ignore:overflow encountered:RuntimeWarning" $(addprefix tests/unit/,codes geo frames messages positions tracks) \
	  tests/property/test_envelope.py tests/property/test_messages.py tests/property/test_comm_b.py \
	  $(addprefix --cov=skywitness.,codes geo frames messages positions tracks) --cov-report=term --cov-report=xml > $(VENV)/coverage.log \
	  || { cat $(VENV)/coverage.log; exit 1; }
	@sed -n 's/^TOTAL.* \([0-9]*%\)$$/coverage of codes to tracks, kernels as plain Python: \1 of lines/p' $(VENV)/coverage.log

bench: $(VENV)/stamp-dev $(VENV)/stamp-kernels ## every benchmark: a table, and one JSON line each
	@$(BIN)/skywitness bench

golden: $(VENV)/stamp-dev $(VENV)/stamp-kernels ## rewrite the golden files; read the diff before you commit it
	@SKYWITNESS_REWRITE_GOLDEN=1 $(BIN)/python -m pytest -q tests/golden
	@git --no-pager diff --stat -- tests/golden

demo: $(VENV)/stamp-kernels ## make the bundled demonstration recording again
	@$(BIN)/skywitness simulate scenarios/demo.toml -o src/skywitness/simulate/demo/demo.beast.zst

docs: $(VENV)/stamp-dev ## build the documentation into site/
	@$(BIN)/python docs/build.py site

format: $(VENV)/stamp-dev ## lay the code out, and mend what the linter can
	@$(BIN)/ruff check --quiet --fix $(CODE) || true
	@$(BIN)/ruff format --quiet $(CODE)

fuzz: $(VENV)/stamp-fuzz ## look for input that breaks a reader: make fuzz MINUTES=10
	@NUMBA_DISABLE_JIT=1 $(BIN)/python -m fuzz --minutes $(MINUTES) fuzz-corpus
	@NUMBA_BOUNDSCHECK=1 SKYWITNESS_KERNEL_CACHE=$(VENV)/boundscheck $(BIN)/python -m fuzz.replay fuzz-corpus

lock: ## resolve the dependencies anew into requirements/ (needs uv)
	@test -n "$(UV)" || { echo "make lock needs uv"; exit 1; }
	@$(UV) pip compile --quiet --upgrade --universal --python-version 3.11 --custom-compile-command "make lock" \
	  pyproject.toml -o requirements/run.txt
	@$(UV) pip compile --quiet --upgrade --universal --python-version 3.11 --custom-compile-command "make lock" \
	  pyproject.toml --group dev --group docs --group bench -c requirements/run.txt -o requirements/dev.txt
	@$(UV) pip compile --quiet --upgrade --universal --python-version 3.11 --custom-compile-command "make lock" \
	  pyproject.toml --group fuzz -c requirements/dev.txt -o requirements/fuzz.txt

clean: ## remove what these targets made, the environment too
	@rm -rf $(VENV) site build dist coverage.xml .coverage
