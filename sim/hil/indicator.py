"""The seam of an industrial PC: indicator, Modbus modules and sign, emulated on ptys."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from random import Random

from board.profile import Profile, read_profile
from hal.bus import Bus
from hal.ports import Contact, DeviceFault, Drive, Signal, SignPage
from sim.devices import SimGate, SimIndicator, SimPresence, SimSignal
from sim.emulators import Emulator
from sim.emulators.indicators import YaohuaEmulator
from sim.emulators.modbus_io import ModbusIo
from sim.emulators.serve import OnPty
from sim.emulators.signs import SichuanSignEmulator
from sim.hil.spoiler import Spoiler
from sim.world import ENDS, Yard

SITE = Path(__file__).with_name("indicator.toml")
LINES = ("indicator", "io", "sign")
FALLS_OFF_US = 1_000_000
"""A module whose line is quiet for so long lets its relays go, as those of the profile are set."""
_SENSORS = ("approach", "arm", "beam_low", "beam_high")
_OPEN, _CLOSE, _APPROACH_GREEN, _DECK_GREEN = 0, 1, 4, 6
_OVER_G = 200_000_000


class PartyLine:
    """Several modules on one RS-485 line: all hear everything, each answers for itself."""

    def __init__(self, modules: list[ModbusIo]) -> None:
        self._modules = modules

    def answer(self, data: bytes, now_us: int) -> bytes:
        return b"".join(module.answer(data, now_us) for module in self._modules)

    def due(self, now_us: int) -> bytes:
        return b""


class IndicatorSeam:
    """One line each for indicator, modules and sign; ``hurts`` pull it out or spoil its bytes."""

    hurts = tuple(f"{what} {line}" for what in ("unplug", "corrupt") for line in LINES)
    rate_hz = 80.0

    def __init__(self, folder: Path, seed: int) -> None:
        self._spoilers = {line: Spoiler(Random(f"{seed}/spoil {line}")) for line in LINES}
        self._talker = YaohuaEmulator()
        self._modules = [ModbusIo(unit) for unit in (1, 2)]
        self._panel = SichuanSignEmulator(rows=6)
        emulators: dict[str, Emulator] = {
            "indicator": self._talker,
            "io": PartyLine(self._modules),
            "sign": self._panel,
        }
        folder.mkdir(parents=True, exist_ok=True)
        self._served = {
            line: OnPty(one, folder / line, corrupt=self._spoilers[line])
            for line, one in emulators.items()
        }
        self._heard = [(0, 0) for _ in self._modules]

    def profile(self, sheet: Mapping[str, object]) -> Profile:
        """The packaged site with the ports of these lines; it has no calibration sheet."""
        bare = read_profile(SITE)
        ports = {
            f"{device.key}.port": self._served[device.options["port"]].port
            for device in bare.devices.values()
            if "port" in device.options
        }
        return read_profile(SITE, ports)

    def join(self, yard: Yard, bus: Bus) -> None:
        """Stand the yard behind the emulators."""
        bus.share("yard", lambda: yard)
        self._yard = yard
        self._indicator = SimIndicator(bus)
        self._estop = SimPresence(bus, kind="estop")
        self._gates = [SimGate(bus, end=end) for end in ENDS]
        self._sensors = [
            [SimPresence(bus, kind=kind, end=end) for kind in _SENSORS] for end in ENDS
        ]
        self._heads = [
            [SimSignal(bus, end=end, face=face) for face in ("approach", "deck")] for end in ENDS
        ]
        self.exchange()

    def exchange(self) -> None:
        """What the emulators show and are told, taken over whole: they run on threads."""
        self._weigh()
        stopped = self._estop.read() is Contact.CLEAR
        for number, module in enumerate(self._modules):
            self._mind_line(number, module)
            limits = self._gates[number].read()
            module.inputs = [
                *(sensor.read() is Contact.CLEAR for sensor in self._sensors[number]),
                limits.open is Contact.BLOCKED,
                limits.closed is Contact.BLOCKED,
                stopped,
                stopped,
            ]
            self._gates[number].drive(_level(module.coils))
            for head, coil in zip(self._heads[number], (_APPROACH_GREEN, _DECK_GREEN), strict=True):
                head.show(Signal.GREEN if module.coils[coil] else Signal.RED)
        rows = tuple(row for row in self._panel.rows if row)
        self._yard.sign = SignPage(lines=rows, colour="amber") if rows else None

    def hurt(self, name: str) -> None:
        what, line = name.split()
        if what == "unplug":
            self._served[line].unplug()
        else:
            self._spoilers[line].on = True

    def heal(self, name: str) -> None:
        what, line = name.split()
        if what == "unplug":
            self._served[line].plug()
        else:
            self._spoilers[line].on = False

    def close(self) -> None:
        for served in self._served.values():
            served.close()

    def _weigh(self) -> None:
        looks = self._indicator.read()
        if isinstance(looks, DeviceFault) or not looks:
            return
        gross_g = looks[-1].gross_g
        self._talker.weight_g = _OVER_G if gross_g is None else gross_g

    def _mind_line(self, number: int, module: ModbusIo) -> None:
        heard, since_us = self._heard[number]
        now_us = self._yard.now_us
        if module.heard != heard:
            self._heard[number] = (module.heard, now_us)
        elif now_us - since_us > FALLS_OFF_US and any(module.coils):
            module.restart()


def _level(coils: list[bool]) -> Drive:
    if coils[_OPEN] and coils[_CLOSE]:
        raise AssertionError("both relays of a gate are on at once")
    return Drive.RAISE if coils[_OPEN] else Drive.LOWER if coils[_CLOSE] else Drive.HOLD
