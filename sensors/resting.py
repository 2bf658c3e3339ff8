"""An empty deck, many ticks in one piece: for a simulator, in which nothing happens for long.

What comes of it is what pushing the same samples tick by tick comes to, to the last bit. A tick
in which any of the weigher's watches might have something to say ends the piece before it.
"""

from typing import Final, NamedTuple

import numpy as np

from sensors.calibration import FloatArray, IntArray, Scale
from sensors.cells import CellWatch
from sensors.cells_resting import CellsAhead, cells_ahead
from sensors.despike import Despike
from sensors.history import History
from sensors.indication import BLANK_UNDER_D
from sensors.presence import PRESENT_E
from sensors.sums import row_sums, windows
from sensors.upkeep import Upkeep
from sensors.zeroing import ZeroAhead, Zeroing

# A digit of a sum is no reason for another word on what is on the deck.
SURELY_G: Final = 1.0


class Rest(NamedTuple):
    """What each of the ticks (n,) of an empty deck came to, times as of its last sample.

    gross_g is before corrections; zero_g is the zero of the whole deck against the calibration.
    """

    t_us: IntArray
    gross_g: FloatArray
    zero_g: list[float]


class Ahead(NamedTuple):
    """Some ticks that are worked out and not taken; sum_g has those of a second before, too."""

    t_us: IntArray
    rows_g: FloatArray
    sum_g: FloatArray
    ends_us: IntArray
    gross_g: FloatArray
    zero: ZeroAhead
    cells: CellsAhead


class Resting:
    """Works ticks of the empty deck out and has the parts of a weigher take them."""

    def __init__(
        self,
        scale: Scale,
        tick: int,
        smooth: int,
        history: History,
        despike: Despike,
        cells: CellWatch,
        zero: Zeroing,
        upkeep: Upkeep,
    ) -> None:
        self._scale = scale
        self._tick = tick
        self._smooth = smooth
        self._second = round(scale.rate_hz)
        self._history = history
        self._despike = despike
        self._cells = cells
        self._zero = zero
        self._upkeep = upkeep

    def ticks(self, now_us: int, t_us: IntArray) -> int:
        """How many ticks of samples (n,) behind `now_us` may be looked at; 0 unless all is calm."""
        if not (self._zero.rests and self._despike.filled and self._history.full):
            return 0
        gaps_us = np.diff(t_us, prepend=now_us)
        holes = np.flatnonzero(gaps_us > 1.5e6 / self._scale.rate_hz)
        whole = (int(holes[0]) if len(holes) else len(t_us)) // self._tick
        ends_us = t_us[self._tick - 1 :: self._tick][:whole]
        # A tick has the time of its last sample, which the spikes hold back: no later than that.
        return int(ends_us.searchsorted(self._upkeep.rests_until_us))

    def ahead(self, t_us: IntArray, counts: IntArray) -> tuple[int, Ahead | None]:
        """How many of these whole ticks are calm; worked out if all of them are."""
        began = self._cells.resting()
        if began is None:
            return 0, None
        ends_us = t_us[self._tick - 1 :: self._tick]
        clean_t, clean_g, leaps = self._despike.ahead(t_us, self._scale.to_grams(counts))
        zero = self._zero.ahead(ends_us, clean_g)
        ticks = len(zero.zeros_g)
        if ticks < len(ends_us) or leaps.any():
            calm = int(leaps.argmax()) // self._tick - 1 if leaps.any() else ticks
            return max(0, min(ticks, calm)), None
        rows_g = np.concatenate((self._history.cells_g(self._second), zero.rows_g))
        sum_g = np.concatenate((self._history.sum_g(self._second), row_sums(zero.rows_g)))
        cells = cells_ahead(began, rows_g, counts, self._tick)
        gross_g = row_sums(windows(sum_g, self._smooth, self._tick, ticks)) / self._smooth
        calm_ticks = (
            cells.calm
            & self._zero.calm(sum_g, ticks)
            & self._upkeep.calm(zero.seen_g, row_sums(zero.seen_g))
            & (gross_g < PRESENT_E * self._scale.e_g - SURELY_G)
            & (gross_g > -BLANK_UNDER_D / 2 * self._scale.d_g)
        )
        if not calm_ticks.all():
            return int(calm_ticks.argmin()), None
        return ticks, Ahead(clean_t, zero.rows_g, sum_g, ends_us, gross_g, zero, cells)

    def take(self, found: Ahead, t_us: IntArray, counts: IntArray, moment_gm: FloatArray) -> None:
        """Have all parts stand behind these ticks."""
        self._despike.push(t_us, self._scale.to_grams(counts))
        loads_g = found.sum_g[self._second :]
        self._history.extend(found.t_us, found.rows_g, loads_g, moment_gm)
        cells = found.cells
        self._cells.rested(cells.noise_g, cells.still_run, cells.doubtful, counts)
        self._zero.rested(found.zero, found.sum_g)
        seen_g = found.zero.seen_g
        self._upkeep.rested(found.ends_us, seen_g, row_sums(seen_g))
