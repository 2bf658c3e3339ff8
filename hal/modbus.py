"""Drivers on Modbus relay and input modules, RTU on a serial port or TCP (pymodbus).

Options that all of them have: ``port`` (``"/dev/ttyUSB0"``, with ``baud``, ``parity`` and 8 bits)
or ``host`` and ``tcp_port``; ``unit``, the module's address; ``timeout_us``, within which it
answers.  Coils and inputs count from 0 as on the wire, where manuals mostly begin with 1 (or 00001
and 10001).  ``closed = "high"`` is an input that reports 1 while its contact is closed.
An input is UNKNOWN when its last good reading is older than ``stale_us``, 300 ms: three rounds of
two modules at 38400 baud, with one lost answer in between.
Coils are levels that the module holds by itself: set its own communication time-out, where it has
one, to 1 s or 2 s, since a host that dies cannot let go of a relay over a line.
"""

from __future__ import annotations

from hal.bus import Bus
from hal.field.boom import Mode, TravelClass
from hal.field.gate import FieldGate, boom_times
from hal.field.lamps import FieldSignal
from hal.field.modbus_bus import modbus_line
from hal.field.modbus_points import ModbusPoint, ModbusRelays
from hal.field.points import Level, Wiring
from hal.field.presence import CLEAR_US, FieldPresence, Kind, TwoChannelStop, check_contact
from hal.line import Parity
from hal.virtual import board_clock

STALE_US = 300_000
TIMEOUT_US = 100_000
BAUD = 9600
TCP_PORT = 502


class ModbusInput(FieldPresence):
    """A beam, a loop or a button at ``input``, a loop's pulse relay at ``pulse_input``.

    ``kind``, ``contact``, ``block_us`` and ``clear_us`` as ``gpio.input``.
    """

    def __init__(
        self,
        bus: Bus,
        unit: int,
        input: int,
        port: str = "",
        host: str = "",
        tcp_port: int = TCP_PORT,
        baud: int = BAUD,
        parity: Parity = "none",
        timeout_us: int = TIMEOUT_US,
        kind: Kind = "beam",
        contact: Wiring = "nc",
        closed: Level = "high",
        block_us: int = 0,
        clear_us: int = 0,
        stale_us: int = STALE_US,
        pulse_input: int | None = None,
    ) -> None:
        check_contact(kind, contact)
        line = modbus_line(bus, port, host, tcp_port, baud, parity, timeout_us)
        pulse = ModbusPoint(line, unit, pulse_input, closed) if pulse_input is not None else None
        super().__init__(
            line,
            board_clock(bus),
            ModbusPoint(line, unit, input, closed),
            wiring=contact,
            block_us=block_us,
            clear_us=clear_us or CLEAR_US[kind],
            stale_us=stale_us,
            pulse=pulse,
        )
        bus.at_close(self.close)


class ModbusStop(TwoChannelStop):
    """An emergency stop with two normally closed contacts, ``first_input`` and ``second_input``."""

    def __init__(
        self,
        bus: Bus,
        unit: int,
        first_input: int,
        second_input: int,
        port: str = "",
        host: str = "",
        tcp_port: int = TCP_PORT,
        baud: int = BAUD,
        parity: Parity = "none",
        timeout_us: int = TIMEOUT_US,
        closed: Level = "high",
        stale_us: int = STALE_US,
    ) -> None:
        line = modbus_line(bus, port, host, tcp_port, baud, parity, timeout_us)
        first = ModbusPoint(line, unit, first_input, closed)
        second = ModbusPoint(line, unit, second_input, closed)
        super().__init__(line, board_clock(bus), first, second, stale_us)
        bus.at_close(self.close)


class ModbusGate(FieldGate):
    """A boom: coils for OPEN, CLOSE and, if wired, STOP; inputs for its limits.

    Times and modes as ``gpio.gate``.  ``limit_unit`` is the module of the limit inputs where that
    is another.  Give the coils neighbouring numbers, so that one frame sets them together.
    """

    def __init__(
        self,
        bus: Bus,
        unit: int,
        open_coil: int,
        close_coil: int,
        open_limit_input: int,
        closed_limit_input: int,
        stop_coil: int | None = None,
        limit_unit: int = 0,
        port: str = "",
        host: str = "",
        tcp_port: int = TCP_PORT,
        baud: int = BAUD,
        parity: Parity = "none",
        timeout_us: int = TIMEOUT_US,
        mode: Mode = "pulse",
        pulse_us: int = 500_000,
        dead_us: int = 500_000,
        lease_us: int = 1_000_000,
        travel_class: TravelClass = "O",
        travel_us: int = 0,
        limit_contact: Wiring = "no",
        closed: Level = "high",
        stale_us: int = STALE_US,
    ) -> None:
        times = boom_times(mode, pulse_us, dead_us, lease_us, travel_class, travel_us)
        line = modbus_line(bus, port, host, tcp_port, baud, parity, timeout_us)
        coils = [open_coil, close_coil, *([] if stop_coil is None else [stop_coil])]
        super().__init__(
            line,
            board_clock(bus),
            ModbusRelays(line, unit, coils, (False,) * len(coils)),
            ModbusPoint(line, limit_unit or unit, closed_limit_input, closed),
            ModbusPoint(line, limit_unit or unit, open_limit_input, closed),
            times=times,
            has_stop=stop_coil is not None,
            limit_wiring=limit_contact,
            stale_us=stale_us,
            name=f"gate at {line.name} unit {unit}",
        )
        bus.at_close(self.close)


class ModbusSignal(FieldSignal):
    """A red and a green lamp at two coils, each with a monitor input where one is wired.

    A monitor closes while its lamp's current flows; ``monitor_unit`` is its module where that is
    another.  A lane silent for ``lease_us`` makes it red.
    """

    def __init__(
        self,
        bus: Bus,
        unit: int,
        red_coil: int,
        green_coil: int,
        red_monitor_input: int | None = None,
        green_monitor_input: int | None = None,
        monitor_unit: int = 0,
        port: str = "",
        host: str = "",
        tcp_port: int = TCP_PORT,
        baud: int = BAUD,
        parity: Parity = "none",
        timeout_us: int = TIMEOUT_US,
        lease_us: int = 1_000_000,
        closed: Level = "high",
    ) -> None:
        line = modbus_line(bus, port, host, tcp_port, baud, parity, timeout_us)

        def monitor(number: int | None) -> ModbusPoint | None:
            if number is None:
                return None
            return ModbusPoint(line, monitor_unit or unit, number, closed)

        super().__init__(
            line,
            board_clock(bus),
            ModbusRelays(line, unit, [red_coil, green_coil], (True, False)),
            lease_us=lease_us,
            monitors=(monitor(red_monitor_input), monitor(green_monitor_input)),
        )
        bus.at_close(self.close)
