"""A weighing indicator on the yard's cells: what it makes of their sum, and what it shows.

It averages the last half second, shows whole divisions ten times a second, sets its motion bit
while the average moves, follows its zero by at most 0.5 d/s within 0.5 d of it (R 76-1 4.5.7), and
shows nothing above Max + 9 e or under -20 d.  ``weight_g`` and ``motion`` are for an emulator that
speaks a real protocol.
"""

from __future__ import annotations

from collections import deque
from enum import IntEnum

from msgspec import Struct

RATE_HZ = 80
AVERAGE_SAMPLES = 40
EVERY_SAMPLES = 8
EVERY_US = 100_000
MOTION_FRAMES = 8
MOTION_D = 1.0
"""The bit is set while the averages of the last 0.8 s span more than this."""
TRACKS_D = 0.5
TRACKS_D_PER_S = 0.4
BLANK_OVER_E = 9
BLANK_UNDER_D = 20
ZERO_PART = 0.04
START_ZERO_PART = 0.2


class Face(IntEnum):
    """What the display shows in place of a weight."""

    WEIGHT = 0
    OVER = 1
    UNDER = 2
    STARTING = 4


class Shown(Struct, frozen=True, kw_only=True):
    """One look at the display; ``gross_g`` is None where it shows no weight."""

    t_us: int
    face: Face
    gross_g: int | None
    motion: bool


class Instrument:
    """Turns samples of the whole deck into what the display shows, ten times a second.

    How the samples are cut into reads changes nothing.
    """

    def __init__(self, max_g: int, e_g: int) -> None:
        self._max_g, self._e_g = max_g, e_g
        self._samples: deque[float] = deque(maxlen=AVERAGE_SAMPLES)
        self._averages: deque[float] = deque(maxlen=MOTION_FRAMES)
        self._zero_g: float | None = None
        self._taken = 0
        self.weight_g = 0
        self.motion = True

    def take(self, t_us: int, load_g: float) -> Shown | None:
        """Take a sample of the deck's load above the calibrated zero; a look every eighth."""
        self._samples.append(load_g)
        self._taken += 1
        if self._taken % EVERY_SAMPLES:
            return None
        average_g = sum(self._samples) / len(self._samples)
        self._averages.append(average_g)
        if len(self._averages) < MOTION_FRAMES:
            return Shown(t_us=t_us, face=Face.STARTING, gross_g=None, motion=True)
        span_g = max(self._averages) - min(self._averages)
        self.motion = span_g > MOTION_D * self._e_g
        if self._zero_g is None and not self._start(average_g):
            return Shown(t_us=t_us, face=Face.STARTING, gross_g=None, motion=True)
        return self._show(t_us, average_g - (self._zero_g or 0.0))

    def _start(self, average_g: float) -> bool:
        """The first zero, within 20 % of Max and at rest."""
        near = abs(average_g) <= START_ZERO_PART * self._max_g
        if near and not self.motion:
            self._zero_g = average_g
        return self._zero_g is not None

    def _show(self, t_us: int, net_g: float) -> Shown:
        if not self.motion and abs(net_g) <= TRACKS_D * self._e_g:
            most_g = TRACKS_D_PER_S * self._e_g * EVERY_US / 1e6
            self._zero_g = (self._zero_g or 0.0) + min(max(net_g, -most_g), most_g)
        self.weight_g = round(net_g)
        face = Face.WEIGHT
        if net_g > self._max_g + BLANK_OVER_E * self._e_g:
            face = Face.OVER
        elif net_g < -BLANK_UNDER_D * self._e_g:
            face = Face.UNDER
        shown_g = round(net_g / self._e_g) * self._e_g if face == Face.WEIGHT else None
        return Shown(t_us=t_us, face=face, gross_g=shown_g, motion=self.motion)

    def set_zero(self) -> bool:
        """What its zero key does: at rest, within 4 % of Max of the zero it has."""
        at_rest = self._zero_g is not None and not self.motion
        if not at_rest or abs(self.weight_g) > ZERO_PART * self._max_g:
            return False
        self._zero_g = self._averages[-1]
        return True
