"""When zero may be set or followed: an empty, steady deck, sound cells, and the lane's leave.

How far it may go is the rule of `sensors/zero.py`.
"""

from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np

from sensors.calibration import BoolArray, FloatArray, IntArray, Scale
from sensors.cells import CellHealth, CellWatch
from sensors.estimator import TICK_S
from sensors.history import History
from sensors.sums import column_means, row_sums, span, total, windows
from sensors.thermal import Corrections
from sensors.weighing import EventKind, Note
from sensors.zero import DELAY_TICKS, INITIAL_SHARE_MAX, TRACKING_REACH_D, ZeroKeeper

SWING_E: Final = 2
# How often the bare deck is weighed against the calibrated one.
DEAD_LOAD_US: Final = 1_000_000
# Who stops on an empty deck has walked on by then; what fell on it lies there still.
STRANGE_TICKS: Final = round(30 / TICK_S)


class ZeroAhead(NamedTuple):
    """The zero behind some ticks; their rows above it, and their means and zeros after each.

    rows_g (n * tick, cells) are above the zero of their time, seen_g (n, cells) above the
    calibrated one, zeros_g (n) sums of all cells.
    """

    keeper: ZeroKeeper
    rows_g: FloatArray
    seen_g: FloatArray
    zeros_g: list[float]


