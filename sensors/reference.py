"""The rules of plain indicators, as references for the benchmark: no model, no presence, no axles.

Each looks at the sum of all cells alone, sample by sample, above a zero taken from the first
second, and holds the first reading that its rule believes. None is part of the product; its own
plain alternative is `sensors.estimator.PlainWindow`.
"""

from collections import deque
from collections.abc import Callable, Mapping
from statistics import median
from typing import Final, Protocol

import msgspec

from sensors.calibration import FloatArray, IntArray, Scale
from sensors.indication import round_to_d

HOLD_S: Final = 1.0
AVERAGE_S: Final = 1.0
MEDIAN_SAMPLES: Final = 5
IIR_S: Final = 0.5
BLOCKS: Final = 4


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """A weight that a rule believed: grams, and the time of the last sample it used."""

    weight_g: float
    at_us: int


class Rule(Protocol):
    """What turns one sample of the load into a believed weight; bounded memory."""

    def take(self, load_g: float) -> float | None:
        """Take the next sample above zero, grams; return the weight once it is believed."""


class Indicator:
    """A plain indicator: zero from the first second, then a rule until it believes a weight."""

    def __init__(self, scale: Scale, rule: Rule) -> None:
        self._scale = scale
        self._rule = rule
        self._zero_rows = max(1, round(scale.rate_hz))
        self._seen = 0
        self._zero_g = 0.0
        self.reading: Reading | None = None

    def push(self, t_us: IntArray, counts: IntArray) -> None:
        """Take samples: times (n,), counts (n, cells); after the first weight nothing changes."""
        loads: FloatArray = self._scale.to_grams(counts).sum(axis=1)
        for at_us, load_g in zip(t_us.tolist(), loads.tolist(), strict=True):
            if self.reading is None:
                self._take(at_us, load_g)

    def _take(self, at_us: int, load_g: float) -> None:
        if self._seen < self._zero_rows:
            self._seen += 1
            self._zero_g += (load_g - self._zero_g) / self._seen
            return
        weight_g = self._rule.take(load_g - self._zero_g)
        if weight_g is not None and weight_g >= self._scale.min_g:
            self.reading = Reading(weight_g=weight_g, at_us=at_us)


class _Band:
    """Whether all values of the last samples lie within a band."""

    def __init__(self, rows: int, band_g: float) -> None:
        self._band_g = band_g
        self._values: deque[float] = deque(maxlen=rows)

    def holds(self, value: float, floor: float) -> bool:
        self._values.append(value)
        # Looking at the whole second costs much; most samples are ruled out by the oldest one.
        if len(self._values) < (self._values.maxlen or 0) or value < floor:
            return False
        if abs(value - self._values[0]) > self._band_g:
            return False
        return max(self._values) - min(self._values) <= self._band_g


class MovingAverage:
    """The mean of the last second, believed when it stayed inside 1 e for a second."""

    def __init__(self, scale: Scale) -> None:
        self._rows = max(1, round(AVERAGE_S * scale.rate_hz))
        self._window: deque[float] = deque(maxlen=self._rows)
        self._total = 0.0
        self._floor = float(scale.min_g)
        self._band = _Band(max(2, round(HOLD_S * scale.rate_hz)), scale.e_g)

    def take(self, load_g: float) -> float | None:
        """Take one sample."""
        if len(self._window) == self._rows:
            self._total -= self._window[0]
        self._window.append(load_g)
        self._total += load_g
        if len(self._window) < self._rows:
            return None
        mean = self._total / self._rows
        return mean if self._band.holds(mean, self._floor) else None


class MedianIir:
    """A median of five samples, then a first-order low-pass, believed inside 1 e for a second."""

    def __init__(self, scale: Scale) -> None:
        self._recent: deque[float] = deque(maxlen=MEDIAN_SAMPLES)
        self._share = 1.0 / (1.0 + IIR_S * scale.rate_hz)
        self._level = 0.0
        self._floor = float(scale.min_g)
        self._band = _Band(max(2, round(HOLD_S * scale.rate_hz)), scale.e_g)

    def take(self, load_g: float) -> float | None:
        """Take one sample."""
        self._recent.append(load_g)
        self._level += self._share * (median(self._recent) - self._level)
        return self._level if self._band.holds(self._level, self._floor) else None


class _Seconds:
    """The means of whole seconds, one after the other."""

    def __init__(self, scale: Scale) -> None:
        self._rows = max(1, round(scale.rate_hz))
        self._total = 0.0
        self._count = 0

    def take(self, load_g: float) -> float | None:
        self._total += load_g
        self._count += 1
        if self._count < self._rows:
            return None
        mean = self._total / self._rows
        self._total, self._count = 0.0, 0
        return mean


class EqualSeconds:
    """Three seconds whose displayed weights, means rounded to d, are equal: field practice."""

    def __init__(self, scale: Scale) -> None:
        self._d_g = scale.d_g
        self._seconds = _Seconds(scale)
        self._shown: deque[int] = deque(maxlen=3)

    def take(self, load_g: float) -> float | None:
        """Take one sample."""
        mean = self._seconds.take(load_g)
        if mean is None:
            return None
        self._shown.append(round_to_d(round(mean), self._d_g))
        equal = len(self._shown) == 3 and len(set(self._shown)) == 1
        return float(self._shown[0]) if equal else None


class BlockMean:
    """The mean of a block of 4 s whose seconds agree within 1 e; a new block every second."""

    def __init__(self, scale: Scale) -> None:
        self._e_g = scale.e_g
        self._seconds = _Seconds(scale)
        self._means: deque[float] = deque(maxlen=BLOCKS)

    def take(self, load_g: float) -> float | None:
        """Take one sample."""
        mean = self._seconds.take(load_g)
        if mean is None:
            return None
        self._means.append(mean)
        agree = max(self._means) - min(self._means) <= self._e_g
        return sum(self._means) / BLOCKS if len(self._means) == BLOCKS and agree else None


REFERENCES: Final[Mapping[str, Callable[[Scale], Rule]]] = {
    "moving average": MovingAverage,
    "median + IIR": MedianIir,
    "three equal seconds": EqualSeconds,
    "block mean of 4 s": BlockMean,
}
"""The rules by the names that the benchmark shows."""
