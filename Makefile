# make run     read the sample scans: out/results.csv
# make test    run the tests
# make lint    check style and types
# make lock    pin the newest versions that pyproject.toml allows
# make clean   remove what the others made
#
# Reading needs no TensorFlow, so `make run` installs requirements.lock alone (a third of the
# size and time); the first `make test` or `make lint` adds the rest of requirements-dev.lock.

VENV := .venv
BIN  := $(VENV)/bin
PIP  := $(BIN)/python -m pip --disable-pip-version-check --quiet

# The first Python that pyproject.toml allows.
PYTHON ?= $(firstword $(foreach python,python3 python3.13 python3.12 python3.11,$(shell \
	$(python) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null \
	&& echo $(python))))

.PHONY: run test lint lock clean
.DELETE_ON_ERROR:

run: $(VENV)/run.stamp
	$(BIN)/nightsort run sample_scans/envelopes -o out
	$(BIN)/nightsort run sample_scans/strips -o out --layout digits

test: $(VENV)/dev.stamp
	$(BIN)/python -m pytest

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

$(VENV)/pyvenv.cfg:
	@test -n "$(PYTHON)" || { echo "make: Python 3.11, 3.12 or 3.13 is needed (make PYTHON=...)" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)

# The folder's own date changes with every installation, so stamps tell what is done.
$(VENV)/run.stamp: requirements.lock pyproject.toml | $(VENV)/pyvenv.cfg
	$(PIP) install -r requirements.lock
	$(PIP) install --no-deps --editable .
	touch $@

$(VENV)/dev.stamp: requirements-dev.lock $(VENV)/run.stamp
	$(PIP) install -r requirements-dev.lock
	touch $@

# Development first: its packages bound the versions that reading can have beside them.
lock:
	rm -rf build/lock && mkdir -p build/lock
	$(PYTHON) -m venv build/lock/dev && build/lock/dev/bin/pip install --quiet '.[dev]'
	build/lock/dev/bin/pip freeze --exclude nightsort > build/lock/dev.txt
	$(PYTHON) -m venv build/lock/run && build/lock/run/bin/pip install --quiet -c build/lock/dev.txt .
	build/lock/run/bin/pip freeze --exclude nightsort > build/lock/run.txt
	{ grep '^#' requirements-dev.lock; cat build/lock/dev.txt; } > build/lock/dev.lock
	{ grep '^#' requirements.lock; cat build/lock/run.txt; } > build/lock/run.lock
	mv build/lock/dev.lock requirements-dev.lock && mv build/lock/run.lock requirements.lock

clean:
	rm -rf $(VENV) out build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
