"""The latest frames of an indicator: how often they come, and what they agree on."""

from collections import deque
from statistics import median_low
from typing import Final

from sensors.indicated_rule import (
    OK,
    OVER,
    UNDER,
    Reading,
    Rule,
    is_even,
    is_of_division,
    masses,
    stable_g,
)
from sensors.indication import Capacity

KEPT: Final = 512
INTERVALS: Final = 31
AGREE: Final = 3
"""So many frames together are believed where one alone is not (weak checksums, facts 3.1)."""
DOUBT_US: Final = 60_000_000
FAR_G: Final = 10**12
"""Stands for a load beyond the range, on either side."""


class Frames:
    """Readings in the order of their times; memory is bounded by KEPT.

    What one damaged frame says moves nothing but the window that it stands in: `load_g` is the
    middle one of the last AGREE, and trouble is what AGREE frames in a row tell.
    """

    def __init__(self, capacity: Capacity, rule: Rule) -> None:
        self._capacity = capacity
        self._rule = rule
        self._kept: deque[Reading] = deque(maxlen=KEPT)
        self._intervals: deque[int] = deque(maxlen=INTERVALS)
        self._interval_us: int | None = None
        self._uneven = 0
        self._broken = 0
        self._odd = 0
        self._odd_us = -DOUBT_US - 1

    def take(self, reading: Reading) -> bool:
        """Take the next frame; False for one that is not later than the one before."""
        last_us = self.last_us
        if last_us is not None and reading.t_us <= last_us:
            return False
        if last_us is not None:
            self._space(reading.t_us - last_us)
        self._kept.append(reading)
        self._broken = 0 if reading.state in (OK, OVER, UNDER) else self._broken + 1
        self._divide(reading)
        return True

    def _space(self, gap_us: int) -> None:
        if gap_us > self._rule.silent_us:
            self._intervals.clear()
            self._interval_us = None
            return
        self._intervals.append(gap_us)
        enough = len(self._intervals) >= min(self._rule.readings, INTERVALS) - 1
        self._interval_us = median_low(self._intervals) if enough else None

    def _divide(self, reading: Reading) -> None:
        """Count frames of another division; a zero that states none tells nothing."""
        if not is_of_division(reading, self._capacity.d_g):
            self._odd += 1
            if self._odd >= AGREE:
                self._odd_us = reading.t_us
        elif reading.d_g is not None:
            self._odd, self._odd_us = 0, -DOUBT_US - 1
        elif reading.gross_g:
            self._odd = 0

    @property
    def last_us(self) -> int | None:
        """When the newest frame came; None before the first."""
        return self._kept[-1].t_us if self._kept else None

    @property
    def interval_us(self) -> int | None:
        """The usual time between two frames; None until enough have come in a row."""
        return self._interval_us

    @property
    def says_error(self) -> bool:
        """Whether the indicator says itself that it has no weight to give."""
        return self._broken >= AGREE - 1

    @property
    def other_division(self) -> bool:
        """Whether it shows weights in another division than the scale is said to have.

        Where frames state no division only a weight that is no multiple tells, so it is remembered.
        """
        last_us = self.last_us
        return last_us is not None and last_us - self._odd_us <= DOUBT_US

    @property
    def loses(self) -> bool:
        """Whether frames are missing among the last ones, more than one in eight."""
        if self._interval_us is None:
            return False
        late = sum(4 * gap_us > 7 * self._interval_us for gap_us in self._intervals)
        return 8 * late > len(self._intervals) >= INTERVALS

    @property
    def load_g(self) -> int | None:
        """What lies on the deck, grams, FAR_G beyond the range; None where nobody knows."""
        if len(self._kept) < AGREE or self.other_division:
            return None
        words = [self._word(reading) for reading in self._last(AGREE)]
        known = [word for word in words if word is not None]
        return median_low(known) if len(known) >= AGREE - 1 else None

    def _word(self, reading: Reading) -> int | None:
        if reading.state == OVER:
            return FAR_G
        if reading.state == UNDER:
            return -FAR_G
        return reading.gross_g if reading.state == OK else None

    @property
    def at_centre(self) -> bool:
        """Whether the newest frame has the bit of the centre of zero, and it is set."""
        return bool(self._kept) and self._kept[-1].centre_of_zero is True

    def _last(self, number: int) -> list[Reading]:
        return [self._kept[i] for i in range(-min(number, len(self._kept)), 0)]

    @property
    def window(self) -> list[Reading]:
        """The frames that a weight would come from now; empty while their rate is not known."""
        if self._interval_us is None:
            return []
        return self._last(min(self._rule.wanted(self._interval_us), KEPT))

    @property
    def stable_g(self) -> int | None:
        """The weight that the window is, by the indicator's word alone."""
        if self._interval_us is None:
            return None
        return stable_g(self.window, self._capacity, self._rule, self._interval_us)

    @property
    def steady(self) -> bool:
        """Whether the window lies within 1 e and says of itself that nothing moves."""
        return self.swing_g is not None and self.swing_g <= self._capacity.e_g

    @property
    def swing_g(self) -> int | None:
        """The span of the window, grams; None where it is none, or says that it is in motion."""
        last, interval_us = self.window, self._interval_us
        grams = masses(last)
        if not last or grams is None or interval_us is None:
            return None
        if len(last) < self._rule.wanted(interval_us) or not is_even(last, interval_us):
            return None
        return None if any(r.motion for r in last) else max(grams) - min(grams)

    def since(self, at_us: int) -> list[Reading]:
        """The kept frames that came after ``at_us``."""
        found: list[Reading] = []
        for reading in reversed(self._kept):
            if reading.t_us <= at_us:
                break
            found.append(reading)
        return found[::-1]

    def before(self, at_us: int) -> list[Reading]:
        """The kept frames that came earlier than ``at_us``, the newest first."""
        return [reading for reading in reversed(self._kept) if reading.t_us < at_us]
