"""Cells that fail while a vehicle rolls over, told by the cells beside them."""

from typing import Final

import numpy as np

from sensors.calibration import Scale
from sensors.rolling.fit import PLATE_M_MAX, Fit
from sensors.rolling.signal import Signal
from sensors.rolling.weighing import RollingEvent

STUCK_SHARE_MAX: Final = 0.15
STUCK_S_MAX: Final = 1.0
NOISY_TIMES: Final = 8.0
NOISY_E: Final = 0.5
ZERO_STEP_E: Final = 10.0
# Recorded passages stay below 0.025 and 0.022.
LEAN_OFF: Final = 0.06
LEAN_OFF_TWO_ROWS: Final = 0.10
# Healthy cells stay below 4.2 on decks and 5 on plates (240 and 140 passages).
SPAN_SIGMAS: Final = 4.2
SPAN_SIGMAS_PLATE: Final = 6.0
SPAN_OFF: Final = 0.05


def cell_fault(signal: Signal, scale: Scale, at_us: int) -> RollingEvent | None:
    """A cell that repeats itself, is much noisier than the others, does not come back, or sags.

    Returns an event whose value is the number of the cell, or None.
    """
    samples = len(signal.t_s)
    longest = min(STUCK_SHARE_MAX * samples, STUCK_S_MAX * scale.rate_hz)
    worst = int(signal.stuck.argmax())
    if signal.stuck[worst] > longest:
        return RollingEvent(at_us=at_us, kind="cell_stuck", value=worst)
    noise = signal.noise_g
    worst = int(noise.argmax())
    if noise[worst] > max(NOISY_TIMES * float(np.median(noise)), NOISY_E * scale.e_g):
        return RollingEvent(at_us=at_us, kind="cell_noisy", value=worst)
    worst = int(np.abs(signal.zero_step_g).argmax())
    if abs(signal.zero_step_g[worst]) > ZERO_STEP_E * scale.e_g:
        return RollingEvent(at_us=at_us, kind="cell_without_zero_return", value=worst)
    return _leaning(signal, scale, at_us)


def _leaning(signal: Signal, scale: Scale, at_us: int) -> RollingEvent | None:
    """A cell that carries too little against its partner, compared with the other pairs.

    A vehicle leans to one side, or drives askew and leans more and more, but the same way at every
    row: what is left after a straight line through the rows is a cell. Two rows show no line.
    """
    x_m, y_m = scale.x_m(), scale.y_m()
    carried = signal.cells_g[signal.loaded].sum(axis=0)
    rows, share, low = [], [], []
    for place in np.unique(x_m):
        left, right = (np.flatnonzero((x_m == place) & (side * y_m > 0)) for side in (1, -1))
        both = float(carried[left].sum() + carried[right].sum())
        if len(left) == 1 and len(right) == 1 and both > 0:
            rows.append(float(place))
            share.append(float(carried[left].sum()) / both)
            low.append((int(right[0]), int(left[0])))
    if len(rows) < 2:
        return None
    straight = np.polyval(np.polyfit(rows, share, 1 if len(rows) > 2 else 0), rows)
    off = np.array(share) - straight
    worst = int(np.abs(off).argmax())
    if abs(off[worst]) < (LEAN_OFF if len(rows) > 2 else LEAN_OFF_TWO_ROWS):
        return None
    return RollingEvent(at_us=at_us, kind="cell_wrong_span", value=low[worst][int(off[worst] < 0)])


def wrong_span(fit: Fit, signal: Signal, at_us: int) -> RollingEvent | None:
    """A cell whose gain, if it were another, would explain what the fit leaves over."""
    sure = np.abs(fit.gain_off) / fit.gain_off_sigma
    worst = int(sure.argmax())
    limit = SPAN_SIGMAS if signal.length_m >= PLATE_M_MAX else SPAN_SIGMAS_PLATE
    if sure[worst] > limit and abs(fit.gain_off[worst]) > SPAN_OFF:
        return RollingEvent(at_us=at_us, kind="cell_wrong_span", value=worst)
    return None
