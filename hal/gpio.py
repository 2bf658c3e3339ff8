"""Drivers on GPIO lines of the kernel's character device (libgpiod 2).

Options that all of them have: ``chip`` (``"gpiochip0"`` or a path), lines by offset (``17``) or by
name (``"LOOP_IN"``).  Inputs: ``closed`` is the electrical level of a closed contact, ``low`` where
it switches to ground; ``pull`` is ``internal`` (the chip pulls to the other level, so that a cut
cable reads open) or ``external`` (a resistor does); ``edges = false`` for chips without interrupts.
Outputs: ``active`` is the level that switches the relay on, ``low`` on many relay boards.
A line that cannot be read or set is the fault GPIO_TROUBLE and is asked for again every second.
"""

from __future__ import annotations

from hal.bus import Bus
from hal.field.boom import Mode, TravelClass
from hal.field.gate import FieldGate, boom_times
from hal.field.gpiod_lines import GpiodPoint, GpiodRelays, LineId
from hal.field.lamps import FieldSignal
from hal.field.points import Level, Pull, Wiring
from hal.field.presence import (
    CLEAR_US,
    STALE_US,
    FieldPresence,
    Kind,
    TwoChannelStop,
    check_contact,
)
from hal.field.rounds import rounds
from hal.virtual import board_clock

CHIP = "gpiochip0"


class GpioInput(FieldPresence):
    """A beam, a loop or a button on one line; a loop's pulse relay may have a second one.

    ``kind`` gives the time it must be clear to count (beam 0.1 s, loop 0.8 s) where ``clear_us`` is
    0; ``contact`` is ``nc`` where current flows while nothing is there (a cut cable reads BLOCKED)
    or ``no``, which is refused for ``kind = "stop"``.
    """

    def __init__(
        self,
        bus: Bus,
        line: LineId,
        chip: str = CHIP,
        kind: Kind = "beam",
        contact: Wiring = "nc",
        closed: Level = "low",
        pull: Pull = "internal",
        block_us: int = 0,
        clear_us: int = 0,
        stale_us: int = STALE_US,
        pulse_line: LineId | None = None,
        edges: bool = True,
    ) -> None:
        check_contact(kind, contact)
        hold = GpiodPoint(chip, line, closed, pull, edges, kind)
        pulse = (
            GpiodPoint(chip, pulse_line, closed, pull, edges, f"{kind} pulse")
            if pulse_line is not None
            else None
        )
        super().__init__(
            rounds(bus),
            board_clock(bus),
            hold,
            wiring=contact,
            block_us=block_us,
            clear_us=clear_us or CLEAR_US[kind],
            stale_us=stale_us,
            pulse=pulse,
        )
        bus.at_close(self.close)


class GpioStop(TwoChannelStop):
    """An emergency stop with two normally closed contacts on ``first_line`` and ``second_line``."""

    def __init__(
        self,
        bus: Bus,
        first_line: LineId,
        second_line: LineId,
        chip: str = CHIP,
        closed: Level = "low",
        pull: Pull = "internal",
        stale_us: int = STALE_US,
        edges: bool = True,
    ) -> None:
        first = GpiodPoint(chip, first_line, closed, pull, edges, "stop 1")
        second = GpiodPoint(chip, second_line, closed, pull, edges, "stop 2")
        super().__init__(rounds(bus), board_clock(bus), first, second, stale_us)
        bus.at_close(self.close)


class GpioGate(FieldGate):
    """A boom: relays at ``open_line``, ``close_line`` and, if wired, ``stop_line``; two limits.

    ``mode = "pulse"`` gives pulses of ``pulse_us``, ``"level"`` holds the contact; ``dead_us`` lies
    between OPEN and CLOSE; a lane that is silent for ``lease_us`` is HOLD.  ``travel_class`` is
    that of GB/T 24973-2010 (F under 1.4 s, O to 4 s, S to 5 s), ``travel_us`` overrides it: a
    limit that takes 2 s longer is GATE_SLOW.  ``limit_contact`` is ``no`` where a limit switch
    closes when made.
    """

    def __init__(
        self,
        bus: Bus,
        open_line: LineId,
        close_line: LineId,
        open_limit_line: LineId,
        closed_limit_line: LineId,
        stop_line: LineId | None = None,
        chip: str = CHIP,
        active: Level = "high",
        mode: Mode = "pulse",
        pulse_us: int = 500_000,
        dead_us: int = 500_000,
        lease_us: int = 1_000_000,
        travel_class: TravelClass = "O",
        travel_us: int = 0,
        limit_contact: Wiring = "no",
        closed: Level = "low",
        pull: Pull = "internal",
        stale_us: int = STALE_US,
        edges: bool = True,
    ) -> None:
        times = boom_times(mode, pulse_us, dead_us, lease_us, travel_class, travel_us)
        lines = [open_line, close_line, *([] if stop_line is None else [stop_line])]
        relays = GpiodRelays(chip, lines, active, (False,) * len(lines), "gate")
        super().__init__(
            rounds(bus),
            board_clock(bus),
            relays,
            GpiodPoint(chip, closed_limit_line, closed, pull, edges, "closed limit"),
            GpiodPoint(chip, open_limit_line, closed, pull, edges, "open limit"),
            times=times,
            has_stop=stop_line is not None,
            limit_wiring=limit_contact,
            stale_us=stale_us,
            name=f"gate at {chip} lines {open_line} {close_line}",
        )
        bus.at_close(self.close)


class GpioSignal(FieldSignal):
    """A red and a green lamp at two lines, each with a monitor contact where one is wired.

    A monitor closes while its lamp's current flows.  A lane silent for ``lease_us`` makes it red.
    """

    def __init__(
        self,
        bus: Bus,
        red_line: LineId,
        green_line: LineId,
        chip: str = CHIP,
        active: Level = "high",
        lease_us: int = 1_000_000,
        red_monitor_line: LineId | None = None,
        green_monitor_line: LineId | None = None,
        closed: Level = "low",
        pull: Pull = "internal",
        edges: bool = True,
    ) -> None:
        def monitor(line: LineId | None, lamp: str) -> GpiodPoint | None:
            if line is None:
                return None
            return GpiodPoint(chip, line, closed, pull, edges, f"{lamp} monitor")

        relays = GpiodRelays(chip, [red_line, green_line], active, (True, False), "signal")
        super().__init__(
            rounds(bus),
            board_clock(bus),
            relays,
            lease_us=lease_us,
            monitors=(monitor(red_monitor_line, "red"), monitor(green_monitor_line, "green")),
        )
        bus.at_close(self.close)
