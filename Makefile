# The two commands are `make run` and `make test`; everything else is for those who change something.
# PYTHON names the interpreter that .venv is made with, e.g. `make clean test PYTHON=python3.13`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check --no-input
export PIP_ROOT_USER_ACTION := ignore

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run demo test check bench lock messages pictures clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/.run ## set up and run: on Telegram if DREIKLANG_TOKEN is set (environment or .env), else the demo
	@if [ -n "$${DREIKLANG_TOKEN:-$$(sed -n "s/^[[:space:]]*\(export[[:space:]]\{1,\}\)\{0,1\}DREIKLANG_TOKEN[[:space:]]*=[[:space:]]*[\"']\{0,1\}\([^[:space:]\"'#]*\).*/\2/p" .env 2>/dev/null)}" ]; \
	then $(BIN)/python -m bot migrate && exec $(BIN)/python -m bot run; \
	else exec $(BIN)/python -m bot demo; fi

demo: $(VENV)/.run ## set up and run the demo, whether there is a token or not
	@exec $(BIN)/python -m bot demo

test: $(VENV)/.test ## set up and run all tests; ARGS="-k urn" runs some
	@$(BIN)/python -m pytest --numprocesses auto --maxprocesses 8 --dist worksteal $(ARGS)

check: $(VENV)/.test ## linters, types and walls
	@$(BIN)/python -m ruff check --quiet .
	@$(BIN)/python -m ruff format --check --quiet . || { $(BIN)/python -m ruff format --check .; exit 1; }
	@$(BIN)/python -m mypy
	@$(BIN)/lint-imports

bench: $(VENV)/.bench ## measure against a bare bot and against limits
	@$(BIN)/python -m benchmarks $(ARGS)

# What is tested is what runs: the tests' versions bind the other two files. uv keeps the versions already locked; LOCKFLAGS=--upgrade renews them all.
LOCK = $(VENV)-lock/bin/uv pip compile pyproject.toml --quiet --no-cache $(LOCKFLAGS) --generate-hashes --no-emit-index-url --universal \
	--python-version 3.11 --no-annotate --custom-compile-command "make lock" --extra build

lock: ## write requirements*.txt anew from pyproject.toml; LOCKFLAGS=--upgrade takes the newest versions
	@trap 'rm -rf $(VENV)-lock' EXIT && set -e && \
	$(PYTHON) -m venv --clear $(VENV)-lock && \
	$(VENV)-lock/bin/python -m pip -qq --disable-pip-version-check --no-input install uv && \
	$(LOCK) --extra test --output-file requirements-test.txt >/dev/null && \
	$(LOCK) --constraint requirements-test.txt --output-file requirements.txt >/dev/null && \
	$(LOCK) --constraint requirements-test.txt --extra bench --output-file requirements-bench.txt >/dev/null
	@echo "Locked: requirements.txt, requirements-test.txt, requirements-bench.txt"

messages: $(VENV)/.test ## collect the sentences of screens/ and carry them into locale/
	@mkdir -p locale
	@$(BIN)/pybabel --quiet extract --omit-header --width=120 --add-location=file --sort-by-file --no-default-keywords \
		--keyword=N_ --keyword=t --keyword=plain --keyword=plural:1,2 --output-file=locale/dreiklang.pot screens
	@for language in de en; do \
		$(BIN)/pybabel --quiet update --width=120 --domain=dreiklang --input-file=locale/dreiklang.pot --output-dir=locale \
			--locale=$$language --init-missing --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date || exit 1; \
	done

pictures: $(VENV)/.test ## renew the pictures of the README from the demo; needs Chromium
	@$(BIN)/python docs/pictures.py

clean: ## remove what make made; data/ and .env stay
	@rm -rf $(VENV) $(VENV)-lock build *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# One venv for running, testing and measuring. Each stamp says that the venv holds what one lock file names; a stamp older
# than its lock file means that the venv is made again from nothing, so that no package of yesterday stays behind. Where two
# lock files name different versions of a package, the later install wins, hence it takes the others' stamps away; what is
# needed to run is in every lock file.
define furnish
	@if [ -e $@ ] || [ ! -x $(BIN)/pip ]; then \
		$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
			{ echo "Dreiklang needs Python 3.11 or newer; name one: make PYTHON=python3.11" >&2; exit 1; }; \
		$(PYTHON) -m venv --clear $(VENV) || exit 1; \
	fi
	@echo "Setting up $(VENV) from $< (once; a minute or two) …"
	@$(PIP) install --require-hashes -r $<
	@$(PIP) install --no-deps --no-build-isolation -e .
	@rm -f $(VENV)/.run $(VENV)/.test $(VENV)/.bench
	@touch $(VENV)/.run $@
endef

$(VENV)/.run: requirements.txt
	$(furnish)

$(VENV)/.test: requirements-test.txt
	$(furnish)

$(VENV)/.bench: requirements-bench.txt
	$(furnish)
