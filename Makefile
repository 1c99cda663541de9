# Everything sets itself up: a virtual environment in .venv and, where permitted, bubblewrap (see .ci/setup).
#   PYTHON=python3.12   the interpreter to use (3.11 or newer)
#   ARGS="-k sandbox"   further arguments for pytest, the demo or the benchmark

PY := .venv/bin/python
ARGS ?=
export PYTHON

# One more than there are cores, as many tests wait for a process of theirs; 4 at most.
WORKERS := $(shell n=$$(nproc 2>/dev/null || echo 2); echo $$((n < 4 ? n + 1 : 4)))

.DEFAULT_GOAL := help
.PHONY: help setup demo test check bench clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install everything into .venv, and bubblewrap where permitted
	@.ci/setup

demo: ## grade sample submissions and a simulated class, write reports
	@.ci/setup --need-sandbox
	@.venv/bin/autograder demo $(ARGS)

test: setup ## run the tests
	@$(PY) -m pytest -q -n $(WORKERS) --dist loadgroup $(ARGS)

check: setup ## formatting, lint and types
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .
	@$(PY) -m mypy

bench: setup ## measure submissions per minute
	@$(PY) tests/benchmarks/run.py $(ARGS)

clean: ## remove .venv, caches and build products
	@rm -rf .venv build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
