"""K3: a deck that does not come back to zero after the vehicle: a jack, a prop, a stuck deck."""

from collections import deque
from typing import Final

import numpy as np

from sensors.calibration import FloatArray, Scale
from sensors.step_fit import place_mm
from sensors.sums import column_means, total, windows
from sensors.tamper_finding import TamperFinding, TamperKind, TamperLimits

RETURN_TICKS: Final = 20


class ReturnWatch:
    """K3: what is left on the deck when the vehicle has gone, against what was there before."""

    def __init__(self, scale: Scale, limits: TamperLimits) -> None:
        self._scale, self._limits = scale, limits
        self._before: list[FloatArray] = []
        self._rows: deque[tuple[float, FloatArray]] = deque(maxlen=RETURN_TICKS)
        self._loaded = False

    def interrupt(self) -> None:
        """Samples are missing: start the present look again."""
        self._rows.clear()

    @property
    def rests(self) -> bool:
        """Whether what it says of an empty deck is nothing, whatever comes."""
        return len(self._rows) == RETURN_TICKS and not self._loaded

    def rested(self, cells_g: FloatArray, load_g: FloatArray) -> None:
        """Take ticks (n, cells) of the empty deck, and their sums."""
        loads_g = np.concatenate(([row[0] for row in self._rows], load_g))
        seen = windows(loads_g, RETURN_TICKS, 1, len(load_g))
        steady = np.flatnonzero(seen.max(axis=1) - seen.min(axis=1) < 2 * self._scale.e_g)
        rows = [*(row[1] for row in self._rows), *cells_g]
        if len(steady):
            begin = int(steady[-1]) + 1
            self._before = rows[begin : begin + RETURN_TICKS // 2]
        self._rows.extend(zip(load_g.tolist(), cells_g, strict=True))

    def update(self, now_us: int, cells_g: FloatArray, empty: bool) -> TamperFinding | None:
        """Take a tick; speaks once after a vehicle, when the empty deck has been steady for 2 s."""
        load_g = total(cells_g)
        if not empty:
            self._rows.clear()
            self._loaded = self._loaded or load_g > self._scale.min_g
            return None
        self._rows.append((load_g, cells_g.copy()))
        loads_g = [row[0] for row in self._rows]
        steady = max(loads_g) - min(loads_g) < 2 * self._scale.e_g
        if len(self._rows) < RETURN_TICKS or not steady:
            return None
        rows = [row[1] for row in self._rows]
        # The newest ticks may already hold a tyre on the edge.
        before, self._before = self._before, rows[: RETURN_TICKS // 2]
        if not self._loaded or not before:
            return None
        self._loaded = False
        rest = column_means(np.array(self._before)) - column_means(np.array(before))
        return self._judge(now_us, rest, np.array(rows))

    def _judge(self, now_us: int, rest: FloatArray, table: FloatArray) -> TamperFinding | None:
        value, e_g = float(rest.sum()), self._scale.e_g
        if -self._limits.return_below_e * e_g <= value <= self._limits.return_above_e * e_g:
            return None
        u_cells = table.std(axis=0) / 2
        x_mm, y_mm = place_mm(rest, u_cells, self._scale.x_m(), self._scale.y_m())
        return TamperFinding(
            kind=TamperKind.NO_RETURN,
            at_us=now_us,
            value_g=round(value),
            u95_g=round(float(table.sum(axis=1).std())),
            ratio_ppm=None,
            u95_ppm=None,
            cells_g=tuple(round(float(c)) for c in rest),
            x_mm=x_mm,
            y_mm=y_mm,
        )
