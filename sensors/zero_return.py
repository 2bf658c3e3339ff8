"""Does the deck come back to zero after a vehicle, and where is its zero going?

R 76 3.9.4.2 asks that the zero after a load stands within half an interval of the zero before it;
here that is looked at after every vehicle. The zeros of all vehicles make the trend.
"""

import math
from collections import deque
from enum import IntEnum
from itertools import islice
from typing import Final, NamedTuple

import msgspec
import numpy as np

from sensors.calibration import FloatArray, IntArray, Scale
from sensors.sums import column_means, total, windows

LOOK_TICKS: Final = 15
CALM_US: Final = 1_000_000
HOUR_US: Final = 3_600_000_000
NORMAL_95: Final = 1.96


class RestPlace(IntEnum):
    """How what is left is shared between the cells."""

    NOWHERE = 0  # each cell is back within its part of the limit
    ONE_CELL = 1  # three quarters at one cell: mud at a corner, a stone, a cell that creeps
    ONE_ROW = 2  # three quarters at the cells of one row across the deck
    UNIFORM = 3  # all cells alike: temperature, water, supply or reference voltage
    TILTED = 4  # some cells up, others down: something props the deck or it is stuck
    SPREAD = 5  # several cells, no simpler word


class ZeroReturnLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of the look at the zero and of the trend."""

    return_e: float = 0.5
    wait_us_max: int = 30_000_000
    settled_e: float = 0.5
    range_share: float = 0.02
    points_max: int = 200
    points_min: int = 8
    span_us_min: int = HOUR_US
    age_us_max: int = 72 * HOUR_US
    warn_ahead_us: int = 24 * HOUR_US


class ZeroReturn(msgspec.Struct, frozen=True, kw_only=True):
    """The zero after a vehicle against the zero before it.

    `settled` is False when the deck did not calm down in time; the mean is then given with its
    wider uncertainty and `passed` is False unless it is surely within the limit.
    """

    at_us: int
    before_us: int
    sum_g: int
    u95_g: int
    limit_g: int
    cells_g: tuple[int, ...]
    settled: bool
    passed: bool
    place: RestPlace
    cell: int | None


class ZeroTrend(msgspec.Struct, frozen=True, kw_only=True):
    """The zero's way through the last hours: the median slope with its 95 % limits.

    `leaves_us` is when the zero would leave the zero-tracking range; `warn` says that this is
    within a day and that the slope is no chance.
    """

    at_us: int
    points: int
    zero_g: int
    g_per_h: float
    low_g_per_h: float
    high_g_per_h: float
    leaves_us: int | None
    warn: bool


class ZeroReturnWatch:
    """Compares the empty deck before and after each vehicle; `update` once a tick.

    Takes grams above the *calibrated* zero, not above a zero that tracking moves: tracking would
    hide what is sought here. Memory: LOOK_TICKS rows and `points_max` points.
    """

    def __init__(self, scale: Scale, limits: ZeroReturnLimits | None = None) -> None:
        self._limits = limits or ZeroReturnLimits()
        self._e_g = float(scale.e_g)
        self._x_m = scale.x_m()
        self._before: _Look | None = None
        self._rows: deque[tuple[int, float, FloatArray]] = deque(maxlen=LOOK_TICKS)
        self._visited = False
        self._left_us: int | None = None
        self.missed = 0
        self.trend = TrendKeeper(scale, self._limits)

    def update(self, now_us: int, cells_g: FloatArray, empty: bool) -> ZeroReturn | None:
        """Take the means (n,) of a tick; `empty` is the word of beams and axles, not of the weight.

        Speaks once after each vehicle. When the next one comes before the deck was calm, the look
        is lost and counted in `missed`. A tick that is not finite restarts the look.
        """
        if not empty:
            self._leave()
            return None
        load_g = total(cells_g)
        if not math.isfinite(load_g) or (self._rows and now_us <= self._rows[-1][0]):
            self._rows.clear()
            return None
        if self._left_us is None:
            self._left_us = now_us
        self._rows.append((now_us, load_g, cells_g.copy()))
        late = now_us - self._left_us > self._limits.wait_us_max
        settled = self._settled()
        if len(self._rows) < LOOK_TICKS or not (settled or late):
            return None
        return self._look(now_us, settled)

    @property
    def rests_until_us(self) -> int:
        """Until when it says nothing of an empty deck and keeps no point of the trend; 0 if now."""
        if self._visited or self._left_us is None or len(self._rows) < LOOK_TICKS:
            return 0
        return self.trend.rests_until_us

    def rested(self, now_us: IntArray, cells_g: FloatArray, load_g: FloatArray) -> None:
        """Take ticks (n, cells) of the empty deck, and their sums."""
        loads_g = np.concatenate(([row[1] for row in self._rows], load_g))
        seen = windows(loads_g, LOOK_TICKS, 1, len(load_g))
        limit_g = self._limits.settled_e * self._e_g
        settled = np.flatnonzero(seen.max(axis=1) - seen.min(axis=1) <= limit_g)
        rows = [*(row[2] for row in self._rows), *cells_g]
        if len(settled):
            begin = int(settled[-1]) + 1
            looked = rows[begin : begin + 2 * LOOK_TICKS // 3]
            self._before = _Look(int(now_us[settled[-1]]), looked)
        self._rows.extend(zip(now_us.tolist(), load_g.tolist(), cells_g, strict=True))

    def _leave(self) -> None:
        if self._visited and self._left_us is not None:
            self.missed += 1
        self._visited = True
        self._left_us = None
        self._rows.clear()

    def _settled(self) -> bool:
        loads = [load_g for _, load_g, _ in self._rows]
        return max(loads) - min(loads) <= self._limits.settled_e * self._e_g

    def _look(self, now_us: int, settled: bool) -> ZeroReturn | None:
        # The newest third may already feel a tyre on the edge.
        after = _Look(now_us, [row[2] for row in islice(self._rows, 2 * LOOK_TICKS // 3)])
        before, visited = self._before, self._visited
        self._visited = False
        if settled:
            self._before = after
            if self.trend.wants(now_us, visited):
                self.trend.add(now_us, total(after.zero().cells_g), visited)
        if not visited or before is None:
            return None
        return self._judge(before.zero(), after.zero(), settled)

    def _judge(self, before: "_Zero", after: "_Zero", settled: bool) -> ZeroReturn:
        rest = after.cells_g - before.cells_g
        u95_g = 2 * float(np.hypot(before.u_g, after.u_g))
        value = float(rest.sum())
        limit_g = self._limits.return_e * self._e_g
        place, cell = place_of(rest, self._x_m, limit_g)
        return ZeroReturn(
            at_us=after.at_us,
            before_us=before.at_us,
            sum_g=round(value),
            u95_g=round(u95_g),
            limit_g=round(limit_g),
            cells_g=tuple(round(float(part)) for part in rest),
            settled=settled,
            passed=abs(value) + (0.0 if settled else u95_g) <= limit_g,
            place=place,
            cell=cell,
        )


class _Zero(NamedTuple):
    at_us: int
    cells_g: FloatArray
    u_g: float


class _Look(NamedTuple):
    """Ticks of an empty deck; most are followed by others before anybody asks for their mean."""

    at_us: int
    rows: list[FloatArray]

    def zero(self) -> _Zero:
        used = np.array(self.rows)
        # Wind and hum make the ticks of a second alike; they count as two independent looks.
        u_g = float(used.sum(axis=1).std() / np.sqrt(2)) + 1.0
        return _Zero(self.at_us, column_means(used), u_g)


def place_of(rest_g: FloatArray, x_m: FloatArray, limit_g: float) -> tuple[RestPlace, int | None]:
    """Say where a rest (n,) lies, and at which cell where it is one.

    `limit_g` is that of the whole deck; a cell counts from half of it.
    """
    size = np.abs(rest_g)
    if float(size.max()) <= limit_g / 2 and abs(float(rest_g.sum())) <= limit_g:
        return RestPlace.NOWHERE, None
    up, down = float(rest_g.clip(0).sum()), float(-rest_g.clip(None, 0).sum())
    if min(up, down) > max(limit_g / 2, 0.25 * max(up, down)):
        return RestPlace.TILTED, None
    total = float(size.sum())
    worst = int(size.argmax())
    if float(size[worst]) > 0.75 * total:
        return RestPlace.ONE_CELL, worst
    if float(size[np.abs(x_m - x_m[worst]) < 0.3].sum()) > 0.75 * total and len(rest_g) > 4:
        return RestPlace.ONE_ROW, None
    if float(size.min()) > 0.5 * float(size.max()):
        return RestPlace.UNIFORM, None
    return RestPlace.SPREAD, None


class TrendKeeper:
    """A line through the zeros of the last hours by Theil and Sen; at most `points_max` points.

    The median of all pair slopes does not mind that every fourth zero has a clod of mud in it.
    """

    def __init__(self, scale: Scale, limits: ZeroReturnLimits) -> None:
        self._limits = limits
        self._range_g = limits.range_share * scale.max_g
        self._points: deque[tuple[int, float]] = deque(maxlen=limits.points_max)
        self._every_us = limits.age_us_max // (2 * limits.points_max)

    def wants(self, at_us: int, after_vehicle: bool) -> bool:
        """Whether a settled zero is to be kept: between vehicles only now and then."""
        if not self._points:
            return True
        since_us = at_us - self._points[-1][0]
        return since_us >= (CALM_US if after_vehicle else self._every_us)

    @property
    def rests_until_us(self) -> int:
        """When it will want the next settled zero of a deck that no vehicle comes to."""
        return self._points[-1][0] + self._every_us if self._points else 0

    def add(self, at_us: int, zero_g: float, after_vehicle: bool = True) -> None:
        """Keep a settled zero; between vehicles only now and then, so that all hours count."""
        if not self.wants(at_us, after_vehicle):
            return
        self._points.append((at_us, zero_g))
        while at_us - self._points[0][0] > self._limits.age_us_max:
            self._points.popleft()

    def trend(self) -> ZeroTrend | None:
        """The trend now, or None while there are too few points or hours to tell."""
        limits = self._limits
        if len(self._points) < limits.points_min:
            return None
        at_us = np.array([point[0] for point in self._points])
        zero_g = np.array([point[1] for point in self._points])
        if at_us[-1] - at_us[0] < limits.span_us_min:
            return None
        hours = (at_us - at_us[-1]) / HOUR_US
        slope, low, high = theil_sen(hours, zero_g)
        now_g = float(np.median(zero_g - slope * hours))
        leaves_us = self._leaves_us(int(at_us[-1]), now_g, slope)
        sure = low * high > 0
        return ZeroTrend(
            at_us=int(at_us[-1]),
            points=len(zero_g),
            zero_g=round(now_g),
            g_per_h=slope,
            low_g_per_h=low,
            high_g_per_h=high,
            leaves_us=leaves_us,
            warn=sure and leaves_us is not None and leaves_us - at_us[-1] <= limits.warn_ahead_us,
        )

    def _leaves_us(self, at_us: int, now_g: float, g_per_h: float) -> int | None:
        if abs(now_g) >= self._range_g:
            return at_us
        if g_per_h == 0:
            return None
        hours = (np.copysign(self._range_g, g_per_h) - now_g) / g_per_h
        return at_us + round(min(float(hours), 1e6) * HOUR_US)


def theil_sen(x: FloatArray, y: FloatArray) -> tuple[float, float, float]:
    """The median slope of y against x with 95 % limits (Sen 1968, by Kendall's variance)."""
    one, two = np.triu_indices(len(x), k=1)
    apart = x[two] != x[one]
    slopes = np.sort((y[two] - y[one])[apart] / (x[two] - x[one])[apart])
    n, count = len(x), len(slopes)
    reach = NORMAL_95 * np.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    low = max(int(np.floor((count - reach) / 2)), 0)
    high = min(int(np.ceil((count + reach) / 2)), count - 1)
    return float(np.median(slopes)), float(slopes[low]), float(slopes[high])
