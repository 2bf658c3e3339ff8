"""A gate of every back end under arbitrary words and breakdowns: what its wires may never show."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from field_fakes import FakeRpi, HandClock, fake_chip
from hypothesis import given, settings
from hypothesis import strategies as st
from modbus_fakes import PORT, memory_line

from hal import registry
from hal.bus import Bus
from hal.field.rounds import Rounds
from hal.ports import Drive
from sim.emulators.modbus_io import ModbusIo

DEAD_US = 500_000
LEASE_US = 1_000_000
ROUND_US = 20_000
DEEDS = st.lists(
    st.tuples(
        st.sampled_from([None, *Drive]),
        st.integers(1, 80),
        st.sampled_from(["well", "well", "well", "away", "jump"]),
        st.sampled_from([(True, False), (False, True), (False, False), (True, True)]),
    ),
    min_size=1,
    max_size=14,
)


class Stand:
    """A gate on one back end; the limit switches and the breakdowns are the test's."""

    def __init__(self, library: str, mode: str) -> None:
        self.clock = HandClock()
        self.bus = Bus()
        self.bus.share("clock", lambda: self.clock)
        self.module = ModbusIo(unit=3)
        place = str(Path(tempfile.gettempdir()) / "gpiochip-anyhow")
        self.chip = fake_chip(place, self.clock.now_us)
        self._is_modbus = library == "modbus"
        word, ends = ("coil", "input") if self._is_modbus else ("line", "line")
        options: dict[str, Any] = {"mode": mode}
        if self._is_modbus:
            self._round = memory_line(self.bus, self.module).round
            options |= {"unit": 3, "port": PORT}
        else:
            rounds = Rounds(self.clock, None)
            self.bus.share("field rounds", lambda: rounds)
            self.bus.share("RPi.GPIO", lambda: FakeRpi(self.chip))
            self._round = rounds.round
            if library == "gpio":
                options["chip"] = place
            else:
                word = ends = "pin"
        names = {f"open_{word}": 0, f"close_{word}": 1}
        names |= {f"open_limit_{ends}": 2, f"closed_limit_{ends}": 3}
        self.gate = registry.load(f"{library}.gate")(self.bus, **names, **options)

    def put(self, away: bool, limits: tuple[bool, bool]) -> None:
        self.chip.gone = away
        self.module.fault = "silent" if away else ""
        assert isinstance(self.module.inputs, list)
        for line, made in zip((3, 2), limits, strict=True):
            self.chip.pull(line, 0 if made else None)
            self.module.inputs[line] = made

    def round(self) -> tuple[bool, bool]:
        self.clock.us += ROUND_US
        self._round()
        if self._is_modbus:
            return self.module.coils[0], self.module.coils[1]
        return self.chip.wire(0).out == 1, self.chip.wire(1).out == 1


def ride(stand: Stand, deeds: list[Any]) -> list[tuple[bool, bool]]:
    """Do all that, holding the wires to what they may never show; returns them round by round."""
    shown = []
    last_us = {"open": -(10**9), "close": -(10**9)}
    said_us, said, well_us = -(10**9), False, -(10**9)
    for level, rounds, state, limits in deeds:
        stand.put(state == "away", limits)
        if state == "jump":
            stand.clock.us += 700_000
        for _ in range(rounds):
            if level is not None:
                stand.gate.drive(level)
                said_us = stand.clock.us
                said = said or level is not Drive.HOLD
            opens, closes = stand.round()
            shown.append((opens, closes))
            now_us = stand.clock.us
            well_us = now_us if state == "away" else well_us
            assert said or not (opens or closes)
            assert not (opens and closes)
            assert not opens or now_us - last_us["close"] >= DEAD_US
            assert not closes or now_us - last_us["open"] >= DEAD_US
            last_us["open"] = now_us if opens else last_us["open"]
            last_us["close"] = now_us if closes else last_us["close"]
            # What cannot be reached cannot be let go; once it can be, it is within a second or so.
            if now_us - said_us > LEASE_US + ROUND_US and now_us - well_us > 1_300_000:
                assert (opens, closes) == (False, False)
    stand.bus.close()
    return shown


@pytest.mark.parametrize("library", ["gpio", "rpi", "modbus"])
@settings(max_examples=15)
@given(deeds=DEEDS, mode=st.sampled_from(["pulse", "level"]))
def test_open_and_close_are_never_both_or_near_and_never_outlive_the_lane(
    library: str, deeds: list[Any], mode: str
) -> None:
    ride(Stand(library, mode), deeds)


@pytest.mark.parametrize("library", ["gpio", "rpi", "modbus"])
def test_a_contact_that_cannot_be_let_go_keeps_the_other_off(library: str) -> None:
    between = (False, False)
    shown = ride(
        Stand(library, "level"),
        [
            (Drive.RAISE, 60, "well", between),
            (Drive.LOWER, 60, "away", between),
            (Drive.LOWER, 120, "well", between),
        ],
    )
    assert shown[59] == shown[119] == (True, False)
    assert shown[-1] == (False, True)
