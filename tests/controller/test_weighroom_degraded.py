"""A deck with a dead cell: unknown, unless the lane allows it a word without evidence."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from controller.core.faults import Fault
from controller.core.images import EndInputs, Sensor, Weight
from controller.core.kinds import Deck, Presence, WeighingStatus
from controller.weighroom import WeighRoom
from hal.ports import CellSamples, DeviceFault
from sensors.calibration import Cell, Scale

RATE_HZ = 50.0
ROWS = 5
X_M = (0.2, 5.0, 9.8)
AXLES_M = 4.0
CLEAR = EndInputs(
    approach=Sensor(Presence.CLEAR),
    arm=Sensor(Presence.CLEAR),
    beam_low=Sensor(Presence.CLEAR),
    beam_high=Sensor(Presence.CLEAR),
)
BLOCKED = EndInputs(
    approach=Sensor(Presence.CLEAR),
    arm=Sensor(Presence.CLEAR),
    beam_low=Sensor(Presence.BLOCKED),
    beam_high=Sensor(Presence.CLEAR),
)
SCALE = Scale(
    max_g=60_000_000,
    e_g=20_000,
    d_g=20_000,
    rate_hz=RATE_HZ,
    platform_mm=10_000,
    has_beams=True,
    cells=tuple(
        Cell(x_m=x, y_m=y, counts_per_kg=100.0, zero_counts=200_000.0, dead_load_g=2_000_000)
        for x in X_M
        for y in (1.3, -1.3)
    ),
)


class Deck6:
    """Six cells under a load that the test sets, one of them dead when it says so."""

    def __init__(self) -> None:
        self.kg = 0.0
        self.front_m = 0.0
        self.dead: int | None = None
        self.silent = False
        self.t_us = 0
        self._rng = np.random.default_rng(4)

    def read(self) -> CellSamples | DeviceFault:
        step_us = round(1e6 / RATE_HZ)
        t_us = self.t_us + step_us * np.arange(1, ROWS + 1, dtype=np.int64)
        self.t_us = int(t_us[-1])
        if self.silent:
            return DeviceFault(name="CELLS_SILENT", device="cells", seen="nothing")
        kg = self._shares() + self._rng.normal(0.0, 1.0, (ROWS, 6))
        counts = np.round(200_000 + 100 * kg).astype(np.int64)
        if self.dead is not None:
            counts[:, self.dead] = 0
        return CellSamples(t_us=t_us, counts=counts)

    def _shares(self) -> NDArray[np.float64]:
        """Two axles, AXLES_M apart, each carried by the rows beside it as a lever says."""
        axles = [at for at in (self.front_m, self.front_m - AXLES_M) if at >= 0]
        lines = np.array([[np.interp(at, X_M, row) for row in np.eye(3)] for at in axles])
        rows = self.kg / 2 * lines.sum(axis=0) if axles else np.zeros(3)
        return np.asarray(np.repeat(rows, 2) / 2)


class Room:
    """A weigh room that is read ten times a second."""

    def __init__(self) -> None:
        self.deck = Deck6()
        self.room = WeighRoom(self.deck, SCALE, 0)
        self.ends = (CLEAR, CLEAR)

    def run(self, seconds: float) -> Weight:
        for _ in range(round(10 * seconds)):
            weight = self.room.read(self.deck.t_us, self.ends)
        return weight

    def drive_on(self, kg: float) -> Weight:
        """A vehicle that rolls on and brakes to a stand with its front at 7 m."""
        self.deck.kg, speed_mps = kg, 2.0
        self.deck.front_m = 0.0
        while self.deck.front_m < 7.0:
            speed_mps = min(speed_mps, (2 * (7.05 - self.deck.front_m)) ** 0.5)
            self.deck.front_m += 0.1 * speed_mps
            weight = self.run(0.1)
        return weight


@pytest.fixture
def room() -> Room:
    made = Room()
    assert made.run(6.0).deck == Deck.EMPTY
    return made


def test_without_the_lane_s_word_a_dead_cell_makes_the_deck_unknown(room: Room) -> None:
    room.deck.dead = 2
    weight = room.run(3.0)
    assert (weight.deck, weight.degraded, weight.bad_cells) == (Deck.UNKNOWN, None, (2,))
    room.drive_on(30_000)
    assert room.run(5.0).deck == Deck.UNKNOWN
    assert room.room.faults == ()


def test_the_word_changes_nothing_while_all_cells_are_sound(room: Room) -> None:
    other = Room()
    other.run(6.0)
    room.room.allow_degraded(True)
    assert room.drive_on(30_000) == other.drive_on(30_000)
    weight = room.run(5.0)
    assert weight == other.run(5.0)
    assert (weight.status, weight.degraded) == (WeighingStatus.ACCEPTED, None)
    room.deck.kg = other.deck.kg = 0.0
    assert room.run(4.0) == other.run(4.0)


def test_with_it_the_remaining_cells_weigh_and_hold_nothing_that_could_be_judged(
    room: Room,
) -> None:
    room.room.allow_degraded(True)
    room.deck.dead = 2
    empty = room.run(3.0)
    assert (empty.deck, empty.status, empty.zero_ok) == (Deck.EMPTY, WeighingStatus.IDLE, True)
    assert room.drive_on(30_000).status == WeighingStatus.RUNNING
    weight = room.run(6.0)
    assert (weight.deck, weight.status) == (Deck.LOADED, WeighingStatus.DEGRADED)
    found = weight.degraded
    assert found is not None
    assert found.cells == weight.bad_cells == (2,)
    assert found.weight_g is not None
    assert found.u95_g is not None
    assert abs(found.weight_g - 30_000_000) <= found.u95_g
    judged = (weight.weight_g, weight.estimate_g, weight.u95_g, weight.accepted_us)
    assert (*judged, weight.indicated_g) == (None,) * 5
    assert room.room.faults == (int(Fault.DEGRADED_WEIGHING),)
    assert room.run(1.0).degraded.settled_us == found.settled_us  # type: ignore[union-attr]
    room.room.allow_degraded(False)
    assert room.run(0.3).deck == Deck.UNKNOWN


def test_a_blocked_beam_or_a_silent_converter_gives_no_estimate(room: Room) -> None:
    room.room.allow_degraded(True)
    room.deck.dead = 2
    room.run(3.0)
    room.ends = (BLOCKED, CLEAR)
    room.drive_on(30_000)
    assert room.run(5.0).status == WeighingStatus.NOT_FULLY_ON
    room.ends = (CLEAR, CLEAR)
    assert room.run(1.0).status == WeighingStatus.DEGRADED
    room.deck.silent = True
    weight = room.run(2.0)
    assert (weight.deck, weight.degraded) == (Deck.UNKNOWN, None)


def test_cleared_cells_are_believed_again_but_not_for_what_stands_there(room: Room) -> None:
    room.drive_on(30_000)
    room.deck.dead = 2
    room.run(3.0)
    room.deck.dead = None
    assert room.run(3.0).deck == Deck.UNKNOWN, "a fault is kept until somebody clears it"
    room.room.clear_cells(7)
    seen = {room.run(0.1).status for _ in range(60)}
    assert WeighingStatus.ACCEPTED not in seen
    assert room.run(0.1).bad_cells == ()
    room.deck.kg = 0.0
    assert room.run(4.0).deck == Deck.EMPTY
    room.drive_on(30_000)
    later = {room.run(0.1).status for _ in range(60)}
    assert WeighingStatus.ACCEPTED in later


def test_cells_are_cleared_once_for_each_number(room: Room) -> None:
    room.deck.dead = 2
    room.run(3.0)
    room.room.clear_cells(0)
    assert room.run(0.2).bad_cells == (2,)
    room.room.clear_cells(7)
    assert room.run(0.2).bad_cells == ()
    assert room.run(3.0).bad_cells == (2,), "a fault that is still there comes back"
    room.room.clear_cells(7)
    assert room.run(0.2).bad_cells == (2,)
