PYTHON ?= python3
VENV   ?= .venv
ARGS   ?=
N      ?= 12
COMPILE ?= --compile-bytecode
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
# uv unpacks in parallel; pip is asked where uv does not find the packages, as with an index of pip's own settings.
PACKAGES := --constraint constraints.txt --editable '.[interpreter,dev]'
NODE_STAMP := node_modules/.installed
CODE   := listenable stimuli interpreter study_builder mushra_server analysis tests benchmarks examples

.PHONY: install demo serve test test-slow test-all test-newest lock check check-js \
        docs format bench mutate release audit clean
install: $(STAMP)       ## into .venv, for everything
demo: $(STAMP)          ## the whole way on built-in data; ARGS="--no-serve --out DIR" passes options
	$(BIN)/listenable demo --out demo $(ARGS)
serve: $(STAMP)         ## serve the study of the demo
	$(BIN)/listenable serve demo/study $(ARGS)
test: $(STAMP)
	$(BIN)/python -m pytest $(ARGS)
test-slow: $(STAMP)
	$(BIN)/python -m pytest -m slow $(ARGS)
test-all: $(STAMP)      ## both, collected once
	$(BIN)/python -m pytest -m '' $(ARGS)
test-newest:            ## the tests with the newest versions that pyproject.toml allows, in .venv-newest
	$(PYTHON) -m venv --clear .venv-newest
	.venv-newest/bin/pip install --quiet --upgrade pip
	.venv-newest/bin/pip install --quiet --editable '.[interpreter,dev,postgresql]'
	.venv-newest/bin/python -m pytest $(ARGS)
lock:                   ## constraints.txt again, from the newest versions that pyproject.toml allows
	$(PYTHON) -m venv --clear .venv-lock
	.venv-lock/bin/pip install --quiet --upgrade pip
	.venv-lock/bin/pip install --quiet '.[interpreter,dev,metrics,postgresql]'
	.venv-lock/bin/pip freeze --exclude listenable >constraints.part
	{ grep '^#' constraints.txt; cat constraints.part; } >constraints.new
	mv constraints.new constraints.txt
	rm -rf .venv-lock constraints.part
check: $(STAMP) check-js
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy
check-js:               ## scripts and styles; left out where Node.js is missing, but not with CI=true
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory $(NODE_STAMP) && npm run --silent check; \
	elif [ "$(CI)" = true ]; then echo 'Node.js and npm are missing; install Node.js 18.18 or newer' >&2; exit 2; \
	else echo 'Node.js and npm are missing: the scripts and styles were not checked.'; fi
docs: $(STAMP)          ## the documentation as a site, in build/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet
format: $(STAMP)
	$(BIN)/ruff format $(CODE)
	$(BIN)/ruff check --fix $(CODE)
	@if [ -e $(NODE_STAMP) ]; then npm run --silent format; fi
bench: $(STAMP)
	$(BIN)/python benchmarks/run_all.py $(ARGS)
mutate: $(STAMP)        ## change a module in N places; MODULE=stimuli.loudness, without it those of docs/reliability.md
	$(BIN)/python -m benchmarks.mutate $(MODULE) --mutants $(N)
release:                ## the wheel, the source and their bill of materials (CycloneDX), in dist
	$(PYTHON) -m venv --clear .venv-release
	.venv-release/bin/pip install --quiet build cyclonedx-bom
	rm -rf dist
	.venv-release/bin/pyproject-build --outdir dist
	.venv-release/bin/cyclonedx-py requirements constraints.txt --pyproject pyproject.toml --output-file dist/sbom.json
audit:                  ## known vulnerabilities of the versions in constraints.txt; asks PyPI
	$(PYTHON) -m venv --clear .venv-release
	.venv-release/bin/pip install --quiet pip-audit
	.venv-release/bin/pip-audit --requirement constraints.txt --no-deps --disable-pip
clean:
	rm -rf $(VENV) .venv-newest .venv-release .venv-lock constraints.part constraints.new node_modules build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo 'Python 3.11 or newer is needed; "$(PYTHON)" is not. Name one: make PYTHON=/path/to/python3.11' >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip uv
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet $(COMPILE) $(PACKAGES) || $(BIN)/pip install --quiet $(PACKAGES)
	@touch $@

$(NODE_STAMP): package-lock.json
	npm ci --silent --ignore-scripts
	@touch $@
