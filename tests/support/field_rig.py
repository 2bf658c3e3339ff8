"""Boards of field I/O without hardware: the same lane on lines, pins and Modbus coils."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from field_fakes import FakeRpi, GateStand, fake_chip
from line_fakes import RF_PORT, memory_rf, watchdog_file
from modbus_fakes import PORT, LateClock, memory_line
from site_rig import SITE, write_recording

from board.build import Board, build
from board.profile import read_profile
from hal.bus import Bus
from hal.field.rounds import Rounds
from hal.player import player_of
from hal.virtual import board_clock
from sim.emulators.modbus_io import ModbusIo
from sim.emulators.rf_detector import RfDetectorEmulator

ROUND_US = 10_000
ROUNDS_MAX = 50
ENDS = ("yard", "road")
CONTACTS = ("approach", "arm", "beam_low", "beam_high")
KINDS = {"approach": "loop", "arm": "loop", "beam_low": "beam", "beam_high": "beam"}
GATE = ("open", "close", "stop", "closed_limit", "open_limit")
Advance = Callable[[int], None]
MORE = f"""
[devices.rf_detector]
driver = "rf.detector"
port = "{RF_PORT}"

[devices.watchdog]
driver = "linux.watchdog"
device = "{{device}}"
"""


def line_of(end: str, name: str) -> int:
    """The line at which something stands: 20 for each end."""
    names = (
        *CONTACTS,
        *GATE,
        *(f"{f}_{c}" for f in ("approach", "deck") for c in ("red", "green")),
    )
    return 2 + 20 * ENDS.index(end) + names.index(name)


def field_site(driver: str, word: str, out: str) -> str:
    """A site file whose contacts, booms and lamps are on drivers called ``driver.*``.

    ``word`` ends the options that name inputs, ``out`` those that name outputs.
    """
    head = SITE[: SITE.index("[devices.clock]")]
    text = [head, '[devices.clock]\ndriver = "trace.clock"']
    text.append('starts = "2026-11-22T08:00:00+08:00"\n')
    text.append('[devices.cells]\ndriver = "trace.cells"\nfiles = ["passage.csv"]\n')
    text.append(f'[devices.estop]\ndriver = "{driver}.stop"\nfirst_{word} = 0\nsecond_{word} = 1\n')
    for end in ENDS:
        for name in CONTACTS:
            options = f'{word} = {line_of(end, name)}\nkind = "{KINDS[name]}"\n'
            text.append(f'[devices.{end}.{name}]\ndriver = "{driver}.input"\n{options}')
        names = [n for n in GATE if n != "stop" or end == "yard"]
        ends = {name: word if "limit" in name else out for name in names}
        options = "".join(f"{n}_{ends[n]} = {line_of(end, n)}\n" for n in names)
        mode = "pulse" if end == "yard" else "level"
        text.append(f'[devices.{end}.gate]\ndriver = "{driver}.gate"\nmode = "{mode}"\n{options}')
        for face in ("approach", "deck"):
            red, green = (line_of(end, f"{face}_{c}") for c in ("red", "green"))
            options = f'driver = "{driver}.signal"\nred_{out} = {red}\ngreen_{out} = {green}\n'
            text.append(f"[devices.{end}.{face}_signal]\n{options}")
    return "\n".join(text)


class FieldYard:
    """What hangs on the wires: contacts that close, and two gates that their relays drive.

    ``close`` closes the contact at a line or opens it, ``is_on`` tells of the relay at a line.
    """

    def __init__(self, close: Callable[[int, bool], None], is_on: Callable[[int], bool]) -> None:
        self.close = close
        self._is_on = is_on
        self.gates = {"yard": GateStand(latches=True), "road": GateStand(latches=False)}
        for line in (0, 1, *(line_of(e, n) for e in ENDS for n in CONTACTS)):
            self.close(line, True)
        self.step(0)

    def step(self, us: int) -> None:
        for end, gate in self.gates.items():
            on = [self._is_on(line_of(end, n)) for n in ("open", "close", "stop")]
            gate.step(us, *on)
            self.close(line_of(end, "closed_limit"), gate.is_closed)
            self.close(line_of(end, "open_limit"), gate.is_open)


def _gpio(driver: str, folder: Path, bus: Bus) -> tuple[str, FieldYard, Callable[[], None]]:
    path = str(folder / "gpiochip0")
    chip = fake_chip(path, lambda: board_clock(bus).now_us())
    word = "line" if driver == "gpio" else "pin"
    site = field_site(driver, word, word)
    if driver == "gpio":
        site = site.replace('driver = "gpio.', f'chip = "{path}"\ndriver = "gpio.')
    else:
        bus.share("RPi.GPIO", lambda: FakeRpi(chip))
    rounds = Rounds(LateClock(bus), None)
    bus.share("field rounds", lambda: rounds)
    yard = FieldYard(
        lambda line, closed: chip.pull(line, 0 if closed else None),
        lambda line: chip.wire(line).out == 1,
    )
    return site, yard, rounds.round


def _modbus(folder: Path, bus: Bus) -> tuple[str, FieldYard, Callable[[], None]]:
    module = ModbusIo(unit=3, coils=64, inputs=64)
    site = field_site("modbus", "input", "coil") + MORE.format(device=watchdog_file(folder))
    memory_rf(bus, RfDetectorEmulator())
    site = site.replace('driver = "modbus.', f'port = "{PORT}"\nunit = 3\ndriver = "modbus.')
    line = memory_line(bus, module)
    inputs = module.inputs
    assert isinstance(inputs, list)
    yard = FieldYard(inputs.__setitem__, module.coils.__getitem__)
    return site, yard, line.round


def field_board(driver: str, folder: Path) -> tuple[Board, Advance]:
    """Build a board of ``gpio``, ``rpi`` or ``modbus`` and the hand that moves its time; settled.

    The board's "field yard" on the bus is what hangs on its wires.
    """
    bus = Bus()
    write_recording(folder)
    site, yard, rounds = _modbus(folder, bus) if driver == "modbus" else _gpio(driver, folder, bus)
    (folder / "field.toml").write_text(site, encoding="utf-8")
    bus.share("field yard", lambda: yard)
    board = build(read_profile(folder / "field.toml"), bus)

    def advance(us: int) -> None:
        step_us = max(ROUND_US, us // ROUNDS_MAX)
        for start in range(0, us, step_us):
            part_us = min(step_us, us - start)
            player_of(bus).advance(part_us)
            yard.step(part_us)
            rounds()

    for _ in range(100):
        advance(ROUND_US)
        if board.rf_detector is not None:
            board.rf_detector.read()
    return board, advance
