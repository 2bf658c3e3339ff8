"""Which corrections a weight gets: for temperature where it is known, then the span's points."""

from enum import IntEnum
from typing import Final

import numpy as np

from sensors.calibration import Scale

COLDEST_C: Final = -40.0
HOTTEST_C: Final = 70.0
# The cells sit in tonnes of steel: what moves faster than this is the sensor, not the scale.
STEP_K: Final = 3.0
K_PER_S: Final = 0.05
STALE_US: Final = 300_000_000
# Standard uncertainties: sensor against cells, change since zero, the coefficients themselves.
PLACE_K: Final = 1.0
CHANGE_K: Final = 0.5
COEFFICIENT_SHARE: Final = 0.1
CREEP_SHARE: Final = 0.2


class Compensation(IntEnum):
    """Whether the weight is compensated for temperature."""

    NOT_STATED = 0  # the calibration states no coefficients
    APPLIED = 1
    NO_TEMPERATURE = 2  # coefficients, but no sensor that can be believed: nothing is corrected


class Corrections:
    """Corrects a gross by what the calibration states and the thermometer says.

    A reading that no deck has, or that leaps, is not believed; after five minutes without one
    that is believed there is no compensation. Without coefficients nothing is changed.
    """

    def __init__(self, scale: Scale) -> None:
        self._scale = scale
        self._seen_us = -(2**62)
        self._seen_c: float | None = None
        self._now_us = 0
        self._zeroed_c: float | None = None
        self.creep_g = 0.0

    def see(self, at_us: int, celsius: float | None) -> None:
        """Take a reading of the thermometer in degrees Celsius; None where it is silent."""
        self._now_us = max(self._now_us, at_us)
        if celsius is None or not COLDEST_C <= celsius <= HOTTEST_C:
            return
        since_s = max(at_us - self._seen_us, 0) / 1e6
        before_c = self.celsius
        if before_c is not None and abs(celsius - before_c) > STEP_K + K_PER_S * since_s:
            return
        self._seen_us, self._seen_c = at_us, float(celsius)

    def tick(self, now_us: int) -> None:
        """Time goes on; a reading grows old."""
        self._now_us = now_us

    def zeroed(self) -> None:
        """The zero was set or followed now, at the temperature of now."""
        self._zeroed_c = self.celsius

    @property
    def celsius(self) -> float | None:
        """The temperature of the deck, or None while no reading can be believed."""
        return self._seen_c if self._now_us - self._seen_us <= STALE_US else None

    @property
    def zeroed_celsius(self) -> float | None:
        """The temperature at which zero was set or last followed, where it was known."""
        return self._zeroed_c

    @property
    def state(self) -> Compensation:
        """Whether temperature is compensated."""
        if self._scale.temperature is None:
            return Compensation.NOT_STATED
        return Compensation.NO_TEMPERATURE if self.celsius is None else Compensation.APPLIED

    def correct_g(self, gross_g: float) -> float:
        """The gross that counts: at the reference temperature, with the points of the span."""
        return self._scale.correct_gross_g(self._at_reference_g(gross_g))

    def u_g(self, gross_g: float) -> float:
        """Standard uncertainty of what was corrected, grams; 0 where nothing was."""
        creep_g = CREEP_SHARE * self.creep_g
        known = self._scale.temperature
        if known is None or self.celsius is None:
            return abs(creep_g)
        corrected_g = self._at_reference_g(gross_g) - gross_g
        return float(
            np.linalg.norm(
                (
                    PLACE_K * known.span_ppm_per_k * 1e-6 * gross_g,
                    0.0 if self._zeroed_c is None else CHANGE_K * known.zero_g_per_k,
                    COEFFICIENT_SHARE * corrected_g,
                    creep_g,
                )
            )
        )

    def _at_reference_g(self, gross_g: float) -> float:
        known = self._scale.temperature
        if known is None:
            return gross_g
        return known.correct_g(gross_g, self.celsius, self._zeroed_c)
