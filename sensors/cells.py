"""The health of every cell, from its own signal and from what the other cells say."""

import math
from collections import deque
from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np

from sensors.calibration import BoolArray, FloatArray, IntArray, Scale
from sensors.history import History
from sensors.redundancy import partners
from sensors.sums import column_means
from sensors.wiring import WiringWatch

STUCK_WINDOW_S: Final = 0.5
STUCK_TICKS: Final = 6
STUCK_SHARE: Final = 0.2
DOUBT_SHARE: Final = 0.5
DEAD_SHARE: Final = 0.06
NOISY_TIMES_OWN: Final = 6.0
NOISY_TIMES_OTHERS: Final = 3.0
NOISY_TICKS: Final = 5
# A signal wire that hangs free picks up voltages that no loose contact under load makes.
FLOATING_SHARE: Final = 0.03
FROZEN_SAMPLES: Final = 4
FROZEN_SHARE: Final = 0.05
# A leap is looked at with so many rows before those of the tick.
JUMP_ROWS: Final = 5
JUMP_E: Final = 3.5
# A leap stands out of those beside it by at most twice the largest of them all.
CALM_E: Final = 0.49 * JUMP_E
JUMP_ALONE: Final = 0.25
JUMP_BUSY: Final = 2.0
JUMP_PAIR: Final = 0.35
LASTING_SHARE: Final = 0.6
LASTS_ROWS: Final = 6
JUMP_TICKS: Final = 5
MUD_SHARE: Final = 0.12
MUD_E: Final = 7.5
LOST_SHARE: Final = 0.5
# Of its noise a cell keeps this share a tick and learns the other.
KEPT: Final = 0.9
LEARNT: Final = 0.1
LEARNT_MOST: Final = 1.5


class CellHealth(IntEnum):
    """What is wrong with a cell; the first cause found is kept."""

    OK = 0
    STUCK = 1
    SATURATED = 2
    NOISY = 3
    OFF_CALIBRATION = 4
    SHUNTED = 5
    DRIFTING = 6
    SWAPPED = 7
    OPEN = 8
    SHORTED = 9


class Resting(NamedTuple):
    """Where a watch without any suspicion stands, and its limits, each (cells,) or one for all."""

    noise_g: FloatArray
    still_run: IntArray
    rows: int
    jump_g: float
    loud_g: float
    silent_g: FloatArray
    lost_g: FloatArray
    wiring: WiringWatch


