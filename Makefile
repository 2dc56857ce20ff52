# Six verbs: setup · demo · test · check · bench · docs. And `lock`, to renew the pins.
#
# Everything lives in .venv and .cache of this folder; nothing is installed elsewhere.

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.setup
PYTHONS := $(or $(PYTHON),python3 python3.13 python3.12 python3.11)
JS := clients/js/node_modules/.package-lock.json
WEB := web/node_modules/.package-lock.json
PAGE := src/freshet/demo/page/index.html
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check --no-compile

# Two tests at once, on two cores.
PARALLEL := -n 2 --dist worksteal

# Compiled kernels are kept between runs, by what they were made of (state/compiled.py).
export NUMBA_CACHE_DIR := $(CURDIR)/.cache/numba

.PHONY: setup demo web test check bench docs lock \
	bench-rounds bench-kill9 bench-workers bench-powercut bench-log bench-refold bench-throughput \
	bench-import bench-replay bench-retrieval bench-swipe bench-speed bench-soak

setup: $(STAMP)

$(STAMP): requirements/all.txt pyproject.toml clients/python/pyproject.toml
	@python=; for candidate in $(PYTHONS); do \
		$$candidate -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
			&& python=$$candidate && break; \
	done; \
	test -n "$$python" || { \
		echo "Freshet needs Python 3.11 or newer with its venv module (Debian: python3-venv)," >&2; \
		echo "and found none as any of: $(PYTHONS)." >&2; \
		echo "Name one yourself: make setup PYTHON=python3.12" >&2; exit 1; }; \
	set -e; \
	echo "Setting up $(VENV) with $$($$python --version): takes a minute or two the first time"; \
	"$$python" -m venv --clear $(VENV); \
	$(PIP) --require-hashes --only-binary :all: -r requirements/all.txt; \
	$(PIP) --no-deps --no-build-isolation --editable . --editable clients/python
	@touch $@

demo: setup web
	$(BIN)/freshet demo

# The player's page, built of web/ where something in it is newer. Node is the machine's, or a
# Python package.
web: $(PAGE)

$(PAGE): $(WEB) web/vite.config.ts web/index.html \
		$(shell find web/src web/public clients/js/src -type f ! -name schema.ts)
	$(BIN)/python clients/js/with_node.py npm --prefix $(CURDIR)/web run --silent build -- --logLevel warn
	@touch $@

$(WEB): web/package-lock.json | setup
	$(BIN)/python clients/js/with_node.py npm --prefix $(CURDIR)/web ci --ignore-scripts --silent
	@touch $@

# Kernels are compiled once and first, else every process of the tests would do it for itself.
test: setup check web $(JS)
	$(BIN)/python -c 'from freshet.learning.live import Live; Live().warm()'
	$(BIN)/python -m tests.web.browser
	$(BIN)/python -m pytest $(PARALLEL)

# What the TypeScript client is built and tested with; npm writes this file when it is done.
$(JS): clients/js/package-lock.json | setup
	$(BIN)/python clients/js/with_node.py npm ci --ignore-scripts --silent
	@touch $@

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Long runs: what the tests do in few rounds done in many, then the tables that the README
# and docs/ quote. `DATA`, a folder in the layout of KuaiRand, adds what needs a real log:
# an import with feeds whose every reason is checked, and a replay. make bench DATA=…
bench: bench-rounds bench-kill9 bench-workers bench-powercut bench-log bench-refold bench-throughput bench-retrieval \
		bench-swipe \
		$(if $(DATA),bench-import bench-replay)
	@$(if $(DATA),:,echo "Left out for want of a real log: bench-import, bench-replay. Give its folder: make bench DATA=…")

bench-kill9: setup
	$(BIN)/python -m tests.chaos.kill9 --rounds 50

bench-workers: setup
	$(BIN)/python -m tests.chaos.workers --workers 1 2 4 --kills 10

bench-powercut: setup
	$(BIN)/python -m tests.chaos.powercut --rounds 20 --cuts 0

bench-log: setup
	$(BIN)/python benchmarks/log_append.py

bench-refold: setup
	$(BIN)/python benchmarks/refold.py --events 2000000

bench-rounds: setup
	$(BIN)/python -m pytest -m thorough --thorough --durations=0

bench-throughput: setup
	$(BIN)/freshet lab throughput

# Speed and scale, S1 to S5: the server as it is run, at three sizes. About an hour.
bench-speed: setup
	mkdir -p out
	$(BIN)/freshet bench feed --videos 10000 --json out/feed-10k.json
	$(BIN)/freshet bench feed --videos 100000 --baseline --json out/feed-100k.json
	$(BIN)/freshet bench feed --videos 1000000 --compare 5 --json out/feed-1m.json
	$(BIN)/freshet bench events --log-events 10000000 --json out/events.json
	$(BIN)/freshet bench freshness --json out/freshness.json
	$(BIN)/freshet bench folding --json out/folding.json
	$(BIN)/freshet bench growth --json out/growth.json
	$(BIN)/freshet bench overload --json out/overload.json

# Half an hour at 70 % of what it carries: errors, repeats, latency and memory over time.
bench-soak: setup
	mkdir -p out
	$(BIN)/freshet bench soak --json out/soak.json

# How soon after a swipe the next clip plays, in a browser.
bench-swipe: setup web
	$(BIN)/python -m tests.web.browser
	$(BIN)/python -m tests.web.swipe

bench-retrieval: setup
	$(BIN)/python -m benchmarks.retrieval

bench-import: setup
	@test -n "$(DATA)" || { echo "Give the folder of a log: make $@ DATA=…" >&2; exit 1; }
	$(BIN)/python benchmarks/acceptance.py "$(DATA)" --viewers 100

bench-replay: setup
	@test -n "$(DATA)" || { echo "Give the folder of a log: make $@ DATA=…" >&2; exit 1; }
	mkdir -p out
	$(BIN)/freshet lab replay "$(DATA)" --peers lightgbm,vw --json out/replay.json

docs: setup
	$(BIN)/python -m freshet.reference docs/reference

# The locks hold versions and hashes, no addresses: where packages come from is the
# business of whoever installs. Other settings of this machine must not leak in.
UV := 0.13.9
COMPILE = env -u UV_FIND_LINKS -u UV_INDEX -u UV_EXTRA_INDEX_URL -u UV_DEFAULT_INDEX -u UV_INDEX_URL \
	.cache/uv/bin/uv pip compile --quiet --no-config --system-certs --upgrade --universal --python-version 3.11 \
	--fork-strategy fewest --generate-hashes --no-emit-index-url --no-emit-find-links \
	--custom-compile-command "make lock" pyproject.toml

lock: setup
	test -x .cache/uv/bin/uv || $(BIN)/python -m venv .cache/uv
	.cache/uv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV)
	$(COMPILE) --all-extras -o requirements/all.txt
	$(COMPILE) --extra media --constraint requirements/all.txt -o requirements/run.txt
