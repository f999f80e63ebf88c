# Two commands on a fresh machine: `make demo` runs a pipeline, `make test` runs the tests.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
MEMBERS := core $(wildcard plugins/*)
MANIFESTS := pyproject.toml constraints.txt $(MEMBERS:%=%/pyproject.toml)

.PHONY: help demo test test-all lint types wheels focus-validator docs bench check clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 18

demo: $(VENV)/ready ## run the example pipeline
	$(BIN)/finops run examples/quickstart.yaml
	@printf '\nOpen   out/report.html       the report of this run\n'
	@printf '       out/focus-1.2.parquet  the same costs as FOCUS 1.2, for any other tool\n'
	@printf 'Try    $(BIN)/finops cost --group-by service --grain monthly\n'
	@printf '       $(BIN)/finops cost --group-by tags.team --where provider=AWS\n'
	@printf '       $(BIN)/finops store history\n'
	@printf '       $(BIN)/finops plugins list\n'
	@printf 'Next   docs/configuration.md: your own files and clouds\n'

test: $(VENV)/ready ## run every test
	$(BIN)/python -m pytest -n auto $(ARGS)

test-all: ## run every test on every Python from 3.11 to 3.13 that is installed
	@for version in 3.11 3.12 3.13; do \
	  found=; \
	  for python in python$$version "$$HOME"/.pyenv/versions/$$version.*/bin/python; do \
	    if [ -z "$$found" ] && "$$python" -c '' 2>/dev/null; then found="$$python"; fi; \
	  done; \
	  if [ -z "$$found" ]; then echo "python$$version is not installed: skipped"; continue; fi; \
	  $(MAKE) test PYTHON="$$found" VENV=.venv-$$version || exit 1; \
	done

lint: $(VENV)/ready ## check style and layers
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports

types: $(VENV)/ready ## check types
	$(BIN)/mypy

wheels: $(VENV)/ready ## build every wheel and install each selectively into fresh environments
	$(BIN)/python tests/packaging/install_selectively.py

focus-validator: $(VENV)/ready ## run the official FOCUS validator on the demo's 1.2 export
	rm -rf build/focus-validator
	FINOPS_HOME=build/focus-validator $(BIN)/finops run examples/demo-only.yaml
	FINOPS_HOME=build/focus-validator $(BIN)/finops export --format focus-1.2 \
	  --output build/focus-validator/demo.parquet --days 60
	$(BIN)/python tests/conformance/focus_validator.py build/focus-validator/demo.parquet

docs: $(VENV)/ready ## write the reference of the plugins' options anew
	$(BIN)/python docs/write_reference.py

bench: $(VENV)/ready ## measure the promised ratios, side by side
	$(BIN)/python benchmarks/run.py $(ARGS)

check: lint types test wheels ## everything that must pass

clean: ## remove what the other targets made
	rm -rf .venv .venv-* .finops out build dist

# The stamp is renewed when a manifest changes.
$(VENV)/ready: $(MANIFESTS)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group dev $(MEMBERS:%=--editable ./%)
	touch $@
