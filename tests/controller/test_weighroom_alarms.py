"""A finding of the weigher is a fault of the lane for a minute."""

from collections.abc import Iterator

import msgspec
import numpy as np
import pytest

from controller.core.faults import Fault
from controller.core.images import EndInputs, Sensor
from controller.core.kinds import Presence
from controller.weighroom import ALARM_US, WeighRoom
from hal.ports import CellSamples, DeviceFault
from sensors.calibration import Cell, Scale
from sensors.compensation import Temperature
from sensors.weighing import EventKind

RATE_HZ = 50.0
ROWS = 5
SENSOR = Sensor(Presence.CLEAR)
CLEAR = EndInputs(approach=SENSOR, arm=SENSOR, beam_low=SENSOR, beam_high=SENSOR)
ENDS = (CLEAR, CLEAR)
SCALE = Scale(
    max_g=60_000_000,
    e_g=20_000,
    d_g=20_000,
    rate_hz=RATE_HZ,
    platform_mm=10_000,
    has_beams=True,
    cells=tuple(
        Cell(x_m=x, y_m=y, counts_per_kg=100.0, zero_counts=200_000.0, dead_load_g=2_000_000)
        for x in (0.2, 9.8)
        for y in (1.3, -1.3)
    ),
)


class Deck:
    """Load cells under a load that the test sets; a read gives a tick of samples."""

    def __init__(self) -> None:
        self.kg = 0.0
        self.silent = False
        self.t_us = 0
        self._rng = np.random.default_rng(9)

    def read(self) -> CellSamples | DeviceFault:
        step_us = round(1e6 / RATE_HZ)
        t_us = self.t_us + step_us * np.arange(1, ROWS + 1, dtype=np.int64)
        self.t_us = int(t_us[-1])
        if self.silent:
            return DeviceFault(name="CELLS_SILENT", device="cells", seen="nothing")
        kg = self.kg / 4 + self._rng.normal(0.0, 1.0, (ROWS, 4))
        return CellSamples(t_us=t_us, counts=np.round(200_000 + 100 * kg).astype(np.int64))


class Room:
    """A weigh room that is read ten times a second."""

    def __init__(self) -> None:
        self.deck = Deck()
        self.room = WeighRoom(self.deck, SCALE, 0)

    def run(self, seconds: float) -> Iterator[tuple[int, tuple[int, ...]]]:
        """Time and faults of every read."""
        for _ in range(round(10 * seconds)):
            self.room.read(self.deck.t_us, ENDS)
            yield self.deck.t_us, self.room.faults


@pytest.fixture
def room() -> Room:
    made = Room()
    assert {faults for _, faults in made.run(6.0)} == {()}
    return made


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (EventKind.TAMPER_STEP, 212),
        (EventKind.TAMPER_JUMP, 212),
        (EventKind.TAMPER_SYMMETRIC, 213),
        (EventKind.TAMPER_NO_RETURN, 214),
        (EventKind.ZERO_DRIFTS, 215),
    ],
)
def test_each_finding_raises_its_fault_for_a_minute(room: Room, kind: EventKind, code: int) -> None:
    since_us = room.deck.t_us
    room.room._weigher._note(kind, 300_000)
    seen = list(room.run(70.0))
    up_us = [now_us for now_us, faults in seen if faults]
    assert {faults for _, faults in seen if faults} == {(code,)}
    assert up_us[0] <= since_us + 500_000
    assert up_us[-1] == pytest.approx(since_us + ALARM_US, abs=500_000)
    assert len(up_us) == pytest.approx(ALARM_US / 100_000, abs=5)


@pytest.mark.parametrize(
    "kind", [EventKind.PERSON, EventKind.ZERO_RETURNED, EventKind.ZERO_NOT_RETURNED]
)
def test_what_is_ordinary_raises_no_fault(room: Room, kind: EventKind) -> None:
    room.room._weigher._note(kind, 60_000)
    assert {faults for _, faults in room.run(3.0)} == {()}


def test_several_findings_stand_beside_each_other_once(room: Room) -> None:
    for kind in (EventKind.ZERO_DRIFTS, EventKind.TAMPER_STEP, EventKind.TAMPER_JUMP):
        room.room._weigher._note(kind, 300_000)
    assert list(room.run(1.0))[-1][1] == (int(Fault.WEIGHT_STEP), int(Fault.ZERO_DRIFTS))


def test_a_step_of_the_empty_deck_is_a_fault_of_the_lane(room: Room) -> None:
    room.deck.kg = 300.0
    faults = [codes for _, codes in room.run(8.0)]
    assert faults[0] == ()
    assert faults[-1] == (int(Fault.WEIGHT_STEP),) == (212,)


def test_a_silent_converter_is_told_instead_and_the_finding_comes_back(room: Room) -> None:
    room.room._weigher._note(EventKind.TAMPER_STEP, 300_000)
    assert list(room.run(1.0))[-1][1] == (212,)
    room.deck.silent = True
    assert list(room.run(1.0))[-1][1] == (int(Fault.CELLS_SILENT),)
    room.deck.silent = False
    assert list(room.run(1.0))[-1][1] == (212,)


class Word:
    """A thermometer that says what a test puts in its mouth."""

    def __init__(self) -> None:
        self.word: float | DeviceFault | None = 21.0

    def read(self) -> float | DeviceFault | None:
        return self.word


SILENT = (int(Fault.THERMOMETER_SILENT),)
LOST = DeviceFault(name="THERMOMETER_SILENT", device="thermometer", seen="nothing")


@pytest.mark.parametrize("word", [LOST, None, 85.0])
def test_a_thermometer_that_cannot_be_believed_is_a_fault_where_coefficients_are_stated(
    word: float | DeviceFault | None,
) -> None:
    warm = Room()
    thermometer = Word()
    stated = msgspec.structs.replace(SCALE, temperature=Temperature(reference_c=20.0))
    warm.room = WeighRoom(warm.deck, stated, 0, thermometer)
    assert {faults for _, faults in warm.run(3.0)} == {()}
    thermometer.word = word
    # A believed reading counts for five minutes; only a sensor that reports its fault is told now.
    assert list(warm.run(1.0))[-1][1] == (SILENT if word is LOST else ())
    warm.deck.t_us += 301_000_000
    assert list(warm.run(1.0))[-1][1] == SILENT
    warm.room = WeighRoom(warm.deck, stated, warm.deck.t_us)
    assert list(warm.run(1.0))[-1][1] == SILENT