class CellWatch:
    """Finds cells that stick, hit the rails, get noisy or do not read their dead load.

    Wires that are open or shorted are told by the counts (`sensors/wiring.py`).

    Every load cell has thermal and conversion noise of its own, so silence is a fault; the
    reference is the cell's own noise on the empty deck and that of its neighbours.
    """

    def __init__(self, scale: Scale) -> None:
        n = len(scale.cells)
        self._e_g = float(scale.e_g)
        self._gap_us = 1.6e6 / scale.rate_hz
        self._dead_g = np.array([float(cell.dead_load_g) for cell in scale.cells])
        self._half_count_g = [500.0 / cell.counts_per_kg for cell in scale.cells]
        # Nothing on the deck can lift its dead load off a cell.
        self._lost_g = [-max(LOST_SHARE * g, 10 * self._e_g) for g in self._dead_g.tolist()]
        self._most_g = np.maximum(MUD_SHARE * self._dead_g, MUD_E * self._e_g)
        self._least_g = -np.maximum(0.05 * self._dead_g, 4 * self._e_g)
        self._rows = max(8, round(STUCK_WINDOW_S * scale.rate_hz))
        self.health = [CellHealth.OK] * n
        self._noise_g: list[float] | None = None
        self._frozen_g: FloatArray = np.zeros(n)
        self._stuck_ticks = [0] * n
        self._noisy_ticks = [0] * n
        self._wiring = WiringWatch(scale)
        self._floating_g = FLOATING_SHARE * scale.max_g
        self._lost_ticks = [0] * n
        self._still_run = [0] * n
        self._thawing = [0] * n
        self.doubtful = False
        self._jumps: deque[int] = deque([-1] * JUMP_TICKS, maxlen=JUMP_TICKS)
        self._partner = partners(scale)

    @property
    def noise_g(self) -> FloatArray:
        """Each cell's own noise on the empty deck (cells,), NaN until it is known."""
        return np.array(self._noise_g or [math.nan] * len(self.health))

    @property
    def faulty(self) -> bool:
        """Whether any cell is known to be wrong."""
        return any(self.health)

    def note(self, cell: int, fault: CellHealth) -> None:
        """Keep a fault; the first one of a cell stands."""
        if self.health[cell] == CellHealth.OK:
            self.health[cell] = fault

    def clear(self) -> None:
        """Forget the faults, after service."""
        self.health = [CellHealth.OK] * len(self.health)
        self._wiring.clear()
        for ticks in (self._stuck_ticks, self._noisy_ticks, self._lost_ticks):
            ticks[:] = [0] * len(ticks)

    def live_g(self, cells_g: FloatArray) -> FloatArray:
        """The same grams (cells,) with 0 for each cell that is dead."""
        return cells_g if self._wiring.quiet else np.where(self.dead, 0.0, cells_g)

    def sound_g(self, cells_g: FloatArray) -> FloatArray:
        """The same grams (cells,) with 0 for each cell that is named bad."""
        if not self.faulty:
            return cells_g
        return np.where(np.array(self.health, np.bool_), 0.0, cells_g)

    @property
    def dead(self) -> BoolArray:
        """Cells (n,) whose reading says nothing of a load: at a rail, or without a signal."""
        return self._wiring.dead

    def usable(self, cells_g: FloatArray, previous_g: FloatArray) -> BoolArray:
        """Which rows show no frozen cell; a converter that repeats itself is missing data."""
        rows_g = np.concatenate((previous_g, cells_g))
        steps = np.abs(rows_g[1:] - rows_g[:-1]) <= self._frozen_g
        out = np.ones(len(cells_g), np.bool_)
        for cell, still in enumerate(steps.T.tolist()):
            run = self._still_run[cell] if still[0] else 0
            if True in still:
                for row, repeats in enumerate(still):
                    run = run + 1 if repeats else 0
                    if run >= FROZEN_SAMPLES:
                        self._thawing[cell] = JUMP_TICKS
                        out[row] = False
            self._still_run[cell] = run
        return out

    def update(self, history: History, counts: IntArray, empty: bool, fresh: int) -> None:
        """Judge once a tick; counts are the newest raw rows, empty allows learning the noise."""
        rows = fresh + JUMP_ROWS
        self._watch_jumps(history.t_us(rows), history.cells_g(rows))
        self._watch_wires(counts)
        if len(history) < self._rows:
            return
        cells_g = history.cells_g(self._rows)
        rough = cells_g[1:-1] - (cells_g[:-2] + cells_g[2:]) / 2
        squares = rough * rough
        level = _roots(squares)
        if empty:
            self._learn(level)
        others = _median_of_others(level)
        own = self._noise_g or others
        least = [STUCK_SHARE * min(pair) for pair in zip(own, others, strict=True)]
        self._watch_silence(level, least, others, empty)
        loud = self._watch_noise(level, own, rough)
        newest_g = history.cell_means_g(fresh).tolist()
        lost = [now_g < low_g for now_g, low_g in zip(newest_g, self._lost_g, strict=True)]
        self._count(self._lost_ticks, lost, 3, CellHealth.OFF_CALIBRATION)
        young = _roots(squares[-round(DOUBT_SHARE * len(rough)) :])
        quiet = any(now < low for now, low in zip(young, least, strict=True))
        self.doubtful = quiet or loud
        self._name_noisy(rough)

    def _watch_silence(
        self, level: list[float], least: list[float], others: list[float], empty: bool
    ) -> None:
        # Under a vehicle found at power-up a cell may be the only one that no wheel shakes.
        known = self._noise_g is not None
        # A cell that was dead before we came taught us its own silence as normal.
        share = DEAD_SHARE if empty else 0.0
        silent = [
            (known and now < low) or now < share * rest or now < half
            for now, low, rest, half in zip(level, least, others, self._half_count_g, strict=True)
        ]
        self._count(self._stuck_ticks, silent, STUCK_TICKS, CellHealth.STUCK)

    def _watch_noise(self, level: list[float], own: list[float], rough: FloatArray) -> bool:
        """Count the ticks in which a cell is loud; returns whether any is."""
        # A wheel on the edge shakes both cells of a pair; a bad cell shakes alone.
        second, loudest = sorted(level)[-2:]
        alone = [
            now > self._e_g and now > NOISY_TIMES_OTHERS * (second if now == loudest else loudest)
            for now in level
        ]
        loud = alone
        if any(alone):
            typical = _typical(rough)
            loud = [
                here and size > NOISY_TIMES_OWN * usual
                for here, size, usual in zip(alone, typical, own, strict=True)
            ]
        self._noisy_ticks = [
            ticks + 2 if here else max(ticks - 1, 0)
            for ticks, here in zip(self._noisy_ticks, loud, strict=True)
        ]
        return any(loud)

    def _name_noisy(self, rough: FloatArray) -> None:
        for cell, ticks in enumerate(self._noisy_ticks):
            if ticks >= 2 * NOISY_TICKS:
                floats = _typical(rough)[cell] > self._floating_g
                self.note(cell, CellHealth.OPEN if floats else CellHealth.NOISY)

    def _watch_wires(self, counts: IntArray) -> None:
        wires = self._wiring.update(counts)
        kinds = (CellHealth.OPEN, CellHealth.SHORTED, CellHealth.SATURATED)
        for cells, fault in zip(wires, kinds, strict=True):
            for cell in cells.nonzero()[0]:
                self.note(int(cell), fault)

    def _watch_jumps(self, t_us: IntArray, cells_g: FloatArray) -> None:
        """A load moves over many cells and takes its time; a bad contact jumps alone and at once.

        A jump that jumps back within half a second is a disturbance, and a converter that was
        frozen jumps when it goes on; neither is kept.
        """
        cell = -1
        if len(cells_g) > 5:
            leap = cells_g[1:] - cells_g[:-1]
            if max(float(leap.max()), -float(leap.min())) > CALM_E * self._e_g:
                # Over a hole in time a load may have moved a long way.
                leap[np.diff(t_us) > self._gap_us] = 0.0
                cell = self._lone_jump(leap)
        back = cell >= 0 and cell in self._jumps
        ripe = self._jumps[0]
        if back:
            self._jumps = deque([-1] * JUMP_TICKS, maxlen=JUMP_TICKS)
        else:
            self._jumps.append(cell)
            if ripe >= 0:
                self.note(ripe, CellHealth.DRIFTING)
        self._thawing = [max(ticks - 1, 0) for ticks in self._thawing]

    def _lone_jump(self, leap: FloatArray) -> int:
        """The cell with a leap outside the leaps around it that does not leap back, or -1.

        A tyre on the edge makes a ramp: there every leap lies between its neighbours.
        """
        before, middle, after = leap[1:-3], leap[2:-2], leap[3:-1]
        high, low = np.maximum(before, after), np.minimum(before, after)
        outside = np.maximum(middle - high, 0.0) - np.maximum(low - middle, 0.0)
        size = np.abs(outside)
        if size.max() < JUMP_E * self._e_g:
            return -1
        # From the leap before it on, the cell must be left where the jump brought it.
        rest = leap - np.median(leap, axis=0)
        sums = np.vstack((np.zeros((1, leap.shape[1])), np.cumsum(rest, axis=0)))
        rows = np.arange(2, len(leap) - 2)
        stays = sums[np.minimum(rows + LASTS_ROWS, len(leap))] - sums[rows - 1]
        size[stays * np.sign(outside) < LASTING_SHARE * size] = 0.0
        row, cell = np.unravel_index(int(size.argmax()), size.shape)
        big = float(size[row, cell])
        busy = float(np.median(np.abs(leap[:, cell])))
        if big < max(JUMP_E * self._e_g, JUMP_BUSY * busy) or self._thawing[cell]:
            return -1
        others = np.abs(np.delete(outside[row], cell)).max()
        if float(others) >= JUMP_ALONE * big:
            return -1
        # Converters with a clock each give a sample early or late: an axle then moves one cell of
        # its pair in one row and the other in the next.
        mate = self._partner[cell]
        beside = np.abs(leap[row + 1 : row + 4, mate]).max() if mate >= 0 else 0.0
        return int(cell) if float(beside) < JUMP_PAIR * big else -1

    def _count(self, ticks: list[int], bad: list[bool], limit: int, fault: CellHealth) -> None:
        for cell, wrong in enumerate(bad):
            ticks[cell] = ticks[cell] + 1 if wrong else 0
            if ticks[cell] >= limit:
                self.note(cell, fault)

    def _learn(self, level: list[float]) -> None:
        if self._noise_g is None:
            self._noise_g = level
        else:
            # The first tyre on the edge shakes the deck before the load says so.
            self._noise_g = [
                KEPT * known + LEARNT * min(now, LEARNT_MOST * known)
                for known, now in zip(self._noise_g, level, strict=True)
            ]
        self._frozen_g = np.array(self._noise_g) * FROZEN_SHARE

    def resting(self) -> Resting | None:
        """What the watch starts from, where nothing is wrong, suspected or left to be learnt."""
        counts = (self._stuck_ticks, self._noisy_ticks, self._lost_ticks, self._thawing)
        sound = not self.faulty and self._wiring.quiet and max(self._jumps) < 0
        if self._noise_g is None or not sound or any(map(any, counts)):
            return None
        return Resting(
            noise_g=np.array(self._noise_g),
            still_run=np.array(self._still_run),
            rows=self._rows,
            jump_g=CALM_E * self._e_g,
            loud_g=self._e_g,
            silent_g=np.array(self._half_count_g),
            lost_g=np.array(self._lost_g),
            wiring=self._wiring,
        )

    def rested(
        self, noise_g: FloatArray, still_run: IntArray, doubtful: bool, counts: IntArray
    ) -> None:
        """Go on behind ticks in which nothing was found (`sensors/cells_resting.py`)."""
        self._noise_g = noise_g.tolist()
        self._frozen_g = noise_g * FROZEN_SHARE
        self._still_run = still_run.tolist()
        self.doubtful = doubtful
        self._wiring.rested(counts)

    def check_dead_load(self, cells_g: FloatArray) -> None:
        """Compare the empty deck with the calibration: grams per cell above calibrated zero.

        A wrong span or a lost cell shows in the dead load that it carries all the time. Mud and
        water may add load, never take it away.
        """
        for cell in self.off_calibration(cells_g):
            self.note(int(cell), CellHealth.OFF_CALIBRATION)

    def off_calibration(self, cells_g: FloatArray) -> IntArray:
        """The cells whose dead load is not that of the calibration."""
        rest = np.array(_median_of_others(cells_g.tolist()))
        excess = cells_g - np.clip(rest, 0.0, None)
        lack = cells_g - np.clip(rest, None, 0.0)
        return np.flatnonzero((lack < self._least_g) | (excess > self._most_g))


def _roots(squares: FloatArray) -> list[float]:
    """The root of the mean of each column (cells,) of squares (n, cells)."""
    return [math.sqrt(mean) for mean in column_means(squares).tolist()]


def _typical(rough: FloatArray) -> FloatArray:
    """The upper fifth of each cell's roughness: it lets a single jump or spike pass."""
    return np.asarray(np.percentile(np.abs(rough), 80, axis=0))


def _median_of_others(level: list[float]) -> list[float]:
    """For each cell the median of all the other cells."""
    order = sorted(level)
    if len(order) % 2 == 0:
        # An even number leaves an odd one of others: the one in the middle.
        below, above = order[len(order) // 2 - 1 : len(order) // 2 + 1]
        return [above if now <= below else below for now in level]
    out = []
    for now in level:
        rest = order.copy()
        rest.remove(now)
        half = len(rest) // 2
        out.append(rest[half] if len(rest) % 2 else (rest[half - 1] + rest[half]) / 2)
    return out
