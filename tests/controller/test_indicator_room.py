"""The room of an indicator: frames to the lane's weight fact, its faults, its evidence."""

from __future__ import annotations

import pytest
from shown import E_G, EVERY_US, Bridge

from controller.core.faults import Fault
from controller.core.images import EndInputs, Sensor, Weight
from controller.core.kinds import Deck, Presence, WeighingStatus
from controller.indicatorroom import IndicatorRoom
from controller.recording.frames import FramesRing
from hal.ports import DeviceFault, Indication, IndicationState
from protocol.frames import FRAMES, unpack_frames
from sensors.indicated_rule import Rule

LOAD_G = 18_000_000
SCAN_US = 20_000
_CLEAR = Sensor(Presence.CLEAR, 0)
_BLOCKED = Sensor(Presence.BLOCKED, 0)


class Indicator:
    """An indicator in the test's hand: one frame every tenth of a second of what it shows."""

    def __init__(self) -> None:
        self.gross_g: int | None = 0
        self.motion = False
        self.fault: DeviceFault | None = None
        self.silent = False
        self.state = IndicationState.OK
        self.zeroed = 0
        self.can_zero = True
        self.now_us = 0
        self.ahead_us = 0

    def request_zero(self) -> bool:
        self.zeroed += 1
        return self.can_zero

    def read(self) -> tuple[Indication, ...] | DeviceFault:
        if self.fault is not None:
            return self.fault
        if self.silent or self.now_us % EVERY_US:
            return ()
        return (self._frame(self.now_us + self.ahead_us),)

    def _frame(self, t_us: int) -> Indication:
        shown = self.gross_g or 0
        return Indication(
            t_us=t_us,
            gross_g=self.gross_g,
            state=self.state,
            motion=self.motion,
            raw=b"%08d %d" % (shown // 1000, t_us),
        )


class Rig:
    """A room, its indicator, the ends and the time."""

    def __init__(self) -> None:
        self.indicator = Indicator()
        self.room = IndicatorRoom(self.indicator, Bridge(), Rule(), 0)
        self.now_us = 0
        self.ends = self._ends(_CLEAR)

    def _ends(self, beam: Sensor) -> tuple[EndInputs, EndInputs]:
        far = EndInputs(arm=_CLEAR, beam_low=_CLEAR, beam_high=_CLEAR)
        return EndInputs(arm=_CLEAR, beam_low=beam, beam_high=_CLEAR), far

    def edge(self, state: Presence) -> None:
        self.ends = self._ends(Sensor(state, self.now_us))

    def faults(self) -> tuple[int, ...]:
        return self.room.faults

    def run(self, seconds: float) -> Weight:
        weight = None
        for _ in range(round(seconds * 1e6 / SCAN_US)):
            self.now_us += SCAN_US
            self.indicator.now_us = self.now_us
            weight = self.room.read(self.now_us, self.ends)
        assert weight is not None
        return weight

    def weighed(self) -> Weight:
        """A vehicle comes by one end and is weighed."""
        self.run(2)
        self.edge(Presence.BLOCKED)
        self.indicator.motion = True
        for part in range(1, 10):
            self.indicator.gross_g = LOAD_G * part // 10
            self.run(0.2)
        self.indicator.gross_g = LOAD_G
        self.run(1)
        self.edge(Presence.CLEAR)
        self.run(1)
        self.indicator.motion = False
        return self.run(6)


def test_a_vehicle_is_weighed_in_the_lanes_words() -> None:
    weight = Rig().weighed()
    assert (weight.deck, weight.status) == (Deck.LOADED, WeighingStatus.ACCEPTED)
    assert (weight.weight_g, weight.estimate_g, weight.u95_g) == (LOAD_G, LOAD_G, 41_056)
    assert (weight.axles, weight.bad_cells, weight.degraded) == (None, (), None)
    assert (weight.estimator, weight.estimator_version) == ("indicator", "1")
    stated = dict(weight.parameters)
    assert stated["window_from_us"] == weight.stable_from_us
    assert (stated["readings"], stated["uncorrected_g"]) == (10, LOAD_G)


def test_the_frames_of_the_window_are_kept_byte_for_byte() -> None:
    rig = Rig()
    weight = rig.weighed()
    raw = rig.room.raw_of(weight)
    assert raw is not None
    frames = unpack_frames(raw)
    assert len(frames) == 10
    assert frames[-1].t_us == weight.accepted_us
    assert all(f.raw == b"%08d %d" % (LOAD_G // 1000, f.t_us) for f in frames)
    assert rig.room.raw_of(Weight()) is None
    (blob,) = rig.room.counts_of(3_000_000)
    assert blob.kind == FRAMES
    stay = unpack_frames(blob.data)
    assert (stay[0].t_us, stay[-1].t_us) == (1_000_000, rig.now_us)


def test_a_load_that_changes_by_itself_has_no_weight() -> None:
    rig = Rig()
    rig.weighed()
    rig.run(6)
    rig.indicator.gross_g = LOAD_G - 50 * E_G
    weight = rig.run(3)
    assert weight.status == WeighingStatus.TAMPERED
    assert weight.weight_g is None
    assert int(Fault.WEIGHT_STEP) in rig.faults()
    assert rig.room.tamper_flags() == ("212 WEIGHT_STEP -1000 kg ± 20 kg, -5.56 %",)
    assert rig.room.tamper_flags() == ()


def test_a_silent_indicator_is_a_fault_and_an_unknown_deck() -> None:
    rig = Rig()
    rig.weighed()
    rig.indicator.silent = True
    weight = rig.run(1.5)
    assert (weight.deck, weight.indicated_g) == (Deck.UNKNOWN, None)
    assert weight.status == WeighingStatus.WITHDRAWN
    assert rig.faults() == (int(Fault.INDICATOR_SILENT),)
    assert rig.room.rests_until_us == 0
    rig.indicator.silent = False
    assert rig.run(3).deck == Deck.LOADED
    assert rig.faults() == ()


def test_an_indicator_that_never_spoke_is_silent_too() -> None:
    rig = Rig()
    rig.indicator.silent = True
    assert rig.run(0.9).deck == Deck.UNKNOWN
    assert rig.faults() == ()
    rig.run(0.3)
    assert rig.faults() == (int(Fault.INDICATOR_SILENT),)


@pytest.mark.parametrize(
    ("name", "code"),
    [("LINE_DOWN", Fault.LINE_DOWN), ("of another program", Fault.INDICATOR_SILENT)],
)
def test_a_fault_of_the_driver_is_told_by_its_code(name: str, code: Fault) -> None:
    rig = Rig()
    rig.weighed()
    rig.indicator.fault = DeviceFault(name=name, device="indicator", seen="x")
    weight = rig.run(1.5)
    assert rig.faults() == (int(code),)
    assert weight.deck == Deck.UNKNOWN


def test_an_indicator_that_gives_no_weight_is_told() -> None:
    rig = Rig()
    rig.weighed()
    rig.indicator.state, rig.indicator.gross_g = IndicationState.ERROR, None
    assert rig.run(0.5).deck == Deck.UNKNOWN
    assert rig.faults() == (int(Fault.INDICATOR_REFUSED),)


def test_another_division_is_told() -> None:
    rig = Rig()
    rig.run(2)
    rig.indicator.gross_g = LOAD_G + 1_000
    assert rig.run(0.5).deck == Deck.UNKNOWN
    assert rig.faults() == (int(Fault.INDICATOR_SCALING),)


def test_a_frame_of_the_future_shuts_nothing_out() -> None:
    rig = Rig()
    rig.run(2)
    rig.indicator.ahead_us = 3_600_000_000
    rig.run(0.2)
    rig.indicator.ahead_us = 0
    rig.run(1)
    assert rig.run(1).deck == Deck.EMPTY


def test_zero_is_asked_of_the_indicator_once_and_not_in_every_scan() -> None:
    rig = Rig()
    rig.indicator.gross_g = 3 * E_G
    for _ in range(100):
        rig.run(0.04)
        rig.room.request_zero()
    assert rig.indicator.zeroed == 2


def test_zero_is_never_asked_with_anything_on_the_deck_or_in_an_end() -> None:
    rig = Rig()
    rig.run(2)
    rig.edge(Presence.UNKNOWN)
    rig.run(0.1)
    rig.room.request_zero()
    rig.edge(Presence.CLEAR)
    rig.weighed()
    rig.room.request_zero()
    assert rig.indicator.zeroed == 0


def test_nothing_new_is_the_same_object() -> None:
    rig = Rig()
    assert rig.run(2) is rig.run(0.5)
    assert 0 < rig.room.rests_until_us - rig.now_us <= EVERY_US


def test_the_ring_of_frames_is_bounded_in_time() -> None:
    ring = FramesRing(kept_us=1_000_000)
    source = Indicator()
    frames = [source._frame(t_us) for t_us in range(0, 10_000_000, 50_000)]
    ring.add(frames)
    ring.add(frames[-3:])
    assert len(ring) == 21
    packed = ring.packed(9_500_000, 9_800_000)
    assert packed is not None
    assert [f.t_us for f in unpack_frames(packed)] == list(range(9_500_000, 9_850_000, 50_000))
    assert ring.packed(20_000_000) is None


def test_a_frame_that_no_indicator_gives_is_not_kept() -> None:
    ring = FramesRing()
    ring.add([Indication(t_us=1, gross_g=0, raw=b"x" * 1_000)])
    assert ring.packed(0) is None
