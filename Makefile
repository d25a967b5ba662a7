# make demo    the gateway in front of the embedded simulator, nothing else needed
# make install .venv with what the gateway needs, and a browser
# make proxy   the stream proxy of STREAM_PORT, in an environment of its own
# make setup   the same as install, with what tests and checks need
# make test    the whole suite
# make check   format, lint, types, import rules

PYTHON ?= python3
ARGS ?=
WORKERS ?= 2

VENV := .venv
RUN := $(VENV)/bin/python
WITH_PINS := pip install --quiet --disable-pip-version-check --require-hashes
PIP := $(RUN) -m $(WITH_PINS)
# The stamps carry the content's checksum, not its date: a fresh checkout of the same pins changes nothing.
NEEDS := $(shell cksum < requirements/runtime.txt | cut -d ' ' -f 1)
NEEDED := $(VENV)/.needed-$(NEEDS)
BROWSER := $(VENV)/.browser-$(NEEDS)
PINS := $(shell cksum < requirements/dev.txt | cut -d ' ' -f 1)
INSTALLED := $(VENV)/.installed-$(PINS)
GECKO := $(VENV)/.for-tests-$(PINS)
# Its pins do not agree with ours, so that it has an environment and a process of its own.
PROXY_VENV := .venv-proxy
PROXY := $(PROXY_VENV)/.installed-$(shell cksum < requirements/proxy.txt | cut -d ' ' -f 1)
NODE_CLIENTS := tests/clients/node
NODE_PACKAGES := $(NODE_CLIENTS)/node_modules/.installed-$(shell cksum < $(NODE_CLIENTS)/package-lock.json | cut -d ' ' -f 1)

.PHONY: help install setup proxy demo test check format docs bench chaos lock clean

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

install: $(NEEDED) $(BROWSER)

setup: $(INSTALLED) $(BROWSER)

proxy: $(PROXY)

demo: install
	@$(RUN) launch_camoufox.py --demo $(ARGS)

test: setup $(PROXY) $(GECKO) $(NODE_PACKAGES)
	$(RUN) -m pytest -n $(WORKERS) $(ARGS)

check: $(INSTALLED)
	$(RUN) -m ruff format --check .
	$(RUN) -m ruff check .
	$(RUN) -m mypy
	$(VENV)/bin/lint-imports

format: $(INSTALLED)
	$(RUN) -m ruff format .
	$(RUN) -m ruff check --fix .

# What the documentation says about settings comes from settings/
docs: $(INSTALLED)
	$(RUN) -m tests.settings_docs
	$(RUN) -m tests.parameters_docs
	$(RUN) -m tests.gemini_docs

bench: setup
	$(RUN) -m benchmarks.run $(ARGS)

chaos: setup
	$(RUN) -m benchmarks.chaos --write $(ARGS)

# Pins are compiled without the index, so that no file says where packages came from.
lock:
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
	$(PYTHON) -m venv "$$folder" && "$$folder/bin/pip" install --quiet uv && \
	compile() { out=$$1; shift; "$$folder/bin/uv" pip compile "$$@" --python-version 3.11 \
	  --universal --generate-hashes --no-strip-extras --no-emit-index-url --no-header --quiet --output-file "$$out"; } && \
	compile requirements/runtime.txt pyproject.toml && \
	compile requirements/dev.txt pyproject.toml --extra dev --constraint requirements/runtime.txt && \
	compile requirements/camoufox.txt pyproject.toml --extra camoufox --constraint requirements/runtime.txt && \
	compile requirements/proxy.txt requirements/proxy.in

clean:
	rm -rf $(VENV) $(PROXY_VENV) $(NODE_CLIENTS)/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage*

# Both are quiet: hundreds of lines would hide the one that matters. Failures are told.
$(NEEDED):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "error: Python 3.11 or newer is needed; name one with: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
	  { echo "error: Python's venv module is missing; install it: apt-get install python3-venv" >&2; exit 2; }
	@echo "Creating $(VENV) and installing the pinned dependencies; this takes a minute …"
	@$(RUN) -c '' 2>/dev/null || $(PYTHON) -m venv --clear $(VENV)
	@$(PIP) -r requirements/runtime.txt
	@rm -f $(VENV)/.needed-* $(VENV)/.browser-*
	@touch $@

$(INSTALLED): $(NEEDED)
	@echo "Installing what tests and checks need …"
	@$(PIP) -r requirements/dev.txt
	@rm -f $(VENV)/.installed-* $(VENV)/.for-tests-*
	@touch $@

$(PROXY):
	@echo "Creating $(PROXY_VENV) and installing the stream proxy …"
	@$(PROXY_VENV)/bin/python -c '' 2>/dev/null || $(PYTHON) -m venv --clear $(PROXY_VENV)
	@$(PROXY_VENV)/bin/python -m $(WITH_PINS) -r requirements/proxy.txt
	@rm -f $(PROXY_VENV)/.installed-*
	@touch $@

$(BROWSER): $(NEEDED)
	@echo "Looking for a browser …"
	@$(RUN) -m browser.install
	@touch $@

$(GECKO): $(INSTALLED)
	@$(RUN) -m browser.install --gecko --display
	@touch $@

$(NODE_PACKAGES):
	@if command -v npm >/dev/null; then \
	  npm ci --prefix $(NODE_CLIENTS) --no-audit --no-fund --loglevel=error && touch $@; \
	else echo "npm is not installed: the tests of Node clients will be skipped"; fi
