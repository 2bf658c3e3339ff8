"""Is the vehicle rolling, standing or being rocked: from the moments and the swing of the load."""

from typing import Final

import numpy as np

from sensors.calibration import FloatArray, Scale
from sensors.history import History
from sensors.sums import mean, span

STILL_MPS: Final = 0.08
STILL_WINDOW_S: Final = 0.8
SPEED_WINDOW_S: Final = 0.5
SWING_WINDOW_S: Final = 0.7


class Motion:
    """Speed along the deck and swing of the sum, once a tick; constant memory.

    An axle that enters at an end has no lever about that end, so the growth of the first moment
    over the load there is the way travelled, even while further axles climb on.
    """

    def __init__(self, scale: Scale) -> None:
        self._length_m = scale.platform_mm / 1000
        self._rate_hz = scale.rate_hz
        self._smooth = max(1, round(0.12 * scale.rate_hz))
        self._floor_g = float(scale.min_g)
        self.reset()

    def reset(self) -> None:
        """Forget the vehicle; the deck is empty."""
        self.speed_mps = 0.0
        self.creep_mps = 9.9
        self.swing_g = 0.0
        self.still_since_us: int | None = None
        self.still_us = 0

    def update(self, history: History, from_exit: bool) -> None:
        """Look at the newest samples; from_exit says that the vehicle came on at the far end."""
        rows = round(STILL_WINDOW_S * self._rate_hz)
        if len(history) < rows:
            return
        t_s = (history.t_us(rows) - int(history.t_us(1)[0])) / 1e6
        load_g = history.sum_g(rows)
        if history.load_g(rows) < self._floor_g:
            self.reset()
            return
        moment = history.moment_gm(rows)
        if from_exit:
            moment = load_g * self._length_m - moment
        self.creep_mps = _slope(t_s, moment / np.maximum(load_g, self._floor_g))
        part = round(SPEED_WINDOW_S * self._rate_hz)
        way = _slope(t_s[-part:], moment[-part:])
        self.speed_mps = way / max(history.load_g(part), self._floor_g)
        self._note_still(int(history.t_us(1)[0]))
        self.swing_g = self._swing(history)

    def _note_still(self, now_us: int) -> None:
        if abs(self.creep_mps) > STILL_MPS:
            self.still_since_us = None
            self.still_us = 0
            return
        if self.still_since_us is None:
            self.still_since_us = now_us
        self.still_us = now_us - self.still_since_us

    def _swing(self, history: History) -> float:
        """Half the peak-to-peak of the sum without engine and deck tones, grams."""
        k = self._smooth
        rows = round(SWING_WINDOW_S * self._rate_hz) + k
        if len(history) < rows:
            return 0.0
        running = np.cumsum(history.sum_g(rows))
        smooth = (running[k:] - running[:-k]) / k
        return span(smooth) / 2


def _slope(t_s: FloatArray, values: FloatArray) -> float:
    centred = t_s - mean(t_s)
    return float((centred @ values) / max(float(centred @ centred), 1e-9))
