"""What the scale watches about itself: tampering, the way back to zero, and where zero is going."""

from typing import Final

import numpy as np

from sensors.calibration import BoolArray, FloatArray, IntArray, Scale
from sensors.tamper import TamperWatch
from sensors.tamper_finding import TamperFinding, TamperKind
from sensors.weighing import EventKind, Note
from sensors.zero_return import ZeroReturn, ZeroReturnWatch

FINDINGS_MAX: Final = 32

_EVENTS: Final = {
    TamperKind.STEP: EventKind.TAMPER_STEP,
    TamperKind.PLATEAU_JUMP: EventKind.TAMPER_JUMP,
    TamperKind.SYMMETRIC: EventKind.TAMPER_SYMMETRIC,
    TamperKind.NO_RETURN: EventKind.TAMPER_NO_RETURN,
    TamperKind.PERSON: EventKind.PERSON,
}


class Upkeep:
    """Feeds both watches once a tick with grams above the calibrated zero, and notes what they say.

    A named cell ends the tamper watch until service: a sick cell looks like every kind of device.
    """

    def __init__(self, scale: Scale, tick_s: float, note: Note) -> None:
        self._note = note
        self._tamper = TamperWatch(scale, tick_s=tick_s)
        self._returns = ZeroReturnWatch(scale)
        self.findings: list[TamperFinding] = []
        self.last_return: ZeroReturn | None = None
        self._warned = False

    def update(
        self,
        now_us: int,
        cells_g: FloatArray,
        *,
        standing: bool,
        empty: bool,
        axle_step: bool,
        beam_edge: bool,
        half_off: bool,
        cells_sound: bool,
    ) -> None:
        """Take the means (n,) of a tick; `empty` is the word of axles and beams."""
        if not cells_sound:
            self._tamper.reset()
            return
        found = self._tamper.update(
            now_us, cells_g, standing, empty, axle_step, beam_edge, half_off
        )
        for finding in found:
            self.findings = [*self.findings[1 - FINDINGS_MAX :], finding]
            self._note(_EVENTS[finding.kind], finding.value_g, finding.at_us)
        returned = self._returns.update(now_us, cells_g, empty)
        if returned is not None:
            self.last_return = returned
            kind = EventKind.ZERO_RETURNED if returned.passed else EventKind.ZERO_NOT_RETURNED
            self._note(kind, returned.sum_g)
            self._watch_trend()

    @property
    def rests_until_us(self) -> int:
        """Until when an empty deck with sound cells gives it nothing to say; 0 if now."""
        return self._returns.rests_until_us if self._tamper.rests else 0

    def calm(self, cells_g: FloatArray, load_g: FloatArray) -> BoolArray:
        """Which of the next ticks (n, cells) of that deck, with their sums, have nothing to say."""
        return self._tamper.calm(cells_g, load_g)

    def rested(self, now_us: IntArray, cells_g: FloatArray, load_g: FloatArray) -> None:
        """Take ticks that are all calm."""
        self._tamper.rested(now_us, cells_g, load_g)
        self._returns.rested(now_us, cells_g, load_g)

    def _watch_trend(self) -> None:
        trend = self._returns.trend.trend()
        warn = trend is not None and trend.warn
        if warn and not self._warned and trend is not None:
            self._note(EventKind.ZERO_DRIFTS, round(float(np.clip(trend.g_per_h, -1e9, 1e9))))
        self._warned = warn
