# `make demo` and `make test` do all the set-up on a machine that has Python 3.10+, git and make.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test quick lint

# The three commands of the README on the built-in images; writes under runs/ only.
demo: .venv/installed
	$(BIN)/dcgan-probe train --preset demo --dataset glyphs --run runs/demo
	$(BIN)/dcgan-probe extract --layers all --dataset glyphs --run runs/demo
	$(BIN)/dcgan-probe eval-svm --dataset glyphs --labels 1000 --draws 3 --select-draws 3 --run runs/demo --results runs/demo/results
	@echo
	@echo "Pictures: runs/demo/samples/real.png, and runs/demo/samples/fixed-noise-*.png over time"
	@echo "Table:    runs/demo/results/tables/glyphs-1000.md"

test: .venv/installed-test
	$(BIN)/python -m pytest -n 2 --dist worksteal

# All but the tests marked slow: those of more than two seconds of processor time.
quick: .venv/installed-test
	$(BIN)/python -m pytest -n 2 --dist worksteal -m 'not slow'

lint: .venv/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/vulture
	$(BIN)/pylint --disable=all --enable=duplicate-code dcgan_probe

.venv/installed: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

.venv/installed-test: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	touch .venv/installed $@
