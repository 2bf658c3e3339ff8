"""Drivers of what hangs on an I/O coprocessor; all that name the same ``port`` share its line.

Pins are the RP2040's GP numbers.  ``clear``, ``made`` and ``on`` are electrical levels, "low" or
"high"; inputs are pulled so that a cut wire reads blocked (a limit switch: not made).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from hal.bus import Bus
from hal.coprocessor.link import BAUD, STALE_US, Taken, link_of
from hal.coprocessor.troubles import BAD_SAMPLES
from hal.ports import BoomContacts, CellSamples, Contact, DeviceFault, Drive, Signal
from protocol import coprocessor as wire

SILENT_US = 500_000
RAIL_COUNTS = 0x7FFFFF
Level = Literal["low", "high"]
EndName = Literal["yard", "road"]
_CONTACTS = tuple(Contact)


class CoprocessorCells:
    """Load cells on HX711 or ADS1232/1234, one chip for each cell, all clocked together.

    ``rate_hz`` is the fixed rate of the samples, at most what the chips give; ``gain`` is 128, 64
    or 32 with an HX711, with an ADS what is wired.  A sample in which a cell is missed is left out;
    a cell that gives none for ``BAD_SAMPLES`` on end, or is saturated, stands at the rail, so that
    the lane weighs by the others where it may.
    """

    def __init__(
        self,
        bus: Bus,
        port: str,
        sck_pin: int,
        dout_pins: list[int],
        chip: Literal["hx711", "ads1232", "ads1234"] = "hx711",
        gain: int = 128,
        rate_hz: int = 50,
        pdwn_pin: int | None = None,
        baud: int = BAUD,
    ) -> None:
        cells = bus.share("cell_count", lambda: len(dout_pins))
        if cells != len(dout_pins):
            raise ValueError(f"{len(dout_pins)} data pins for the scale's {cells} cells")
        self._link = link_of(bus, port, baud)
        row = {"chip": chip, "sck": sck_pin, "dout": dout_pins, "gain": gain}
        if pdwn_pin is not None:
            row["pdwn"] = pdwn_pin
        self._link.wiring.set_cells(row, rate_hz)
        self._cells = len(dout_pins)

    def read(self) -> CellSamples | DeviceFault:
        """The samples since the last call, or why there are none."""
        self._link.poll()
        taken = list(self._link.samples)
        self._link.samples.clear()
        if not self._link.ready:
            return self._silent("the coprocessor is not there")
        bad = self._link.troubles.bad_samples
        if bad and min(bad) >= BAD_SAMPLES:
            return self._silent("no converter gives a sample")
        rows = [row for row in (self._row(one, bad) for one in taken) if row is not None]
        counts = np.array([row[1:] for row in rows], np.int64).reshape(len(rows), self._cells)
        return CellSamples(t_us=np.array([row[0] for row in rows], np.int64), counts=counts)

    def faults(self) -> tuple[DeviceFault, ...]:
        return self._link.faults()

    def _row(self, taken: Taken, bad: Sequence[int]) -> tuple[int, ...] | None:
        sample = taken.sample
        if len(sample.counts) != self._cells:
            return None
        counts = []
        for count, flag, for_long in zip(sample.counts, sample.flags, bad, strict=True):
            if flag and flag != wire.SATURATED and for_long < BAD_SAMPLES:
                return None
            counts.append(RAIL_COUNTS if flag else count)
        return (taken.t_us, *counts)

    def _silent(self, seen: str) -> DeviceFault:
        return DeviceFault(name="CELLS_SILENT", device=self._link.port, seen=seen)


class CoprocessorInput:
    """A beam, a loop, an emergency stop: ``end`` and ``kind`` say which.

    The guards of a boom are the ``arm``, ``beam_low`` and ``beam_high`` of its end; an ``estop``
    has no end and stops every boom in the coprocessor itself.  ``clear`` is the level that says
    clear, ``settle_us`` how long it must, ``pair_pin`` the opposite contact of the same device.
    What was told longer ago than ``stale_us``, 0.9 s at most, is UNKNOWN.
    """

    def __init__(
        self,
        bus: Bus,
        port: str,
        pin: int,
        kind: Literal["approach", "arm", "beam_low", "beam_high", "estop", "rf_detector"],
        end: Literal["yard", "road", "lane"] = "lane",
        clear: Level = "low",
        settle_us: int = 20_000,
        pair_pin: int | None = None,
        stale_us: int = STALE_US,
        baud: int = BAUD,
    ) -> None:
        of_lane = kind in ("estop", "rf_detector")
        if of_lane != (end == "lane"):
            raise ValueError(f"{kind} belongs to {'the lane' if of_lane else 'an end: yard, road'}")
        self._link = link_of(bus, port, baud)
        name = kind if of_lane else f"{end}.{kind}"
        row = {"name": name, "pin": pin, "clear": _bit(clear), "settle_ms": _ms(settle_us)}
        if pair_pin is not None:
            row["pair"] = pair_pin
        self._link.allow(stale_us)
        self._stale_us = stale_us
        self._index = self._link.wiring.add_input(row)

    def read(self) -> Contact:
        """The contact; UNKNOWN while the coprocessor does not say."""
        self._link.poll()
        return _CONTACTS[self._link.contact(self._index, self._stale_us)]

    def faults(self) -> tuple[DeviceFault, ...]:
        return self._link.faults()


class CoprocessorGate:
    """A boom by relays for RAISE, LOWER and STOP, with its limit switches.

    ``pulse_us`` 0 holds a relay made while the boom is to move; else each change of level is one
    pulse, and ``stop_pin`` is needed.  ``rise_dead_us`` and ``fall_dead_us`` pass between the two
    directions.  It is lowered only when its guards have been clear for ``settle_us``; a reversal
    ends after ``travel_us``.  With ``one_at_a_time`` no boom is raised unless the other is closed.
    """

    def __init__(
        self,
        bus: Bus,
        port: str,
        end: EndName,
        raise_pin: int,
        lower_pin: int,
        stop_pin: int | None = None,
        closed_pin: int | None = None,
        open_pin: int | None = None,
        made: Level = "low",
        on: Level = "high",
        pulse_us: int = 0,
        rise_dead_us: int = 50_000,
        fall_dead_us: int = 500_000,
        settle_us: int = 1_500_000,
        travel_us: int = 6_000_000,
        one_at_a_time: bool = False,
        baud: int = BAUD,
    ) -> None:
        if (closed_pin is None) != (open_pin is None):
            raise ValueError("closed_pin and open_pin go together")
        self._link = link_of(bus, port, baud)
        row: dict[str, object] = {
            "name": end,
            "raise": raise_pin,
            "lower": lower_pin,
            "on": _bit(on),
            "pulse_ms": _ms(pulse_us),
            "rise_dead_ms": _ms(rise_dead_us),
            "fall_dead_ms": _ms(fall_dead_us),
            "settle_ms": _ms(settle_us),
            "travel_ms": _ms(travel_us),
        }
        if stop_pin is not None:
            row["stop"] = stop_pin
        self._limits: tuple[int, int] | None = None
        if closed_pin is not None and open_pin is not None:
            row |= {"closed": f"{end}.closed", "open": f"{end}.open"}
            self._limits = (
                self._limit(f"{end}.closed", closed_pin, made),
                self._limit(f"{end}.open", open_pin, made),
            )
        self._index = self._link.wiring.add_boom(row, one_at_a_time)

    def drive(self, level: Drive) -> None:
        """Hold this level for this scan."""
        self._link.hold("boom", self._index, int(level))

    def read(self) -> BoomContacts:
        """The limit switches, both UNKNOWN where there are none or nobody says."""
        self._link.poll()
        if self._limits is None:
            return BoomContacts(Contact.UNKNOWN, Contact.UNKNOWN)
        closed, opened = (_CONTACTS[self._link.contact(index)] for index in self._limits)
        return BoomContacts(closed, opened)

    def faults(self) -> tuple[DeviceFault, ...]:
        return self._link.faults()

    def _limit(self, name: str, pin: int, made: Level) -> int:
        row = {"name": name, "pin": pin, "clear": 1 - _bit(made), "settle_ms": 20}
        return self._link.wiring.add_input(row)


class CoprocessorSignal:
    """A red and a green lamp; red whenever the lane does not say green."""

    def __init__(
        self,
        bus: Bus,
        port: str,
        end: EndName,
        face: Literal["approach", "deck"],
        red_pin: int,
        green_pin: int,
        on: Level = "high",
        baud: int = BAUD,
    ) -> None:
        self._link = link_of(bus, port, baud)
        name = f"{end}.{face}"
        row = {"name": name, "red": red_pin, "green": green_pin, "on": _bit(on)}
        self._index = self._link.wiring.add_head(row)

    def show(self, aspect: Signal) -> None:
        """Hold this aspect for this scan."""
        self._link.hold("head", self._index, int(aspect is Signal.GREEN))

    def faults(self) -> tuple[DeviceFault, ...]:
        return self._link.faults()


def _bit(level: Level) -> int:
    return int(level == "high")


def _ms(time_us: int) -> int:
    return time_us // 1000
