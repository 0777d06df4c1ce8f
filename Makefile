# Each target sets up what it needs; all that is required is git, make and Python 3.11 or newer.
.DEFAULT_GOAL := help
.PHONY: help demo test test-fast check bench
BIN := .venv/bin

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' $(MAKEFILE_LIST) | while IFS='|' read -r name what; do printf '  make %-10s %s\n' "$$name" "$$what"; done

demo: ## evolve a bin-packing rule for a minute, live
	@scripts/bootstrap run
	@$(BIN)/evogit demo

test: ## build the distribution and run all tests against the wheel
	@scripts/bootstrap dev
	@rm -rf build/dist && mkdir -p build
	@$(BIN)/python -m build --outdir build/dist . >build/build.log 2>&1 || { cat build/build.log; exit 1; }
	@scripts/bootstrap wheel build/dist/*.whl
	EVOGIT_TEST_DIST=build/dist build/venv/bin/pytest -q -n 4 --durations=25

test-fast: ## run the quick tests against the checkout
	@scripts/bootstrap dev
	$(BIN)/pytest -q -n 2 -m "not slow"

check: ## lint, format, types, layers and house rules
	@scripts/bootstrap dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports --no-cache
	$(BIN)/python scripts/house_rules.py

bench: ## run the benchmarks and print their figures
	@scripts/bootstrap dev
	@for script in tests/benchmarks/bench_*.py; do echo "== $$script"; $(BIN)/python "$$script" || exit 1; done