class Zeroing:
    """Sets, follows and applies the zero of every cell; the samples are those of `history`.

    `allowed` is the lane's word. `ok` says whether the empty deck stood within half an interval of
    zero when it was last looked at.
    """

    def __init__(
        self,
        scale: Scale,
        history: History,
        cells: CellWatch,
        corrections: Corrections,
        note: Note,
        name_faults: Callable[[], None],
    ) -> None:
        self._scale = scale
        self._history = history
        self._cells = cells
        self._corrections = corrections
        self._note = note
        self._name_faults = name_faults
        self._x_m = scale.x_m()
        self._second = round(scale.rate_hz)
        self._tick = max(1, round(TICK_S * scale.rate_hz))
        self._keeper = ZeroKeeper(scale)
        self._seen: deque[bool] = deque(maxlen=DELAY_TICKS)
        self._steady = False
        self._steady_at = -1
        self._stood_on_zero = False
        self._strange_ticks = 0
        self.allowed = True
        self.ok = False

    @property
    def is_set(self) -> bool:
        """Whether a first zero was set."""
        return self._keeper.is_set

    @property
    def offsets_g(self) -> FloatArray:
        """The zero of every cell (cells,), grams above the calibrated one."""
        return self._keeper.offsets_g

    def sum_g(self) -> float:
        """The zero of the whole deck against the calibration, grams."""
        return self._keeper.sum_g()

    def steady(self) -> bool:
        """Whether the last second swings less than SWING_E intervals, engine tones left out."""
        if self._steady_at != self._history.changes:
            self._steady_at = self._history.changes
            self._steady = self._stands()
        return self._steady

    def _stands(self) -> bool:
        if len(self._history) < self._second:
            return False
        ticks = self._second // self._tick
        load_g = row_sums(self._history.sum_g(ticks * self._tick).reshape(-1, self._tick))
        return span(load_g / self._tick) < SWING_E * self._scale.e_g

    def surely_loaded(self) -> bool:
        """Whether more than any first zero has stood on the deck for a second.

        The strongest cell is left out: one that is broken must not pass for a vehicle.
        """
        if len(self._history) < self._second:
            return False
        cells_g = self._history.cells_g(self._second)
        others_g = cells_g.sum(axis=1) - cells_g.max(axis=1)
        return float(others_g.min()) > INITIAL_SHARE_MAX * self._scale.max_g

    def above_calibration_g(self, rows: int) -> FloatArray:
        """Means (cells,) of the newest samples above the calibrated zero."""
        return self._history.cell_means_g(rows) + self.offsets_g

    def try_initial(self, beams_clear: bool) -> float | None:
        """Set the first zero; return by how many grams the gross falls, None where it was not."""
        if not self.allowed or not beams_clear or not self.steady() or self.surely_loaded():
            return None
        cells_g = np.median(self._history.cells_g(self._second), axis=0) + self.offsets_g
        self._cells.check_dead_load(cells_g)
        self._name_faults()
        # What a bad cell says must not stand in the zero when it is sound again.
        cells_g[[health != CellHealth.OK for health in self._cells.health]] = 0.0
        if not self._keeper.set_initial(cells_g):
            return None
        return self._apply(cells_g, ok=not self._cells.faulty)

    def request(self, empty: bool) -> float | None:
        """Set zero at the lane's request; grams as `try_initial`, None where it is refused.

        What came onto the empty deck between two vehicles is taken for its zero only when it has
        lain there for 30 s: a person may stand there, and walks off from under a vehicle.
        """
        free = empty and self.allowed and self.is_set
        if not free or self._cells.faulty or not self.steady() or self._may_walk_off():
            return None
        cells_g = self.above_calibration_g(self._second)
        before_g = self.offsets_g
        if not self._keeper.set_now(cells_g):
            return None
        return self._apply(cells_g - before_g, ok=True)

    def _apply(self, by_g: FloatArray, ok: bool) -> float:
        self._history.shift(by_g, self._x_m)
        self._corrections.zeroed()
        self._strange_ticks = 0
        self.ok = ok
        self._note(EventKind.ZERO_SET, round(self.sum_g()))
        return total(by_g)

    @property
    def rests(self) -> bool:
        """Whether the zero of an empty deck is set, followed and where it should be."""
        full = len(self._seen) == DELAY_TICKS
        return self.allowed and self.is_set and self.ok and full

    def ahead(self, now_us: IntArray, clean_g: FloatArray) -> "ZeroAhead":
        """Follow ticks (n,) of the empty deck, rows (n * tick, cells) above the calibrated zero.

        It ends before a tick whose dead load is not that of the calibration.
        """
        keeper, ticks, tick_us = self._keeper.copy(), len(now_us), round(1e6 * TICK_S)
        rows_g, seen_g = np.empty_like(clean_g), np.empty((ticks, clean_g.shape[1]))
        zeros_g: list[float] = []
        for k, at_us in enumerate(now_us.tolist()):
            part = slice(k * self._tick, (k + 1) * self._tick)
            np.subtract(clean_g[part], keeper.offsets_g, out=rows_g[part])
            means_g = column_means(rows_g[part])
            cells_g = means_g + keeper.offsets_g
            if _due(at_us, tick_us) and len(self._cells.off_calibration(cells_g)):
                break
            keeper.track(at_us, cells_g, TICK_S)
            np.add(means_g, keeper.offsets_g, out=seen_g[k])
            zeros_g.append(keeper.sum_g())
        done = len(zeros_g)
        return ZeroAhead(keeper, rows_g[: done * self._tick], seen_g[:done], zeros_g)

    def calm(self, sum_g: FloatArray, ticks: int) -> BoolArray:
        """Which ticks are steady and near zero; sums (n,) of the rows, a second before the first.

        The newest rows are those of the last tick.
        """
        second = self._second // self._tick
        groups = windows(sum_g, self._tick, self._tick, ticks + second - 1)
        swings = windows(row_sums(groups) / self._tick, second, 1, ticks)
        steady = swings.max(axis=1) - swings.min(axis=1) < SWING_E * self._scale.e_g
        near = self._near(sum_g, ticks)
        return np.asarray(steady & np.concatenate((list(self._seen)[1:], near))[:ticks])

    def _near(self, sum_g: FloatArray, ticks: int) -> BoolArray:
        second_g = row_sums(windows(sum_g, self._second, self._tick, ticks)) / self._second
        return np.asarray(np.abs(second_g) <= self._scale.e_g / 2)

    def rested(self, ahead: "ZeroAhead", sum_g: FloatArray) -> None:
        """Go on behind ticks that are all calm; sums as there."""
        self._keeper = ahead.keeper
        self._corrections.zeroed()
        self._seen.extend(self._near(sum_g, len(ahead.zeros_g)).tolist())

    def follow(self, now_us: int, empty: bool) -> None:
        """Follow slow drift while no vehicle is on the deck; once a tick."""
        self._see_strange()
        if not (self.allowed and empty) or self._cells.faulty or not self.steady():
            self._keeper.hold()
            return
        cells_g = self.above_calibration_g(self._tick)
        self._keeper.track(now_us, cells_g, TICK_S)
        self._corrections.zeroed()
        second_g = self._history.load_g(self._second)
        self._seen.append(abs(second_g) <= self._scale.e_g / 2)
        # The newest looks may already hold a tyre on the edge, so the oldest one counts.
        self.ok = self._seen[0]
        if _due(now_us, round(1e6 * TICK_S)):
            self._cells.check_dead_load(cells_g)

    def visited(self) -> None:
        """A vehicle comes on; what lies on the deck behind it may well have fallen off it."""
        self._stood_on_zero = False
        self._strange_ticks = 0

    def _see_strange(self) -> None:
        """Count how long more than tracking follows lies still on a deck that stood on zero."""
        still = self.steady()
        second_g = self._history.load_g(self._second) if still else 0.0
        self._stood_on_zero |= still and abs(second_g) <= self._scale.e_g / 2
        strange = self._stood_on_zero and self._is_strange(second_g)
        self._strange_ticks = self._strange_ticks + 1 if strange else 0

    def _is_strange(self, load_g: float) -> bool:
        return load_g > TRACKING_REACH_D * self._scale.d_g

    def _may_walk_off(self) -> bool:
        strange = self._stood_on_zero and self._is_strange(self._history.load_g(self._second))
        return strange and self._strange_ticks < STRANGE_TICKS


def _due(now_us: int, tick_us: int) -> bool:
    return now_us // DEAD_LOAD_US != (now_us - tick_us) // DEAD_LOAD_US
