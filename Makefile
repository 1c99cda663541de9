# Everything sets itself up: a virtual environment in .venv and, where permitted, bubblewrap (see .ci/setup).
#   PYTHON=python3.12   the interpreter to use (3.11 or newer)
#   ARGS="-k sandbox"   further arguments for pytest, the demo or the benchmark

PY := .venv/bin/python
ARGS ?=
export PYTHON

# One worker more than cores, because many tests wait for a subprocess; at most 4.
WORKERS := $(shell n=$$(nproc 2>/dev/null || echo 2); echo $$((n < 4 ? n + 1 : 4)))

.DEFAULT_GOAL := help
.PHONY: help setup demo test check validate bench clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install everything into .venv, and bubblewrap where permitted
	@.ci/setup

demo: ## grade sample submissions and a simulated class, and write reports
	@.ci/setup --need-sandbox
	@.venv/bin/autograder demo $(ARGS)

test: setup ## run the tests
	@$(PY) -m pytest -q -n $(WORKERS) --dist loadgroup $(ARGS)

check: setup ## check formatting, lint and types
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .
	@$(PY) -m mypy

validate: setup ## judge correct and wrong work in every assignment, seed and draw set; before a release
	@.venv/bin/autograder validate --seeds 3 $(ARGS)

bench: setup ## measure submissions per minute
	@$(PY) tests/benchmarks/run.py $(ARGS)

clean: ## remove .venv, caches and build products
	@rm -rf .venv build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
