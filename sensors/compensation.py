"""What bends a weight away from the straight line: points of the span, temperature, creep.

Each correction is absent until the calibration states it, and then does nothing but what it says.
"""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

import msgspec

BEND_SHARE_MAX: Final = 0.05
SLOPE_MIN: Final = 0.8
SLOPE_MAX: Final = 1.25


class SpanPoint(msgspec.Struct, frozen=True, kw_only=True):
    """A load known to be `true_g`, and what the straight line made of it."""

    shown_g: int
    true_g: int


class SpanCurve:
    """Straight pieces through zero and the points: monotone, exact at every point.

    Beyond the last point its ratio goes on, below zero the first piece does. Without points the
    curve is the identity. Raises ValueError for points that are out of order, or that bend the
    line by more than 5 % or a piece of it to less than 0.8 or more than 1.25.
    """

    def __init__(self, points: Sequence[SpanPoint]) -> None:
        self._shown: list[float] = [0.0]
        self._true: list[float] = [0.0]
        self._slope: list[float] = []
        for point in points:
            self._add(float(point.shown_g), float(point.true_g))
        self._slope.append(self._true[-1] / self._shown[-1] if points else 1.0)

    def _add(self, shown_g: float, true_g: float) -> None:
        what = f"the point {shown_g / 1000:g} kg -> {true_g / 1000:g} kg"
        run_g, rise_g = shown_g - self._shown[-1], true_g - self._true[-1]
        if run_g <= 0 or rise_g <= 0:
            raise ValueError(f"{what} does not rise above the one before it; sort the points")
        slope = rise_g / run_g
        if abs(true_g / shown_g - 1) > BEND_SHARE_MAX or not SLOPE_MIN <= slope <= SLOPE_MAX:
            raise ValueError(
                f"{what} bends the span too far (ratio {true_g / shown_g:.3f}, slope {slope:.3f}); "
                "check the load"
            )
        self._shown.append(shown_g)
        self._true.append(true_g)
        self._slope.append(slope)

    def correct_g(self, gross_g: float) -> float:
        """The load for what the straight line shows, grams."""
        piece = max(bisect_right(self._shown, gross_g) - 1, 0)
        return self._true[piece] + (gross_g - self._shown[piece]) * self._slope[piece]


class Temperature(msgspec.Struct, frozen=True, kw_only=True):
    """How the scale moves with temperature: zero in g/K, span in ppm/K from `reference_c`.

    Raises ValueError for coefficients that no load cell has.
    """

    reference_c: float
    zero_g_per_k: float = 0.0
    span_ppm_per_k: float = 0.0

    def __post_init__(self) -> None:
        if not -40 <= self.reference_c <= 60:
            raise ValueError(f"reference_c: {self.reference_c!r} is outside -40 to 60; correct it")
        if not abs(self.zero_g_per_k) <= 1e5:
            raise ValueError(f"zero_g_per_k: {self.zero_g_per_k!r} is outside -1e5 to 1e5")
        if not abs(self.span_ppm_per_k) <= 200:
            raise ValueError(f"span_ppm_per_k: {self.span_ppm_per_k!r} is outside -200 to 200")

    def correct_g(self, gross_g: float, now_c: float | None, zeroed_c: float | None) -> float:
        """The gross at the reference temperature, grams; unchanged while no temperature is known.

        `gross_g` counts from a zero that was set at `zeroed_c`, so zero has moved only since then;
        None leaves the zero as it is.
        """
        if now_c is None:
            return gross_g
        moved_k = 0.0 if zeroed_c is None else now_c - zeroed_c
        span = 1.0 + self.span_ppm_per_k * 1e-6 * (now_c - self.reference_c)
        return (gross_g - self.zero_g_per_k * moved_k) / span


class CreepTerm(msgspec.Struct, frozen=True, kw_only=True):
    """One exponential of creep: the reading grows by `share_ppm` of the load, within `tau_s`.

    Raises ValueError for a term that is no creep of a class III load cell.
    """

    share_ppm: float
    tau_s: float

    def __post_init__(self) -> None:
        if not abs(self.share_ppm) <= 2000:
            raise ValueError(f"share_ppm: {self.share_ppm!r} is outside -2000 to 2000")
        if not 1 <= self.tau_s <= 36_000:
            raise ValueError(f"tau_s: {self.tau_s!r} is outside 1 to 36000; state seconds")


class CreepCompensator:
    """Takes creep out of a stream of gross weights; without terms it changes nothing.

    A load L that lies for a time t reads L (1 + sum of share (1 - exp(-t / tau))), and unloading
    leaves the same behind with the other sign. The state is one number per term, so memory is
    constant; it assumes a gross that holds between samples.
    """

    def __init__(self, terms: Sequence[CreepTerm]) -> None:
        self._terms = [(term.share_ppm * 1e-6, term.tau_s) for term in terms]
        self._crept_g = [0.0] * len(self._terms)
        self._last_us: int | None = None

    def push(self, t_us: int, gross_g: float) -> float:
        """The gross without creep, grams; raises ValueError when time goes back."""
        elapsed_s = 0.0 if self._last_us is None else (t_us - self._last_us) / 1e6
        if elapsed_s < 0:
            raise ValueError(f"time went back by {-elapsed_s} s; creep needs samples in order")
        self._last_us = t_us
        load_g = gross_g - sum(self._crept_g)
        for i, (share, tau_s) in enumerate(self._terms):
            # Backward Euler is stable for any step, so that a gap in the samples does no harm.
            gain = elapsed_s / (tau_s + elapsed_s)
            self._crept_g[i] += gain * (share * load_g - self._crept_g[i])
        return gross_g - sum(self._crept_g)


class CellCreep:
    """Takes creep out of every cell, once a tick; without terms nothing is touched.

    `push` takes the means (cells,) of a tick in grams above the calibrated zero, as measured, and
    `crept_g` holds what is to be taken off the samples that follow.
    """

    def __init__(self, terms: Sequence[CreepTerm], cells: int) -> None:
        self._each = [CreepCompensator(terms) for _ in range(cells)] if terms else []
        self.crept_g = [0.0] * cells

    def push(self, t_us: int, cells_g: Sequence[float]) -> None:
        """Follow the load of a tick."""
        for cell, compensator in enumerate(self._each):
            self.crept_g[cell] = cells_g[cell] - compensator.push(t_us, cells_g[cell])
