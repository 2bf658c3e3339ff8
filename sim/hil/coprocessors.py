"""The seam of two coprocessors: levels and counts behind the pins of the real firmware."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any

from board.profile import Profile, read_profile
from hal.bus import Bus
from hal.ports import Contact, Drive, Signal
from sim.devices import SimGate, SimPresence, SimSignal
from sim.hil.board import Board
from sim.hil.spoiler import Spoiler
from sim.world import Yard

SITE = Path(__file__).with_name("coprocessor.toml")
CHIPS = ("A", "B")


class CoprocessorSeam:
    """Two boards; ``hurts`` pull the plug of one, take its power away, or spoil its bytes."""

    hurts = tuple(f"{what} {chip}" for what in ("unplug", "kill", "corrupt") for chip in CHIPS)
    rate_hz = 50.0

    def __init__(self, folder: Path, seed: int) -> None:
        self._spoilers = {chip: Spoiler(Random(f"{seed}/spoil {chip}")) for chip in CHIPS}
        self.boards = {chip: Board(folder / chip, corrupt=self._spoilers[chip]) for chip in CHIPS}
        self._senses: list[tuple[Board, int, Callable[[], int]]] = []
        self._gates: list[tuple[Board, int, int, SimGate]] = []
        self._signals: list[tuple[Board, int, SimSignal]] = []
        self._douts: list[int] = []
        self._levels: dict[tuple[int, int], int] = {}
        self._yard: Yard | None = None

    def profile(self, sheet: Mapping[str, object]) -> Profile:
        """The packaged site with the ports of these boards."""
        bare = read_profile(SITE)
        ports = {
            f"{device.key}.port": self.boards[device.options["port"]].port
            for device in bare.devices.values()
            if "port" in device.options
        }
        return read_profile(SITE, {**sheet, **ports})

    def join(self, yard: Yard, bus: Bus) -> None:
        """Stand the yard behind the pins that the site names, and power the chips up."""
        self._yard = yard
        bus.share("yard", lambda: yard)
        for role, device in read_profile(SITE).devices.items():
            if "port" in device.options:
                self._join(role, device.options, bus)
        self.exchange()
        for board in self.boards.values():
            board.start()

    def _join(self, role: str, options: dict[str, Any], bus: Bus) -> None:
        board, name = self.boards[options["port"]], role.rpartition(".")[2]
        if name == "cells":
            self._douts = options["dout_pins"]
            board.wire_cells(options["sck_pin"], self._douts)
        elif name == "gate":
            gate = SimGate(bus, end=options["end"])
            self._gates.append((board, options["raise_pin"], options["lower_pin"], gate))
            self._senses += [
                (board, options["closed_pin"], lambda: _made(gate.read().closed)),
                (board, options["open_pin"], lambda: _made(gate.read().open)),
            ]
        elif name.endswith("signal"):
            head = SimSignal(bus, end=options["end"], face=options["face"])
            self._signals.append((board, options["green_pin"], head))
        else:
            sensor = SimPresence(bus, kind=options["kind"], end=options.get("end", ""))
            self._senses.append((board, options["pin"], lambda: _blocked(sensor.read())))

    def exchange(self) -> None:
        """Levels that have changed go to the pins; what the output pins hold moves the yard."""
        for board, pin, level in self._senses:
            self._set(board, pin, level())
        if self._yard is not None:
            _, counts = self._yard.converter.take()
            for dout, value in zip(self._douts, counts[-1] if len(counts) else (), strict=False):
                self.boards["A"].set_counts(dout, int(value))
        for board, up, down, gate in self._gates:
            gate.drive(_level(board, up, down))
        for board, green, head in self._signals:
            lit = board.running and board.level(green) == 1
            head.show(Signal.GREEN if lit else Signal.RED)

    def hurt(self, name: str) -> None:
        what, chip = name.split()
        board = self.boards[chip]
        if what == "unplug":
            board.unplug()
        elif what == "kill":
            board.kill()
        else:
            self._spoilers[chip].on = True

    def heal(self, name: str) -> None:
        what, chip = name.split()
        board = self.boards[chip]
        if what == "unplug":
            board.plug()
        elif what == "kill":
            board.start()
        else:
            self._spoilers[chip].on = False

    def close(self) -> None:
        for board in self.boards.values():
            board.close()

    def _set(self, board: Board, pin: int, level: int) -> None:
        key = (id(board), pin)
        if self._levels.get(key) != level:
            self._levels[key] = level
            board.set_level(pin, level)


def _level(board: Board, up: int, down: int) -> Drive:
    """What the relays do to the drive; without power both have let go."""
    if not board.running:
        return Drive.HOLD
    raised, lowered = board.level(up) == 1, board.level(down) == 1
    if raised and lowered:
        raise AssertionError("the firmware drives a boom both ways at once")
    return Drive.RAISE if raised else Drive.LOWER if lowered else Drive.HOLD


def _blocked(contact: Contact) -> int:
    """The level of a contact that is closed to ground while nothing is there; dead reads open."""
    return int(contact is not Contact.CLEAR)


def _made(contact: Contact) -> int:
    """The level of a limit switch that closes to ground when made."""
    return int(contact is not Contact.BLOCKED)
