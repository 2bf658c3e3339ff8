"""From a fitted passage to a weighing: is it sound, and how far may it be off."""

from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from sensors.calibration import FloatArray, IntArray, Scale
from sensors.indication import BLANK_OVER_E
from sensors.rolling.cells import cell_fault, wrong_span
from sensors.rolling.fit import PLATE_M_MAX, Fit, fit_passage
from sensors.rolling.signal import Signal, prepare
from sensors.rolling.track import smooth
from sensors.rolling.weighing import (
    ACCELERATION_MPS2_MAX,
    ACCELERATION_S,
    AXLES_MAX,
    BEAM_GAP_MM_MAX,
    KMH_MAX,
    MISFIT_MAX,
    SPACING_MM_MAX,
    STANDING_MPS,
    STANDING_US,
    WHEELBASE_MM_MAX,
    RollingEvent,
    RollingVerdict,
    RollingWeighing,
)

LOADED_SAMPLES_MIN: Final = 12
# The scale's own part: half an interval of readability and zero, and its span.
SPAN_SHARE: Final = 0.0003
# A plate that lies a millimetre above or below its road presses on every axle alike.
LEVEL_SHARE: Final = 0.007
# A deceleration a moves a share of about a / g times this from axle to axle (height of the centre
# of gravity over the wheelbase).
PITCH_SHARE: Final = 0.35
G_MPS2: Final = 9.81
COVERAGE: Final = 2.0

_Events = list[RollingEvent]
Beam = npt.NDArray[np.int8]


def weigh_passage(
    t_us: IntArray, counts: IntArray, scale: Scale, first: int, last: int, beams: Beam
) -> RollingWeighing:
    """Weigh the vehicle whose load the samples `first` to `last` carry.

    Takes times (n,), counts (n, cells) and beams (n, 2), with the empty deck before and after. A
    passage that cannot be weighed gives a verdict, never an exception.
    """
    began_us, ended_us = int(t_us[first]), int(t_us[last])
    none = RollingWeighing(verdict=RollingVerdict.INCOMPLETE, began_us=began_us, ended_us=ended_us)
    try:
        signal = prepare(t_us, counts, scale, first, last)
    except ValueError:
        return msgspec.structs.replace(
            none, events=(RollingEvent(at_us=began_us, kind="loaded_at_the_start"),)
        )
    if signal.loaded.sum() < LOADED_SAMPLES_MIN:
        return msgspec.structs.replace(none, events=(RollingEvent(at_us=began_us, kind="brief"),))
    fault = cell_fault(signal, scale, began_us)
    if fault is not None:
        return msgspec.structs.replace(none, verdict=RollingVerdict.CELL_FAULT, events=(fault,))
    try:
        fit = fit_passage(signal)
    except np.linalg.LinAlgError:
        fit = None
    if fit is None:
        return msgspec.structs.replace(none, verdict=RollingVerdict.UNEXPLAINED)
    beam = beams[:, 1] if signal.backwards else beams[:, 0]
    gap_m = _gap_m(fit, t_us / 1e6, beam)
    return _weighed(none, fit, signal, scale, gap_m)


def _weighed(
    none: RollingWeighing, fit: Fit, signal: Signal, scale: Scale, gap_m: float
) -> RollingWeighing:
    speed = _Speed(fit, signal.length_m)
    events = _events(fit, signal, speed)
    verdict, cause = _verdict(fit, signal, scale, speed, gap_m)
    if cause is not None:
        events.append(cause)
    seen = msgspec.structs.replace(
        none,
        verdict=verdict,
        spacing_mm=tuple(round(1000 * float(gap)) for gap in np.diff(fit.offset_m)),
        speed_kmh=speed.mean_kmh,
        speed_change_kmh=speed.change_kmh,
        events=tuple(sorted(events, key=lambda event: event.at_us)),
    )
    if verdict is not RollingVerdict.OK:
        return seen
    gross_u95_g, axle_u95_g = uncertainties(fit, scale, signal.length_m, speed.steady_mps2)
    return msgspec.structs.replace(
        seen,
        gross_g=round(float(fit.axle_g.sum())),
        gross_u95_g=gross_u95_g,
        axle_g=tuple(round(float(load)) for load in fit.axle_g),
        axle_u95_g=axle_u95_g,
    )


