"""When zero may be set or followed: an empty, steady deck, sound cells, and the lane's leave.

How far it may go is the rule of `sensors/zero.py`.
"""

from collections import deque
from collections.abc import Callable
from typing import Final

import numpy as np

from sensors.calibration import FloatArray, Scale
from sensors.cells import CellWatch
from sensors.estimator import TICK_S
from sensors.history import History
from sensors.sums import row_sums, span, total
from sensors.thermal import Corrections
from sensors.weighing import EventKind, Note
from sensors.zero import DELAY_TICKS, INITIAL_SHARE_MAX, ZeroKeeper

SWING_E: Final = 2
# How often the bare deck is weighed against the calibrated one.
DEAD_LOAD_US: Final = 1_000_000


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
        if not self._keeper.set_initial(cells_g):
            return None
        return self._apply(cells_g, ok=not self._cells.faulty)

    def request(self, empty: bool) -> float | None:
        """Set zero at the lane's request; grams as `try_initial`, None where it is refused."""
        free = empty and self.allowed and self.is_set
        if not free or self._cells.faulty or not self.steady():
            return None
        cells_g = self.above_calibration_g(self._second)
        before_g = self.offsets_g
        if not self._keeper.set_now(cells_g):
            return None
        return self._apply(cells_g - before_g, ok=True)

    def _apply(self, by_g: FloatArray, ok: bool) -> float:
        self._history.shift(by_g, self._x_m)
        self._corrections.zeroed()
        self.ok = ok
        self._note(EventKind.ZERO_SET, round(self.sum_g()))
        return total(by_g)

    def follow(self, now_us: int, empty: bool) -> None:
        """Follow slow drift while no vehicle is on the deck; once a tick."""
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
        tick_us = round(1e6 * TICK_S)
        if now_us // DEAD_LOAD_US != (now_us - tick_us) // DEAD_LOAD_US:
            self._cells.check_dead_load(cells_g)
