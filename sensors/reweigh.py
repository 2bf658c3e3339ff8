"""A weight computed again from the counts that gave it, by the estimator that the record names.

The fit starts anew where the box's was warm from earlier looks, so the two agree within the
estimator's own uncertainty, not to the gram.
"""

from typing import Final

from sensors.calibration import IntArray, Scale
from sensors.cells import CellWatch
from sensors.despike import Despike
from sensors.estimator import MODAL, MODAL_VERSION, TICK_S, Estimate, Modal
from sensors.weighing import Basis

# What the fit and its noise look back on beside the window, and the spikes' delay.
LEAD_US: Final = 400_000
NOISE_US: Final = 1_300_000


class ReweighError(ValueError):
    """Counts or a method that no weight can be computed from; the message says why."""


def raw_from_us(basis: Basis) -> int:
    """The first sample that computing the weight again needs."""
    return min(basis.from_us - LEAD_US, basis.to_us - NOISE_US)


def reweigh(
    scale: Scale, t_us: IntArray, counts: IntArray, basis: Basis, zero_offset_g: int
) -> tuple[int, int]:
    """Weight before rounding to d, and its u95, in grams, from times (n,) and counts (n, cells).

    zero_offset_g is the zero of the whole deck against the calibration. Raises ReweighError for
    an estimator that is not known here, or counts that give no weight.
    """
    if (basis.method, basis.version) != (MODAL, MODAL_VERSION):
        raise ReweighError(
            f"estimator {basis.method} {basis.version}: this program knows {MODAL} {MODAL_VERSION}"
        )
    if counts.shape != (len(t_us), len(scale.cells)):
        raise ReweighError(f"counts {counts.shape}: the scale has {len(scale.cells)} cells")
    estimate = _estimate(scale, t_us, counts, basis, (zero_offset_g + basis.creep_g))
    if estimate is None:
        raise ReweighError("the counts are too few for a weight")
    return round(_corrected_g(scale, estimate.weight_g, basis)), round(estimate.u95_g)


def _estimate(
    scale: Scale, t_us: IntArray, counts: IntArray, basis: Basis, zero_g: int
) -> Estimate | None:
    """Look once a tick, as the weigher did; the ticks end with the last sample."""
    cells = CellWatch(scale)
    despike, modal = Despike(len(scale.cells)), Modal(scale)
    modal.restart(basis.load_since_us)
    grams = scale.to_grams(counts) - zero_g / len(scale.cells)
    tick = max(1, round(TICK_S * scale.rate_hz))
    begin = len(t_us) % tick
    estimate, before = None, grams[:1] + 1e9
    for end in range(begin or tick, len(t_us) + 1, tick):
        rows = slice(max(0, end - tick), end)
        clean_t, clean_g = despike.push(t_us[rows], grams[rows])
        if len(clean_t):
            modal.push(clean_t, clean_g, cells.usable(clean_g, before))
            before = clean_g[-1:]
        estimate = modal.estimate(basis.stopped_us)
    return estimate


def _corrected_g(scale: Scale, gross_g: float, basis: Basis) -> float:
    if scale.temperature is not None:
        gross_g = scale.temperature.correct_g(
            gross_g, _celsius(basis.temperature_mc), _celsius(basis.zeroed_mc)
        )
    return scale.correct_gross_g(gross_g)


def _celsius(milli: int | None) -> float | None:
    return None if milli is None else milli / 1000
