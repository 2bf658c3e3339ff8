# Two commands: `make demo` and `make test`; both set up everything they need on a fresh machine.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
DEMO_OUT ?= out/demo-$(shell date +%Y%m%d-%H%M%S)
JOBS ?= 2
# Half of the time of the tests is waiting, for devices in real time and for disks.
WORKERS ?= 3
TIMES ?= 10
TYPINGS := build/typings
POWERCUT := tests/support:tests/core:tests/powercut
PASSAGES ?= 1000
SEEDS ?= 1000
DAYS ?= 3
RIDES ?= 12
TRUCKS ?= 50
HIL_OUT ?= out/hil-$(shell date +%Y%m%d-%H%M%S)
DAY_OUT ?= out/day-$(shell date +%Y%m%d-%H%M%S)

.PHONY: demo test test-kernel test-terminals flips powercut kill fuzz lint lint-firmware bench docs golden day days explore turns mutants hil clean

demo: $(READY)
	$(BIN)/steelyard demo --out $(DEMO_OUT)

test: lint
	$(BIN)/pytest -n $(WORKERS) --dist worksteal

# Drivers on a real kernel's GPIO, I2C, serial, USB, camera and watchdog, in a virtual machine:
# docs/kernel.md. Debian 12 only, since it boots that distribution's kernel.
test-kernel: $(READY)
	timeout 900 tests/kernel/vm.sh out/kernel
	PYTHONPATH=. $(BIN)/python tests/kernel/run.py out/kernel

# The console driven by the terminal programs that technicians use; what their windows showed is
# kept in out/terminals.  `make test` runs the same where the programs are installed.
test-terminals: $(READY)
	command -v picocom tio screen tmux >/dev/null || \
		{ $(SUDO) apt-get update && $(SUDO) apt-get install -y picocom tio screen tmux; }
	STEELYARD_TERMINALS=out/terminals $(BIN)/pytest -p no:xdist tests/console/test_terminal_programs.py

# The property tests with new examples, TIMES as many as usual; make test draws the same each time.
fuzz: $(READY)
	STEELYARD_FUZZ=$(TIMES) $(BIN)/pytest -n $(JOBS) -m hypothesis

# Ten thousand flipped bits in a closed ledger, its manifests and its media; all must be found.
flips: $(READY)
	STEELYARD_FLIPS=10000 $(BIN)/pytest -p no:xdist tests/protocol/test_bit_flips.py

# Every state that a power cut may leave of a scripted morning, also behind kills and in recoveries,
# and a disk that fails at each operation; docs/powercut.md says what is counted.
powercut: $(READY)
	PYTHONPATH=$(POWERCUT) $(BIN)/python tests/powercut/exhaust.py --jobs $(JOBS)
	STEELYARD_POWERCUT=all $(BIN)/pytest -n $(JOBS) -k "kill_loses or recovery or operation" \
		tests/powercut/test_power_cuts.py tests/powercut/test_recovery_cuts.py \
		tests/powercut/test_disk_errors.py

# A running lane killed with SIGKILL and started again, TIMES times.
kill: $(READY)
	PYTHONPATH=$(POWERCUT) $(BIN)/python tests/powercut/kill_rounds.py --times $(TIMES) --jobs $(JOBS)

lint: $(READY) lint-firmware
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The firmware against the RP2040's own stubs, which must not stand in the environment of the rest.
lint-firmware: $(READY) $(TYPINGS)/machine.pyi
	$(BIN)/mypy --config-file board/firmware/mypy.ini board/firmware/*.py

$(TYPINGS)/machine.pyi: constraints.txt
	$(BIN)/pip install --quiet --upgrade --constraint constraints.txt --target $(TYPINGS) micropython-rp2-stubs
	touch $@

bench: $(READY)
	$(BIN)/steelyard bench

docs: $(READY)
	$(BIN)/python -m controller.diagram > docs/phases.md

# Golden journals with what today's core makes of them; the difference of their .txt is to be read.
golden: $(READY)
	PYTHONPATH=tests/support:tests/core $(BIN)/python -m golden_rig update

# A day of PASSAGES in simulated yards, then replay of every record under two hash seeds.
day: $(READY)
	PYTHONPATH=tests/support:tests/core $(BIN)/python -m long_day $(PASSAGES) $(DAY_OUT) $(JOBS)

# SEEDS shifts of trucks, faults and kills, each judged by who knows the truth.
explore: $(READY)
	$(BIN)/steelyard explore --seeds 0:$(SEEDS) --jobs $(JOBS)

# DAYS days of one lane in each ride, nights without power among them; the platform is away for days.
days: $(READY)
	$(BIN)/steelyard explore --seeds 0:$(RIDES) --days $(DAYS) --jobs $(JOBS)

# SEEDS short shifts, each with all its troubles about one turn of the lane.
turns: $(READY)
	$(BIN)/steelyard explore --seeds 0:$(SEEDS) --turns --jobs $(JOBS)

# Each hand-written mutant through SEEDS shifts until the judge speaks; docs/mutants.md tells of it.
mutants: $(READY)
	-$(BIN)/python -m sim.mutants --seeds 0:$(SEEDS) --jobs $(JOBS) --out out/mutants
	$(BIN)/python -m sim.mutants --page out/mutants/mutants.json > docs/mutants.md

# TRUCKS vehicles in real time, each with a trouble: through real firmware, then through real frames.
hil: $(READY)
	$(BIN)/steelyard hil --mode coprocessor --trucks $(TRUCKS) --hurt --out $(HIL_OUT)/coprocessor
	$(BIN)/steelyard hil --mode indicator --trucks $(TRUCKS) --hurt --out $(HIL_OUT)/indicator

# Debian splits venv from python3; where it is missing, it is the one system package needed.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Steelyard needs Python 3.11 or newer; name it with make PYTHON=..." >&2; exit 1; }
	$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ $(SUDO) apt-get update && $(SUDO) apt-get install -y python3-venv; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[vision,plot,rpi,ipc,firmware,dev]'
	touch $@

clean:
	rm -rf $(VENV) out build *.egg-info
