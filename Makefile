# Everything that is done with this repository. Each target makes .venv first when it is missing or older than its lock.
#
#   make test ARGS="tests/kit -k clock"     passes arguments on
#   make bench PART=intake                  one part of the benchmark: intake, turns, cold_start, vector_search, start_up
#   make setup PYTHON=/path/to/python3.13   chooses the interpreter

.DEFAULT_GOAL := help
.PHONY: help setup demo run test lint format check bench bench-peers bench-scale eval chaos migrate schema package lock

BIN := .venv/bin
WORKERS ?= 3
ARGS ?=
PART ?=
PYTHON ?=
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-annotate --no-header
export PYTHON

help: ## print the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  \033[1m%-12s\033[0m %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## make .venv from the lock (every other target does it by itself)
	@infra/setup.sh

demo: setup ## play a customer's conversation on a complete local system and print what happened
	@$(BIN)/departments demo $(ARGS)

run: setup ## start the local system on one port and keep its data in .departments
	@$(BIN)/departments up $(ARGS)

test: setup ## run the tests
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(ARGS)

lint: setup ## check style, formatting, types and the direction of imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy .
	@$(BIN)/lint-imports --no-logo

format: setup ## format the code and mend what the linter can mend
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

check: lint test ## lint and test, as the continuous integration does

bench: setup ## measure this system beside the usual ways, print tables, write build/bench.json (ten minutes)
	@$(BIN)/python -m tests.benchmarks $(PART) $(ARGS)

bench-peers: setup ## measure turns per second beside DBOS and procrastinate (their own environment, .venv-peers)
	@infra/setup.sh .venv-peers infra/requirements/peers.txt
	@$(BIN)/python -m tests.benchmarks.peers $(ARGS)

bench-scale: setup ## search among 10,000 organizations and 1,000,000 chunks (long; ARGS="--organizations 500" tries it)
	@$(BIN)/python -m tests.benchmarks.scale $(ARGS)

eval: setup ## ask three businesses 302 questions and print how well they are answered, write build/eval.json
	@$(BIN)/python -m tests.evaluation $(ARGS)

chaos: setup ## kill, stop and repeat everything a hundred times (long)
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -m chaos $(ARGS)

migrate: setup ## bring the database of DATABASE_URL up to date
	@$(BIN)/departments migrate $(ARGS)

schema: setup ## write migrations/schema.sql, the dumped result of the migrations
	@$(BIN)/python -m migrations.dump $(ARGS)

package: setup ## write one source archive per function to dist/
	@$(BIN)/python -m infra.package $(ARGS)

lock: setup ## resolve the dependencies of pyproject.toml and of each function again (ARGS=--upgrade for newer ones)
	@$(LOCK) $(ARGS) --all-extras pyproject.toml -o infra/requirements/development.txt
	@$(LOCK) $(ARGS) infra/requirements/peers.in -o infra/requirements/peers.txt
	@for folder in functions/*/; do [ ! -f $$folder/requirements.in ] || \
		$(LOCK) $(ARGS) -c infra/requirements/development.txt $${folder}requirements.in -o $${folder}requirements.txt; done
