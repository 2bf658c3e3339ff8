"""K3: a deck that does not come back to zero after the vehicle: a jack, a prop, a stuck deck."""

from typing import Final

import numpy as np

from sensors.calibration import FloatArray, Scale
from sensors.step_fit import place_mm
from sensors.tamper_finding import TamperFinding, TamperKind, TamperLimits

RETURN_TICKS: Final = 20


class ReturnWatch:
    """K3: what is left on the deck when the vehicle has gone, against what was there before."""

    def __init__(self, scale: Scale, limits: TamperLimits) -> None:
        self._scale, self._limits = scale, limits
        self._before: FloatArray | None = None
        self._rows: list[FloatArray] = []
        self._loaded = False

    def interrupt(self) -> None:
        """Samples are missing: start the present look again."""
        self._rows = []

    def update(self, now_us: int, cells_g: FloatArray, empty: bool) -> TamperFinding | None:
        """Take a tick; speaks once after a vehicle, when the empty deck has been steady for 2 s."""
        if not empty:
            self._rows = []
            self._loaded = self._loaded or float(cells_g.sum()) > self._scale.min_g
            return None
        self._rows = [*self._rows[1 - RETURN_TICKS :], cells_g.copy()]
        table = np.array(self._rows)
        steady = float(np.ptp(table.sum(axis=1))) < 2 * self._scale.e_g
        if len(table) < RETURN_TICKS or not steady:
            return None
        # The newest ticks may already hold a tyre on the edge.
        mean = np.asarray(table[: RETURN_TICKS // 2].mean(axis=0))
        before, self._before = self._before, mean
        if not self._loaded or before is None:
            return None
        self._loaded = False
        return self._judge(now_us, mean - before, table)

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
