"""Drivers on GPIO pins of a Raspberry Pi through the RPi.GPIO interface (rpi-lgpio on all models).

Options as those of ``hal/gpio.py``, with ``pin`` in place of ``line`` and no ``chip``: pins have
BCM numbers.  ``pull = "internal"`` uses the Pi's own resistor; GPIO 2 and 3 have a fixed pull-up,
so that only ``closed = "low"`` is safe there.
"""

from __future__ import annotations

import importlib.util

from hal.bus import Bus
from hal.field.boom import Mode, TravelClass
from hal.field.gate import FieldGate, boom_times
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
from hal.field.rpi_lines import RpiPoint, RpiRelays, pins
from hal.virtual import board_clock

# The library refuses to be imported on any other computer, which is no reason not to check a file.
if importlib.util.find_spec("RPi") is None:
    raise ModuleNotFoundError("No module named 'RPi'", name="RPi")


class RpiInput(FieldPresence):
    """A beam, a loop or a button on one pin; options as ``gpio.input``."""

    def __init__(
        self,
        bus: Bus,
        pin: int,
        kind: Kind = "beam",
        contact: Wiring = "nc",
        closed: Level = "low",
        pull: Pull = "internal",
        block_us: int = 0,
        clear_us: int = 0,
        stale_us: int = STALE_US,
        pulse_pin: int | None = None,
    ) -> None:
        check_contact(kind, contact)
        gpio = pins(bus)
        hold = RpiPoint(gpio, pin, closed, pull, kind)
        pulse = (
            RpiPoint(gpio, pulse_pin, closed, pull, f"{kind} pulse")
            if pulse_pin is not None
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


class RpiStop(TwoChannelStop):
    """An emergency stop with two normally closed contacts on ``first_pin`` and ``second_pin``."""

    def __init__(
        self,
        bus: Bus,
        first_pin: int,
        second_pin: int,
        closed: Level = "low",
        pull: Pull = "internal",
        stale_us: int = STALE_US,
    ) -> None:
        gpio = pins(bus)
        first = RpiPoint(gpio, first_pin, closed, pull, "stop 1")
        second = RpiPoint(gpio, second_pin, closed, pull, "stop 2")
        super().__init__(rounds(bus), board_clock(bus), first, second, stale_us)
        bus.at_close(self.close)


class RpiGate(FieldGate):
    """A boom on relays and limit switches at pins; options as ``gpio.gate``."""

    def __init__(
        self,
        bus: Bus,
        open_pin: int,
        close_pin: int,
        open_limit_pin: int,
        closed_limit_pin: int,
        stop_pin: int | None = None,
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
    ) -> None:
        times = boom_times(mode, pulse_us, dead_us, lease_us, travel_class, travel_us)
        gpio = pins(bus)
        outputs = [open_pin, close_pin, *([] if stop_pin is None else [stop_pin])]
        super().__init__(
            rounds(bus),
            board_clock(bus),
            RpiRelays(gpio, outputs, active, (False,) * len(outputs), "gate"),
            RpiPoint(gpio, closed_limit_pin, closed, pull, "closed limit"),
            RpiPoint(gpio, open_limit_pin, closed, pull, "open limit"),
            times=times,
            has_stop=stop_pin is not None,
            limit_wiring=limit_contact,
            stale_us=stale_us,
            name=f"gate at pins {open_pin} {close_pin}",
        )
        bus.at_close(self.close)


class RpiSignal(FieldSignal):
    """A red and a green lamp at two pins; options as ``gpio.signal``."""

    def __init__(
        self,
        bus: Bus,
        red_pin: int,
        green_pin: int,
        active: Level = "high",
        lease_us: int = 1_000_000,
        red_monitor_pin: int | None = None,
        green_monitor_pin: int | None = None,
        closed: Level = "low",
        pull: Pull = "internal",
    ) -> None:
        gpio = pins(bus)

        def monitor(pin: int | None, lamp: str) -> RpiPoint | None:
            return None if pin is None else RpiPoint(gpio, pin, closed, pull, f"{lamp} monitor")

        super().__init__(
            rounds(bus),
            board_clock(bus),
            RpiRelays(gpio, [red_pin, green_pin], active, (True, False), "signal"),
            lease_us=lease_us,
            monitors=(monitor(red_monitor_pin, "red"), monitor(green_monitor_pin, "green")),
        )
        bus.at_close(self.close)
