"""A room on the real drivers: bytes of an emulated indicator in, the lane's weight out."""

from __future__ import annotations

from typing import Any

import pytest
from indicator_rig import PORT, HandClock, HandLine
from msgspec.structs import replace
from shown import Bridge

from controller.core.faults import Fault
from controller.core.images import EndInputs, Sensor, Weight
from controller.core.kinds import Deck, Presence, WeighingStatus
from controller.indicatorroom import IndicatorRoom
from hal import registry
from hal.bus import Bus
from protocol.frames import unpack_frames
from sensors.indicated_rule import Rule
from sim.emulators.indicators import StGsEmulator, Talker, ToledoEmulator, YaohuaEmulator

LOAD_G = 18_000_000
_CLEAR = EndInputs(
    arm=Sensor(Presence.CLEAR, 0),
    beam_low=Sensor(Presence.CLEAR, 0),
    beam_high=Sensor(Presence.CLEAR, 0),
)
_MADE: dict[str, tuple[str, type[Talker], dict[str, Any]]] = {
    "without a motion bit": ("yaohua.indicator", YaohuaEmulator, {"unit": "kg"}),
    "with a motion bit": ("toledo.indicator", ToledoEmulator, {"checksum": True}),
    "text": ("text.indicator", StGsEmulator, {"dialect": "st-gs"}),
}


class Wire:
    """One driver on a line in the hand, its emulator, and the room behind it."""

    def __init__(self, made: str, patch: pytest.MonkeyPatch) -> None:
        name, emulator, options = _MADE[made]
        self.clock = HandClock()
        self.line = HandLine(self.clock)
        patch.setattr("hal.indicators.stream.serial_line", lambda *_, **__: self.line)
        bus = Bus()
        bus.share("clock", lambda: self.clock)
        driver = registry.load(name)(bus, port=PORT, **options)
        self.emulator = emulator()
        self.ends = _CLEAR, _CLEAR
        self.room = IndicatorRoom(driver, Bridge(), Rule(), self.clock.us)

    def edge(self, state: Presence) -> None:
        """The low beam at one end changes."""
        self.ends = replace(_CLEAR, beam_low=Sensor(state, self.clock.us)), _CLEAR

    def run(self, seconds: float) -> Weight:
        weight = Weight()
        for _ in range(round(seconds * 50)):
            self.clock.us += 20_000
            self.line.come(self.emulator.due(self.clock.us))
            weight = self.room.read(self.clock.us, self.ends)
        return weight


@pytest.mark.parametrize("made", _MADE)
def test_bytes_become_an_accepted_weight_that_their_record_shows(
    made: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = Wire(made, monkeypatch)
    assert (wire.run(3).deck, wire.room.faults) == (Deck.EMPTY, ())
    wire.edge(Presence.BLOCKED)
    for part in range(1, 20):
        wire.emulator.weight_g = LOAD_G * part // 20
        wire.run(0.2)
    wire.emulator.weight_g = LOAD_G
    wire.run(1)
    wire.edge(Presence.CLEAR)
    weight = wire.run(8)
    assert (weight.status, weight.weight_g) == (WeighingStatus.ACCEPTED, LOAD_G)
    raw = wire.room.raw_of(weight)
    assert raw is not None
    assert all(b"1800" in frame.raw for frame in unpack_frames(raw))
    assert wire.room.faults == ()


@pytest.mark.parametrize("made", _MADE)
def test_a_line_that_falls_silent_leaves_an_unknown_deck(
    made: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = Wire(made, monkeypatch)
    wire.run(3)
    wire.emulator.silent = True
    weight = wire.run(4)
    assert weight.deck == Deck.UNKNOWN
    assert wire.room.faults == (int(Fault.INDICATOR_SILENT),)