class _Speed:
    """Speed over the time in which an axle is on the deck."""

    def __init__(self, fit: Fit, length_m: float) -> None:
        on = (fit.way_m > 0) & (fit.way_m < length_m + fit.offset_m[-1])
        self.t_s = fit.t_s[on]
        way = fit.way_m[on]
        self.mps: FloatArray = np.gradient(way, self.t_s)
        span_s = float(self.t_s[-1] - self.t_s[0])
        self.mean_kmh = round(3.6 * float(way[-1] - way[0]) / span_s, 2)
        self.change_kmh = round(3.6 * float(np.ptp(self.mps)), 2)
        self.steady_mps2 = abs(float(self.mps[-1] - self.mps[0])) / span_s
        width = max(2, round(min(ACCELERATION_S, span_s / 2) * len(way) / span_s))
        pace = smooth(self.mps, max(1, width // 4))
        gain = (pace[width:] - pace[:-width]) / (self.t_s[width:] - self.t_s[:-width])
        at = int(np.abs(gain).argmax())
        self.acceleration_mps2 = float(gain[at])
        self.acceleration_us = round(1e6 * float(self.t_s[at]))

    def stood_us(self) -> tuple[int, int] | None:
        """Begin and length of the first stop on the way, if there was one."""
        slow = np.concatenate(([0], (self.mps < STANDING_MPS).astype(int), [0]))
        edges = np.flatnonzero(np.diff(slow))
        for begin, end in zip(edges[::2], edges[1::2], strict=True):
            us = round(1e6 * float(self.t_s[end - 1] - self.t_s[begin]))
            if us >= STANDING_US:
                return round(1e6 * float(self.t_s[begin])), us
        return None


def _events(fit: Fit, signal: Signal, speed: _Speed) -> _Events:
    rising = np.maximum.accumulate(fit.way_m + 1e-6 * np.arange(len(fit.way_m)))
    out: _Events = []
    for end_m, kind in ((0.0, "axle_on_kg"), (signal.length_m, "axle_off_kg")):
        for offset, load in zip(fit.offset_m, fit.axle_g, strict=True):
            at_us = round(1e6 * float(np.interp(offset + end_m, rising, fit.t_s)))
            out.append(RollingEvent(at_us=at_us, kind=kind, value=round(float(load) / 1000, 1)))
    stood = speed.stood_us()
    if stood is not None:
        out.append(RollingEvent(at_us=stood[0], kind="stopped_s", value=stood[1] / 1e6))
    began_us = round(1e6 * float(signal.t_s[0]))
    if signal.backwards:
        out.append(RollingEvent(at_us=began_us, kind="from_the_far_end"))
    if not signal.good.all():
        share = round(1 - float(signal.good.mean()), 3)
        out.append(RollingEvent(at_us=began_us, kind="samples_left_out_share", value=share))
    return out


def _verdict(
    fit: Fit, signal: Signal, scale: Scale, speed: _Speed, gap_m: float
) -> tuple[RollingVerdict, RollingEvent | None]:
    """The verdict and the measured quantity behind it; the first cause that holds."""
    began_us = round(1e6 * float(signal.t_s[0]))
    span = wrong_span(fit, signal, began_us)
    if span is not None:
        return RollingVerdict.CELL_FAULT, span
    size = abs(speed.acceleration_mps2)
    way = "braking_mps2" if speed.acceleration_mps2 < 0 else "accelerating_mps2"
    gap_mm = 1000 * float(np.diff(fit.offset_m).max(initial=0.0))
    second, gross_kg = RollingVerdict.SECOND_VEHICLE, float(fit.axle_g.sum()) / 1000
    capacity_kg = (scale.max_g + BLANK_OVER_E * scale.e_g) / 1000
    for verdict, kind, value, limit in (
        (second, "beam_gap_mm", 1000 * gap_m, BEAM_GAP_MM_MAX),
        (second, "axles", float(fit.axles), AXLES_MAX),
        (second, "spacing_mm", gap_mm, SPACING_MM_MAX),
        (second, "wheelbase_mm", 1000 * float(fit.offset_m[-1]), WHEELBASE_MM_MAX),
        (RollingVerdict.OVER_CAPACITY, "load_kg", gross_kg, capacity_kg),
        (RollingVerdict.SPEED, "speed_kmh", speed.mean_kmh, KMH_MAX),
        (RollingVerdict.ACCELERATION, way, size, ACCELERATION_MPS2_MAX),
        (RollingVerdict.UNEXPLAINED, "misfit", fit.misfit, MISFIT_MAX),
    ):
        if value > limit:
            at_us = speed.acceleration_us if kind == way else began_us
            return verdict, RollingEvent(at_us=at_us, kind=kind, value=round(value, 2))
    return RollingVerdict.OK, None


def _gap_m(fit: Fit, t_s: FloatArray, beam: Beam) -> float:
    """The longest way over which the beam was clear before a further axle came on."""
    way_m = np.interp(t_s, fit.t_s, fit.way_m)
    edges = np.flatnonzero(np.diff(beam))
    if beam[0] == 0:
        edges = edges[1:]
    clear = [float(way_m[end] - way_m[begin]) for begin, end in _pairs(edges, way_m, fit)]
    return max(clear, default=0.0)


def _pairs(edges: IntArray, way_m: FloatArray, fit: Fit) -> list[tuple[int, int]]:
    """Where the beam cleared and was blocked again while axles of this fit were still to come."""
    pairs = zip(edges[::2], edges[1::2], strict=False)
    return [(int(i), int(j)) for i, j in pairs if way_m[j] < fit.offset_m[-1]]


def uncertainties(
    fit: Fit, scale: Scale, length_m: float, steady_mps2: float
) -> tuple[int, tuple[int, ...]]:
    """Expanded uncertainty (95 %) of the gross and of each axle load, grams.

    A passage that strays more than the noise model allows widens them; one that strays less does
    not narrow them, because a short passage shows too little of its own bounce.
    """
    spread = fit.covariance_g2 * max(1.0, fit.misfit)
    gross_g = float(fit.axle_g.sum())
    own_g2 = (scale.e_g / 2) ** 2 / 3
    share = SPAN_SHARE + (LEVEL_SHARE if length_m < PLATE_M_MAX else 0.0)
    gross_g2 = float(spread.sum()) + own_g2 + (share * gross_g) ** 2
    pitch_g = PITCH_SHARE * steady_mps2 / G_MPS2 * gross_g / fit.axles
    axle_g2 = np.diag(spread) + own_g2 / fit.axles + (share * fit.axle_g) ** 2 + pitch_g**2
    axles = tuple(round(COVERAGE * float(u)) for u in np.sqrt(axle_g2))
    return round(COVERAGE * gross_g2**0.5), axles
