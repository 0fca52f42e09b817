# The loop of a contributor; CONTRIBUTING.md explains it. `make test ARGS="tests/stacks"` passes arguments to pytest.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: dev lint test golden docs

dev: .venv/.dev

# A `.venv` that the README's command made has no linters.
.venv/.dev: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --editable '.[lint,test,bench]'
	@touch $@

lint: dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict
	$(BIN)/lint-imports
	$(BIN)/python docs/generate.py --check

test: dev
	$(BIN)/pytest $(ARGS)

golden: dev
	$(BIN)/pytest --golden $(ARGS)
	@git diff --stat -- 'tests/**/golden/**'

docs: dev
	$(BIN)/python docs/generate.py
