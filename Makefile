# make help    this list
# make setup   the environment (.venv), Azurite and what browser tests need (.tools): minutes once, instant then
# make demo    calsync against its simulators, nothing else needed (DEMO_ARGS="--pause", "--step 5", "--ics my.ics")
# make run     the app with Azurite, its simulators and a page of two calendars to edit in, until Ctrl-C
#              (RUN_ARGS="--port 7071 --no-browser"); its log: build/run.log, settings for calsync: build/run.env
# make screenshots   pictures of the page: all into build/screenshots, README's into docs/images
# make recording     README's moving picture of the demo, from the demo itself
# make test    all tests              make check   linter, format, types, arrows
# make bench   what it costs, measured (BENCH_ARGS="--only start-up"); make bench-quick in a third of the repetitions
# make soak    the fault tests and the company's play with their large budget
# make lock    requirements.txt and requirements-dev.txt from requirements.in and pyproject.toml (LOCK_ARGS=--upgrade)
# make lowest  all tests with the oldest versions that requirements.in and pyproject.toml allow
# make fresh   the locks come out as they stand, and what Azure installs does install in a clean environment
# make notice  NOTICE from the lock      make sbom    build/sbom.cdx.json from the lock
# make audit   known vulnerabilities in what is locked
PYTHON ?= $(firstword $(foreach name,python3 python3.13 python3.12 python3.11,$(shell \
  $(name) -c 'import sys; print("$(name)" if (3, 11) <= sys.version_info < (3, 14) else "")' 2>/dev/null)))
VENV ?= .venv
# One more than the two cores of a small machine: many tests wait for other processes.
JOBS ?= 3
PYTEST_ARGS ?=
DEMO_ARGS ?=
RUN_ARGS ?=
BENCH_ARGS ?=
LOCK_ARGS ?=
# The tests start many processes; each would compile every module anew.
unexport PYTHONDONTWRITEBYTECODE

PACKAGES := sync_core jobs adapters portal simulators cli $(wildcard function_app.py)

# What takes a small part of its moments or plays in `make test` (tests/support/budget.py).
BUDGETED := tests/faults $(patsubst %,tests/host/test_%.py,commands end_to_end) tests/demo/test_ics_parts.py \
  tests/app/test_workers.py tests/jobs/commands/test_done_before.py \
  $(patsubst %,tests/jobs/test_%.py,line refusal remembered) \
  $(patsubst %,tests/adapters/test_%.py,hostile round_trips) \
  $(patsubst %,tests/rounds/test_%.py,changed_ids company convergence differing_copies hand_over_orders) \
  $(patsubst %,tests/rounds/test_%.py,meeting_accidents meetings names_in_turn preview stops) \
  $(patsubst %,tests/rounds/test_series_%.py,accidents arriving changed company edges from_erp guests meanwhile random undone)

.PHONY: help setup demo run screenshots recording test soak bench bench-quick check lock fresh lowest notice sbom audit
.DEFAULT_GOAL := setup

help:
	@sed -n '/^# /!q; s/^# //p' $(firstword $(MAKEFILE_LIST))

READY := $(VENV)/.installed .tools/.installed

# Each part says what it does and how long that may take, and nothing else unless it fails.
PIP = $(VENV)/bin/python -m pip install -qq --disable-pip-version-check

setup: $(READY) .tools/.browser
	@$(if $(filter setup,$(or $(MAKECMDGOALS),setup)),echo "All is set up. See it work: make demo",:)

# Debian's python3 comes without ensurepip: then its own pip fills the environment.
$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed: make setup PYTHON=/path/to/python"; exit 1; }
	@echo "Setting up, this once: about 1.1 GB into $(VENV) and .tools, two to five minutes with a good line."
	@$(PYTHON) -m venv $(VENV) 2>/dev/null || \
	  { $(PYTHON) -m venv --clear --without-pip $(VENV) && \
	    $(PYTHON) -m pip --python $(VENV)/bin/python install -qq pip; }

# Everything comes from the lock, hashes checked; what Azure installs is a part of it.
$(VENV)/.installed: pyproject.toml requirements.in requirements-dev.txt | $(VENV)/bin/python
	@echo "  Python's packages, as they are locked: one to three minutes …"
	@$(PIP) -r requirements-dev.txt
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

.tools/.installed: simulators/azurite.py | $(VENV)/.installed
	@echo "  Azurite, Microsoft's stand-in for Azure Storage: up to a minute …"
	@$(VENV)/bin/python -m simulators.azurite --install
	@touch $@

# Chromium by apt-get where we are root and there is none; without one the browser tests are skipped and say so.
.tools/.browser: tests/browser/tools.py | $(READY)
	@echo "  What the tests of the page need: some seconds, a minute or two where Chromium is missing …"
	@$(VENV)/bin/python -m tests.browser.tools
	@touch $@

demo: $(READY)
	@$(VENV)/bin/calsync demo $(DEMO_ARGS)

run: $(READY)
	@$(VENV)/bin/python -m simulators.host.run $(RUN_ARGS)

test: setup
	$(VENV)/bin/python -m pytest -n $(JOBS) --dist worksteal $(PYTEST_ARGS)

screenshots: setup
	$(VENV)/bin/python -m tests.browser.screenshots build/screenshots
	$(VENV)/bin/python -m tests.browser.screenshots --readme docs/images

recording: $(READY)
	$(VENV)/bin/python -m tests.demo.recording

bench: setup
	$(VENV)/bin/python -m tests.bench $(BENCH_ARGS)

bench-quick: setup
	$(VENV)/bin/python -m tests.bench --quick $(BENCH_ARGS)

soak: setup
	SOAK=1 $(VENV)/bin/python -m pytest -n $(JOBS) --dist worksteal --timeout 3600 $(BUDGETED) $(PYTEST_ARGS)

check: setup
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy --strict $(PACKAGES) tests infra/scripts
	$(VENV)/bin/python -m pytest tests/test_imports.py tests/infra/test_workflows.py

UV = $(VENV)/bin/uv
LOCK = $(UV) pip compile -q --universal --generate-hashes --python-version 3.11 $(LOCK_ARGS)

lock: setup
	$(LOCK) requirements.in -o requirements.txt
	$(LOCK) --extra dev -c requirements.txt pyproject.toml -o requirements-dev.txt

fresh: lock notice
	git diff --exit-code -- requirements.txt requirements-dev.txt NOTICE
	$(UV) venv -q --clear --python $(VENV)/bin/python build/clean
	$(UV) pip sync -q --python build/clean --require-hashes requirements.txt
	$(UV) pip check -q --python build/clean

LOWEST ?= .venv-lowest

lowest: setup
	$(UV) venv -q --clear --python $(VENV)/bin/python $(LOWEST)
	$(UV) pip install -q --python $(LOWEST) --resolution lowest-direct -e ".[dev]"
	$(LOWEST)/bin/python -m pytest -n $(JOBS) --dist worksteal --ignore tests/infra/test_requirements.py $(PYTEST_ARGS)

notice: setup
	$(VENV)/bin/python infra/scripts/notice.py requirements.txt > NOTICE

# Who asks for whom stands in the lock as comments, which the bill of materials cannot hold: it warns that it has none.
sbom: setup
	@mkdir -p build
	PYTHONWARNINGS="ignore:The Component this BOM" $(UV) tool run -q --from cyclonedx-bom==7.5.0 cyclonedx-py requirements --pyproject pyproject.toml \
	  --output-reproducible --of JSON -o build/sbom.cdx.json requirements.txt

audit: setup
	$(UV) tool run -q pip-audit==2.10.1 --strict --require-hashes --disable-pip -r requirements.txt
