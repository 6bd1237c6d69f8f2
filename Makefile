# make setup   the environment (.venv) and Azurite (.tools); instant the second time
# make demo    calsync against its simulators, nothing else needed
# make run     the app with Azurite and its simulators, until Ctrl-C (RUN_ARGS="--port 7071")
# make test    all tests              make check   linter, format, types, arrows
# make soak    the fault tests and the company's play with their large budget
PYTHON ?= $(firstword $(foreach name,python3 python3.13 python3.12 python3.11,$(shell \
  $(name) -c 'import sys; print("$(name)" if (3, 11) <= sys.version_info < (3, 14) else "")' 2>/dev/null)))
VENV ?= .venv
# One more than the two cores of a small machine: many tests wait for other processes.
JOBS ?= 3
PYTEST_ARGS ?=
DEMO_ARGS ?=
RUN_ARGS ?=
# The tests start many processes; each would compile every module anew.
unexport PYTHONDONTWRITEBYTECODE

PACKAGES := sync_core jobs adapters simulators cli $(wildcard function_app.py)

# What takes a small part of its moments or plays in `make test` (tests/budget.py).
BUDGETED := tests/faults tests/host/test_end_to_end.py tests/adapters/test_round_trips.py tests/demo/test_ics_parts.py \
  $(patsubst %,tests/jobs/test_%.py,changed_ids company convergence meetings stops)

.PHONY: setup demo run test soak check
.DEFAULT_GOAL := setup

setup: $(VENV)/.installed .tools/.installed

# Debian's python3 comes without ensurepip: then its own pip fills the environment.
$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed: make setup PYTHON=/path/to/python"; exit 1; }
	$(PYTHON) -m venv $(VENV) 2>/dev/null || \
	  { $(PYTHON) -m venv --clear --without-pip $(VENV) && $(PYTHON) -m pip --python $(VENV)/bin/python install -q pip; }

$(VENV)/.installed: pyproject.toml requirements.txt | $(VENV)/bin/python
	$(VENV)/bin/python -m pip install -q -e ".[dev]"
	@touch $@

.tools/.installed: simulators/azurite.py | $(VENV)/.installed
	$(VENV)/bin/python -m simulators.azurite --install
	@touch $@

demo: setup
	$(VENV)/bin/calsync demo $(DEMO_ARGS)

run: setup
	$(VENV)/bin/python -m simulators.host.run $(RUN_ARGS)

test: setup
	$(VENV)/bin/python -m pytest -n $(JOBS) --dist worksteal $(PYTEST_ARGS)

soak: setup
	SOAK=1 $(VENV)/bin/python -m pytest -n $(JOBS) --dist worksteal $(BUDGETED) $(PYTEST_ARGS)

check: setup
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy --strict $(PACKAGES) tests
	$(VENV)/bin/python -m pytest tests/test_imports.py
